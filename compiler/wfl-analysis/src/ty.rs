//! Types as the checker sees them: the IR's types and one more, for what is already known to be wrong.

use wfl_ir::{Currency, Expr, Label, Name, Type, Value};

/// A type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ty {
    /// Of something that was reported; fits everything, so that one mistake gives one report.
    Unknown,
    Unit,
    Bool,
    Int,
    Decimal,
    String,
    Uuid,
    Timestamp,
    Duration,
    Json,
    Money(Option<Currency>),
    Named(u32),
    Optional(Box<Ty>),
    List(Box<Ty>),
    Record(Vec<Member>),
}

/// A field of an anonymous record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Member {
    pub(crate) name: Name,
    pub(crate) ty: Ty,
    pub(crate) label: Label,
}

impl Ty {
    /// `T?`; an optional stays what it is.
    pub(crate) fn optional(self) -> Ty {
        match self {
            Ty::Optional(_) | Ty::Unknown => self,
            other => Ty::Optional(Box::new(other)),
        }
    }

    /// The type without its `?`.
    pub(crate) fn present(&self) -> &Ty {
        match self {
            Ty::Optional(inner) => inner,
            other => other,
        }
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Ty::Unknown)
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Ty::Int | Ty::Decimal)
    }

    /// The IR's form. `Unknown` has none; where it occurs no plan is made, so any type will do.
    pub(crate) fn to_ir(&self) -> Type {
        match self {
            Ty::Unknown | Ty::Json => Type::Json,
            Ty::Unit => Type::Unit,
            Ty::Bool => Type::Bool,
            Ty::Int => Type::Int,
            Ty::Decimal => Type::Decimal,
            Ty::String => Type::String,
            Ty::Uuid => Type::Uuid,
            Ty::Timestamp => Type::Timestamp,
            Ty::Duration => Type::Duration,
            Ty::Money(currency) => Type::Money(*currency),
            Ty::Named(index) => Type::Named(*index),
            Ty::Optional(inner) => Type::Optional(Box::new(inner.to_ir())),
            Ty::List(inner) => Type::List(Box::new(inner.to_ir())),
            Ty::Record(members) => {
                Type::Record(members.iter().map(|member| (member.name.clone(), member.ty.to_ir())).collect())
            }
        }
    }
}

/// A checked expression: its IR, its type, and how sensitive its value is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    pub(crate) ty: Ty,
    pub(crate) label: Label,
}

impl Typed {
    pub(crate) fn new(expr: Expr, ty: Ty, label: Label) -> Typed {
        Typed { expr, ty, label }
    }

    /// A constant, which nobody needs to hide.
    pub(crate) fn constant(value: Value, ty: Ty) -> Typed {
        Typed { expr: Expr::Const(value), ty, label: Label::Public }
    }

    /// What stands for an expression that was reported.
    pub(crate) fn unknown() -> Typed {
        Typed::constant(Value::None, Ty::Unknown)
    }

    /// The value of a constant expression.
    pub(crate) fn value(&self) -> Option<&Value> {
        match &self.expr {
            Expr::Const(value) => Some(value),
            _ => None,
        }
    }
}
