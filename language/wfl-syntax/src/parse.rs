//! From a text to its trees, its typed form and its reports.

use wfl_source::{Code, Diagnostic, FileId, Span};

use crate::ast::File;
use crate::chunk;
use crate::lowering::Lowering;
use crate::report::{self, Scan};
use crate::tree::Tree;

/// A parsed file. There always is one, however broken the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parsed {
    /// The typed syntax tree.
    pub file: File,
    /// The flat trees, chunk by chunk.
    pub chunks: Vec<Chunk>,
    /// What is wrong with the form of the text, ordered by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// A part of a file that is parsed by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    /// Its first byte in the file.
    pub start: u32,
    /// The byte behind it.
    pub end: u32,
    /// Its tree, with offsets from `start`.
    pub tree: Tree,
}

/// Parses a file chunk by chunk.
pub fn parse(file: FileId, text: &str) -> Parsed {
    parse_chunks(file, text, &chunk::starts(text))
}

/// Where the chunks of a text begin; the first always at 0. A chunk can be parsed by itself, by [`parse_whole`].
pub fn split(text: &str) -> Vec<usize> {
    chunk::starts(text)
}

/// Parses a file in one piece. The tree and the reports are those of [`parse`], unless the whole is nested too deeply.
pub fn parse_whole(file: FileId, text: &str) -> Parsed {
    parse_chunks(file, text, &[0])
}

/// Parses with chunks that begin at the given offsets.
pub(crate) fn parse_chunks(file: FileId, text: &str, starts: &[usize]) -> Parsed {
    let mut parsed = Parsed { file: File::default(), chunks: Vec::new(), diagnostics: Vec::new() };
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    for (start, end) in starts.iter().copied().zip(ends) {
        parse_chunk(file, text, start, end, &mut parsed);
    }
    let chunks = &parsed.chunks;
    let tree = |at: u32| {
        let chunk = chunks[..chunks.partition_point(|chunk| chunk.start <= at)].last();
        chunk.map(|chunk| (&chunk.tree, chunk.start))
    };
    parsed.diagnostics.extend(report::byte_order_marks(file, text, tree));
    parsed.diagnostics.sort_by_key(|diagnostic| {
        let place = diagnostic.primary().map(|label| label.span).unwrap_or_default();
        (place.start, place.end)
    });
    parsed
}

fn parse_chunk(file: FileId, text: &str, start: usize, end: usize, parsed: &mut Parsed) {
    let (source, base) = (&text[start..end], start as u32);
    let tree = match Tree::parse(source) {
        Ok(tree) => tree,
        Err(_) => {
            let place = Span::new(file, base, base + source.lines().next().unwrap_or_default().len() as u32);
            let title = "this declaration is nested too deeply to be read";
            let help = "name parts of it by `let`, or move them to a workflow of their own";
            parsed.diagnostics.push(Diagnostic::new(Code::E0199, title, place, "begins here").help(help));
            Tree::default()
        }
    };
    let mut scan = Scan::new(tree.nodes(), source, file, base);
    report::scan(&mut scan);
    parsed.diagnostics.extend(scan.finish());
    if let Some(root) = tree.root(source) {
        Lowering::new(file, base, &mut parsed.diagnostics).chunk(root, &mut parsed.file);
    }
    parsed.chunks.push(Chunk { start: base, end: end as u32, tree });
}
