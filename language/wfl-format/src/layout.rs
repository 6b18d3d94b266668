//! Building a document: tokens in their order, the blanks and line ends between them, and the comments.

use wfl_syntax::Rule;

use crate::document::{Keep, Op};
use crate::token::{Part, Token, Tokens};

/// A document that is being built. The files of the constructs add their methods.
pub(crate) struct Layout<'s, 't> {
    pub(crate) source: &'s Tokens<'t>,
    pub(crate) ops: Vec<Op<'t>>,
    /// Where the blank or line end behind the last token stands.
    separator: Option<usize>,
    /// The comment behind the last token: it is written once it is known what else ends on this line.
    behind: Option<(&'t str, bool)>,
    last: Option<&'s Token<'t>>,
    /// Whether the comments above the next token are written already.
    above_done: bool,
    /// Inside of what stays on one line whatever its width.
    flat: bool,
}

impl<'s, 't> Layout<'s, 't> {
    pub(crate) fn new(source: &'s Tokens<'t>) -> Self {
        let ops = Vec::new();
        Layout { source, ops, separator: None, behind: None, last: None, above_done: false, flat: false }
    }

    /// Writes what stands by itself in a file, with the comments around it.
    pub(crate) fn root(&mut self, part: Part) {
        for comment in &self.source.first(part).above {
            self.ops.push(Op::Text(comment.text));
            self.hard(Keep::Always);
        }
        let blanks = self.source.first(part).above.iter().skip(1).map(|comment| comment.blank);
        let blanks: Vec<bool> = blanks.chain([self.source.first(part).blank]).collect();
        let ends = self.ops.iter_mut().filter_map(|op| match op {
            Op::Hard { blank, .. } => Some(blank),
            _ => None,
        });
        for (end, blank) in ends.zip(blanks) {
            *end = blank;
        }
        self.separator = None;
        self.above_done = true;
        self.part(part);
        self.comment_behind();
    }

    fn comment_behind(&mut self) {
        self.ops.extend(self.behind.take().map(|(text, blank)| Op::Comment(text, blank)));
    }

    /// Writes a token and the comments above it.
    pub(crate) fn token(&mut self, token: &'s Token<'t>) {
        let above_done = std::mem::take(&mut self.above_done);
        let has_comment = self.behind.is_some() || (!above_done && !token.above.is_empty());
        if has_comment || self.last.is_some_and(|last| must_part(last, token)) {
            self.end_line(token, above_done);
        } else if let Some(separator) = self.separator
            && let Op::Hard { keep, blank, .. } | Op::Line { keep, blank, .. } = &mut self.ops[separator]
        {
            *blank = *keep == Keep::Always && token.blank;
        }
        self.ops.push(Op::Text(token.text));
        self.separator = None;
        self.behind = token.behind;
        self.last = Some(token);
    }

    // Where a comment stands between two tokens, a line ends, whatever the construct had in mind.
    fn end_line(&mut self, token: &Token<'t>, above_done: bool) {
        let at = self.separator.take().unwrap_or(self.ops.len());
        let rest = self.ops.split_off(at);
        let (mut keep, hang, skip) = match rest.first() {
            Some(Op::Line { keep, .. }) => (*keep, false, 1),
            Some(Op::Hard { keep, hang, .. }) => (*keep, *hang, 1),
            Some(Op::Space { hang }) => (Keep::Never, *hang, 1),
            _ => (Keep::Never, true, 0),
        };
        self.comment_behind();
        let above = if above_done { &[][..] } else { &token.above[..] };
        for comment in above {
            self.ops.push(Op::Hard { keep, blank: keep == Keep::Always && comment.blank, hang });
            self.ops.push(Op::Text(comment.text));
            keep = if keep == Keep::Later { Keep::Always } else { keep };
        }
        self.ops.push(Op::Hard { keep, blank: keep == Keep::Always && token.blank, hang });
        self.ops.extend(rest.into_iter().skip(skip));
    }

    /// Writes the bracket that ends a list or block; comments above it stand inside. `line` ends the line in front.
    pub(crate) fn closer(&mut self, part: Part, is_empty: bool, line: Option<u8>) {
        let token = self.source.first(part);
        if token.above.is_empty() {
            self.dedent();
            match line {
                Some(flat) => self.line(flat, Keep::Never),
                None if self.behind.is_some() => self.hard(Keep::Never),
                None => {}
            }
        } else {
            self.comment_behind();
            for (at, comment) in token.above.iter().enumerate() {
                let blank = comment.blank && (at > 0 || !is_empty);
                self.ops.push(Op::Hard { keep: Keep::Always, blank, hang: false });
                self.ops.push(Op::Text(comment.text));
            }
            self.dedent();
            self.hard(Keep::Never);
            self.above_done = true;
        }
        self.part(part);
    }

    /// A blank at which no line ends.
    pub(crate) fn space(&mut self) {
        self.separate(Op::Space { hang: true });
    }

    /// The blank in front of `{` or `else`.
    pub(crate) fn space_between_blocks(&mut self) {
        self.separate(Op::Space { hang: false });
    }

    /// The end of a line if the group is broken, else so many blanks.
    pub(crate) fn line(&mut self, flat: u8, keep: Keep) {
        match (self.flat, flat) {
            (true, 0) => {}
            (true, _) => self.space(),
            (false, _) => self.separate(Op::Line { flat, keep, blank: false }),
        }
    }

    /// The end of a line.
    pub(crate) fn hard(&mut self, keep: Keep) {
        self.separate(Op::Hard { keep, blank: false, hang: false });
    }

    fn separate(&mut self, op: Op<'t>) {
        self.separator = Some(self.ops.len());
        self.ops.push(op);
    }

    pub(crate) fn open(&mut self) {
        self.ops.push(Op::Open);
    }

    pub(crate) fn close(&mut self) {
        self.ops.push(Op::Close);
    }

    pub(crate) fn force(&mut self) {
        self.ops.push(Op::Force);
    }

    pub(crate) fn indent(&mut self) {
        self.ops.push(Op::Indent);
    }

    pub(crate) fn dedent(&mut self) {
        self.ops.push(Op::Dedent);
    }

    /// A sign that the source may lack.
    pub(crate) fn sign(&mut self, sign: &'static str) {
        self.ops.push(Op::Text(sign));
    }

    /// A comma that only a broken list has.
    pub(crate) fn last_comma(&mut self) {
        if !self.flat {
            self.ops.push(Op::IfBroken(","));
        }
    }

    /// A comma that only a list on one line has.
    pub(crate) fn flat_comma(&mut self) {
        self.ops.push(if self.flat { Op::Text(",") } else { Op::IfFlat(",") });
    }

    /// Writes what `write` does without ending a line.
    pub(crate) fn flat(&mut self, write: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.flat, true);
        write(self);
        self.flat = before;
    }

    /// Writes parts one behind the other, with blanks where the language has them.
    pub(crate) fn run(&mut self, parts: &[Part]) {
        for (at, part) in parts.iter().enumerate() {
            if at > 0 && self.source.first(*part).is_brace() {
                self.space_between_blocks();
            } else if at > 0 && !self.is_tight(parts[at - 1], *part) {
                self.space();
            }
            self.part(*part);
        }
    }

    /// Whether nothing stands between two neighbours on one line.
    pub(crate) fn is_tight(&self, before: Part, behind: Part) -> bool {
        let (last, first) = (self.source.last(before), self.source.first(behind));
        let is_sign = |token: &Token<'_>, signs: &[&str]| token.rule.is_none() && signs.contains(&token.text);
        let rule = self.source.rule(behind);
        let touches = match rule {
            Some(Rule::args | Rule::params | Rule::pat_args | Rule::await_type | Rule::index) => true,
            Some(Rule::targs | Rule::type_params | Rule::optional | Rule::member) => true,
            None => is_sign(first, &[",", ":", ")", "]", ".", "?.", "%", ">", "("]),
            _ => false,
        };
        touches
            || is_sign(last, &["(", "[", ".", "?.", "@", "<"])
            || (last.rule == Some(Rule::unary_op) && last.text != "not")
    }
}

// In front of a blank and a word or text, these words begin an item. A name that is spelled so only stays a name while
// its line ends behind it.
fn must_part(last: &Token<'_>, token: &Token<'_>) -> bool {
    if last.rule != Some(Rule::ident) || !token.fresh {
        return false;
    }
    match last.text {
        "workflow" | "service" => {
            token.text.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_' || !it.is_ascii())
        }
        "test" | "policy" | "invariant" => token.text.starts_with('"'),
        _ => false,
    }
}
