//! The flat syntax tree: pest's token queue copied into one vector without lifetimes.
//!
//! Nodes stand in the order in which they begin; the children of a node follow it directly, and `next`
//! is the index of the first node that is no longer inside. Offsets count from the start of the chunk, so
//! a chunk that only moved keeps its tree. Comments are nodes too; with the gaps between the leaves the
//! tree and the text together lose nothing.

use pest::Parser;
use pest::Token;

use crate::grammar::{Grammar, Rule};

/// One node: a rule and the bytes `start..end` that it covers. Trailing blanks and comments that the rule
/// happened to skip are not part of the range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node {
    /// The grammar rule.
    pub rule: Rule,
    /// First byte, from the start of the chunk.
    pub start: u32,
    /// First byte behind the node.
    pub end: u32,
    /// Index of the first node behind this node's descendants.
    pub next: u32,
}

/// The nodes of one chunk; the first is the `file` node. Empty if the chunk was nested too deeply.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
}

/// The parser ran out of stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TooDeep;

impl Tree {
    /// Parses a chunk. The grammar accepts every text, so the only failure is nesting too deep for the stack.
    pub(crate) fn parse(text: &str) -> Result<Tree, TooDeep> {
        let pairs = Grammar::parse(Rule::file, text).map_err(|_| TooDeep)?;
        let mut builder = Builder { text, nodes: Vec::new(), open: Vec::new() };
        for token in pairs.tokens() {
            match token {
                Token::Start { rule, pos } => builder.start(rule, pos.pos()),
                Token::End { pos, .. } => builder.end(pos.pos()),
            }
        }
        Ok(Tree { nodes: builder.nodes })
    }

    /// All nodes in the order in which they begin.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The root, unless the tree is empty.
    pub fn root<'t>(&'t self, text: &'t str) -> Option<Cursor<'t>> {
        (!self.nodes.is_empty()).then_some(Cursor { nodes: &self.nodes, text, index: 0 })
    }
}

struct Frame {
    index: usize,
    /// Comments at the tail of the node so far, as start and end.
    comments: Vec<(usize, usize)>,
    /// The end of the last part that is no comment.
    inside: usize,
}

struct Builder<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    open: Vec<Frame>,
}

impl Builder<'_> {
    fn start(&mut self, rule: Rule, at: usize) {
        self.open.push(Frame { index: self.nodes.len(), comments: Vec::new(), inside: at });
        self.nodes.push(Node { rule, start: at as u32, end: at as u32, next: 0 });
    }

    fn end(&mut self, at: usize) {
        let Some(frame) = self.open.pop() else { return };
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[frame.index];
        let (start, rule) = (node.start as usize, node.rule);
        // Blanks at the end of a text belong to it.
        let is_text = matches!(rule, Rule::chunk | Rule::raw_chunk);
        let end = if is_text { at } else { trimmed_end(self.text, start, at, &frame.comments) };
        let end = end.max(frame.inside);
        (node.end, node.next) = (end as u32, next);
        if let Some(parent) = self.open.last_mut() {
            if rule == Rule::COMMENT {
                parent.comments.push((start, at));
            } else {
                if start < end {
                    parent.inside = end;
                }
                parent.comments = frame.comments.into_iter().filter(|comment| comment.0 >= end).collect();
            }
        }
    }
}

// A rule whose last element is optional has skipped blanks and comments in front of it in vain.
pub(crate) fn trimmed_end(text: &str, start: usize, end: usize, comments: &[(usize, usize)]) -> usize {
    // As in the grammar: other blanks of Unicode are text that fits nowhere.
    let trimmed = |end: usize| text[start..end].trim_end_matches([' ', '\t', '\r', '\n', '\u{FEFF}']).len();
    let mut end = start + trimmed(end);
    for (comment_start, comment_end) in comments.iter().rev() {
        if *comment_end < end || *comment_start < start {
            break;
        }
        end = start + trimmed(*comment_start);
    }
    end
}

/// A view of one node.
#[derive(Clone, Copy)]
pub struct Cursor<'t> {
    nodes: &'t [Node],
    text: &'t str,
    index: usize,
}

impl<'t> Cursor<'t> {
    /// The node itself.
    pub fn node(self) -> Node {
        self.nodes[self.index]
    }

    /// Its rule.
    pub fn rule(self) -> Rule {
        self.node().rule
    }

    /// Its position among the nodes of the tree.
    pub fn index(self) -> usize {
        self.index
    }

    /// Its text.
    pub fn text(self) -> &'t str {
        let node = self.node();
        &self.text[node.start as usize..node.end as usize]
    }

    /// Its children in order, without comments.
    pub fn children(self) -> Children<'t> {
        Children { nodes: self.nodes, text: self.text, at: self.index + 1, end: self.node().next as usize }
    }

    /// The node itself and all that is inside of it, in order, without comments.
    pub fn descendants(self) -> impl Iterator<Item = Cursor<'t>> {
        let inside = self.index..self.node().next as usize;
        let all = inside.map(move |index| Cursor { nodes: self.nodes, text: self.text, index });
        all.filter(|cursor| cursor.rule() != Rule::COMMENT)
    }

    /// The first child of this rule.
    pub fn child(self, rule: Rule) -> Option<Cursor<'t>> {
        self.children().find(|child| child.rule() == rule)
    }

    /// Whether there is a child of this rule.
    pub fn has(self, rule: Rule) -> bool {
        self.child(rule).is_some()
    }
}

/// The children of a node.
#[derive(Clone)]
pub struct Children<'t> {
    nodes: &'t [Node],
    text: &'t str,
    at: usize,
    end: usize,
}

impl<'t> Iterator for Children<'t> {
    type Item = Cursor<'t>;

    fn next(&mut self) -> Option<Cursor<'t>> {
        while self.at < self.end {
            let cursor = Cursor { nodes: self.nodes, text: self.text, index: self.at };
            self.at = cursor.node().next as usize;
            if cursor.rule() != Rule::COMMENT {
                return Some(cursor);
            }
        }
        None
    }
}
