//! The check that a text was only laid out.

use wfl_source::FileId;
use wfl_syntax::{Chunk, Rule, parse};

use crate::file::with_plain_lines;
use crate::token::is_blank;

/// What laying out must not change.
#[derive(PartialEq, Eq, Default)]
pub(crate) struct Shape {
    /// The nodes with their depths.
    nodes: Vec<(Rule, usize)>,
    /// Words, literals and signs; blanks and commas are left out except in texts.
    signs: String,
    comments: Vec<String>,
}

/// Whether two texts are one program: the same tree and the same comments in the same order. Places, blanks and commas
/// between parts do not count.
pub fn same_program(before: &str, after: &str) -> bool {
    let [before, after] = [before, after].map(with_plain_lines);
    shape(&before, &parse(FileId(0), &before).chunks) == shape(&after, &parse(FileId(0), &after).chunks)
}

/// The shape of a text with plain lines.
pub(crate) fn shape(text: &str, chunks: &[Chunk]) -> Shape {
    let mut shape = Shape::default();
    for chunk in chunks {
        let source = &text[chunk.start as usize..chunk.end as usize];
        let nodes = chunk.tree.nodes();
        let (mut at, mut open) = (0, Vec::new());
        for (index, node) in nodes.iter().enumerate() {
            while open.last().is_some_and(|next| *next as usize <= index) {
                open.pop();
            }
            let inside = &source[node.start as usize..node.end as usize];
            match node.rule {
                Rule::file | Rule::EOI => {}
                Rule::COMMENT => {
                    shape.squeeze(source, at, node.start as usize);
                    shape.comments.push(inside.trim_end().to_owned());
                    at = at.max(node.end as usize);
                }
                rule => {
                    shape.nodes.push((rule, open.len()));
                    if matches!(rule, Rule::chunk | Rule::raw_chunk | Rule::doc | Rule::inner_doc) {
                        shape.squeeze(source, at, node.start as usize);
                        let is_text = matches!(rule, Rule::chunk | Rule::raw_chunk);
                        shape.signs.push_str(if is_text { inside } else { inside.trim_end() });
                        at = at.max(node.end as usize);
                    } else if node.next as usize == index + 1 {
                        shape.squeeze(source, at, node.start as usize);
                        at = at.max(node.start as usize);
                        shape.signs.push(' ');
                    }
                }
            }
            open.push(node.next);
        }
        shape.squeeze(source, at, source.len());
    }
    shape
}

impl Shape {
    fn squeeze(&mut self, source: &str, from: usize, to: usize) {
        let signs = source.get(from..to).unwrap_or_default().chars();
        self.signs.extend(signs.filter(|sign| !is_blank(*sign) && *sign != ','));
    }
}
