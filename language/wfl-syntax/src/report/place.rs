//! The scan's position in the tree, and words for places.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::ops::Range;

use wfl_source::{Diagnostic, FileId, Span};

use crate::grammar::Rule;
use crate::tree::{Node, trimmed_end};

/// Where the scan is, and what it has found so far.
pub(crate) struct Scan<'t> {
    nodes: &'t [Node],
    text: &'t str,
    file: FileId,
    base: u32,
    ancestors: Vec<usize>,
    /// Those of them that one can speak of.
    constructs: Vec<usize>,
    comments: Vec<(usize, usize)>,
    reported: BTreeSet<u32>,
    diagnostics: Vec<Diagnostic>,
    /// The node behind the last broken statement.
    broken_end: usize,
    /// The nodes in which something was found out of place.
    disordered: BTreeSet<usize>,
    /// The node behind a declaration that is not closed.
    foreign_end: usize,
    /// The last nodes among which none is closed too far left.
    orderly: Range<usize>,
    /// The last list that was looked at, and whether it is unclosed.
    list: (usize, bool),
    /// By declaration, the words that cannot be names, and where they stand.
    misnamed: BTreeMap<(usize, &'t str), Vec<Span>>,
}

impl<'t> Scan<'t> {
    pub(crate) fn new(nodes: &'t [Node], text: &'t str, file: FileId, base: u32) -> Self {
        let (ancestors, constructs, comments, reported) =
            (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
        let diagnostics = Vec::new();
        let (disordered, list) = (BTreeSet::new(), (0, false));
        let (broken_end, foreign_end, orderly, misnamed) = (0, 0, 0..0, BTreeMap::new());
        Self {
            nodes,
            text,
            file,
            base,
            ancestors,
            constructs,
            comments,
            reported,
            diagnostics,
            broken_end,
            foreign_end,
            orderly,
            disordered,
            list,
            misnamed,
        }
    }

    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn node(&self, at: usize) -> Node {
        self.nodes[at]
    }

    /// Moves to a node; nodes are entered in order.
    pub(crate) fn enter(&mut self, at: usize) {
        while self.ancestors.last().is_some_and(|top| self.nodes[*top].next as usize <= at) {
            self.ancestors.pop();
        }
        while self.constructs.last().is_some_and(|top| self.nodes[*top].next as usize <= at) {
            self.constructs.pop();
        }
        let node = self.nodes[at];
        if node.rule == Rule::COMMENT {
            self.comments.push((node.start as usize, node.end as usize));
        }
        self.ancestors.push(at);
        if word_of(node.rule).is_some() {
            self.constructs.push(at);
        }
    }

    /// Whether a broken statement stands directly behind another one.
    pub(crate) fn follows_broken(&mut self, at: usize) -> bool {
        let follows = self.broken_end == at;
        self.broken_end = self.nodes[at].next as usize;
        follows
    }

    /// Whether the node lies in a declaration whose bracket is not closed, which is told. What is in there is mostly what
    /// comes behind the declaration, so no more is said about it.
    pub(crate) fn is_foreign(&mut self, at: usize) -> bool {
        let inside = at < self.foreign_end;
        let holds_parts =
            matches!(self.nodes[at].rule, Rule::record_d | Rule::enum_d | Rule::service_d | Rule::test_d);
        let is_open = match self.nodes[at].rule {
            Rule::params => self.has(at, Rule::miss_rpar),
            _ => holds_parts && self.has(at, Rule::miss_rbrace) && !self.has(at, Rule::miss_lbrace),
        };
        if is_open && !inside {
            // An open list of parameters takes the rest of what it is the head of.
            let whole = if holds_parts { at } else { self.parent() };
            self.foreign_end = self.nodes[whole].next as usize;
        }
        inside
    }

    /// The item that the current node is in.
    pub(crate) fn item(&self) -> usize {
        self.ancestors.get(1).copied().unwrap_or_default()
    }

    /// Whether this is the first question about what is out of place in a node.
    pub(crate) fn first_in(&mut self, at: usize) -> bool {
        self.disordered.insert(at)
    }

    /// The node around the current one.
    pub(crate) fn parent(&self) -> usize {
        self.ancestors.iter().rev().nth(1).copied().unwrap_or_default()
    }

    pub(crate) fn span(&self, start: u32, end: u32) -> Span {
        Span::new(self.file, self.base + start, self.base + end)
    }

    pub(crate) fn span_of(&self, at: usize) -> Span {
        let node = self.nodes[at];
        self.span(node.start, node.end)
    }

    pub(crate) fn text_of(&self, at: usize) -> &'t str {
        let node = self.nodes[at];
        &self.text[node.start as usize..node.end as usize]
    }

    /// Adds a report unless one was made about the same place, `offset` within the chunk.
    pub(crate) fn report_at(&mut self, offset: u32, report: impl FnOnce(&Self) -> Diagnostic) {
        if self.reported.insert(offset) {
            let diagnostic = report(self);
            self.diagnostics.push(diagnostic);
        }
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Remembers that node `at` is a word that cannot be a name.
    pub(crate) fn misname(&mut self, at: usize) {
        let (key, place) = ((self.item(), self.text_of(at)), self.span_of(at));
        self.misnamed.entry(key).or_default().push(place);
    }

    /// The words that cannot be names, once per declaration, and where they stand in it.
    pub(crate) fn misnamed(&mut self) -> Vec<(&'t str, Vec<Span>)> {
        std::mem::take(&mut self.misnamed).into_iter().map(|((_, word), places)| (word, places)).collect()
    }

    /// The end of the last token in front of `offset`.
    pub(crate) fn previous_end(&self, offset: u32) -> u32 {
        trimmed_end(self.text, 0, offset as usize, &self.comments) as u32
    }

    /// The last token in front of `offset`, quoted; `None` at the start of the chunk.
    pub(crate) fn previous_token(&self, offset: u32) -> Option<String> {
        let before = &self.text[..self.previous_end(offset) as usize];
        let last = before.chars().next_back()?;
        if is_word(last) {
            let word = before.rfind(|character| !is_word(character)).map_or(0, |at| at + 1);
            return before.get(word..).map(|word| format!("`{word}`"));
        }
        match last {
            '"' => Some("the text".to_owned()),
            '>' if before.ends_with("->") => Some("`->`".to_owned()),
            other => Some(format!("`{other}`")),
        }
    }

    /// The token at or behind `offset` if it stands on the same line.
    pub(crate) fn next_token(&self, offset: u32) -> Option<&'t str> {
        let rest = self.text[offset as usize..].trim_start_matches([' ', '\t']);
        let first = rest.chars().next().filter(|first| !first.is_whitespace())?;
        let end = match is_word(first) {
            true => rest.find(|character| !is_word(character)).unwrap_or(rest.len()),
            false if rest.starts_with("->") || rest.starts_with("=>") || rest.starts_with("==") => 2,
            false => first.len_utf8(),
        };
        (!rest.starts_with("//")).then(|| &rest[..end])
    }

    /// The place of `bracket` in a node's own text, outside of its children.
    pub(crate) fn opening(&self, at: usize, bracket: char) -> Option<u32> {
        let node = self.nodes[at];
        let mut from = node.start as usize;
        let mut child = at + 1;
        loop {
            let inside = child < node.next as usize;
            let end = if inside { self.nodes[child].start } else { node.end } as usize;
            if let Some(found) = self.text.get(from..end).and_then(|gap| gap.find(bracket)) {
                return Some((from + found) as u32);
            }
            if !inside {
                return None;
            }
            from = self.nodes[child].end as usize;
            child = self.nodes[child].next as usize;
        }
    }

    /// Whether a node has a child of this rule.
    pub(crate) fn has(&self, at: usize, rule: Rule) -> bool {
        self.children(at).any(|child| self.nodes[child].rule == rule)
    }

    /// Whether a list lacks its closing bracket.
    pub(crate) fn is_unclosed(&mut self, at: usize) -> bool {
        // Many questions about one list are asked in a row.
        if self.list.0 != at {
            let is_close = |rule| matches!(rule, Rule::miss_rpar | Rule::miss_rbrack | Rule::miss_gt);
            let is_open = self.children(at).any(|child| is_close(self.nodes[child].rule));
            self.list = (at, is_open);
        }
        self.list.1
    }

    /// Whether the current node is a value behind `then`, in an `if` that is a statement.
    pub(crate) fn is_value_of_statement(&self, at: usize) -> bool {
        let parent = self.parent();
        let around = self.ancestors.iter().rev().nth(2).map(|around| self.nodes[*around].rule);
        let is_statement = self.nodes[parent].rule == Rule::if_x && around != Some(Rule::postfix);
        let is_then = |child: usize| matches!(self.nodes[child].rule, Rule::kw_then | Rule::bad_then);
        is_statement && self.children(parent).any(|child| child < at && is_then(child))
    }

    fn children(&self, at: usize) -> impl Iterator<Item = usize> {
        let end = self.nodes[at].next as usize;
        let next = move |child: usize| Some(child).filter(|child| *child < end);
        iter::successors(next(at + 1), move |child| next(self.nodes[*child].next as usize))
    }

    /// The name that a construct gives itself.
    pub(crate) fn name_of(&self, at: usize) -> Option<&'t str> {
        let named = |rule| matches!(rule, Rule::ident | Rule::word | Rule::under | Rule::path | Rule::string);
        // A name follows on its keywords; a long list has none.
        let name = self.children(at).take(4).find(|child| named(self.nodes[*child].rule))?;
        Some(self.text_of(name).lines().next().unwrap_or_default())
    }

    /// The nearest construct around the current node that one can speak of, quoted: `` `step hold` ``.
    pub(crate) fn construct(&self) -> Option<String> {
        let current = self.ancestors.last();
        self.constructs.iter().rev().find(|at| Some(*at) != current).and_then(|at| self.spoken(*at))
    }

    /// The construct that a node is, or that is nearest around it.
    pub(crate) fn construct_at(&self, at: usize) -> Option<String> {
        (0..=at)
            .rev()
            .filter(|around| self.nodes[*around].next as usize > at)
            .find_map(|around| self.spoken(around))
    }

    fn spoken(&self, at: usize) -> Option<String> {
        let word = word_of(self.nodes[at].rule)?;
        Some(match self.name_of(at) {
            Some(name) => format!("`{word} {name}`"),
            None => format!("`{word}`"),
        })
    }

    /// A node inside of `at` whose `{` is closed by a `}` further left than the line of the `{`: probably that `}`
    /// was meant for something around it. Gives the innermost such node and the place of its `{`.
    pub(crate) fn closed_too_far_left(&mut self, at: usize) -> Option<(usize, u32)> {
        let inside = at + 1..self.nodes[at].next as usize;
        // What is nested deeply is not searched through again at every level.
        let known = [self.orderly.start, self.orderly.end].map(|it| it.clamp(inside.start, inside.end));
        let unknown = (inside.start..known[0]).chain(known[1]..inside.end);
        let found = unknown.rev().find_map(|inner| {
            let node = self.nodes[inner];
            // A `}` is one byte, so what is cut here is never the middle of a character.
            let closing = node.end.checked_sub(1).filter(|at| self.text.as_bytes()[*at as usize] == b'}')?;
            let opening = self.opening(inner, '{')?;
            let (open_line, close_line) = (self.line_start(opening), self.line_start(closing));
            let first_on_its_line = self.text[close_line..closing as usize].trim().is_empty();
            let closes = first_on_its_line && open_line < close_line;
            (closes && self.indent(close_line) < self.indent(open_line)).then_some((inner, opening))
        });
        if found.is_none() {
            self.orderly = inside;
        }
        found
    }

    fn line_start(&self, offset: u32) -> usize {
        self.text[..offset as usize].rfind('\n').map_or(0, |at| at + 1)
    }

    fn indent(&self, line_start: usize) -> usize {
        let line = &self.text[line_start..];
        line.len() - line.trim_start_matches([' ', '\t']).len()
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The keyword by which one speaks of a construct.
fn word_of(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::step_s => "step",
        Rule::let_s => "let",
        Rule::saga_s => "saga",
        Rule::handler => "on",
        Rule::if_x => "if",
        Rule::match_x => "match",
        Rule::emit_s => "emit",
        Rule::ensure_s => "ensure",
        Rule::return_s => "return",
        Rule::yield_s => "yield",
        Rule::fail_s => "fail",
        Rule::use_s => "use",
        Rule::parallel_s => "parallel",
        Rule::branch => "branch",
        Rule::foreach_s => "foreach",
        Rule::repeat_s => "repeat",
        Rule::await_s => "await",
        Rule::wait_s => "wait",
        Rule::shield_s => "shield",
        Rule::restart_s => "restart",
        Rule::fn_d => "fn",
        Rule::alias_d => "alias",
        Rule::migrate_d => "migrate",
        Rule::policy_d => "policy",
        Rule::invariant_d => "invariant",
        Rule::module_d => "module",
        Rule::import_d => "import",
        Rule::record_d => "record",
        Rule::enum_d => "enum",
        Rule::type_d => "type",
        Rule::error_d => "error",
        Rule::event_d => "event",
        Rule::service_d => "service",
        Rule::operation => "operation",
        Rule::workflow_d => "workflow",
        Rule::test_d => "test",
        Rule::mock_t => "mock",
        Rule::given_t => "given",
        Rule::expect_t => "expect",
        Rule::at_t => "at",
        _ => return None,
    })
}
