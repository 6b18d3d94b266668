//! Markdown whose programs are tests: the pages about codes, the language reference.
//!
//! A fence says in its first line what its program must do: `wfl pass` (no report at all) or `wfl fail=E0205`
//! (exactly the reports that are marked by `//~ E0205` at the ends of their lines, this code among them). `file=a/b.wfl`
//! names the file, fences with nothing but a `file=` belong to the project of the next program, and `with=bank` adds
//! `_prelude/bank.wfl` beside the document. With `body` it holds only statements: those of a workflow that the runner
//! puts around them, with the declarations of `_prelude/bank.wfl` behind it. A fence `text` right behind a failing
//! program holds what `wflc check` prints about it. Fences that say none of this are only read by people.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::date;
use tempfile::TempDir;
use wfl_compiler::{Compilation, Level, Lint, Memory, Settings, compile_with};
use wfl_source::Code;

use crate::binaries::{Ran, wflc};

/// The file of a program that names none.
const MAIN: &str = "main.wfl";
/// How many programs are compiled as one project at most.
const TOGETHER: usize = 30;
/// What statements without a workflow are given.
const PARAMETERS: &str = "payment: Payment, payments: List<Payment>";

/// A Markdown file, taken apart.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it lies.
    pub path: PathBuf,
    /// `key: value` lines between the `---` at its beginning.
    pub front: BTreeMap<String, String>,
    /// The headings with their lines.
    pub headings: Vec<(usize, String)>,
    /// The fenced blocks.
    pub blocks: Vec<Block>,
    /// All of it.
    pub text: String,
}

/// A fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// The line of the opening fence, from one.
    pub line: usize,
    /// The line of the closing fence.
    pub end: usize,
    /// The first word behind the fence.
    pub language: String,
    /// The other words.
    pub words: Vec<String>,
    /// What it holds.
    pub text: String,
}

impl Block {
    /// Whether the fence has this word.
    fn says(&self, word: &str) -> bool {
        self.words.iter().any(|it| it == word)
    }

    /// What stands behind `key=`.
    fn value(&self, key: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }
}

/// What a program must do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Compile without any report.
    Pass,
    /// Be reported under this code.
    Fail(Code),
}

/// A place where a report begins: file, line and code.
pub type Mark = (String, u32, String);

/// A program in a document with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Example {
    /// `docs/errors/E0205.md:17`.
    pub place: String,
    /// What it must do.
    pub expected: Expected,
    /// The project: path and text, marks removed.
    pub files: Vec<(String, String)>,
    /// Whether it holds only statements.
    pub body: bool,
    /// Where reports must begin.
    pub marks: Vec<Mark>,
    /// The line of its closing fence.
    pub end: usize,
    /// What is printed, as the document says, with the lines of its fences.
    pub report: Option<(usize, usize, String)>,
}

impl Document {
    /// Reads a document.
    pub fn read(path: &Path) -> Document {
        let text = std::fs::read_to_string(path).unwrap_or_else(|e| unreachable!("{}: {e}", path.display()));
        Document::parse(path, text)
    }

    /// Takes a text apart.
    pub fn parse(path: &Path, text: String) -> Document {
        let (mut front, mut headings, mut blocks) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut open: Option<Block> = None;
        let mut in_front = text.starts_with("---\n");
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            if in_front {
                in_front = number == 1 || line != "---";
                if let Some((key, value)) = line.split_once(": ") {
                    front.insert(key.to_owned(), value.trim().to_owned());
                }
                continue;
            }
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(info)) => {
                    let mut words = info.split_whitespace().map(str::to_owned);
                    let language = words.next().unwrap_or_default();
                    let words = words.collect();
                    open = Some(Block { line: number, end: number, language, words, text: String::new() });
                }
                (Some(block), Some(_)) => {
                    block.end = number;
                    blocks.extend(open.take());
                }
                (Some(block), None) => block.text.extend([line, "\n"]),
                (None, None) if line.starts_with('#') => headings.push((number, line.to_owned())),
                (None, None) => {}
            }
        }
        if let Some(block) = open {
            unreachable!("{}:{}: the fence is not closed", path.display(), block.line);
        }
        Document { path: path.to_owned(), front, headings, blocks, text }
    }

    /// The path from the root, as failures name it.
    pub fn name(&self) -> String {
        let root = crate::project::root();
        self.path.strip_prefix(root).unwrap_or(&self.path).display().to_string()
    }

    /// The programs that must do something.
    pub fn examples(&self) -> Vec<Example> {
        let mut examples = Vec::new();
        let mut beside: Vec<(String, String)> = Vec::new();
        let mut marks = Vec::new();
        for (at, block) in self.blocks.iter().enumerate() {
            let place = format!("{}:{}", self.name(), block.line);
            let code = |code: &str| {
                Code::parse(code).unwrap_or_else(|| unreachable!("{place}: there is no code `{code}`"))
            };
            let expected = match block.value("fail") {
                Some(fail) => Some(Expected::Fail(code(fail))),
                None => block.says("pass").then_some(Expected::Pass),
            };
            let Some(file) = block.value("file").or(expected.as_ref().map(|_| MAIN)) else { continue };
            let text = unmarked(file, &block.text, &mut marks);
            let body = block.value("body").or(block.says("body").then_some("Unit"));
            beside.push((
                file.to_owned(),
                body.map_or(text.clone(), |it| self.around(block, it, &text, &place)),
            ));
            let Some(expected) = expected else { continue };
            if let Some(prelude) = block.value("with") {
                beside.push((format!("{prelude}.wfl"), self.prelude(prelude, &place)));
            }
            let next = self.blocks.get(at + 1).filter(|next| next.language == "text");
            let gap = |next: &&Block| {
                self.text.lines().skip(block.end).take(next.line - block.end - 1).all(str::is_empty)
            };
            let report = next.filter(gap).map(|next| (next.line, next.end, next.text.clone()));
            let (files, marks) = (std::mem::take(&mut beside), std::mem::take(&mut marks));
            let body = body.is_some();
            examples.push(Example { place, expected, files, body, marks, end: block.end, report });
        }
        examples
    }

    fn prelude(&self, name: &str, place: &str) -> String {
        let path = self.path.with_file_name("_prelude").join(format!("{name}.wfl"));
        std::fs::read_to_string(&path).unwrap_or_else(|e| unreachable!("{place}: `with={name}`: {e}"))
    }

    /// A program around statements; their lines keep their numbers.
    fn around(&self, block: &Block, result: &str, statements: &str, place: &str) -> String {
        let raises = block.value("raises").map(|it| format!(" raises {it}")).unwrap_or_default();
        let head = format!("workflow Example({PARAMETERS}) -> {result} version 1 key payment.id{raises} {{ ");
        let declarations = self.prelude("bank", place);
        let inner = |line: &&str| !line.starts_with("//!") && !line.starts_with("module ");
        let declarations = declarations.lines().filter(inner).collect::<Vec<_>>().join("\n");
        format!("{head}{statements}}}\n{declarations}\n")
    }

    /// The document with other reports behind its failing programs.
    pub fn blessed(&self, reports: &[(Example, String)]) -> String {
        let mut lines: Vec<String> = self.text.lines().map(str::to_owned).collect();
        for (example, report) in reports.iter().rev() {
            let block = [&["```text"][..], &report.lines().collect::<Vec<_>>(), &["```"]].concat();
            let block = block.into_iter().map(str::to_owned);
            match &example.report {
                Some((line, end, _)) => drop(lines.splice(line - 1..*end, block)),
                None => {
                    drop(lines.splice(example.end..example.end, [String::new()].into_iter().chain(block)))
                }
            }
        }
        lines.join("\n") + "\n"
    }
}

/// A text without its marks, which are `//~ E0205 E0206` at the end of a line, or `#~ E0805` in other languages.
fn unmarked(file: &str, text: &str, marks: &mut Vec<Mark>) -> String {
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        let (line, codes) = line.split_once("//~").or_else(|| line.split_once("#~")).unwrap_or((line, ""));
        let mark = |code: &str| (file.to_owned(), at as u32 + 1, code.to_owned());
        marks.extend(codes.split_whitespace().map(mark));
        out.extend([if codes.is_empty() { line } else { line.trim_end() }, "\n"]);
    }
    out
}

impl Example {
    /// Compiles the project.
    pub fn compile(&self) -> Compilation {
        let mut settings = Settings { today: Some(date(2026, 6, 1)), ..Settings::default() };
        // A few statements need not use all that they name.
        if self.body && self.expected != Expected::Fail(Code::W0202) {
            settings.levels.set(Lint::One(Code::W0202), Level::Allow);
        }
        compile_with(&Memory::new(self.files.clone()), &settings)
    }

    /// What is wrong with the example, as lines that begin with its place.
    pub fn problems(&self) -> Vec<String> {
        let compilation = self.compile();
        let found = reports(&compilation);
        let mut problems = Vec::new();
        let mut wanted = self.marks.clone();
        for (mark, title) in &found {
            match wanted.iter().position(|it| it == mark) {
                Some(at) => drop(wanted.remove(at)),
                None => problems.push(format!("{}: unexpected {}: {title}", self.place, shown(mark))),
            }
        }
        problems.extend(wanted.iter().map(|mark| format!("{}: no report of {}", self.place, shown(mark))));
        if let Expected::Fail(code) = self.expected
            && !found.iter().any(|((_, _, it), _)| it == code.as_str())
        {
            problems.push(format!("{}: `{code}` is not reported", self.place));
        }
        problems
    }

    /// Writes the project to a folder of its own.
    pub fn on_disk(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap_or_else(|e| unreachable!("{e}"));
        for (path, text) in &self.files {
            let path = folder.path().join(path);
            let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            made.and_then(|()| std::fs::write(&path, text)).unwrap_or_else(|e| unreachable!("{e}"));
        }
        folder
    }

    /// What `wflc check` prints about the project, without colour.
    pub fn printed(&self) -> String {
        let folder = self.on_disk();
        let output = wflc(folder.path(), &["check", "."]).output();
        Ran::of(output.unwrap_or_else(|e| unreachable!("{e}"))).stderr.trim_end().to_owned() + "\n"
    }
}

/// The reports of a compilation: where each begins, and its title.
fn reports(compilation: &Compilation) -> Vec<(Mark, String)> {
    let report = |report: &wfl_source::Diagnostic| {
        let place = report.primary().and_then(|label| {
            let file = compilation.files.get(label.span.file)?;
            Some((file.name().to_owned(), file.utf8_position(label.span.start).line + 1))
        });
        let (file, line) = place.unwrap_or_default();
        ((file, line, report.code.to_string()), report.title.clone())
    };
    compilation.diagnostics.iter().map(report).collect()
}

fn shown((file, line, code): &Mark) -> String {
    format!("`{code}` at {file}:{line}")
}

/// The Markdown files of a folder, `README.md` left out.
pub fn documents(folder: &Path) -> Vec<Document> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| unreachable!("{}: {e}", folder.display()));
    let is_page = |path: &PathBuf| {
        path.extension().is_some_and(|it| it == "md") && path.file_name().is_some_and(|it| it != "README.md")
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_page).collect();
    paths.sort();
    paths.iter().map(|path| Document::read(path)).collect()
}

/// What stands behind failing programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reports {
    /// What `wflc check` prints; `WFL_BLESS=1` writes it anew.
    Printed,
    /// Nothing.
    None,
}

/// Checks all programs of documents, several at a time.
pub fn check(documents: &[Document], reports: Reports) -> Vec<String> {
    if reports == Reports::Printed {
        return side_by_side(documents, check_one);
    }
    let examples = documents.iter().flat_map(Document::examples).collect();
    side_by_side(&groups(examples), |group| match group.as_slice() {
        [_, _, ..] if fit_together(group) => Vec::new(),
        _ => group.iter().flat_map(Example::problems).collect(),
    })
}

/// What is wrong with each of several things, on as many threads as there are processors.
fn side_by_side<T: Sync>(things: &[T], problems: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(problems(thing));
        }
        found
    };
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let mut found: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|it| it.join().unwrap_or_else(|e| resume_unwind(e))).collect()
    });
    found.sort();
    found
}

fn check_one(document: &Document) -> Vec<String> {
    let bless = std::env::var_os("WFL_BLESS").is_some_and(|value| value == "1");
    let (mut problems, mut printed) = (Vec::new(), Vec::new());
    for example in document.examples() {
        let wrong = example.problems();
        let right = wrong.is_empty();
        problems.extend(wrong);
        if !right || example.expected == Expected::Pass {
            continue;
        }
        let report = example.printed();
        let kept = example.report.as_ref().map(|(_, _, text)| text.as_str());
        if !bless && kept != Some(report.as_str()) {
            let said = "what `wflc check` prints is not what stands behind it (WFL_BLESS=1 writes it)";
            problems.push(format!("{}: {said}:\n{report}", example.place));
        }
        printed.push((example, report));
    }
    if bless {
        let text = document.blessed(&printed);
        std::fs::write(&document.path, text).unwrap_or_else(|e| unreachable!("{}: {e}", document.name()));
    }
    problems
}

/// After these mistakes of syntax the rest of a project is judged less strictly.
const MISREAD: [&str; 4] = ["E0101", "E0102", "E0103", "E0199"];

/// Examples that can be compiled as modules of one project without disturbing each other, which saves time.
fn groups(examples: Vec<Example>) -> Vec<Vec<Example>> {
    let mut shared: BTreeMap<(bool, bool), Vec<Example>> = BTreeMap::new();
    let mut groups = Vec::new();
    for example in examples {
        let marked = |code: &str| example.marks.iter().any(|(_, _, mark)| mark == code);
        let alone = example.files.iter().any(|(path, text)| path != MAIN || text.contains("module main"))
            || MISREAD.iter().any(|code| marked(code))
            // An allowance that is not needed is reported in a project without errors only.
            || marked("W0204");
        if alone {
            groups.push(vec![example]);
        } else {
            let fails = example.marks.iter().any(|(_, _, mark)| mark.starts_with('E'));
            shared.entry((fails, example.body)).or_default().push(example);
        }
    }
    for group in shared.into_values() {
        groups.extend(group.chunks(TOGETHER).map(<[Example]>::to_vec));
    }
    groups
}

/// Whether examples, as modules of one project, have just the reports that are marked.
fn fit_together(examples: &[Example]) -> bool {
    let name = |at: usize| format!("example_{at}.wfl");
    let files = examples.iter().enumerate().map(|(at, example)| (name(at), example.files[0].1.clone()));
    let mut whole = examples[0].clone();
    whole.files = files.collect();
    let marks = examples.iter().enumerate().flat_map(|(at, example)| {
        example.marks.iter().map(move |(_, line, code)| (name(at), *line, code.clone()))
    });
    let mut wanted: Vec<Mark> = marks.collect();
    let mut found: Vec<Mark> = reports(&whole.compile()).into_iter().map(|(mark, _)| mark).collect();
    wanted.sort();
    found.sort();
    let shown = |example: &Example| match example.expected {
        Expected::Pass => example.marks.is_empty(),
        Expected::Fail(code) => example.marks.iter().any(|(_, _, mark)| mark == code.as_str()),
    };
    wanted == found && examples.iter().all(shown)
}
