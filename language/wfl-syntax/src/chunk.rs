//! Cuts a text into chunks that can be parsed, and cached, one by one.
//!
//! A chunk begins at a line that starts, in its first column, like an item (`record Name`, `test "…"`), or
//! at the doc comments and attributes right above it. The grammar stops at exactly these places too, so
//! the chunks together give the tree of the whole file. Strings never run over a line end. Where it takes the
//! grammar to see what decorates what, there is no cut: a chunk may hold several items.

use pest::unicode::{XID_CONTINUE, XID_START};

const ITEM_WORDS: [&str; 12] = [
    "module", "import", "record", "enum", "type", "error", "event", "service", "workflow", "migrate",
    "alias", "fn",
];

/// Words of items whose name is a text.
const QUOTED_WORDS: [&str; 3] = ["test", "policy", "invariant"];

/// What the grammar skips between tokens.
const BLANKS: [char; 5] = [' ', '\t', '\r', '\n', '\u{FEFF}'];

/// Byte offsets at which chunks start; the first is always 0.
pub(crate) fn starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut decoration: Option<usize> = None;
    let mut unclear = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if begins_item(line) {
            let start = decoration.take().unwrap_or(offset);
            if start > 0 && !unclear {
                starts.push(start);
            }
            unclear = may_decorate(line);
        } else if is_doc(line) || is_attribute(line) {
            // The blanks in front belong to what is above, as they do where the grammar skips them.
            decoration.get_or_insert(offset + line.len() - line.trim_start_matches(BLANKS).len());
        } else if !is_gap(line) {
            decoration = None;
            unclear = may_decorate(line);
        }
        offset += line.len();
    }
    starts
}

fn is_doc(line: &str) -> bool {
    let line = line.trim_start_matches(BLANKS);
    line.starts_with("///") && !line.starts_with("////")
}

// Whether what decorates the next item may stand at the end of the line, behind something else.
fn may_decorate(line: &str) -> bool {
    line.contains('@') || line.contains("///")
}

// Blank lines and comments between a decoration and its item.
fn is_gap(line: &str) -> bool {
    let line = line.trim_matches(BLANKS);
    line.is_empty() || (line.starts_with("//") && !line.starts_with("//!"))
}

// Whether a line holds attributes and nothing else.
fn is_attribute(line: &str) -> bool {
    let mut rest = line.trim_matches(BLANKS);
    let mut found = false;
    while let Some(attribute) = rest.strip_prefix('@') {
        let Some(behind) = behind_attribute(attribute) else { return false };
        (rest, found) = (behind.trim_start_matches(BLANKS), true);
    }
    found && is_gap(rest)
}

// What stands behind an attribute, given without its `@`.
fn behind_attribute(attribute: &str) -> Option<&str> {
    if attribute.starts_with(|first: char| is_word_character(first) && !begins_word(first)) {
        return None;
    }
    let arguments = attribute.trim_start_matches(is_word_character);
    match arguments.strip_prefix('(') {
        Some(inside) => flat_end(inside).map(|end| &inside[end..]),
        None => Some(arguments),
    }
}

// Where the arguments of an attribute end: at a `)` outside of texts, as `flat_args` of the grammar says.
fn flat_end(inside: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(first) = inside[at..].chars().next() {
        let rest = &inside[at..];
        at += match first {
            ')' => return Some(at + 1),
            '(' => return None,
            '/' if rest.starts_with("//") => return None,
            '"' => text_length(rest)?,
            'r' if rest.starts_with("r\"") => 3 + rest[2..].find('"')?,
            _ if begins_word(first) => {
                let length = rest.find(|character| !is_word_character(character)).unwrap_or(rest.len());
                Some(length).filter(|length| !matches!(&rest[..*length], "if" | "match"))?
            }
            _ => first.len_utf8(),
        };
    }
    None
}

fn text_length(text: &str) -> Option<usize> {
    let (mut escaped, mut hole, mut code) = (false, false, false);
    for (at, character) in text.char_indices().skip(1) {
        // As in `\u{20AC}`.
        let in_escape = std::mem::take(&mut code) && character == '{';
        match character {
            '"' | '{' if hole => return None,
            '/' if hole && text[at..].starts_with("//") => return None,
            _ if hole => hole = character != '}',
            _ if escaped => (escaped, code) = (false, character == 'u'),
            '"' => return Some(at + 1),
            '{' if !in_escape => hole = true,
            _ => escaped = character == '\\',
        }
    }
    None
}

fn begins_item(line: &str) -> bool {
    let word_end = line.find(|character| !is_word_character(character)).unwrap_or(line.len());
    let (word, rest) = line.split_at(word_end);
    let next = rest.trim_start_matches([' ', '\t']);
    if next.len() == rest.len() {
        return false;
    }
    if QUOTED_WORDS.contains(&word) {
        return next.starts_with('"');
    }
    ITEM_WORDS.contains(&word) && begins_name(next)
}

// A reserved word is no name, so `record type` begins nothing. Only item and statement words matter here:
// those are the ones that could follow by accident.
fn begins_name(text: &str) -> bool {
    let end = text.find(|character| !is_word_character(character)).unwrap_or(text.len());
    let word = &text[..end];
    word != "_" && word.starts_with(begins_word) && !is_reserved(word) && !contextual_item(word, &text[end..])
}

fn contextual_item(word: &str, rest: &str) -> bool {
    let next = rest.trim_start_matches([' ', '\t']);
    let spaced = next.len() < rest.len();
    match word {
        "workflow" | "service" => spaced && next.starts_with(begins_word),
        "test" | "policy" | "invariant" => spaced && next.starts_with('"'),
        _ => false,
    }
}

// As `ids` and `idc` of the grammar.
fn begins_word(first: char) -> bool {
    first == '_' || XID_START(first)
}

fn is_word_character(character: char) -> bool {
    XID_CONTINUE(character)
}

/// Whether the grammar refuses the word as a name.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// Words that are no names anywhere.
pub(crate) const RESERVED: [&str; 41] = [
    "module",
    "import",
    "record",
    "enum",
    "type",
    "error",
    "event",
    "operation",
    "migrate",
    "alias",
    "fn",
    "let",
    "step",
    "pivot",
    "parallel",
    "foreach",
    "if",
    "else",
    "then",
    "match",
    "saga",
    "await",
    "wait",
    "emit",
    "ensure",
    "return",
    "fail",
    "yield",
    "rollback",
    "commit",
    "restart",
    "repeat",
    "run",
    "shield",
    "on",
    "true",
    "false",
    "none",
    "unit",
    "in",
    "is",
];
