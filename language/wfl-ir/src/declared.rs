//! Declared types: records, enums, refined types, errors and events with their rules and labels.

use serde::{Deserialize, Serialize};

use crate::expr::Expr;
use crate::name::Name;
use crate::types::{Label, Type};

/// A `where` rule. The subject is [`Expr::Subject`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// What must be true.
    pub holds: Expr,
    /// The rule as its author wrote it, for the message that refuses a value.
    pub text: Name,
}

/// A field of a record, variant, error or event, or a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
    /// What its values must fulfil.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// How sensitive it is.
    #[serde(default, skip_serializing_if = "Label::is_public")]
    pub label: Label,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Variant {
    /// Its name.
    pub name: Name,
    /// Its fields in the order of the declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// A named type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TypeDef {
    /// The module path and the name: `payments.transfer.AccountId`.
    pub name: Name,
    /// What it is.
    pub kind: TypeKind,
}

impl TypeDef {
    /// The name without its module: `AccountId`.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

/// The kinds of named types.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TypeKind {
    /// A record; fields in the order of the declaration.
    Record(Vec<Field>),
    /// An enum; variants in the order of the declaration.
    Enum(Vec<Variant>),
    /// A new type over another one. Its values are the base's values that fulfil the rule.
    Refined {
        /// The type that it restricts.
        base: Type,
        /// What its values must fulfil; none for a mere new name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<Rule>,
    },
    /// A business error. As a value: a variant named by [`TypeDef::short_name`].
    Error(Vec<Field>),
    /// An event. As a value: a variant named by [`TypeDef::short_name`].
    Event(Vec<Field>),
}
