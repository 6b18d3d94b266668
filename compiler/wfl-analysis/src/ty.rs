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
    Bytes,
    Date,
    Money(Option<Currency>),
    Named(u32),
    Optional(Box<Ty>),
    List(Box<Ty>),
    Set(Box<Ty>),
    Map(Box<Ty>, Box<Ty>),
    Result(Box<Ty>, Box<Ty>),
    /// What a tolerant `foreach` gives: `ok`, the values of the items that succeeded, and `errors`, with keys that are
    /// so sensitive.
    Batch(Box<Ty>, Label),
    Record(Vec<Member>),
    /// Several values that a `match` looks at together.
    Tuple(Vec<Ty>),
    /// A type parameter of a function of `std`.
    Param(u32),
    /// `Money<C>` whose currency is a parameter of a function of `std`.
    MoneyOf(u32),
    /// What a function of `std` is called with.
    Function(Vec<Ty>, Box<Ty>),
}

/// A field of an anonymous record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Member {
    pub(crate) name: Name,
    pub(crate) ty: Ty,
    pub(crate) label: Label,
}

/// The deepest type that a value may have.
const MOST_DEPTH: u32 = 64;
/// The greatest number of parts of the type of a value.
const MOST_PARTS: u32 = 10_000;

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

    /// Whether a type parameter occurs in it.
    pub(crate) fn has_parameter(&self) -> bool {
        match self {
            Ty::Param(_) | Ty::MoneyOf(_) => true,
            Ty::Optional(inner) | Ty::List(inner) | Ty::Set(inner) | Ty::Batch(inner, _) => {
                inner.has_parameter()
            }
            Ty::Map(a, b) | Ty::Result(a, b) => a.has_parameter() || b.has_parameter(),
            Ty::Record(members) => members.iter().any(|member| member.ty.has_parameter()),
            _ => false,
        }
    }

    /// Whether the type is made of more parts, or goes deeper, than anything that people write. Types of values grow
    /// by each `let`: two fields of one value make a type of twice its size.
    pub(crate) fn is_huge(&self) -> bool {
        fn fits(ty: &Ty, depth: u32, parts: &mut u32) -> bool {
            *parts = parts.saturating_sub(1);
            if depth == 0 || *parts == 0 {
                return false;
            }
            let mut inside = |ty: &Ty| fits(ty, depth - 1, parts);
            match ty {
                Ty::Optional(inner) | Ty::List(inner) | Ty::Set(inner) | Ty::Batch(inner, _) => inside(inner),
                Ty::Map(left, right) | Ty::Result(left, right) => inside(left) && inside(right),
                Ty::Record(members) => members.iter().all(|member| inside(&member.ty)),
                Ty::Tuple(types) => types.iter().all(inside),
                Ty::Function(types, result) => types.iter().all(&mut inside) && inside(result),
                _ => true,
            }
        }
        !fits(self, MOST_DEPTH, &mut MOST_PARTS.clone())
    }

    /// The type whose parts are as sensitive as in both. Only values without a declared type bring labels of their own.
    pub(crate) fn marked_like(self, other: &Ty) -> Ty {
        let boxed = |ty: Box<Ty>, other: &Ty| Box::new(ty.marked_like(other));
        match (self, other) {
            (Ty::Optional(ty), other) => Ty::Optional(boxed(ty, other.present())),
            (ty, Ty::Optional(other)) => ty.marked_like(other),
            (Ty::List(ty), Ty::List(other)) => Ty::List(boxed(ty, other)),
            (Ty::Set(ty), Ty::Set(other)) => Ty::Set(boxed(ty, other)),
            (Ty::Batch(ty, keys), Ty::Batch(other, others)) => Ty::Batch(boxed(ty, other), keys.max(*others)),
            (Ty::Map(key, value), Ty::Map(other, to)) => Ty::Map(boxed(key, other), boxed(value, to)),
            (Ty::Result(ok, error), Ty::Result(other, to)) => Ty::Result(boxed(ok, other), boxed(error, to)),
            (Ty::Record(members), Ty::Record(others)) => {
                let raised =
                    members.into_iter().map(|it| match others.iter().find(|other| other.name == it.name) {
                        Some(other) => Member {
                            ty: it.ty.marked_like(&other.ty),
                            label: it.label.max(other.label),
                            ..it
                        },
                        None => it,
                    });
                Ty::Record(raised.collect())
            }
            (ty, _) => ty,
        }
    }

    /// The label of the most sensitive part that may not be so sensitive in another type.
    pub(crate) fn above(&self, other: &Ty) -> Label {
        let more = |label: Label, other: Label| if label > other { label } else { Label::Public };
        match (self, other) {
            (Ty::Optional(ty), other) => ty.above(other.present()),
            (ty, Ty::Optional(other)) => ty.above(other),
            (Ty::List(ty), Ty::List(other)) | (Ty::Set(ty), Ty::Set(other)) => ty.above(other),
            (Ty::Batch(ty, keys), Ty::Batch(other, others)) => ty.above(other).max(more(*keys, *others)),
            (Ty::Map(a, b), Ty::Map(c, d)) | (Ty::Result(a, b), Ty::Result(c, d)) => {
                a.above(c).max(b.above(d))
            }
            (Ty::Record(members), Ty::Record(others)) => {
                let of = |it: &Member| match others.iter().find(|other| other.name == it.name) {
                    Some(other) => more(it.label, other.label).max(it.ty.above(&other.ty)),
                    None => it.label,
                };
                members.iter().map(of).max().unwrap_or_default()
            }
            _ => Label::Public,
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
            Ty::Unknown | Ty::Json | Ty::Param(_) | Ty::Function(..) => Type::Json,
            Ty::Bytes => Type::Bytes,
            Ty::Date => Type::Date,
            Ty::MoneyOf(_) => Type::Money(None),
            Ty::Set(item) => Type::Set(Box::new(item.to_ir())),
            Ty::Map(key, value) => Type::Map(Box::new(key.to_ir()), Box::new(value.to_ir())),
            Ty::Result(ok, error) => Type::Result(Box::new(ok.to_ir()), Box::new(error.to_ir())),
            Ty::Batch(item, keys) => Ty::Record(batch_members(item, *keys)).to_ir(),
            Ty::Tuple(items) => Type::List(Box::new(items.first().map_or(Type::Json, Ty::to_ir))),
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

/// The checker's form of a type of the IR. Labels of anonymous records are not in it.
pub(crate) fn from_ir(ty: &Type) -> Ty {
    let boxed = |ty: &Type| Box::new(from_ir(ty));
    match ty {
        Type::Unit => Ty::Unit,
        Type::Bool => Ty::Bool,
        Type::Int => Ty::Int,
        Type::Decimal => Ty::Decimal,
        Type::String => Ty::String,
        Type::Bytes => Ty::Bytes,
        Type::Uuid => Ty::Uuid,
        Type::Date => Ty::Date,
        Type::Timestamp => Ty::Timestamp,
        Type::Duration => Ty::Duration,
        Type::Json => Ty::Json,
        Type::Money(currency) => Ty::Money(*currency),
        Type::Named(index) => Ty::Named(*index),
        Type::Optional(inner) => Ty::Optional(boxed(inner)),
        Type::List(inner) => Ty::List(boxed(inner)),
        Type::Set(inner) => Ty::Set(boxed(inner)),
        Type::Map(key, value) => Ty::Map(boxed(key), boxed(value)),
        Type::Result(ok, error) => Ty::Result(boxed(ok), boxed(error)),
        Type::Record(fields) => {
            let member = |(name, ty): &(Name, Type)| Member {
                name: name.clone(),
                ty: from_ir(ty),
                label: Label::Public,
            };
            Ty::Record(fields.iter().map(member).collect())
        }
    }
}

/// The members of a `Batch`: what succeeded, and where and why the other items failed.
pub(crate) fn batch_members(item: &Ty, keys: Label) -> Vec<Member> {
    let member = |name: &str, ty: Ty| Member { name: Name::from(name), ty, label: Label::Public };
    let key = Member { label: keys, ..member("key", Ty::String) };
    let failure = Ty::Record(vec![member("index", Ty::Int), key, member("error", Ty::String)]);
    vec![member("ok", Ty::List(Box::new(item.clone()))), member("errors", Ty::List(Box::new(failure)))]
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

/// Whether a name stands for a type without a declaration.
pub(crate) fn is_built_in(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "Unit",
        "Bool",
        "Int",
        "Decimal",
        "String",
        "Uuid",
        "Timestamp",
        "Duration",
        "Json",
        "Bytes",
        "Date",
        "Money",
        "List",
        "Set",
        "Map",
        "Result",
        "Batch",
    ];
    NAMES.contains(&name)
}
