//! What nodes of constructs hold that run several paths, wait, or start other workflows.
//!
//! Besides its compensation scope a node has a *region*: the part of the graph that runs, ends and is cancelled as
//! one. A branch is a region, so is the body of a `foreach` (once per item), a round of a `repeat`, and what a
//! `shield` holds. The nodes of a region have greater indices than the node that starts it.

use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::expr::Expr;
use crate::name::Name;
use crate::plan_hash::PlanHash;
use crate::time::Duration;
use crate::types::Type;

/// `on Error as name`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Handler {
    /// What it catches.
    pub on: Caught,
    /// The slot that gets the error's fields as a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<u32>,
}

/// What a handler catches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caught {
    /// A declared error: an index into the plan's types.
    Error(u32),
    /// The time ran out and no effect remains.
    Timeout,
    /// It could not be reached and no effect remains.
    Unavailable,
    /// Everything but cancellation.
    Any,
    /// The workflow is being cancelled.
    Cancelled,
    /// A join got fewer branches than it needs; binds how many it got as `count`.
    Shortfall,
}

/// A part of the graph that runs, ends and is cancelled as one. Region 0 is the workflow's body.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Region {
    /// The path of names: `ApproveLoan/scores/experian`.
    pub id: Name,
    /// The region around it; none for region 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// What it is.
    pub kind: RegionKind,
}

/// The kinds of regions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionKind {
    /// The workflow's body.
    Body,
    /// A branch of a fork.
    Branch,
    /// The body of a map: each item has the slots `first..end` for itself.
    Item {
        /// The first slot of an item.
        first: u32,
        /// The slot behind its last one.
        end: u32,
    },
    /// The body of a loop: each round fills the slots `first..end` anew.
    Round {
        /// The first slot of a round.
        first: u32,
        /// The slot behind its last one.
        end: u32,
    },
    /// A cancellation waits until it is over.
    Shield,
}

/// When a join is over, and what its value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// All branches: a record with one field per branch.
    All,
    /// The first branch: its value.
    Any,
    /// So many branches: a list of their values, in the order of the branches.
    Quorum(u32),
}

/// `parallel`: all branches start. Branch i begins at the `Branch(i)` edge; `Order` leads to the join.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fork {
    /// The node in which the branches end.
    pub join: u32,
    /// When that is over.
    pub policy: JoinPolicy,
    /// The regions of the branches.
    pub branches: Vec<u32>,
    /// Whether the other branches run to their end when one fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finish: bool,
    /// How long the join may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Expr>,
}

/// The end of a `parallel`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Join {
    /// The node that started the branches.
    pub fork: u32,
    /// The branches by name, with the slots of their values; none for a branch that gives `unit`.
    pub values: Vec<(Name, Option<u32>)>,
    /// Where the joined value goes; none when nothing uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<u32>,
    /// What happens on errors; handler i continues on the `Error(i)` edge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<Handler>,
}

/// `foreach`: its region runs once for each item, from the `Body` edge on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Map {
    /// The region of the body.
    pub region: u32,
    /// The compensation scope of an item.
    pub scope: u32,
    /// The items.
    pub list: Expr,
    /// The slot of the current item.
    pub item: u32,
    /// What tells items apart, over the item's slots; none for their position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Expr>,
    /// How many items run at once; none for [`Map::DEFAULT_LIMIT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How many items may start in how long a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<(u32, Duration)>,
    /// The share of items that may fail, in per cent; none: the first failure ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated: Option<Decimal>,
    /// The slot of an item's value; none when items give `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u32>,
    /// Where the value of the whole goes; none when nothing uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<u32>,
    /// What happens on errors; handler i continues on the `Error(i)` edge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<Handler>,
}

impl Map {
    /// How many items run at once where nothing is said.
    pub const DEFAULT_LIMIT: u32 = 16;

    /// How many items run at once.
    pub fn at_once(&self) -> u32 {
        self.limit.unwrap_or(Map::DEFAULT_LIMIT)
    }
}

/// `repeat`: its region runs round by round, from the `Body` edge on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Loop {
    /// The region of the body.
    pub region: u32,
    /// The greatest number of rounds.
    pub times: u32,
    /// The pause between rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Expr>,
    /// Ends the rounds, over the slots of a round and its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Expr>,
    /// The slot of the number of the round, from 0; none when nothing reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
}

/// `await signal` and `await human`: what both have. `Timeout` leads to what happens when time is up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Await {
    /// What is waited for.
    pub kind: AwaitKind,
    /// The type of the message or answer.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Where it goes; none when nothing uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<u32>,
    /// How long is waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Expr>,
    /// How somebody is reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind: Option<Remind>,
    /// What happens on errors; handler i continues on the `Error(i)` edge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<Handler>,
}

/// `remind every d using operation(…)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Remind {
    /// The pause between reminders.
    pub every: Expr,
    /// The operation that carries one, with its arguments; none: the task list shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<(u32, Vec<(Name, Expr)>)>,
}

/// What an await waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AwaitKind {
    /// A message on a channel.
    Signal {
        /// The channel.
        channel: Name,
        /// Which messages are meant; the message is local 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Expr>,
    },
    /// A person's decision.
    Human(Box<Task>),
}

/// What people are asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Task {
    /// Its name.
    pub name: Name,
    /// Who may answer.
    pub role: Expr,
    /// How many equal answers decide.
    pub approvals: u32,
    /// How many answers are taken at most.
    pub most: u32,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Expr>,
    /// What the people see, with its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<(Expr, Type)>,
    /// After how long which role is asked besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalations: Vec<(Expr, Expr)>,
}

/// `run`: another workflow as a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SubWorkflow {
    /// The workflow.
    pub workflow: Name,
    /// The plan that it runs on.
    pub plan: PlanHash,
    /// The arguments by the names of its parameters.
    pub args: Vec<(Name, Expr)>,
    /// Where its result goes; none when nothing uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<u32>,
    /// The type of its result, where that is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives: Option<Type>,
    /// Whether nothing is waited for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detached: bool,
    /// Whether the point of no return stands in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pivot: bool,
    /// What a cancellation of this workflow does to it.
    #[serde(default, skip_serializing_if = "ParentCancel::is_cancel")]
    pub when_cancelled: ParentCancel,
    /// How long it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// What happens on errors; handler i continues on the `Error(i)` edge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<Handler>,
}

/// What the cancellation of a workflow does to one that it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParentCancel {
    /// Cancels it too.
    #[default]
    Cancel,
    /// Waits for it.
    Await,
    /// Lets it go.
    Abandon,
}

impl ParentCancel {
    /// True for the default.
    pub fn is_cancel(&self) -> bool {
        *self == ParentCancel::Cancel
    }
}
