//! Functions that leave of sensitive text only what may be shown.

use wfl_ir::{Builtin, Value};

use crate::builtin::argument::Answer;

/// Stars for all of a text. Their number says nothing about its length.
const ALL: &str = "********";
/// How many characters at the end are shown.
const SHOWN: usize = 4;
/// The shortest text of which anything is shown: no more than half of it.
const SHORTEST: usize = 2 * SHOWN;

pub(crate) fn call(function: Builtin, arguments: &[Value]) -> Answer {
    let [Value::String(text)] = arguments else { return None };
    Some(Ok(Value::text(match function {
        Builtin::MaskLast4 => last(text, 0),
        Builtin::MaskAll => ALL.to_owned(),
        Builtin::MaskEmail => email(text),
        Builtin::MaskIban => last(text, 2),
        _ => return None,
    })))
}

/// Shows so many characters at the beginning, and the last ones.
fn last(text: &str, beginning: usize) -> String {
    let length = text.chars().count();
    if length < SHORTEST + 2 * beginning {
        return "*".repeat(length);
    }
    let masked = |(i, c)| if i < beginning || i >= length - SHOWN { c } else { '*' };
    text.chars().enumerate().map(masked).collect()
}

fn email(text: &str) -> String {
    match text.rsplit_once('@') {
        // Of a name of one character nothing is shown.
        Some((name, domain)) if name.chars().count() > 1 && !domain.is_empty() => {
            let first: String = name.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        _ => ALL.to_owned(),
    }
}
