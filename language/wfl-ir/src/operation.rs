//! Operations: the contract of a call to the outside world.

use serde::{Deserialize, Serialize};

use crate::declared::Field;
use crate::expr::Expr;
use crate::name::Name;
use crate::time::Duration;
use crate::types::Type;

/// An operation of a service. Its expressions see parameter i as `Local(i)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Operation {
    /// The service: `Ledger`.
    pub service: Name,
    /// The operation: `reserve`.
    pub name: Name,
    /// What it takes.
    pub params: Vec<Field>,
    /// What it gives.
    pub result: Type,
    /// What it does to the world.
    pub effect: Effect,
    /// What makes a repeated call harmless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotent: Option<Idempotency>,
    /// How to learn an outcome whose answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
    /// The business errors that it declares: indices into the plan's types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raises: Vec<u32>,
    /// The time for one attempt.
    pub timeout: Duration,
    /// The time for all attempts; none without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Duration>,
    /// When to try again.
    pub retry: Retry,
    /// The time until a worker begins an attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Duration>,
    /// How long a worker may be silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Duration>,
    /// One attempt, whatever comes of it: an unknown outcome waits for a decision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_most_once: bool,
    /// When its undo is tried again; none for the default of undoing, which never gives up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_retry: Option<Retry>,
}

impl Operation {
    /// `Ledger.reserve`.
    pub fn qualified(&self) -> String {
        format!("{}.{}", self.service, self.name)
    }
}

/// What a call does to the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing: it may be repeated at will.
    Read,
    /// Something harmless that is never undone.
    Write,
    /// Something that another operation undoes.
    Compensable {
        /// The undoing operation: an index into the plan's operations.
        undo: u32,
        /// Its arguments: parameters are locals, `result` is the local after the last one.
        args: Vec<(Name, Expr)>,
    },
    /// Something that cannot be undone.
    Irreversible,
}

/// `idempotent by key for window`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Idempotency {
    /// The value that names the effect. [`crate::WorkflowField::Key`] means the instance id here.
    pub key: Expr,
    /// How long the other side remembers the key, from the first dispatch. 24 h unless said.
    pub window: Duration,
}

/// `confirm with operation(args) after delay`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Confirm {
    /// The asking operation, a read that gives `R?`: an index into the plan's operations.
    pub operation: u32,
    /// Its arguments over the parameters.
    pub args: Vec<(Name, Expr)>,
    /// How long after the last dispatch `none` begins to mean "did not happen". None: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Duration>,
}

/// When to try again after `Unavailable` or an attempt timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// One attempt.
    Never,
    /// Pauses that double from `initial` up to `cap`, each with full jitter.
    Exponential {
        /// The first pause's upper bound.
        initial: Duration,
        /// The largest upper bound.
        cap: Duration,
        /// How many attempts in all; none for as many as the total time allows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempts: Option<u32>,
    },
    /// A fixed pause, without end. Such a step has no total time.
    Forever {
        /// The pause.
        every: Duration,
    },
}

impl Retry {
    /// What holds where the program says nothing: pauses from 200 ms up to 30 s, as long as the total time allows.
    pub const DEFAULT: Retry = Retry::Exponential {
        initial: Duration::from_millis(200),
        cap: Duration::from_secs(30),
        attempts: None,
    };
}
