//! Digests, in hexadecimal.

use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use wfl_ir::{Builtin, Value};

use crate::builtin::argument::Answer;

pub(crate) fn call(function: Builtin, arguments: &[Value]) -> Answer {
    let text = match (function, arguments) {
        (Builtin::Sha256, [data]) => HEXLOWER.encode(&Sha256::digest(bytes(data)?)),
        (Builtin::Blake3Hex, [data]) => HEXLOWER.encode(blake3::hash(bytes(data)?).as_bytes()),
        (Builtin::HmacSha256, [key, message]) => {
            // RFC 2104 takes keys of any length, so this is never none.
            let mut mac = Hmac::<Sha256>::new_from_slice(bytes(key)?).ok()?;
            mac.update(bytes(message)?);
            HEXLOWER.encode(&mac.finalize().into_bytes())
        }
        _ => return None,
    };
    Some(Ok(Value::text(text)))
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::String(text) => Some(text.as_bytes()),
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}
