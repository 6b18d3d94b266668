//! Nodes and edges of the plan's graph, and its compensation scopes.
//!
//! How a body is lowered, statement by statement:
//!
//! | source | nodes |
//! |---|---|
//! | workflow body | scope 0; no `Enter`/`Exit`; every path ends in `Return` or `Fail` |
//! | `let x = e` | no node: a [`Bind`] on the next node of the same path |
//! | `step x = Op(…) {…}` | `Call`; `Order` edge to what follows; `Error(i)` edge to the block of handler i |
//! | handler `-> use e` | `Set` of the step's result slot, `Order` edge to what follows the step |
//! | handler that ends otherwise | its own nodes; a statement handler that falls through goes on after the step only for a step without a used result |
//! | `if` / `match` statement | `Choice`, one `Arm(i)` edge per arm, arms that go on meet in a `Merge` |
//! | `yield e` | `Set` of the enclosing block's slot, `Order` edge to the block's end (`Exit` of a saga, else `Merge`) |
//! | `saga s {…}` | `Enter`, body, `Exit` (all ends of the body lead there) |
//! | `rollback` | `Rollback` of the nearest scope, then what follows |
//! | `commit` | `Commit` of the nearest scope |
//! | `return e` / `fail E(…)` | `Return` / `Fail`; no successors |
//! | `emit E(…)` | `Emit` |
//! | `ensure c [else …]` | `Ensure`; `Order` when true; `Else` to the action's nodes, without which it is an incident |
//! | `parallel {…}` | `Fork`; `Branch(i)` edge to each branch, which is a region of its own; their ends lead to the `Join`; `Error(i)` edges from the `Join` to its handlers |
//! | `foreach x in xs {…}` | `Map`; `Body` edge to its region, whose ends lead to an `End`; `Order` to what follows; `Error(i)` to its handlers |
//! | `repeat …{…}` | `Loop`, the same way |
//! | `await …` | `Await`; `Timeout` edge to what happens when time is up; `Error(i)` to its handlers |
//! | `wait …` | `Timer` |
//! | `shield {…}` | no node: a region |
//! | `step x = run W(…)` | `SubWorkflow`; edges as of a `Call` |
//! | `restart(…)` | `Restart`; no successors |

use serde::{Deserialize, Serialize};

use crate::expr::{Expr, Pattern};
use crate::flow::{Await, Fork, Handler, Join, Loop, Map, SubWorkflow};
use crate::name::Name;
use crate::operation::Retry;
use crate::time::Duration;

/// One node. Its index in the plan is a topological order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Node {
    /// The path of names, unique in the plan and stable over edits elsewhere: `TransferFunds/money/receipt`.
    /// `step _` is `_<operation>`. A node without a name in the source gets its kind and a number among its
    /// siblings: `TransferFunds/money/emit1`.
    pub id: Name,
    /// The compensation scope that it runs in: an index into the plan's scopes.
    pub scope: u32,
    /// The region that it runs in: an index into the plan's regions.
    #[serde(default, skip_serializing_if = "is_body")]
    pub region: u32,
    /// Slots to fill, in order, when the node starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binds: Vec<Bind>,
    /// What it does.
    pub kind: NodeKind,
}

/// `let`: a slot gets the value of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bind {
    /// The slot.
    pub slot: u32,
    /// Its value.
    pub value: Expr,
}

/// What a node does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A durable call of an operation.
    Call(Box<Call>),
    /// Takes the first arm whose pattern fits and whose guard holds. Patterns bind slots. `if c` is a choice over
    /// `c` with the arms `true` and `_`.
    Choice {
        /// What is looked at.
        subject: Expr,
        /// In order.
        arms: Vec<Arm>,
    },
    /// Paths of a choice, or of handlers, meet again.
    Merge,
    /// A block's or a handler's value goes into a slot.
    Set {
        /// The slot.
        slot: u32,
        /// Its value.
        value: Expr,
    },
    /// An event is published.
    Emit {
        /// The event: an index into the plan's types.
        event: u32,
        /// Its fields.
        fields: Vec<(Name, Expr)>,
    },
    /// What must be true to go on.
    Ensure {
        /// The condition.
        condition: Expr,
        /// The condition as written, for the incident.
        text: Name,
    },
    /// A compensation scope begins.
    Enter {
        /// Which: an index into the plan's scopes.
        scope: u32,
        /// What happens on errors of the whole, once its debts are settled; handler i continues on the `Error(i)`
        /// edge.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        handlers: Vec<Handler>,
    },
    /// Branches begin.
    Fork(Box<Fork>),
    /// Branches end.
    Join(Box<Join>),
    /// Something for each item of a list.
    Map(Box<Map>),
    /// Something several times.
    Loop(Box<Loop>),
    /// The end of an item or a round.
    End {
        /// The region that ends.
        region: u32,
    },
    /// A message or a decision is waited for.
    Await(Box<Await>),
    /// A time is waited for.
    Timer {
        /// Whether `time` is an instant.
        until: bool,
        /// How long, or until when.
        time: Expr,
    },
    /// Another workflow is started.
    SubWorkflow(Box<SubWorkflow>),
    /// The workflow begins anew with other arguments.
    Restart {
        /// The arguments by the names of the parameters.
        args: Vec<(Name, Expr)>,
    },
    /// A compensation scope ends well; its debts pass to the scope around it.
    Exit {
        /// Which: an index into the plan's scopes.
        scope: u32,
    },
    /// The node's scope is undone, then the path goes on.
    Rollback,
    /// The debts of the node's scope are given up; what follows can only go forward.
    Commit,
    /// The workflow ends with a value. Without a rollback before it in one of the scopes that it leaves, their
    /// debts are committed; after one, every further scope that it leaves is undone.
    Return {
        /// The result.
        value: Expr,
    },
    /// A business error: every scope that it leaves is undone, then the workflow fails with it.
    Fail {
        /// The error: an index into the plan's types.
        error: u32,
        /// Its fields.
        fields: Vec<(Name, Expr)>,
    },
}

impl NodeKind {
    /// What happens on errors; handler i continues on the `Error(i)` edge.
    pub fn handlers(&self) -> &[Handler] {
        match self {
            NodeKind::Call(call) => &call.handlers,
            NodeKind::Enter { handlers, .. } => handlers,
            NodeKind::Join(join) => &join.handlers,
            NodeKind::Map(map) => &map.handlers,
            NodeKind::Await(awaited) => &awaited.handlers,
            NodeKind::SubWorkflow(run) => &run.handlers,
            _ => &[],
        }
    }
}

/// A step's call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Call {
    /// The operation: an index into the plan's operations.
    pub operation: u32,
    /// Every parameter's argument. Optional parameters may be left out.
    pub args: Vec<(Name, Expr)>,
    /// Where the result goes; none when nothing uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<u32>,
    /// The point of no return of its scope.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pivot: bool,
    /// The step's own attempt timeout, instead of the operation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The step's own total time, instead of the operation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Duration>,
    /// The step's own limit of the time until a worker begins, instead of the operation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Duration>,
    /// The step's own limit of a worker's silence, instead of the operation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Duration>,
    /// The step's own retries, instead of the operation's. `Forever` also lifts the total time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What happens on errors, in order; handler i continues on the `Error(i)` edge. An error without one leaves
    /// the workflow as `Fail` does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<Handler>,
}

/// An arm of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Arm {
    /// What must fit; it binds slots.
    pub pattern: Pattern,
    /// What must also be true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Expr>,
}

/// A compensation scope: scope 0 is the workflow's body, the others are its sagas.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The path of names: `TransferFunds/money`.
    pub id: Name,
    /// The scope around it; none for scope 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// Whether its debts are settled all at once instead of the last first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parallel_undo: bool,
}

/// An edge to a node with a greater index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edge {
    /// The target's index.
    pub to: u32,
    /// When it is taken.
    pub kind: EdgeKind,
}

/// When an edge is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// After success.
    Order,
    /// When handler i of the call caught an error.
    Error(u32),
    /// When arm i of the choice was taken.
    Arm(u32),
    /// When the condition of an `ensure` is false.
    Else,
    /// Into branch i of a fork.
    Branch(u32),
    /// Into the body of a map or a loop.
    Body,
    /// When the time of an await is up.
    Timeout,
}

fn is_body(region: &u32) -> bool {
    *region == 0
}
