//! Texts that fit a regular expression.

use regex_syntax::hir::{Class, Hir, HirKind};
use wfl_ir::{Builtin, Expr, Value};

use crate::random::Random;

/// The pattern that a rule wants its subject to match, if it says so.
pub(crate) fn pattern_of(rule: &Expr) -> Option<&str> {
    match rule {
        Expr::Call(Builtin::Matches, arguments) => match arguments.as_slice() {
            [Expr::Subject, Expr::Const(Value::String(pattern))] => Some(pattern),
            _ => None,
        },
        Expr::Binary(wfl_ir::Binary::And, left, right) => pattern_of(left).or_else(|| pattern_of(right)),
        _ => None,
    }
}

/// A text that matches a pattern; none for one that cannot be read.
pub(crate) fn text_of(pattern: &str, random: &mut Random) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut text = Vec::new();
    write(&hir, random, &mut text)?;
    String::from_utf8(text).ok()
}

fn write(hir: &Hir, random: &mut Random, text: &mut Vec<u8>) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.extend_from_slice(&literal.0),
        HirKind::Class(Class::Unicode(class)) => {
            let range = random.pick(class.ranges())?;
            let (start, end) = (u32::from(range.start()), u32::from(range.end()));
            let letter = char::from_u32(start + random.below(u64::from(end - start) + 1) as u32)?;
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        HirKind::Class(Class::Bytes(class)) => {
            let range = random.pick(class.ranges())?;
            text.push(range.start() + random.below(u64::from(range.end() - range.start()) + 1) as u8);
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min + 6);
            let times = u64::from(repetition.min) + random.below(u64::from(most - repetition.min) + 1);
            (0..times).try_for_each(|_| write(&repetition.sub, random, text))?;
        }
        HirKind::Capture(capture) => write(&capture.sub, random, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, random, text))?,
        HirKind::Alternation(parts) => write(random.pick(parts)?, random, text)?,
    }
    Some(())
}
