//! What is proved: one workflow of a program, with what is known of those that it starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_analysis::hir::{Program, Workflow};
use wfl_ir::{Effect, Node, NodeKind, Operation, Plan, Retry};
use wfl_lower::{Lowered, Origin};
use wfl_source::{Files, Span};

use crate::frames::Frames;
use crate::levels::Levels;
use crate::summary::Summary;
use crate::ways::Ways;

/// A workflow that is to be proved.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The program; the workflow has no errors.
    pub program: &'a Program,
    /// The workflow: a number of the program's.
    pub number: u32,
    /// Its plan.
    pub lowered: &'a Lowered,
    /// What is known of the workflows that it starts, by their numbers.
    pub callees: &'a BTreeMap<u32, Arc<Summary>>,
    /// The texts.
    pub files: &'a Files,
}

/// A claim, with the structure of its plan.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) claim: Claim<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) ways: Ways,
    pub(crate) frames: Frames<'a>,
    pub(crate) levels: Levels,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(claim: Claim<'a>) -> Subject<'a> {
        let plan = &claim.lowered.plan;
        Subject { claim, plan, ways: Ways::of(plan), frames: Frames::of(plan), levels: Levels::of(plan) }
    }

    /// The nodes with their numbers.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (u32, &'a Node)> {
        self.plan.nodes.iter().enumerate().map(|(number, node)| (number as u32, node))
    }

    /// The workflow.
    pub(crate) fn workflow(&self) -> &'a Workflow {
        &self.claim.program.workflows[self.claim.number as usize]
    }

    pub(crate) fn node(&self, node: u32) -> &'a Node {
        &self.plan.nodes[node as usize]
    }

    /// The region of a node, without shields.
    pub(crate) fn level(&self, node: u32) -> u32 {
        self.levels.solid(self.node(node).region)
    }

    pub(crate) fn origin(&self, node: u32) -> Origin {
        self.claim.lowered.origins[node as usize]
    }

    /// The operation that a node calls.
    pub(crate) fn operation(&self, node: u32) -> Option<&'a Operation> {
        match &self.node(node).kind {
            NodeKind::Call(call) => self.plan.operations.get(call.operation as usize),
            _ => None,
        }
    }

    /// What is known of the workflow that a node starts and waits for.
    pub(crate) fn attached(&self, node: u32) -> Option<&'a Summary> {
        match &self.node(node).kind {
            NodeKind::SubWorkflow(run) if !run.detached => {
                self.origin(node).callee.and_then(|callee| self.claim.callees.get(&callee)).map(Arc::as_ref)
            }
            _ => None,
        }
    }

    /// Whether something is owed once a node has ended well.
    pub(crate) fn owes(&self, node: u32) -> bool {
        match self.attached(node) {
            Some(callee) => callee.owes.is_some() && callee.pivot.is_none(),
            None => self.operation(node).is_some_and(|it| matches!(it.effect, Effect::Compensable { .. })),
        }
    }

    /// Whether a node is a point of no return.
    pub(crate) fn is_pivot(&self, node: u32) -> bool {
        match &self.node(node).kind {
            NodeKind::Call(call) => call.pivot,
            NodeKind::SubWorkflow(run) => run.pivot && !run.detached,
            _ => false,
        }
    }

    /// How a call is tried again.
    pub(crate) fn retry(&self, node: u32) -> Retry {
        match (&self.node(node).kind, self.operation(node)) {
            (NodeKind::Call(call), Some(operation)) => call.retry.unwrap_or(operation.retry),
            _ => Retry::Never,
        }
    }

    /// The name of a node as people know it: the last part of its path.
    pub(crate) fn name(&self, node: u32) -> String {
        let id = &self.node(node).id;
        match id.rsplit('/').next().unwrap_or_default().strip_prefix('_') {
            // What has no name of its own is called after its operation.
            Some(_) => match (self.operation(node), &self.node(node).kind) {
                (Some(operation), _) => operation.qualified(),
                (None, NodeKind::SubWorkflow(run)) => {
                    run.workflow.rsplit('.').next().unwrap_or_default().to_owned()
                }
                _ => id.to_string(),
            },
            None => id.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }

    /// The text under a span, on one line.
    pub(crate) fn text(&self, span: Span) -> String {
        self.claim.files.text_of(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The short name of an error or event of the plan.
    pub(crate) fn type_name(&self, ty: u32) -> &'a str {
        self.plan.types.get(ty as usize).map_or("an error", |def| def.short_name())
    }
}
