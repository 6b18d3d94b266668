//! Text in the character set that every bank of the SEPA area must take.

use wfl_ir::Value;

use crate::builtin::argument::Context;
use crate::fault::Fault;
use crate::limit;

/// What is allowed beside letters, digits and blanks (EPC217-08, "SEPA requirements for an extended character set").
const ALLOWED: &str = "/-?:().,'+";

/// What becomes of the other printable characters of ASCII, in the manner of the conversion table of EPC217-08;
/// those that are not listed become a full stop.
const REPLACED: [(char, char); 14] = [
    ('&', '+'),
    (';', ','),
    ('[', '('),
    ('\\', '/'),
    (']', ')'),
    ('_', '-'),
    ('`', '\''),
    ('{', '('),
    ('|', '/'),
    ('}', ')'),
    ('~', '-'),
    ('\t', ' '),
    ('\n', ' '),
    ('\r', ' '),
];

/// Letters lose their marks, other scripts are written in Latin letters, and what is left over becomes a full stop.
pub(crate) fn to_sepa(text: &str, context: &mut dyn Context) -> Result<Value, Fault> {
    context.spend(text.len() as u64)?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(allowed(c));
            continue;
        }
        // A character without any counterpart would vanish, and with it the reason for a mismatch of names.
        let plain = deunicode::deunicode_char(c).filter(|plain| !plain.is_empty()).unwrap_or(".");
        out.extend(plain.chars().map(allowed));
        limit::text_of(out.len())?;
    }
    Ok(Value::text(out))
}

fn allowed(c: char) -> char {
    if c.is_ascii_alphanumeric() || c == ' ' || ALLOWED.contains(c) {
        return c;
    }
    REPLACED.iter().find(|(from, _)| *from == c).map_or('.', |(_, to)| *to)
}
