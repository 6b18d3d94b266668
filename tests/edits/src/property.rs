//! What must hold for every text, whoever wrote it.

use std::fmt::Write as _;
use std::sync::LazyLock;

use wfl_compiler::{Compilation, Memory, compile};
use wfl_source::{FileId, Files};
use wfl_syntax::Parsed;

use crate::form;
use crate::program::{Program, examples};

/// The path of a text that belongs to no example.
pub const ALONE: &str = "main.wfl";

/// A text, and the project that it is a file of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// Its path from the root of the repository, or [`ALONE`].
    pub path: String,
    /// The text.
    pub text: String,
}

/// The parser gives trees that lose nothing, with reports about places in the text, the same by chunks and as a
/// whole.
pub fn parse(text: &str) -> Result<Parsed, String> {
    let parsed = wfl_syntax::parse(FileId(0), text);
    let whole = wfl_syntax::parse_whole(FileId(0), text);
    form::check(text, &parsed)?;
    form::check(text, &whole).map_err(|what| format!("as a whole: {what}"))?;
    form::reports(&parsed.diagnostics, |_| Some(text))?;
    // A whole can be too deep where each chunk by itself is not.
    let deep = |parsed: &Parsed| parsed.diagnostics.iter().any(|it| it.code.as_str() == "E0199");
    if deep(&parsed) || deep(&whole) {
        return Ok(parsed);
    }
    if parsed.file != whole.file {
        return Err("the chunks give another tree than the whole".to_owned());
    }
    if parsed.diagnostics != whole.diagnostics {
        let (ours, theirs) = (&parsed.diagnostics, &whole.diagnostics);
        let first = ours.iter().zip(theirs).find(|(ours, theirs)| ours != theirs);
        return Err(format!("the chunks give other reports than the whole: {first:#?}"));
    }
    Ok(parsed)
}

/// The compiler ends, says the same each time, and its reports can be shown.
pub fn check(case: &Case) -> Result<(), String> {
    let world = world(case);
    let compilation = compile(&world);
    reports(&compilation)?;
    if !compilation.has_errors() && compilation.workflows.iter().any(|it| it.bytes.is_empty()) {
        return Err("a workflow has no plan".to_owned());
    }
    let again = compile(&world);
    if compilation.diagnostics != again.diagnostics || compilation.workflows != again.workflows {
        return Err("the second time something else comes out".to_owned());
    }
    Ok(())
}

/// Laying out twice is laying out once, and neither the program nor a comment changes.
pub fn format(text: &str) -> Result<(), String> {
    let once = wfl_format::format(text).text;
    if !wfl_format::same_program(text, &once) {
        return Err("the layout changes the program".to_owned());
    }
    if wfl_format::format(&once).text != once {
        return Err("the second layout changes the first".to_owned());
    }
    Ok(())
}

fn reports(compilation: &Compilation) -> Result<(), String> {
    let files = &compilation.files;
    form::reports(&compilation.diagnostics, |file| files.get(file).map(|file| file.text()))?;
    if let Some(broken) = compilation.diagnostics.iter().find(|it| it.code.as_str() == "E0999") {
        return Err(format!("the compiler is at fault: {} {:?}", broken.title, broken.notes));
    }
    let shown = render(compilation, files);
    if shown.lines().count() < compilation.diagnostics.len() {
        Err("a report is lost".to_owned())
    } else {
        Ok(())
    }
}

/// Every report as lines of text, with its places in both units.
fn render(compilation: &Compilation, files: &Files) -> String {
    let mut out = String::new();
    for diagnostic in &compilation.diagnostics {
        let _ = writeln!(out, "{}: {}", diagnostic.code, diagnostic.title);
        for label in &diagnostic.labels {
            let Some(file) = files.get(label.span.file) else { continue };
            let (begin, end) = (file.utf16_position(label.span.start), file.utf16_position(label.span.end));
            let column = file.utf8_position(label.span.start).column;
            let lines = (begin.line..=end.line).filter_map(|line| file.line_range(line)).count();
            let _ = writeln!(out, "{begin:?} {end:?} {column} {lines} {}", files.text_of(label.span));
        }
    }
    out
}

/// The project of the case's file with the case's text in its place; other texts stand alone.
fn world(case: &Case) -> Memory {
    static EXAMPLES: LazyLock<Vec<Program>> = LazyLock::new(examples);
    let mut parts = case.path.splitn(3, '/');
    let (Some("examples"), Some(project), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return Memory::new([(ALONE, case.text.as_str())]);
    };
    let folder = format!("examples/{project}/");
    let others = EXAMPLES.iter().filter_map(|it| Some((it.name.strip_prefix(&folder)?, it.text.as_str())));
    let others = others.filter(|(name, _)| *name != path);
    Memory::new(others.chain([(path, case.text.as_str())]))
}
