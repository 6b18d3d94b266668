//! From a project to plans and reports.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use wfl_analysis::hir::{Program, Workflow};
use wfl_analysis::{Analysis, Module, OldVersion, analyze};
use wfl_ir::schema::Guide;
use wfl_ir::{Invariant, Plan, PlanHash};
use wfl_lower::{Origin, lower_invariant};
use wfl_prove::{Cost, Proof, Timing, Worst};
use wfl_source::{Diagnostic, FileId, Files, Span};
use wfl_syntax::Parsed;
use wfl_syntax::ast::ItemKind;

use crate::audit::{Audit, Planned, Project};
use crate::book::{self, Book};
use crate::judge::Case;
use crate::library::load;
use crate::lint::Levels;
use crate::manifest::Manifest;
use crate::notes::Remarks;
use crate::parallel::parse_all;
use crate::proofs::{Examined, Proofs, Proved, Wrong};
use crate::read::{module_path, read_manifest, source_paths, unreadable};
use crate::said::{self, Migration, Policy};
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
    /// The services of the project and of the library, each with the path of its module.
    pub services: Vec<(String, String)>,
    /// How instances of earlier versions are carried on; none while there is an error.
    pub migrations: Vec<Migration>,
    /// Which calls need a person; none while there is an error.
    pub policies: Vec<Policy>,
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
    /// The name that it had before: what `@was` says.
    pub was: Option<String>,
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
    /// What is said to hold of every instance, in the order of the source.
    pub invariants: Vec<Invariant>,
    /// How long it and its parts take.
    pub times: Timing,
    /// What of it counts for its deadline in the worst case.
    pub until_deadline: Worst,
    /// What a run calls and writes at most.
    pub cost: Cost,
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
    read_and_compile(world, settings).compilation
}

/// Compiles a project, and gives its documentation, and that of the standard library.
pub fn document(world: &dyn World, settings: &Settings) -> (Compilation, Book) {
    let Whole { compilation, sources, .. } = read_and_compile(world, settings);
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

/// Compiles a project, and gives what an auditor asks about it; nothing while there is an error.
pub fn audit(world: &dyn World, settings: &Settings) -> (Compilation, Option<Audit>) {
    let Whole { compilation, sources, program, origins } = read_and_compile(world, settings);
    if compilation.has_errors() {
        return (compilation, None);
    }
    let sources = sources.iter().map(|source| crate::audit::Source {
        path: &source.path,
        own: source.own,
        tree: &source.parsed.file,
    });
    let sources = sources.collect::<Vec<_>>();
    let plans = compilation.workflows.iter().map(|it| {
        let origins = origins.get(&it.name).map(Vec::as_slice).unwrap_or_default();
        (it.name.as_str(), Planned { plan: &it.plan, hash: it.hash, origins })
    });
    let plans = plans.collect();
    let project = Project {
        manifest: &compilation.manifest,
        files: &compilation.files,
        sources: &sources,
        program: &program,
        plans: &plans,
        warnings: compilation.diagnostics.len(),
    };
    let audit = crate::audit::audit(project);
    (compilation, Some(audit))
}

/// A compilation with what it was made of.
struct Whole {
    compilation: Compilation,
    sources: Vec<Source>,
    program: Program,
    /// Where the nodes of the plans come from, by the name of the workflow.
    origins: BTreeMap<String, Vec<Origin>>,
}

/// Proves the workflows of a project, and gives what is known of each, be it good or bad.
pub fn examine(world: &dyn World) -> (Compilation, Vec<Examined>) {
    let Checked { compilation, proofs, .. } = read_and_check(world, &Settings::default());
    (compilation, proofs.into_examined())
}

fn read_and_compile(world: &dyn World, settings: &Settings) -> Whole {
    let Checked { mut compilation, sources, program, proofs } = read_and_check(world, settings);
    let mut origins = BTreeMap::new();
    if !compilation.has_errors() {
        let mut notes = Remarks::default();
        sources.iter().for_each(|source| notes.read(&source.path, &source.parsed.file));
        origins = take_plans(&program, proofs, &notes, &mut compilation);
        compilation.migrations = said::migrations(&program);
        compilation.policies = said::policies(&program);
    }
    Whole { compilation, sources, program, origins }
}

/// A project that was checked, without its plans.
struct Checked {
    compilation: Compilation,
    sources: Vec<Source>,
    program: Program,
    proofs: Proofs,
}

fn read_and_check(world: &dyn World, settings: &Settings) -> Checked {
    let mut compilation = Compilation::default();
    let library = load(&mut compilation.files);
    compilation.manifest = read_manifest(world, &mut compilation.files, &mut compilation.diagnostics);
    let sources = all_sources(world, library, &mut compilation);
    let modules = modules(&sources);
    compilation.services = services(&modules);
    let Analysis { program, mut diagnostics } =
        analyze(&modules, &compilation.files, &compilation.manifest.clearances());
    let syntax = sources.iter().flat_map(|it| it.parsed.diagnostics.iter().cloned()).collect::<Vec<_>>();
    let mut proofs = Proofs::default();
    let wrong = Wrong::of(diagnostics.iter().chain(&syntax), &program, &modules, &compilation.files);
    proofs.update(&program, &wrong, &compilation.files);
    diagnostics.extend(proofs.reports(&compilation.files));
    let levels = compilation.manifest.lints.then(&settings.levels);
    let (files, modules, today) = (&compilation.files, modules.as_slice(), settings.today);
    let case = Case { files, modules, syntax: &syntax, levels, today };
    case.judge(diagnostics, &mut compilation.diagnostics);
    let place = |diagnostic: &Diagnostic| diagnostic.primary().map(|label| label.span);
    compilation.diagnostics.sort_by_key(place);
    Checked { compilation, sources, program, proofs }
}

/// Checks the `migrate` blocks of a project without errors once more, now with what is known of the versions that they
/// come from. The reports point into the files of a compilation of the same project.
pub fn check_migrations(world: &dyn World, versions: &[OldVersion]) -> Vec<Diagnostic> {
    let mut compilation = Compilation::default();
    let library = load(&mut compilation.files);
    compilation.manifest = read_manifest(world, &mut compilation.files, &mut compilation.diagnostics);
    let sources = all_sources(world, library, &mut compilation);
    let modules = modules(&sources);
    let clearances = compilation.manifest.clearances();
    wfl_analysis::check_migrations(&modules, &compilation.files, &clearances, versions)
}

/// The project's own modules, and those of the library.
fn all_sources(
    world: &dyn World,
    library: Vec<(String, FileId, Arc<Parsed>)>,
    compilation: &mut Compilation,
) -> Vec<Source> {
    let mut sources = read_sources(world, compilation);
    let standard = |(path, file, parsed)| Source { path, file, own: false, parsed };
    sources.extend(library.into_iter().map(standard));
    sources
}

fn modules(sources: &[Source]) -> Vec<Module<'_>> {
    let mut modules = Vec::new();
    for Source { path, file, own, parsed } in sources {
        modules.push(Module { path, file: *file, items: &parsed.file.items, own: *own });
    }
    modules
}

/// The services that modules declare.
fn services(modules: &[Module<'_>]) -> Vec<(String, String)> {
    let of = |module: &Module<'_>| {
        let named = |item: &Arc<wfl_syntax::ast::Item>| match &item.kind {
            ItemKind::Service(service) => Some((module.path.to_owned(), service.name.text.clone())),
            _ => None,
        };
        module.items.iter().filter_map(named).collect::<Vec<_>>()
    };
    modules.iter().flat_map(of).collect()
}

fn read_sources(world: &dyn World, compilation: &mut Compilation) -> Vec<Source> {
    let Compilation { manifest, files, diagnostics, .. } = compilation;
    let mut found = Vec::new();
    for path in source_paths(world, manifest, diagnostics) {
        match (world.read(&path), module_path(manifest.source_folder(), &path)) {
            (Ok(text), Some(module)) => found.push((module, files.add(path.as_str(), text))),
            (Ok(_), None) => {}
            (Err(error), _) => diagnostics.push(unreadable(&path, &error)),
        }
    }
    let numbers = found.iter().map(|(_, file)| *file).collect::<Vec<_>>();
    let parsed = parse_all(files, &numbers);
    let source = |((path, file), parsed)| Source { path, file, own: true, parsed: Arc::new(parsed) };
    found.into_iter().zip(parsed).map(source).collect()
}

/// Makes compiled workflows of the proved ones, of which there is one for each; gives where their nodes come from.
fn take_plans(
    program: &Program,
    mut proofs: Proofs,
    notes: &Remarks,
    compilation: &mut Compilation,
) -> BTreeMap<String, Vec<Origin>> {
    let mut origins = BTreeMap::new();
    for (workflow, number) in program.workflows.iter().zip(0..) {
        let Some(mut proved) = proofs.take(number) else { continue };
        origins.insert(workflow.name.to_string(), std::mem::take(&mut proved.lowered.origins));
        let invariants = program.invariants.iter().filter(|it| it.workflow == number);
        let invariants = invariants.map(|it| lower_invariant(program, it)).collect();
        compilation.workflows.push(Compiled { invariants, ..compiled(workflow, proved, notes) });
    }
    compilation.workflows.sort_by(|left, right| left.name.cmp(&right.name));
    origins
}

fn compiled(workflow: &Workflow, proved: Proved, notes: &Remarks) -> Compiled {
    let Proved { lowered, bytes, hash, proof, .. } = proved;
    let Proof { times, cost, summary, .. } = proof;
    let plan = lowered.plan;
    let guide = notes.guide(&plan);
    Compiled {
        name: workflow.name.to_string(),
        short_name: workflow.short_name.to_string(),
        docs: workflow.docs.clone(),
        owner: workflow.owner.clone(),
        was: notes.old_name(&workflow.name),
        span: workflow.span,
        plan,
        bytes,
        hash,
        guide,
        invariants: Vec::new(),
        times,
        until_deadline: summary.time.until,
        cost,
    }
}
