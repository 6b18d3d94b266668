//! Invariants: what its authors say holds of every instance of a workflow. They stand beside a plan, not in it.

use crate::declared::TypeDef;
use crate::expr::Expr;
use crate::function::{Function, Library};
use crate::name::Name;

/// `invariant "title" for W { condition }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invariant {
    /// Its title.
    pub title: Name,
    /// The types that the condition speaks of.
    pub types: Vec<TypeDef>,
    /// The functions that it calls, each after those that it calls itself.
    pub functions: Vec<Function>,
    /// The condition: slot i is parameter i of the workflow, local 0 its result, which is `none` unless it completed.
    pub condition: Expr,
}

impl Invariant {
    /// What types and calls in the condition point into.
    pub fn library(&self) -> Library<'_> {
        Library { types: &self.types, functions: &self.functions }
    }
}
