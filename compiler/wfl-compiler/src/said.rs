//! What a program says about its workflows and calls from outside of them: migrations and policies, without numbers.

use wfl_analysis::hir::{self, Program};
use wfl_ir::Name;
use wfl_source::Span;

/// `migrate`: how instances of an earlier version are carried on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Migration {
    /// The workflow: module path and name.
    pub workflow: String,
    /// The version that instances come from.
    pub from: u32,
    /// Steps with other names: old path, new path, with dots.
    pub renames: Vec<(Name, Name)>,
    /// Steps that are gone.
    pub drops: Vec<Name>,
    /// The parameters, or fields of the only one, that have a value of their own.
    pub inputs: Vec<Name>,
    /// From where on instances stay with their version: whether behind the step, and which.
    pub pins: Vec<(bool, Name)>,
    /// The name of the workflow in the source.
    pub span: Span,
}

/// `policy`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Its title.
    pub title: String,
    /// Its rules.
    pub rules: Vec<PolicyRule>,
}

/// A rule of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyRule {
    /// Which calls, as written: `Rail.send`, `Rail.*`, `@money_out`.
    pub target: String,
    /// The operations that are meant: `Rail.send`.
    pub operations: Vec<String>,
    /// The condition as written.
    pub condition: Option<String>,
    /// The role that must have approved.
    pub role: Name,
    /// How many people.
    pub approvals: u32,
}

pub(crate) fn migrations(program: &Program) -> Vec<Migration> {
    let migration = |it: &hir::Migration| Migration {
        workflow: program.workflows[it.workflow as usize].name.to_string(),
        from: it.from,
        renames: it.renames.clone(),
        drops: it.drops.clone(),
        inputs: it.inputs.iter().map(|(name, _)| name.clone()).collect(),
        pins: it.pins.clone(),
        span: it.span,
    };
    program.migrations.iter().map(migration).collect()
}

pub(crate) fn policies(program: &Program) -> Vec<Policy> {
    let rule = |it: &hir::PolicyRule| PolicyRule {
        target: it.target.clone(),
        operations: it
            .calls
            .iter()
            .map(|(operation, _)| program.operations[*operation as usize].qualified())
            .collect(),
        condition: it.condition.clone(),
        role: it.role.clone(),
        approvals: it.approvals,
    };
    let policy =
        |it: &hir::Policy| Policy { title: it.title.clone(), rules: it.rules.iter().map(rule).collect() };
    program.policies.iter().map(policy).collect()
}
