//! Values as JSON bytes, where they come in and go out.

use serde_json::Value as Json;
use wfl_eval::{decode, decode_fields, encode};
use wfl_ir::{Field, Fields, Library, Type, Value};

/// Reads a value of a type. The error says what does not fit.
pub(crate) fn read(library: Library<'_>, ty: &Type, bytes: &[u8]) -> Result<Value, String> {
    decode(library, ty, &parse(bytes)?).map_err(|invalid| invalid.to_string())
}

/// Reads the fields of an object.
pub(crate) fn read_fields(library: Library<'_>, fields: &[Field], bytes: &[u8]) -> Result<Fields, String> {
    decode_fields(library, fields, &parse(bytes)?).map_err(|invalid| invalid.to_string())
}

/// Writes a value of a type.
pub(crate) fn write(library: Library<'_>, ty: &Type, value: &Value) -> Vec<u8> {
    encode(library, ty, value).to_string().into_bytes()
}

fn parse(bytes: &[u8]) -> Result<Json, String> {
    serde_json::from_slice(bytes).map_err(|_| "it is not JSON".to_owned())
}
