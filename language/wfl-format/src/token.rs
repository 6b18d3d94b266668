//! Tokens, the comments around them, and the nodes that they stand in.
//!
//! A comment belongs to the token in front of it if that ends on the same line, else to the token behind it. Commas
//! only separate: none becomes a token, and the constructs set them anew.

use wfl_syntax::{Chunk, Node, Rule};

use crate::copied::{Copied, copied};

/// A comment on lines of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comment<'t> {
    pub(crate) text: &'t str,
    /// Whether an empty line stands above it.
    pub(crate) blank: bool,
}

/// A word, a sign, a literal, or a part that is copied as it stands.
#[derive(Debug)]
pub(crate) struct Token<'t> {
    pub(crate) text: &'t str,
    /// None for signs that are no node: brackets, `:`, `=`, `->`, `.`.
    pub(crate) rule: Option<Rule>,
    pub(crate) copied: bool,
    /// The lines on which it begins and ends.
    pub(crate) lines: (u32, u32),
    /// Whether a line ends in front of it.
    pub(crate) fresh: bool,
    /// Whether an empty line stands directly above it.
    pub(crate) blank: bool,
    /// Whether nothing at all stands in front of it on its line, not even a blank.
    pub(crate) touches: bool,
    /// The comments on the lines above.
    pub(crate) above: Vec<Comment<'t>>,
    /// The comment at the end of its line, and whether a blank must part them: a slash and `//` may be all that the
    /// grammar found in `///`.
    pub(crate) behind: Option<(&'t str, bool)>,
    /// Whether a comma follows.
    pub(crate) comma: bool,
}

impl Token<'_> {
    /// Whether it begins a block.
    pub(crate) fn is_brace(&self) -> bool {
        self.rule.is_none() && self.text == "{"
    }
}

/// A token, or a node with the index of the first piece that is no longer inside.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Token(u32),
    Node(Rule, u32),
}

/// A token or node, by its index among the pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part(u32);

/// All tokens of a file and the nodes around them.
#[derive(Default, Debug)]
pub(crate) struct Tokens<'t> {
    tokens: Vec<Token<'t>>,
    pieces: Vec<Piece>,
    /// Comments behind all tokens.
    pub(crate) tail: Vec<Comment<'t>>,
    /// How many parts are copied because of their errors.
    pub(crate) errors: usize,
}

impl<'t> Tokens<'t> {
    /// Reads the chunks of a text.
    pub(crate) fn read(text: &'t str, chunks: &[Chunk]) -> Tokens<'t> {
        let mut reader = Reader {
            text,
            at: 0,
            line: 0,
            newlines: 0,
            fresh: false,
            above: Vec::new(),
            found: Tokens::default(),
        };
        for chunk in chunks {
            reader.chunk(chunk);
        }
        reader.gap(text.len());
        reader.found.tail = reader.above;
        reader.found
    }

    /// The parts that stand in no other.
    pub(crate) fn roots(&self) -> Vec<Part> {
        self.between(0, self.pieces.len() as u32)
    }

    /// The parts of a node.
    pub(crate) fn parts(&self, part: Part) -> Vec<Part> {
        match self.pieces[part.0 as usize] {
            Piece::Token(_) => Vec::new(),
            Piece::Node(_, end) => self.between(part.0 + 1, end),
        }
    }

    fn between(&self, start: u32, end: u32) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut at = start;
        while at < end {
            parts.push(Part(at));
            at = self.behind(Part(at));
        }
        parts
    }

    fn behind(&self, part: Part) -> u32 {
        match self.pieces[part.0 as usize] {
            Piece::Token(_) => part.0 + 1,
            Piece::Node(_, end) => end,
        }
    }

    /// The rule of a node or token; none for signs.
    pub(crate) fn rule(&self, part: Part) -> Option<Rule> {
        match self.pieces[part.0 as usize] {
            Piece::Token(token) => self.tokens[token as usize].rule,
            Piece::Node(rule, _) => Some(rule),
        }
    }

    /// Whether the part is one of these rules.
    pub(crate) fn is(&self, part: Part, rules: &[Rule]) -> bool {
        self.rule(part).is_some_and(|rule| rules.contains(&rule))
    }

    /// Whether the part is this sign.
    pub(crate) fn is_sign(&self, part: Part, sign: &str) -> bool {
        self.token(part).is_some_and(|token| token.rule.is_none() && token.text == sign)
    }

    /// The token, if the part is one.
    pub(crate) fn token(&self, part: Part) -> Option<&Token<'t>> {
        match self.pieces[part.0 as usize] {
            Piece::Token(token) => Some(&self.tokens[token as usize]),
            Piece::Node(..) => None,
        }
    }

    /// The first token of the part.
    pub(crate) fn first(&self, part: Part) -> &Token<'t> {
        let inside = self.pieces[part.0 as usize..].iter();
        let mut tokens = inside.filter_map(|piece| match piece {
            Piece::Token(token) => Some(*token as usize),
            Piece::Node(..) => None,
        });
        &self.tokens[tokens.next().unwrap_or_default()]
    }

    /// The last token of the part.
    pub(crate) fn last(&self, part: Part) -> &Token<'t> {
        match self.pieces[self.behind(part) as usize - 1] {
            Piece::Token(token) => &self.tokens[token as usize],
            Piece::Node(..) => self.first(part),
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    /// Line ends since the last token, comma or comment.
    newlines: u32,
    /// Whether a line ended since the last token.
    fresh: bool,
    above: Vec<Comment<'t>>,
    found: Tokens<'t>,
}

impl<'t> Reader<'t> {
    fn chunk(&mut self, chunk: &Chunk) {
        let (start, end) = (chunk.start as usize, chunk.end as usize);
        self.gap(start);
        let nodes = chunk.tree.nodes();
        let source = &self.text[start..end];
        let copied = copied(source, nodes, self.found.errors > 0);
        if copied.whole || !has_plain_gaps(source, nodes, &copied.nodes) {
            let from = end - source.trim_start_matches(is_blank).len();
            let to = start + text_end(nodes).max(source.trim_end_matches(is_blank).len());
            if from < to {
                self.gap(from);
                self.token(to, Some(Rule::bad_item), true);
                self.found.errors += 1;
            }
            return;
        }
        self.found.errors += copied.errors;
        self.nodes(start, nodes, &copied);
        self.gap(end);
    }

    fn nodes(&mut self, start: usize, nodes: &[Node], copied: &Copied) {
        // The open nodes: the index behind them, their piece, their last byte.
        let mut open: Vec<(usize, usize, usize)> = Vec::new();
        let mut at = 1;
        while at <= nodes.len() {
            while open.last().is_some_and(|(next, ..)| *next <= at) {
                let Some((_, piece, end)) = open.pop() else { break };
                self.gap(end);
                let behind = self.found.pieces.len() as u32;
                if let Piece::Node(_, end) = &mut self.found.pieces[piece] {
                    *end = behind;
                }
            }
            let Some(node) = nodes.get(at) else { break };
            let (from, to) = (start + node.start as usize, start + node.end as usize);
            self.gap(from);
            match kind(self.text, start, nodes, at, copied.nodes[at]) {
                Kind::Nothing => at += 1,
                Kind::Comment => {
                    self.comment(to);
                    at += 1;
                }
                Kind::Token => {
                    let to = to.max(start + text_end(&nodes[at..node.next as usize]));
                    self.token(to, Some(node.rule), copied.nodes[at]);
                    // A node ends in front of the comments that it skipped last.
                    let inside = nodes[at..node.next as usize].iter();
                    for comment in inside.filter(|it| it.rule == Rule::COMMENT && it.start >= node.end) {
                        self.gap(start + comment.start as usize);
                        self.comment(start + comment.end as usize);
                    }
                    at = node.next as usize;
                }
                Kind::Node => {
                    open.push((node.next as usize, self.found.pieces.len(), to));
                    self.found.pieces.push(Piece::Node(node.rule, 0));
                    at += 1;
                }
            }
        }
    }

    /// Goes on to `end`, over blanks and signs.
    fn gap(&mut self, end: usize) {
        while self.at < end {
            let rest = &self.text[self.at..end];
            let length = sign_length(rest);
            if length == 0 {
                // A broken statement ends at a lone `\r`, too.
                self.fresh |= rest.starts_with(['\n', '\r']);
                if rest.starts_with('\n') {
                    self.newlines += 1;
                    self.line += 1;
                }
                self.at += rest.chars().next().map_or(1, char::len_utf8);
            } else if rest.starts_with(',') {
                self.at += length;
                self.newlines = 0;
                if let Some(last) = self.found.tokens.last_mut() {
                    last.comma = true;
                }
            } else {
                self.token(self.at + length, None, false);
            }
        }
    }

    fn token(&mut self, end: usize, rule: Option<Rule>, copied: bool) {
        let text = &self.text[self.at..end];
        let lines = (self.line, self.line + text.matches('\n').count() as u32);
        let is_doc = matches!(rule, Some(Rule::doc | Rule::inner_doc)) && !copied;
        self.found.pieces.push(Piece::Token(self.found.tokens.len() as u32));
        self.found.tokens.push(Token {
            text: if is_doc { text.trim_end() } else { text },
            rule,
            copied,
            lines,
            fresh: std::mem::take(&mut self.fresh),
            blank: self.newlines > 1,
            touches: !self.text[..self.at].ends_with(is_blank),
            above: std::mem::take(&mut self.above),
            behind: None,
            comma: false,
        });
        (self.at, self.line, self.newlines) = (end, lines.1, 0);
    }

    fn comment(&mut self, end: usize) {
        let text = self.text[self.at..end].trim_end();
        let touches = self.text[..self.at].ends_with('/');
        let last = self.found.tokens.last_mut().filter(|last| last.behind.is_none());
        match last {
            Some(last) if self.newlines == 0 && self.above.is_empty() => {
                last.behind = Some((text, !(touches && last.copied)));
            }
            _ => self.above.push(Comment { text, blank: self.newlines > 1 }),
        }
        (self.at, self.newlines) = (end, 0);
    }
}

enum Kind {
    Nothing,
    Comment,
    Token,
    Node,
}

fn kind(text: &str, start: usize, nodes: &[Node], at: usize, copied: bool) -> Kind {
    let node = nodes[at];
    let inside = &text[start + node.start as usize..start + node.end as usize];
    if node.rule == Rule::COMMENT {
        return Kind::Comment;
    }
    if copied || matches!(node.rule, Rule::string | Rule::raw_string) {
        return Kind::Token;
    }
    if inside.is_empty() {
        return Kind::Nothing;
    }
    let is_leaf = nodes[at + 1..node.next as usize].iter().all(|child| child.rule == Rule::COMMENT);
    match is_leaf && (node.rule == Rule::bin_op || !inside.starts_with(['(', '[', '{', '<'])) {
        true => Kind::Token,
        false => Kind::Node,
    }
}

// Whether only blanks and signs stand between the nodes: the grammar may swallow exotic blanks as errors, which the
// tree then does not show.
fn has_plain_gaps(text: &str, nodes: &[Node], copied: &[bool]) -> bool {
    let (mut at, mut end) = (1, 0);
    let mut plain = true;
    let mut gap = |from: usize, to: usize| {
        let mut rest = text.get(from..to).unwrap_or_default();
        while let Some(first) = rest.chars().next() {
            let length = if is_blank(first) { first.len_utf8() } else { sign_length(rest) };
            if length == 0 {
                plain = false;
                break;
            }
            rest = &rest[length..];
        }
    };
    while at < nodes.len() {
        let node = nodes[at];
        let whole = match kind(text, 0, nodes, at, copied[at]) {
            Kind::Nothing | Kind::Node => {
                at += 1;
                continue;
            }
            Kind::Comment | Kind::Token => node,
        };
        gap(end, whole.start as usize);
        end = text_end(&nodes[at..node.next as usize]).max(whole.end as usize);
        let inside = nodes[at..node.next as usize].iter();
        for comment in inside.filter(|it| it.rule == Rule::COMMENT && it.start >= node.end) {
            gap(end, comment.start as usize);
            end = comment.end as usize;
        }
        at = node.next as usize;
    }
    gap(end, text.len());
    plain
}

/// Where the last text ends: unlike those behind other nodes, the blanks in a text that is not closed belong to it.
fn text_end(nodes: &[Node]) -> usize {
    let texts = nodes.iter().filter(|node| matches!(node.rule, Rule::chunk | Rule::raw_chunk));
    texts.map(|node| node.end as usize).max().unwrap_or_default()
}

/// What the grammar skips, apart from byte order marks inside of a text: these are left where they are.
pub(crate) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn sign_length(text: &str) -> usize {
    if text.starts_with("->") || text.starts_with("=>") || text.starts_with("?.") {
        return 2;
    }
    usize::from(text.starts_with(['{', '}', '(', ')', '[', ']', ':', ',', '.', '=', '<', '>', '@', '%']))
}
