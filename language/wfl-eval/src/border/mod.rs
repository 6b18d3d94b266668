//! The border: JSON from outside becomes values that fulfil their types and rules, and values become JSON.
//!
//! Encoding: Decimal is text; Money is `{"amount": text, "currency": code}`; Timestamp is RFC 3339 in UTC; Date is
//! ISO 8601; Duration is ISO 8601; Bytes is base64 with padding; an enum is an object whose `kind` is the variant; a
//! Result is an enum of `Ok` with `value` and `Err` with `error`; an absent optional, also of a new type of one, is left out
//! (`null` is taken for it); Unit is `null`, but `{}` in `Unit?`, where `null` is none; a Set is an array without repetitions; a Map is an object when its keys have a text form, else
//! an array of objects with `key` and `value`. Unknown members are ignored on the way in.

mod place;
mod decode;
mod encode;

pub use decode::{decode, decode_fields};
pub use encode::{encode, encode_fields};
pub use place::InvalidData;
