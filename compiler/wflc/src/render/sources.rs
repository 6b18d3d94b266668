//! The reports of one project, and where their spans lie: paths, lines, columns in every unit.

use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use wfl_source::{Diagnostic, FileId, Files, SourceFile, Span};

/// Reports with the texts they are about.
pub(crate) struct Reports<'c> {
    /// The texts.
    pub(crate) files: &'c Files,
    /// What to show, in order.
    pub(crate) list: Vec<&'c Diagnostic>,
    /// The paths by which the texts are shown.
    names: Vec<String>,
}

/// A place in a text. Everything counts from one, but `offset`, which counts bytes from zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Position {
    /// The line.
    pub(crate) line: u32,
    /// The column in characters, as terminals and people count.
    pub(crate) column: u32,
    /// The column in bytes of UTF-8.
    pub(crate) utf8_column: u32,
    /// The column in units of UTF-16.
    pub(crate) utf16_column: u32,
    /// The offset from the start of the file in bytes.
    pub(crate) offset: u32,
}

/// A resolved span.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Place<'c> {
    /// The path.
    pub(crate) path: &'c str,
    /// Its first character.
    pub(crate) start: Position,
    /// The first character behind it.
    pub(crate) end: Position,
}

impl<'c> Reports<'c> {
    /// The reports of the project in `root`, with paths as seen from the current folder.
    pub(crate) fn new(root: &Path, files: &'c Files, reports: &'c [Diagnostic]) -> Reports<'c> {
        let base = std::env::current_dir().and_then(|folder| folder.canonicalize()).ok();
        let shown = |file: &SourceFile| match &base {
            // The library is in no folder.
            Some(base) if !file.name().starts_with('<') => relative(&root.join(file.name()), base),
            _ => file.name().to_owned(),
        };
        let names = files.iter().map(|(_, file)| shown(file)).collect();
        Reports { files, list: reports.iter().collect(), names }
    }

    /// The path of a file as it is shown.
    pub(crate) fn name(&self, file: FileId) -> Option<&str> {
        self.names.get(file.0 as usize).map(String::as_str)
    }

    /// Where a span lies.
    pub(crate) fn place(&self, span: Span) -> Option<Place<'_>> {
        let (path, file) = (self.name(span.file)?, self.files.get(span.file)?);
        Some(Place { path, start: position(file, span.start), end: position(file, span.end) })
    }
}

fn position(file: &SourceFile, offset: u32) -> Position {
    let utf8 = file.utf8_position(offset);
    let utf16 = file.utf16_position(offset);
    let offset = offset.min(file.text().len() as u32);
    let start = (offset - utf8.column) as usize;
    let before = file.text().get(start..offset as usize).unwrap_or_default();
    Position {
        line: utf8.line + 1,
        column: before.chars().count() as u32 + 1,
        utf8_column: utf8.column + 1,
        utf16_column: utf16.column + 1,
        offset,
    }
}

/// The way from one absolute folder to a file, with `/` on every system.
fn relative(path: &Path, base: &Path) -> String {
    let (path_parts, base_parts): (Vec<_>, Vec<_>) =
        (path.components().collect(), base.components().collect());
    let shared = path_parts.iter().zip(&base_parts).take_while(|(a, b)| a == b).count();
    let up = base_parts[shared..].iter().map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(path_parts[shared..].iter().copied()).collect();
    // Far away, the whole path says more than a chain of dots.
    let way = if base_parts.len() - shared > 3 { path } else { &way };
    way.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
