//! UUIDs and other names for things.

use data_encoding::HEXLOWER_PERMISSIVE;
use wfl_ir::{Builtin, Value};

use crate::builtin::argument::Answer;
use crate::fault::Fault;

/// Crockford's alphabet: without letters that look like digits.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 60 bits: a thousand references collide with a chance of one in two million million.
const SHORT: usize = 12;

pub(crate) fn call(function: Builtin, arguments: &[Value]) -> Answer {
    Some(match (function, arguments) {
        (Builtin::Uuid, [Value::String(text)]) => {
            parse_uuid(text).map(Value::Uuid).ok_or_else(|| Fault::Text("the text is not a UUID".into()))
        }
        (Builtin::IsUuid, [Value::String(text)]) => Ok(Value::Bool(parse_uuid(text).is_some())),
        (Builtin::UuidV5, [Value::Uuid(namespace), Value::String(name)]) => {
            let namespace = uuid::Uuid::from_bytes(*namespace);
            Ok(Value::Uuid(uuid::Uuid::new_v5(&namespace, name.as_bytes()).into_bytes()))
        }
        (Builtin::ShortId, [Value::String(text)]) => Ok(Value::text(short_id(text.as_bytes()))),
        (Builtin::ShortId, [Value::Uuid(id)]) => Ok(Value::text(short_id(id))),
        _ => return None,
    })
}

/// The bytes of a UUID in its 8-4-4-4-12 form.
pub(crate) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let dashes = [8, 13, 18, 23];
    let well_formed =
        text.len() == 36 && text.bytes().enumerate().all(|(i, b)| (b == b'-') == dashes.contains(&i));
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    if !well_formed {
        return None;
    }
    HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok()
}

/// The first five bits of each of the first bytes of a BLAKE3-256, as letters and digits.
fn short_id(bytes: &[u8]) -> String {
    let hash = blake3::hash(bytes);
    hash.as_bytes().iter().take(SHORT).map(|byte| char::from(LETTERS[usize::from(byte >> 3)])).collect()
}
