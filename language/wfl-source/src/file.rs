//! File texts and their line tables, in UTF-8 and UTF-16 units.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::span::{FileId, Span};

/// A place in a text: zero-based line and zero-based column. The unit of the column depends on the
/// question that was asked (bytes or UTF-16 code units).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LineColumn {
    /// Zero-based line.
    pub line: u32,
    /// Zero-based column within the line.
    pub column: u32,
}

/// One text with its name and the offsets at which its lines start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    /// Takes a text and finds its lines. Offsets are `u32`: texts of 4 GiB and more are cut off by the
    /// reader long before they arrive here.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect();
        Self { name: name.into(), text, line_starts }
    }

    /// The name under which reports speak of the file, normally its path below the project root.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole text, shared.
    pub fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// How many lines there are; an empty text has one.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// Byte range of a line without its line end, or `None` behind the last line.
    pub fn line_range(&self, line: u32) -> Option<(u32, u32)> {
        let start = *self.line_starts.get(line as usize)?;
        let end = self.line_starts.get(line as usize + 1).map_or(self.text.len() as u32, |next| next - 1);
        Some((start, end))
    }

    /// Line and byte column of a byte offset. Offsets behind the text count as its end.
    pub fn utf8_position(&self, offset: u32) -> LineColumn {
        let offset = offset.min(self.text.len() as u32);
        let line = self.line_starts.partition_point(|start| *start <= offset) - 1;
        LineColumn { line: line as u32, column: offset - self.line_starts[line] }
    }

    /// Line and UTF-16 column of a byte offset. An offset inside a character counts as its start.
    pub fn utf16_position(&self, offset: u32) -> LineColumn {
        let position = self.utf8_position(offset);
        let start = self.line_starts[position.line as usize] as usize;
        let mut end = start + position.column as usize;
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self.text[start..end].chars().map(char::len_utf16).sum::<usize>() as u32;
        LineColumn { line: position.line, column }
    }

    /// Byte offset of a line and UTF-16 column. Columns behind the line's end count as its end, lines
    /// behind the text as the end of the text.
    pub fn offset_of_utf16(&self, position: LineColumn) -> u32 {
        let Some((start, end)) = self.line_range(position.line) else { return self.text.len() as u32 };
        let mut left = position.column as usize;
        let mut offset = start;
        for character in self.text[start as usize..end as usize].chars() {
            if left < character.len_utf16() {
                break;
            }
            left -= character.len_utf16();
            offset += character.len_utf8() as u32;
        }
        offset
    }
}

/// All files of one compilation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Files {
    files: Vec<SourceFile>,
    parts: Vec<Part>,
}

/// A range of a file that moves with the text around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Part {
    file: FileId,
    start: u32,
    end: u32,
}

impl Files {
    /// Adds a file and returns its number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.files.push(SourceFile::new(name, text));
        FileId(self.files.len() as u32 - 1)
    }

    /// Gives a file another text. Its parts stay where they are until they are placed anew.
    pub fn set_text(&mut self, id: FileId, text: impl Into<Arc<str>>) {
        if let Some(file) = self.files.get_mut(id.0 as usize) {
            *file = SourceFile::new(std::mem::take(&mut file.name), text);
        }
    }

    /// Makes a part of the range under `span`. Spans with the part's number count from its start.
    pub fn add_part(&mut self, span: Span) -> FileId {
        self.parts.push(Part { file: span.file, start: span.start, end: span.end });
        FileId::of_part(self.parts.len() - 1)
    }

    /// Moves a part: from now on it is the range under `span`.
    pub fn place_part(&mut self, part: FileId, span: Span) {
        if let Some(part) = part.part().and_then(|number| self.parts.get_mut(number)) {
            *part = Part { file: span.file, start: span.start, end: span.end };
        }
    }

    /// The same range in the file itself, if the span is one of a part.
    pub fn resolve(&self, span: Span) -> Span {
        match span.file.part().and_then(|number| self.parts.get(number)) {
            Some(part) => {
                let place = |offset: u32| part.start.saturating_add(offset).min(part.end);
                Span::new(part.file, place(span.start), place(span.end))
            }
            None => span,
        }
    }

    /// Makes all places of a report places in files.
    pub fn resolve_report(&self, report: &mut Diagnostic) {
        if self.parts.is_empty() {
            return;
        }
        report.labels.iter_mut().for_each(|label| label.span = self.resolve(label.span));
        let edits = report.fixes.iter_mut().flat_map(|fix| &mut fix.edits);
        edits.for_each(|edit| edit.span = self.resolve(edit.span));
    }

    /// The file with this number, if there is one.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// All files with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(at as u32), file))
    }

    /// The text of a file up to a span; empty if the span begins outside of it or in a character.
    pub fn text_before(&self, span: Span) -> &str {
        let span = self.resolve(span);
        self.get(span.file).and_then(|file| file.text().get(..span.start as usize)).unwrap_or_default()
    }

    /// The text under a span; empty if the span points outside of its file or into a character.
    pub fn text_of(&self, span: Span) -> &str {
        let span = self.resolve(span);
        let text =
            self.get(span.file).and_then(|file| file.text().get(span.start as usize..span.end as usize));
        text.unwrap_or_default()
    }
}
