//! Whole files: declarations, and the empty lines between them.

use wfl_source::FileId;
use wfl_syntax::{Chunk, Rule, parse};

use crate::document::print;
use crate::layout::Layout;
use crate::token::{Comment, Part, Tokens, is_blank};

/// The columns that a line may have.
pub const WIDTH: usize = 100;

/// A text that is laid out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Formatted {
    /// The text; its lines end with `\n`.
    pub text: String,
    /// How many of its parts have syntax errors and were copied as they stood.
    pub copied: usize,
}

/// Lays a text out. There always is a result; laying it out again changes nothing.
pub fn format(text: &str) -> Formatted {
    let text = with_plain_lines(text);
    laid_out(&text, &parse(FileId(0), &text).chunks)
}

/// Lays out a text with plain lines.
pub(crate) fn laid_out(text: &str, chunks: &[Chunk]) -> Formatted {
    let tokens = Tokens::read(text, chunks);
    let mut page = Page { text: String::new(), before: None };
    for root in tokens.roots() {
        page.add(&tokens, root);
    }
    page.tail(&tokens.tail);
    Formatted { text: page.text, copied: tokens.errors }
}

/// Drops the blanks and byte order mark at the start, and the `\r` in front of line ends.
pub(crate) fn with_plain_lines(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let text = text.trim_start_matches(|first| is_blank(first) || first == '\u{FEFF}');
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(line) => plain.extend([line.trim_end_matches('\r'), "\n"]),
            None => plain.push_str(line.trim_end_matches('\r')),
        }
    }
    plain
}

/// Declarations that may stand without an empty line between them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Import,
    Data,
    Function,
}

struct Before {
    family: Option<Family>,
    one_line: bool,
    /// Whether it is laid out, so that an empty line parts it from others.
    apart: bool,
    /// The line on which it ends.
    line: u32,
}

struct Page {
    text: String,
    before: Option<Before>,
}

impl Page {
    fn add(&mut self, tokens: &Tokens<'_>, root: Part) {
        let mut layout = Layout::new(tokens);
        layout.root(root);
        let printed = print(&layout.ops, WIDTH);
        let first = tokens.first(root);
        let mut blanks = first.above.iter().map(|comment| comment.blank).chain([first.blank]);
        let is_blank = blanks.next().unwrap_or_default();
        let blanks_below = blanks.filter(|blank| *blank).count();
        let own_lines = printed.lines().count() - first.above.len() - blanks_below;
        let now = Before {
            family: family(tokens, root),
            one_line: own_lines == 1,
            apart: tokens.is(root, &[Rule::item]) && tokens.token(root).is_none(),
            line: tokens.last(root).lines.1,
        };
        if let Some(before) = self.before.take() {
            let same_family = before.family.is_some() && before.family == now.family;
            let related = same_family && before.one_line && now.one_line;
            let must = before.apart && now.apart && !related;
            // A new line could make text that fits nowhere an attribute or doc comment of what follows.
            let is_decorated = ["///", "@"].iter().any(|begin| first.text.starts_with(begin));
            let is_item = tokens.is(root, &[Rule::item]);
            let same_line = first.above.is_empty() && !first.fresh && first.lines.0 == before.line;
            let is_stray = same_line && !(is_item && (before.apart || is_decorated));
            self.text.push_str(match is_blank || (must && blanks_below == 0) {
                true => "\n\n",
                false if is_stray && first.touches => "",
                false if is_stray => " ",
                false => "\n",
            });
        }
        self.text.push_str(&printed);
        self.before = Some(now);
    }

    fn tail(&mut self, comments: &[Comment<'_>]) {
        for comment in comments {
            if !self.text.is_empty() {
                self.text.push_str(if comment.blank { "\n\n" } else { "\n" });
            }
            self.text.push_str(comment.text);
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }
}

fn family(tokens: &Tokens<'_>, root: Part) -> Option<Family> {
    let parts = tokens.parts(root);
    match tokens.rule(*parts.last()?)? {
        Rule::import_d => Some(Family::Import),
        Rule::record_d | Rule::enum_d | Rule::type_d | Rule::alias_d | Rule::error_d | Rule::event_d => {
            Some(Family::Data)
        }
        Rule::fn_d => Some(Family::Function),
        _ => None,
    }
}
