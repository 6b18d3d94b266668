//! Where the nodes of a plan come from: what a report about them points to. It stands beside the plan, whose hash does not
//! depend on it.

use std::collections::BTreeMap;

use wfl_analysis::hir::Statement;
use wfl_ir::{EdgeKind, Plan};
use wfl_source::Span;

/// A plan, and where it comes from.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// What is executed.
    pub plan: Plan,
    /// Where its nodes come from, in their order.
    pub origins: Vec<Origin>,
    /// What tells the arms of choices apart, by node, in the source.
    pub arms: BTreeMap<u32, Vec<Span>>,
    /// Where constructs are left by `yield`.
    pub ways_out: Vec<WayOut>,
    /// Its types, by their numbers in the program.
    pub types: Vec<u32>,
    /// Its operations, by their numbers in the program.
    pub operations: Vec<u32>,
}

/// Where a node comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// What it does, in the source: of a step what it calls, otherwise the statement or its keyword.
    pub span: Span,
    /// The whole statement, in the source; the span of what is no step.
    pub whole: Span,
    /// Its name, in the source; the span of what has none.
    pub name: Span,
    /// Whether it stands in a handler, or in what happens when time is up.
    pub in_handler: bool,
    /// The workflow that it starts: a number of the program's.
    pub callee: Option<u32>,
}

/// A `yield`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WayOut {
    /// The statement.
    pub span: Span,
    /// The edges on which the construct is left.
    pub from: Vec<(u32, EdgeKind)>,
    /// The compensation scope around the construct.
    pub around: u32,
    /// Whether it stands in a handler, or in what happens when time is up.
    pub in_handler: bool,
}

impl Origin {
    /// The origin of a statement; none for what makes no node of its own.
    pub(crate) fn of(statement: &Statement, in_handler: bool) -> Option<Origin> {
        let (span, whole, name) = match statement {
            Statement::Let { .. } | Statement::Shield(_) => return None,
            Statement::Step(step) => (step.call_span, step.span, step.name_span),
            Statement::Run(run) => (run.call_span, run.span, run.name_span),
            other => {
                let span = place(other)?;
                (span, span, span)
            }
        };
        Some(Origin { span, whole, name, in_handler, callee: None })
    }
}

fn place(statement: &Statement) -> Option<Span> {
    Some(match statement {
        Statement::Choice(choice) => choice.span,
        Statement::Saga(saga) => saga.span,
        Statement::Parallel(parallel) => parallel.span,
        Statement::Foreach(foreach) => foreach.span,
        Statement::Repeat(repeat) => repeat.span,
        Statement::Await(awaited) => awaited.span,
        Statement::Rollback(span) | Statement::Commit(span) => *span,
        Statement::Wait { span, .. }
        | Statement::Restart { span, .. }
        | Statement::Emit { span, .. }
        | Statement::Ensure { span, .. }
        | Statement::Return { span, .. }
        | Statement::Fail { span, .. }
        | Statement::Leave { span, .. } => *span,
        Statement::Let { .. } | Statement::Shield(_) | Statement::Step(_) | Statement::Run(_) => return None,
    })
}
