//! `Value`: what expressions yield and the journal keeps, and its canonical bytes.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::decimal::Decimal;
use crate::money::Money;
use crate::name::Name;
use crate::shared::{Shared, Weighed, lexicographic, read_array, read_map};
use crate::time::{Date, Duration, Timestamp};

/// Named values, sorted by name. A field without a value (an absent optional) is left out, so that a type can
/// gain an optional field without changing the bytes of its old values.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Fields(Shared<(Name, Value)>);

/// A list, in its order.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct List(Shared<Value>);

/// A set: its items in [`Value::order`], each once.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Set(Shared<Value>);

/// A map: its entries in the [`Value::order`] of their keys, each key once.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Map(Shared<(Value, Value)>);

/// Bytes. Clones share one allocation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(Arc<[u8]>);

impl Fields {
    /// Sorts the fields by name and drops those that are `none`. Of two fields of one name the last counts.
    pub fn new(fields: impl IntoIterator<Item = (Name, Value)>) -> Fields {
        let present = fields.into_iter().filter(|(_, value)| *value != Value::None).collect();
        Fields(Shared::new(last_of_each(present, Name::cmp)))
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

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(key, value)| (key, value))).finish()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Set {
    /// Sorts the items and drops repeated ones.
    pub fn new(items: impl IntoIterator<Item = Value>) -> Set {
        let mut items: Vec<Value> = items.into_iter().collect();
        items.sort_by(Value::order);
        items.dedup();
        Set(Shared::new(items))
    }

    /// True when the item is in it. Takes the logarithm of the set's size.
    pub fn contains(&self, item: &Value) -> bool {
        self.0.binary_search_by(|held| held.order(item)).is_ok()
    }
}

impl Map {
    /// Sorts the entries by key. Of two entries with one key the last counts.
    pub fn new(entries: impl IntoIterator<Item = (Value, Value)>) -> Map {
        Map(Shared::new(last_of_each(entries.into_iter().collect(), Value::order)))
    }

    /// The value of a key. Takes the logarithm of the map's size.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        let index = self.0.binary_search_by(|(held, _)| held.order(key)).ok()?;
        Some(&self.0[index].1)
    }

    /// With this entry, which takes the place of one with its key.
    #[must_use]
    pub fn with(&self, key: Value, value: Value) -> Map {
        let mut entries = self.0.to_vec();
        match self.0.binary_search_by(|(held, _)| held.order(&key)) {
            Ok(index) => entries[index].1 = value,
            Err(index) => entries.insert(index, (key, value)),
        }
        Map(Shared::new(entries))
    }

    /// Without the entry of this key, if there is one.
    #[must_use]
    pub fn without(&self, key: &Value) -> Map {
        let mut entries = self.0.to_vec();
        if let Ok(index) = self.0.binary_search_by(|(held, _)| held.order(key)) {
            entries.remove(index);
        }
        Map(Shared::new(entries))
    }
}

/// Sorts by key and keeps the last of each.
fn last_of_each<K: Eq, V>(mut entries: Vec<(K, V)>, order: impl Fn(&K, &K) -> Ordering) -> Vec<(K, V)> {
    entries.sort_by(|a, b| order(&a.0, &b.0));
    entries.reverse();
    entries.dedup_by(|earlier, kept| earlier.0 == kept.0);
    entries.reverse();
    entries
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl Deref for Set {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl Deref for Map {
    type Target = [(Value, Value)];

    fn deref(&self) -> &[(Value, Value)] {
        &self.0
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> List {
        List(Shared::new(items))
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> List {
        List::from(items.into_iter().collect::<Vec<_>>())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes(bytes.into())
    }
}

/// Base64 (RFC 4648, section 4) with padding.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::BASE64.encode(&self.0))
    }
}

/// A value of the language. `T?` is the value itself or `None`; there is no null and no nesting of options. A
/// `Result<T, E>` is the variant `Ok` with a field `value` or the variant `Err` with a field `error`.
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
    List(#[n(0)] List),
    /// A record, named or anonymous.
    #[n(11)]
    Record(#[n(0)] Fields),
    /// A variant of an enum with its fields. Also an error or an event as a value.
    #[n(12)]
    Variant(#[n(0)] Name, #[n(1)] Fields),
    /// Opaque JSON, as compact text.
    #[n(13)]
    Json(#[n(0)] Name),
    /// A set.
    #[n(14)]
    Set(#[n(0)] Set),
    /// A map.
    #[n(15)]
    Map(#[n(0)] Map),
    /// Bytes.
    #[n(16)]
    Bytes(#[n(0)] Bytes),
    /// A day of the calendar.
    #[n(17)]
    Date(#[n(0)] Date),
}

impl Value {
    /// Text.
    pub fn text(text: impl Into<Name>) -> Value {
        Value::String(text.into())
    }

    /// A list out of its items.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
        Value::List(items.into_iter().collect())
    }

    /// A record out of its fields.
    pub fn record(fields: impl IntoIterator<Item = (Name, Value)>) -> Value {
        Value::Record(Fields::new(fields))
    }

    /// A set out of its items.
    pub fn set(items: impl IntoIterator<Item = Value>) -> Value {
        Value::Set(Set::new(items))
    }

    /// A map out of its entries.
    pub fn map(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
        Value::Map(Map::new(entries))
    }

    /// The `Ok` of a `Result`.
    pub fn ok(value: Value) -> Value {
        Value::Variant("Ok".into(), Fields::new([("value".into(), value)]))
    }

    /// The `Err` of a `Result`.
    pub fn err(error: Value) -> Value {
        Value::Variant("Err".into(), Fields::new([("error".into(), error)]))
    }

    /// How much there is to look at, parts that are shared counted each time: 1 for a scalar, 1 more per 16 bytes of
    /// text. Costs nothing.
    pub fn weight(&self) -> u64 {
        match self {
            Value::String(text) | Value::Json(text) => 1 + text.len() as u64 / 16,
            Value::Bytes(bytes) => 1 + bytes.len() as u64 / 16,
            Value::List(List(items)) | Value::Set(Set(items)) => items.weight(),
            Value::Map(Map(entries)) => entries.weight(),
            Value::Record(Fields(fields)) | Value::Variant(_, Fields(fields)) => fields.weight(),
            _ => 1,
        }
    }

    /// How deep it nests: 0 for a scalar. Costs nothing.
    pub fn depth(&self) -> u32 {
        match self {
            Value::List(List(items)) | Value::Set(Set(items)) => items.depth(),
            Value::Map(Map(entries)) => entries.depth(),
            Value::Record(Fields(fields)) | Value::Variant(_, Fields(fields)) => fields.depth(),
            _ => 0,
        }
    }

    /// The one order of all values: by kind, and within a kind by the natural order of numbers, text, instants and
    /// days; money by currency first; what has parts by its first differing parts. Agrees with equality.
    pub fn order(&self, other: &Value) -> Ordering {
        let field = |a: &(Name, Value), b: &(Name, Value)| a.0.cmp(&b.0).then_with(|| a.1.order(&b.1));
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
            (Value::String(a), Value::String(b)) | (Value::Json(a), Value::Json(b)) => a.cmp(b),
            (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
            (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
            (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
            (Value::Date(a), Value::Date(b)) => a.cmp(b),
            (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
            (Value::Money(a), Value::Money(b)) => {
                a.currency.cmp(&b.currency).then_with(|| a.amount.cmp(&b.amount))
            }
            (Value::List(List(a)), Value::List(List(b))) | (Value::Set(Set(a)), Value::Set(Set(b))) => {
                lexicographic(a, b, Value::order)
            }
            (Value::Map(Map(a)), Value::Map(Map(b))) => {
                lexicographic(a, b, |a, b| a.0.order(&b.0).then_with(|| a.1.order(&b.1)))
            }
            (Value::Record(Fields(a)), Value::Record(Fields(b))) => lexicographic(a, b, field),
            (Value::Variant(name, Fields(a)), Value::Variant(other, Fields(b))) => {
                name.cmp(other).then_with(|| lexicographic(a, b, field))
            }
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Value::None => 0,
            Value::Unit => 1,
            Value::Bool(_) => 2,
            Value::Int(_) => 3,
            Value::Decimal(_) => 4,
            Value::String(_) => 5,
            Value::Uuid(_) => 6,
            Value::Timestamp(_) => 7,
            Value::Duration(_) => 8,
            Value::Money(_) => 9,
            Value::List(_) => 10,
            Value::Record(_) => 11,
            Value::Variant(..) => 12,
            Value::Json(_) => 13,
            Value::Set(_) => 14,
            Value::Map(_) => 15,
            Value::Bytes(_) => 16,
            Value::Date(_) => 17,
        }
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

impl Weighed for Value {
    fn weight(&self) -> u64 {
        Value::weight(self)
    }

    fn depth(&self) -> u32 {
        Value::depth(self)
    }
}

impl Weighed for (Name, Value) {
    fn weight(&self) -> u64 {
        self.1.weight().saturating_add(1)
    }

    fn depth(&self) -> u32 {
        self.1.depth()
    }
}

impl Weighed for (Value, Value) {
    fn weight(&self) -> u64 {
        self.0.weight().saturating_add(self.1.weight())
    }

    fn depth(&self) -> u32 {
        self.0.depth().max(self.1.depth())
    }
}

/// The canonical text of a UUID.
pub(crate) fn uuid_text(bytes: &[u8; 16]) -> String {
    let hex = data_encoding::HEXLOWER.encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// As string interpolation writes it. Records, lists, sets and maps have a form for debugging only.
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
            Value::Date(date) => write!(f, "{date}"),
            Value::Bytes(bytes) => write!(f, "{bytes}"),
            Value::Money(money) => write!(f, "{money}"),
            Value::List(List(items)) => write_all(f, ["[", "]"], items.iter(), |f, item| write!(f, "{item}")),
            Value::Set(Set(items)) => write_all(f, ["{", "}"], items.iter(), |f, item| write!(f, "{item}")),
            Value::Map(Map(entries)) => {
                write_all(f, ["{", "}"], entries.iter(), |f, (key, value)| write!(f, "{key}: {value}"))
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
    write_all(f, ["(", ")"], fields.iter(), |f, (name, value)| write!(f, "{name}: {value}"))
}

fn write_all<T>(
    f: &mut fmt::Formatter<'_>,
    [open, close]: [&str; 2],
    parts: impl Iterator<Item = T>,
    write: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (i, part) in parts.enumerate() {
        f.write_str(if i > 0 { ", " } else { "" })?;
        write(f, part)?;
    }
    f.write_str(close)
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::String(text) => write!(f, "{text:?}"),
            other => fmt::Display::fmt(other, f),
        }
    }
}

/// What is written as its parts, and read through the constructor that keeps its invariant.
macro_rules! written_as_parts {
    ($($ty:ident of $part:ty: $write:ident, $read:ident, $make:expr;)+) => {$(
        impl<C> Encode<C> for $ty {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                c: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                self.0.$write(e, c)
            }
        }

        impl<'b, C> Decode<'b, C> for $ty {
            fn decode(d: &mut minicbor::Decoder<'b>, c: &mut C) -> Result<Self, minicbor::decode::Error> {
                $read(d, c).map($make)
            }
        }

        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_seq(self.0.iter())
            }
        }

        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                Vec::<$part>::deserialize(d).map($make)
            }
        }
    )+};
}

written_as_parts! {
    Fields of (Name, Value): write_map, read_map, Fields::new;
    List of Value: write_array, read_array, List::from;
    Set of Value: write_array, read_array, Set::new;
    Map of (Value, Value): write_map, read_map, Map::new;
}

impl<C> Encode<C> for Bytes {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Bytes {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.bytes().map(|bytes| Bytes(bytes.into()))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        let bytes = data_encoding::BASE64.decode(text.as_bytes());
        bytes.map(Bytes::from).map_err(serde::de::Error::custom)
    }
}
