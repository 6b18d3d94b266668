//! `Value`: what expressions yield and the journal keeps, and its canonical bytes.

use std::fmt;
use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::money::Money;
use crate::name::Name;
use crate::time::{Duration, Timestamp};

/// Named values, sorted by name. A field without a value (an absent optional) is left out, so that a type can
/// gain an optional field without changing the bytes of its old values.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(Arc<[(Name, Value)]>);

impl Fields {
    /// Sorts the fields by name and drops those that are `none`. Of two fields of one name the last counts.
    pub fn new(fields: impl IntoIterator<Item = (Name, Value)>) -> Fields {
        let mut fields: Vec<_> = fields.into_iter().filter(|(_, value)| *value != Value::None).collect();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        fields.reverse();
        fields.dedup_by(|later, kept| later.0 == kept.0);
        fields.reverse();
        Fields(fields.into())
    }

    /// The value of a field; `None` when it is absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let index = self.0.binary_search_by(|(field, _)| field.as_str().cmp(name)).ok()?;
        Some(&self.0[index].1)
    }

    /// All fields by name.
    pub fn iter(&self) -> impl Iterator<Item = &(Name, Value)> {
        self.0.iter()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, value)| (name, value))).finish()
    }
}

/// A value of the language. `T?` is the value itself or `None`; there is no null and no nesting of options.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, Encode, Decode)]
pub enum Value {
    /// An absent optional.
    #[default]
    #[n(0)]
    None,
    /// The only value of `Unit`.
    #[n(1)]
    Unit,
    /// `true` or `false`.
    #[n(2)]
    Bool(#[n(0)] bool),
    /// A 64-bit integer.
    #[n(3)]
    Int(#[n(0)] i64),
    /// An exact decimal.
    #[n(4)]
    Decimal(#[n(0)] Decimal),
    /// Text; also a value of a refined type over text.
    #[n(5)]
    String(#[n(0)] Name),
    /// A UUID.
    #[n(6)]
    Uuid(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]),
    /// An instant.
    #[n(7)]
    Timestamp(#[n(0)] Timestamp),
    /// A length of time.
    #[n(8)]
    Duration(#[n(0)] Duration),
    /// An amount of a currency.
    #[n(9)]
    Money(#[n(0)] Money),
    /// A list, in its order.
    #[n(10)]
    List(#[n(0)] Vec<Value>),
    /// A record, named or anonymous.
    #[n(11)]
    Record(#[n(0)] Fields),
    /// A variant of an enum with its fields. Also an error or an event as a value.
    #[n(12)]
    Variant(#[n(0)] Name, #[n(1)] Fields),
    /// Opaque JSON, as compact text.
    #[n(13)]
    Json(#[n(0)] Name),
}

impl Value {
    /// Text.
    pub fn text(text: impl Into<Name>) -> Value {
        Value::String(text.into())
    }

    /// A record out of its fields.
    pub fn record(fields: impl IntoIterator<Item = (Name, Value)>) -> Value {
        Value::Record(Fields::new(fields))
    }

    /// Bytes that are equal exactly for equal values: CBOR with sorted fields. Keys and digests are made of them.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        // Writing into a `Vec` cannot fail: its error type has no values.
        match minicbor::encode(self, &mut bytes) {
            Ok(()) => {}
            Err(error) => debug_assert!(false, "a Vec took no bytes: {error}"),
        }
        bytes
    }
}

/// The canonical text of a UUID.
pub(crate) fn uuid_text(bytes: &[u8; 16]) -> String {
    let hex = data_encoding::HEXLOWER.encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// As string interpolation writes it. Records and lists have a form for debugging only.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("none"),
            Value::Unit => f.write_str("unit"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Decimal(d) => write!(f, "{d}"),
            Value::String(text) | Value::Json(text) => f.write_str(text),
            Value::Uuid(bytes) => f.write_str(&uuid_text(bytes)),
            Value::Timestamp(at) => write!(f, "{at}"),
            Value::Duration(length) => write!(f, "{length}"),
            Value::Money(money) => write!(f, "{money}"),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Value::Record(fields) => write_fields(f, fields),
            Value::Variant(name, fields) if fields.is_empty() => write!(f, "{name}"),
            Value::Variant(name, fields) => {
                write!(f, "{name}")?;
                write_fields(f, fields)
            }
        }
    }
}

fn write_fields(f: &mut fmt::Formatter<'_>, fields: &Fields) -> fmt::Result {
    f.write_str("(")?;
    for (i, (name, value)) in fields.iter().enumerate() {
        write!(f, "{}{name}: {value}", if i > 0 { ", " } else { "" })?;
    }
    f.write_str(")")
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::String(text) => write!(f, "{text:?}"),
            other => fmt::Display::fmt(other, f),
        }
    }
}

impl<C> Encode<C> for Fields {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.map(self.0.len() as u64)?;
        for (name, value) in self.0.iter() {
            name.encode(e, ctx)?;
            value.encode(e, ctx)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Fields {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let count = d.map()?.ok_or_else(|| minicbor::decode::Error::message("a map without a length"))?;
        let mut fields = Vec::new();
        for _ in 0..count {
            fields.push((Name::decode(d, ctx)?, Value::decode(d, ctx)?));
        }
        Ok(Fields::new(fields))
    }
}
