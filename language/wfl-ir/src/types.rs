//! Types as the runtime sees them, and the sensitivity of data.

use serde::{Deserialize, Serialize};

use crate::money::Currency;
use crate::name::Name;

/// A type. `Named` points into [`crate::Plan::types`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// One value, `unit`.
    Unit,
    /// Truth.
    Bool,
    /// 64-bit integers.
    Int,
    /// Exact decimals of 34 digits.
    Decimal,
    /// Text.
    String,
    /// UUIDs.
    Uuid,
    /// UTC instants.
    Timestamp,
    /// Lengths of time.
    Duration,
    /// Opaque JSON.
    Json,
    /// Money of one currency, or of some currency.
    Money(Option<Currency>),
    /// The type with this index in the plan's table.
    Named(u32),
    /// `T?`. Never nested: `T??` is `T?`.
    Optional(Box<Type>),
    /// `List<T>`.
    List(Box<Type>),
    /// An anonymous record, the value of a block.
    Record(Vec<(Name, Type)>),
    /// Bytes.
    Bytes,
    /// Days of the calendar.
    Date,
    /// `Set<T>`.
    Set(Box<Type>),
    /// `Map<K, V>`.
    Map(Box<Type>, Box<Type>),
    /// `Result<T, E>`.
    Result(Box<Type>, Box<Type>),
}

/// How sensitive data is; greater flows nowhere below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// Anybody may see it.
    #[default]
    Public,
    /// Not outside the company.
    Internal,
    /// About a person.
    Pii,
    /// Payment card data.
    Pci,
    /// Must never be shown.
    Secret,
}

impl Label {
    /// True for the lowest label.
    pub fn is_public(&self) -> bool {
        *self == Label::Public
    }
}
