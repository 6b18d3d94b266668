//! What is said about workflows: migrations, policies, invariants.

use wfl_ir::{Expr, Name};
use wfl_source::Span;

/// `migrate`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Migration {
    /// The workflow.
    pub workflow: u32,
    /// The version that instances come from.
    pub from: u32,
    /// Steps with other names: old path, new path.
    pub renames: Vec<(Name, Name)>,
    /// Steps that are gone.
    pub drops: Vec<Name>,
    /// Parameters, or fields of the only one, with their values over the old input, which is local 0.
    pub inputs: Vec<(Name, Expr)>,
    /// From where on instances stay with their version: after or before which step.
    pub pins: Vec<(bool, Name)>,
    /// The name of the workflow in the source.
    pub span: Span,
}

/// `policy`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The title.
    pub title: String,
    /// The rules.
    pub rules: Vec<PolicyRule>,
    /// The title in the source.
    pub span: Span,
}

/// A rule of a policy: such a call needs such an approval before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyRule {
    /// Which calls, as written: `Rail.send`, `Rail.*`, `@money_out`.
    pub target: String,
    /// The condition as written.
    pub condition: Option<String>,
    /// The operations, each with the condition under which its calls are meant, over its parameters as locals.
    pub calls: Vec<(u32, Option<Expr>)>,
    /// The role that must have approved.
    pub role: Name,
    /// How many people.
    pub approvals: u32,
    /// The rule in the source.
    pub span: Span,
}

/// `invariant`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invariant {
    /// The title.
    pub title: String,
    /// The workflow.
    pub workflow: u32,
    /// What always holds, over the parameters as slots and the result, when it is there, as local 0.
    pub condition: Expr,
    /// The title in the source.
    pub span: Span,
}
