//! Declarations about workflows: migrations, policies, invariants.

use wfl_source::Span;

use crate::ast::expr::Expr;
use crate::ast::name::{Name, Path};
use crate::ast::test::Glob;

/// `migrate Workflow from version { entries }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Migrate {
    /// The workflow.
    pub workflow: Name,
    /// The version that instances come from.
    pub from: Expr,
    /// The entries in order.
    pub entries: Vec<Migration>,
}

/// An entry of a migration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Migration {
    /// Which.
    pub kind: MigrationKind,
    /// The whole.
    pub span: Span,
}

/// The forms of entries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MigrationKind {
    /// `rename step old -> new`.
    Rename {
        /// The step's path in the old version.
        old: Path,
        /// Its path now.
        new: Path,
    },
    /// `drop step old`.
    Drop(Path),
    /// `input name = value`, over the `old` input.
    Input {
        /// The parameter, or the field of the only parameter.
        name: Name,
        /// Its value.
        value: Expr,
    },
    /// `pin after step s`, `pin before step s`: from there on instances stay with their version.
    Pin {
        /// Whether the step itself is still migrated.
        after: bool,
        /// The step's path in the old version.
        step: Path,
    },
}

/// `policy "title" { rules }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The title.
    pub title: String,
    /// Where the title stands.
    pub title_span: Span,
    /// The rules in order.
    pub rules: Vec<PolicyRule>,
}

/// `call target where condition requires human role r approvals n`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyRule {
    /// Which calls.
    pub target: PolicyTarget,
    /// Only those for which this holds, over the operation's parameters.
    pub condition: Option<Expr>,
    /// The role that must have approved.
    pub role: Expr,
    /// How many people must have approved.
    pub approvals: Option<Expr>,
    /// The whole.
    pub span: Span,
}

/// The calls that a rule speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PolicyTarget {
    /// `@label`: operations that carry this label.
    Label(Name),
    /// `Service.operation`, `Service.*`.
    Operation(Glob),
}

/// `invariant "title" for Workflow { condition }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invariant {
    /// The title.
    pub title: String,
    /// Where the title stands.
    pub title_span: Span,
    /// The workflow.
    pub workflow: Name,
    /// What always holds.
    pub condition: Expr,
}
