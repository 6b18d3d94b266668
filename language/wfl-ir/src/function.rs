//! Functions of the program, and what expressions need to be evaluated.

use serde::{Deserialize, Serialize};

use crate::declared::{Field, TypeDef, TypeKind};
use crate::expr::Expr;
use crate::name::Name;
use crate::types::Type;

/// A named pure expression. It calls only functions that stand before it in the plan, so that nothing recurs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Function {
    /// The module path and the name: `payments.transfer.fee_of`.
    pub name: Name,
    /// What it takes. Parameter i is local i; a rule is tested at every call.
    pub params: Vec<Field>,
    /// What it gives.
    pub result: Type,
    /// The value. It sees nothing but the parameters.
    pub body: Expr,
}

/// What types and calls in expressions point into.
#[derive(Clone, Copy, Debug, Default)]
pub struct Library<'a> {
    /// The named types.
    pub types: &'a [TypeDef],
    /// The functions.
    pub functions: &'a [Function],
}

impl<'a> Library<'a> {
    /// Types without functions.
    pub fn of_types(types: &'a [TypeDef]) -> Library<'a> {
        Library { types, functions: &[] }
    }

    /// The type with this index.
    pub fn def(self, index: u32) -> Option<&'a TypeDef> {
        self.types.get(index as usize)
    }

    /// Whether `none` is a value of the type: `T?`, or a new type of one.
    pub fn may_be_absent(self, ty: &Type) -> bool {
        matches!(self.without_names(ty), Type::Optional(_))
    }

    /// Whether `unit` is the only value of the type: `Unit`, or a new type of it.
    pub fn is_unit(self, ty: &Type) -> bool {
        matches!(self.without_names(ty), Type::Unit)
    }

    /// Whether values of the type have one text each, so that as keys of a map they are names of members: String, Uuid,
    /// Int, Date, enums without fields, and new types of these.
    pub fn is_textual(self, ty: &Type) -> bool {
        match self.without_names(ty) {
            Type::String | Type::Uuid | Type::Int | Type::Date => true,
            Type::Named(index) => match self.def(*index).map(|def| &def.kind) {
                Some(TypeKind::Enum(variants)) => variants.iter().all(|variant| variant.fields.is_empty()),
                _ => false,
            },
            _ => false,
        }
    }

    /// The type that a new type is made of, through all names.
    fn without_names<'t>(self, ty: &'t Type) -> &'t Type
    where
        'a: 't,
    {
        let mut at = ty;
        // A chain of names is no longer than the table.
        for _ in 0..=self.types.len() {
            at = match at {
                Type::Named(index) => match self.def(*index).map(|def| &def.kind) {
                    Some(TypeKind::Refined { base, .. }) => base,
                    _ => return at,
                },
                _ => return at,
            };
        }
        at
    }
}
