//! The report about byte order marks that stand in the middle of a file, where nobody sees them.

use wfl_source::{Applicability, Code, Diagnostic, Edit, FileId, Fix, Span};

use crate::grammar::Rule;
use crate::tree::Tree;

const MARK: char = '\u{FEFF}';

/// The report about all marks of a file but the one at its beginning, if there are more; `tree` gives the tree of what
/// is around an offset, and where it begins. In texts and comments a mark is a character like others.
pub(crate) fn byte_order_marks<'t>(
    file: FileId,
    text: &str,
    tree: impl Fn(u32) -> Option<(&'t Tree, u32)>,
) -> Option<Diagnostic> {
    let places = text.match_indices(MARK).map(|(at, _)| at as u32);
    let places =
        places.filter(|at| *at > 0 && !tree(*at).is_some_and(|(tree, base)| in_words(tree, at - base)));
    let places: Vec<Span> = places.map(|at| Span::new(file, at, at + MARK.len_utf8() as u32)).collect();
    let title = "a byte order mark in the middle of the file";
    let diagnostic = Diagnostic::new(Code::E0102, title, *places.first()?, "cannot be seen");
    let mut diagnostic =
        diagnostic.help("files that were put together may hold one; only at the beginning it is passed over");
    let edits = places.into_iter().map(|span| Edit { span, replacement: String::new() }).collect();
    let title = "remove it".to_owned();
    diagnostic.fixes.push(Fix { title, edits, applicability: Applicability::Safe });
    Some(diagnostic)
}

fn in_words(tree: &Tree, at: u32) -> bool {
    let behind = tree.nodes().partition_point(|node| node.start <= at);
    let around = tree.nodes()[..behind].last().filter(|node| at < node.end);
    around.is_some_and(|node| {
        let is_comment = matches!(node.rule, Rule::COMMENT | Rule::doc | Rule::inner_doc);
        is_comment || matches!(node.rule, Rule::chunk | Rule::raw_chunk)
    })
}
