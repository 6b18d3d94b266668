//! Numbers, durations and strings.

use wfl_source::{Code, Diagnostic, Span};

use crate::ast::{ExprKind, TextPart};
use crate::grammar::Rule;
use crate::lowering::context::Lowering;
use crate::tree::Cursor;

const UNITS: [(&str, i64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

impl Lowering<'_> {
    pub(crate) fn number(&mut self, node: Cursor<'_>) -> ExprKind {
        let text = node.text().replace('_', "");
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits(&text) {
            return match text.parse() {
                Ok(value) => ExprKind::Int(value),
                Err(_) => self.bad_number(node, "does not fit into 64 bits"),
            };
        }
        if let Some((whole, fraction)) = text.split_once('.') {
            if !digits(whole) || !digits(fraction) {
                return self.bad_number(node, "is neither a number nor a duration");
            }
            let significant = whole.trim_start_matches('0').len() + fraction.len();
            return match significant <= 34 {
                true => ExprKind::Decimal(text),
                false => self.bad_number(node, "has more than 34 digits"),
            };
        }
        match duration(&text) {
            Some(Some(milliseconds)) => ExprKind::Duration(milliseconds),
            Some(None) => self.bad_number(node, "is longer than a duration can be"),
            None => self.bad_number(node, "is neither a number nor a duration"),
        }
    }

    fn bad_number(&mut self, node: Cursor<'_>, problem: &str) -> ExprKind {
        let (span, text) = (self.span(node), node.text());
        let title = format!("`{text}` {problem}");
        let help = "numbers: `12`, `0.5`, `1_000`; durations: `200ms`, `3s`, `15m`, `2h30m`, `45d`, `2w`";
        self.report(Diagnostic::new(Code::E0104, title, span, "cannot be read").help(help));
        ExprKind::Missing
    }

    /// The characters of a `"…"` without interpolations, for places that take plain text.
    pub(crate) fn plain_text(&mut self, string: Cursor<'_>) -> String {
        let parts = string.children().filter(|part| matches!(part.rule(), Rule::chunk | Rule::raw_chunk));
        parts.map(|part| self.characters(part)).collect()
    }

    /// One piece of a string; `None` for what is not a piece.
    pub(crate) fn literal_part(&mut self, part: Cursor<'_>) -> Option<TextPart> {
        matches!(part.rule(), Rule::chunk | Rule::raw_chunk).then(|| TextPart::Literal(self.characters(part)))
    }

    fn characters(&mut self, chunk: Cursor<'_>) -> String {
        if chunk.rule() == Rule::raw_chunk {
            return chunk.text().to_owned();
        }
        let (start, text) = (self.span(chunk), chunk.text());
        let mut characters = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            characters.push_str(&rest[..at]);
            let (read, length) = escape(&rest[at..]);
            let offset = start.start + (text.len() - rest.len() + at) as u32;
            let place = Span::new(start.file, offset, offset + length as u32);
            match read {
                Some(character) => characters.push(character),
                None => self.bad_escape(place, &rest[at..at + length]),
            }
            rest = &rest[at + length..];
        }
        characters.push_str(rest);
        characters
    }

    fn bad_escape(&mut self, place: Span, text: &str) {
        let help = "known: `\\n`, `\\t`, `\\r`, `\\\"`, `\\\\`, `\\{`, `\\}`, `\\u{20AC}`; `r\"…\"` has no escapes at all";
        let title = format!("unknown escape `{text}`");
        self.report(Diagnostic::new(Code::E0105, title, place, "means nothing").help(help));
    }
}

/// `None`: not a duration; `Some(None)`: too long for 64 bits of milliseconds.
fn duration(text: &str) -> Option<Option<i64>> {
    let mut rest = text;
    let mut total = Some(0_i64);
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        let unit_end = rest[digits..].find(|character: char| character.is_ascii_digit());
        let unit_end = unit_end.map_or(rest.len(), |end| digits + end);
        let (_, factor) = UNITS.iter().find(|(unit, _)| *unit == &rest[digits..unit_end])?;
        if digits == 0 {
            return None;
        }
        let count = rest[..digits].parse::<i64>().ok();
        let part = count.and_then(|count| count.checked_mul(*factor));
        total = total.zip(part).and_then(|(total, part)| total.checked_add(part));
        rest = &rest[unit_end..];
    }
    Some(total)
}

/// The character that an escape stands for, and the length of the escape in bytes.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(letter) = text.chars().nth(1) else { return (None, text.len()) };
    let plain = match letter {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        '"' | '\\' | '{' | '}' => Some(letter),
        _ => None,
    };
    let Some(inside) = text.strip_prefix("\\u{") else { return (plain, 1 + letter.len_utf8()) };
    let digits = inside.find(|it: char| !it.is_ascii_alphanumeric()).unwrap_or(inside.len());
    if !inside[digits..].starts_with('}') {
        return (None, 3 + digits);
    }
    let code = u32::from_str_radix(&inside[..digits], 16).ok();
    (code.and_then(char::from_u32), 4 + digits)
}
