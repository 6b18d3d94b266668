//! From a project to plans and reports.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::sync::Arc;

use jiff::civil::Date;
use wfl_analysis::hir::{Program, Workflow};
use wfl_analysis::{Module, analyze};
use wfl_ir::schema::Guide;
use wfl_ir::{Plan, PlanHash};
use wfl_lower::lower;
use wfl_source::{Code, Diagnostic, FileId, Files, Span};
use wfl_syntax::Parsed;
use wfl_syntax::ast::{Item, ItemKind};

use crate::allow::Allows;
use crate::book::{self, Book};
use crate::discriminator;
use crate::library::load;
use crate::lint::Levels;
use crate::manifest::{MANIFEST, Manifest};
use crate::notes::Remarks;
use crate::parallel::parse_all;
use crate::world::World;

/// What a compilation is told besides the project's files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Levels of warnings, over those of the manifest.
    pub levels: Levels,
    /// The day on which allowances with an end are judged. Without it none is over, so that what was compiled
    /// yesterday can be compiled, and go on running, today.
    pub today: Option<Date>,
}

/// What came out of a project.
#[derive(Clone, Debug, Default)]
pub struct Compilation {
    /// What the manifest says; the defaults where there is none.
    pub manifest: Manifest,
    /// All texts that were read; the reports point into them.
    pub files: Files,
    /// The reports, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The plans, by name; none at all while there is an error anywhere.
    pub workflows: Vec<Compiled>,
}

/// A compiled workflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compiled {
    /// Module path and name.
    pub name: String,
    /// The name alone.
    pub short_name: String,
    /// Documentation of the workflow.
    pub docs: String,
    /// The team that owns it.
    pub owner: Option<String>,
    /// Its name in the source.
    pub span: Span,
    /// What is executed.
    pub plan: Plan,
    /// The plan's bytes.
    pub bytes: Vec<u8>,
    /// Their hash.
    pub hash: PlanHash,
    /// What the source says about its types.
    pub guide: Guide,
}

impl Compilation {
    /// Whether something keeps the project from running.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The workflow with this name: alone, or with its module.
    pub fn workflow(&self, name: &str) -> Option<&Compiled> {
        self.workflows.iter().find(|workflow| workflow.name == name || workflow.short_name == name)
    }
}

/// Syntax errors after which parts of the text may have been read otherwise than they were meant.
const MISREAD: [Code; 4] = [Code::E0101, Code::E0102, Code::E0103, Code::E0199];
/// Findings about single expressions, which stay true then; all others could be mere consequences.
const SURE: [Code; 7] =
    [Code::E0205, Code::E0206, Code::E0210, Code::E0212, Code::E0213, Code::E0214, Code::E0219];

struct Source {
    path: String,
    file: FileId,
    own: bool,
    parsed: Arc<Parsed>,
}

/// Compiles a project as its manifest says. Never fails: what is wrong is reported.
pub fn compile(world: &dyn World) -> Compilation {
    compile_with(world, &Settings::default())
}

/// Compiles a project with these settings.
pub fn compile_with(world: &dyn World, settings: &Settings) -> Compilation {
    read_and_compile(world, settings).0
}

/// Compiles a project, and gives its documentation, and that of the standard library.
pub fn document(world: &dyn World, settings: &Settings) -> (Compilation, Book) {
    let (compilation, sources) = read_and_compile(world, settings);
    let plans = compilation.workflows.iter().map(|it| (it.name.clone(), &it.plan)).collect();
    let modules = sources.iter().map(|source| book::Source {
        path: &source.path,
        own: source.own,
        tree: &source.parsed.file,
    });
    let modules = modules.collect::<Vec<_>>();
    let book = book::book(&compilation.manifest.project.name, &compilation.files, &modules, &plans);
    (compilation, book)
}

fn read_and_compile(world: &dyn World, settings: &Settings) -> (Compilation, Vec<Source>) {
    let mut compilation = Compilation::default();
    let library = load(&mut compilation.files);
    read_manifest(world, &mut compilation);
    let mut sources = read_sources(world, &mut compilation);
    let standard = |(path, file, parsed)| Source { path, file, own: false, parsed };
    sources.extend(library.into_iter().map(standard));
    let modules = sources.iter().map(|source| Module {
        path: &source.path,
        file: source.file,
        tree: &source.parsed.file,
        own: source.own,
    });
    let modules = modules.collect::<Vec<_>>();
    let analysis = analyze(&modules, &compilation.files, &compilation.manifest.clearances());
    let syntax =
        sources.iter().flat_map(|source| source.parsed.diagnostics.iter().cloned()).collect::<Vec<_>>();
    let misread = misread(&sources);
    let doubtful = |it: &Diagnostic| it.primary().is_some_and(|label| misread.contains(&label.span.file));
    let sure = analysis.diagnostics.into_iter().filter(|it| !doubtful(it) || SURE.contains(&it.code));
    compilation.diagnostics.extend(sure);
    let own = sources.iter().filter(|source| source.own && !misread.contains(&source.file));
    compilation.diagnostics.extend(own.flat_map(|source| discriminator::check(&source.parsed.file)));
    compilation.diagnostics.extend(syntax);
    lint(&sources, settings, &mut compilation);
    if !compilation.has_errors() {
        let mut notes = Remarks::default();
        sources.iter().for_each(|source| notes.read(&source.path, &source.parsed.file));
        lower_all(&analysis.program, &notes, &mut compilation);
    }
    let place = |diagnostic: &Diagnostic| diagnostic.primary().map(|label| label.span);
    compilation.diagnostics.sort_by_key(place);
    (compilation, sources)
}

/// The files with text that may have been read otherwise than it was meant, and those that import them.
fn misread(sources: &[Source]) -> BTreeSet<FileId> {
    let wrong = |source: &&Source| source.parsed.diagnostics.iter().any(|it| MISREAD.contains(&it.code));
    let mut paths = sources.iter().filter(wrong).map(|source| source.path.clone()).collect::<BTreeSet<_>>();
    let mut grown = !paths.is_empty();
    while grown {
        grown = false;
        for source in sources.iter().filter(|source| source.own) {
            let imports = |item: &Item| match &item.kind {
                ItemKind::Import(import) => paths.contains(&import.path.dotted()),
                _ => false,
            };
            if !paths.contains(&source.path) && source.parsed.file.items.iter().any(imports) {
                grown = true;
                paths.insert(source.path.clone());
            }
        }
    }
    sources.iter().filter(|source| paths.contains(&source.path)).map(|source| source.file).collect()
}

/// Takes away what is allowed, in the source and by the levels, and makes errors of what is denied.
fn lint(sources: &[Source], settings: &Settings, compilation: &mut Compilation) {
    let mut allows = Allows::default();
    for source in sources.iter().filter(|source| source.own) {
        allows.read(&source.parsed.file, settings.today);
    }
    allows.suppress(&mut compilation.diagnostics);
    // Where there are errors, not every warning was looked for.
    if !compilation.has_errors() {
        allows.report_unused();
    }
    compilation.diagnostics.append(&mut allows.diagnostics);
    compilation.manifest.lints.then(&settings.levels).apply(&mut compilation.diagnostics);
}

fn read_manifest(world: &dyn World, compilation: &mut Compilation) {
    match world.read(MANIFEST) {
        Ok(text) => {
            let file = compilation.files.add(MANIFEST, text.as_str());
            match Manifest::parse(file, &text) {
                Ok(manifest) => compilation.manifest = manifest,
                Err(diagnostic) => compilation.diagnostics.push(*diagnostic),
            }
        }
        // A folder of modules without a manifest is a project with the defaults.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => compilation.diagnostics.push(unreadable(MANIFEST, &error)),
    }
}

fn unreadable(path: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::without_place(Code::E0806, format!("`{path}` cannot be read")).note(error.to_string())
}

fn read_sources(world: &dyn World, compilation: &mut Compilation) -> Vec<Source> {
    let folder = compilation.manifest.source_folder().to_owned();
    let paths = world.sources(&folder).unwrap_or_else(|error| {
        let shown = if folder.is_empty() { "." } else { &folder };
        compilation.diagnostics.push(unreadable(shown, &error));
        Vec::new()
    });
    let mut found = Vec::new();
    for path in paths {
        match world.read(&path) {
            Ok(text) => {
                let file = compilation.files.add(path.as_str(), text);
                found.push((module_path(&folder, &path), file));
            }
            Err(error) => compilation.diagnostics.push(unreadable(&path, &error)),
        }
    }
    let numbers = found.iter().map(|(_, file)| *file).collect::<Vec<_>>();
    let parsed = parse_all(&compilation.files, &numbers);
    let source = |((path, file), parsed)| Source { path, file, own: true, parsed: Arc::new(parsed) };
    found.into_iter().zip(parsed).map(source).collect()
}

/// `payments/transfer.wfl` below the source folder is `payments.transfer`.
fn module_path(folder: &str, path: &str) -> String {
    let inside = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
    inside.strip_suffix(".wfl").unwrap_or(inside).replace('/', ".")
}

/// Lowers all workflows, those first that others start: a plan names the plans that it starts.
fn lower_all(program: &Program, notes: &Remarks, compilation: &mut Compilation) {
    let mut children = BTreeMap::new();
    for number in callees_first(program) {
        let workflow = &program.workflows[number as usize];
        match lower(program, workflow, &children) {
            Ok(plan) => {
                let compiled = compiled(workflow, plan, notes);
                children.insert(number, compiled.hash);
                compilation.workflows.push(compiled);
            }
            Err(error) => {
                let title = format!("`{}` cannot be compiled", workflow.short_name);
                let diagnostic =
                    Diagnostic::new(Code::E0999, title, workflow.span, "a mistake of the compiler");
                compilation
                    .diagnostics
                    .push(diagnostic.note(error.problem).help("please report it with this file"));
            }
        }
    }
    compilation.workflows.sort_by(|left, right| left.name.cmp(&right.name));
}

/// The numbers of all workflows in an order in which none stands before one that it starts. There are no rings:
/// they are errors.
fn callees_first(program: &Program) -> Vec<u32> {
    let mut order = Vec::new();
    let mut open: Vec<u32> = (0..program.workflows.len() as u32).rev().collect();
    while let Some(number) = open.last().copied() {
        let waiting = program.starts(number).into_iter().filter(|child| !order.contains(child));
        let waiting = waiting.collect::<Vec<_>>();
        if waiting.is_empty() {
            open.pop();
            if !order.contains(&number) {
                order.push(number);
            }
        } else {
            open.extend(waiting);
        }
    }
    order
}

fn compiled(workflow: &Workflow, plan: Plan, notes: &Remarks) -> Compiled {
    let (bytes, hash) = plan.encode();
    let guide = notes.guide(&plan);
    Compiled {
        name: workflow.name.to_string(),
        short_name: workflow.short_name.to_string(),
        docs: workflow.docs.clone(),
        owner: workflow.owner.clone(),
        span: workflow.span,
        plan,
        bytes,
        hash,
        guide,
    }
}
