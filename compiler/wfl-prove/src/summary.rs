//! What a workflow is to those that start it.

use std::collections::{BTreeMap, BTreeSet};

use crate::bounds::{Bounds, Worst};
use crate::count::Count;

/// What those that start a workflow have to know to be proved themselves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Its point of no return, by the name of the step.
    pub pivot: Option<String>,
    /// A step whose effect can be undone.
    pub owes: Option<String>,
    /// A step whose effect cannot.
    pub lasting: Option<String>,
    /// A step that may give up, so that somebody has to look after it.
    pub gives_up: Option<String>,
    /// A step that is tried for ever, without a point of no return before or behind it.
    pub endless: Option<String>,
    /// An event that it publishes, or a workflow that it waits for.
    pub emits: Option<String>,
    /// The rules of policies that are kept once it has returned, by the numbers of policy and rule.
    pub keeps: BTreeSet<(u32, u32)>,
    /// Those of them for which some answer keeps it from returning.
    pub heeds: BTreeSet<(u32, u32)>,
    /// How long it takes.
    pub time: Lapse,
    /// The operations that it calls, and how often at most.
    pub cost: BTreeMap<String, Count>,
}

/// How long a workflow takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lapse {
    /// From the start to the end.
    pub whole: Bounds,
    /// What of it counts for a deadline.
    pub until: Worst,
    /// How long it takes to undo it.
    pub undo: Worst,
}
