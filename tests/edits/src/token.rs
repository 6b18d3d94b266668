//! Tokens as a person sees them: words, numbers, texts and signs, outside of comments.

/// Signs of several characters.
const SIGNS: [&str; 11] = ["->", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", ".."];

/// Byte ranges of the tokens, in order.
pub fn tokens(text: &str) -> Vec<(usize, usize)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let length = length(rest, first);
        if !first.is_whitespace() {
            tokens.push((at, at + length));
        }
        at += length;
    }
    tokens
}

fn length(rest: &str, first: char) -> usize {
    if first == '"' {
        return quoted(rest);
    }
    if first.is_alphanumeric() || first == '_' {
        return rest.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(rest.len());
    }
    let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
    sign.map_or(first.len_utf8(), |sign| sign.len())
}

/// A text ends at its quote, or with its line.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            '\n' => return at,
            '"' if !escaped => return at + 1,
            _ => escaped = character == '\\' && !escaped,
        }
    }
    rest.len()
}
