//! Short, plain texts that fit a regular expression.

use regex_syntax::hir::{Class, Hir, HirKind};
use wfl_ir::{Binary, Builtin, Expr, Value};

/// The pattern that a rule wants its subject to match, if it says so.
pub(crate) fn pattern_of(rule: &Expr) -> Option<&str> {
    match rule {
        Expr::Call(Builtin::Matches, arguments) => match arguments.as_slice() {
            [Expr::Subject, Expr::Const(Value::String(pattern))] => Some(pattern),
            _ => None,
        },
        Expr::Binary(Binary::And, left, right) => pattern_of(left).or_else(|| pattern_of(right)),
        _ => None,
    }
}

/// The nth of the plainest texts that match a pattern; none for one that cannot be read.
pub(crate) fn text_of(pattern: &str, nth: u32) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut text = String::new();
    write(&hir, nth, &mut text)?;
    Some(text)
}

fn write(hir: &Hir, nth: u32, text: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => text.push(letter(class, nth)?),
        HirKind::Repetition(repetition) => {
            let times = repetition.min.max(repetition.max.unwrap_or(1).min(1));
            for _ in 0..times {
                write(&repetition.sub, nth, text)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, nth, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, nth, text))?,
        HirKind::Alternation(parts) => write(parts.get(nth as usize % parts.len())?, nth, text)?,
    }
    Some(())
}

/// The nth letter of a class, letters and digits first.
fn letter(class: &Class, nth: u32) -> Option<char> {
    let letters: Vec<char> = match class {
        Class::Unicode(class) => {
            class.iter().flat_map(|range| (range.start()..=range.end()).take(64)).collect()
        }
        Class::Bytes(class) => {
            class.iter().flat_map(|range| (range.start()..=range.end()).map(char::from)).collect()
        }
    };
    let plain: Vec<char> = letters.iter().copied().filter(char::is_ascii_alphanumeric).collect();
    let of = if plain.is_empty() { &letters } else { &plain };
    of.get(nth as usize % of.len().max(1)).copied()
}
