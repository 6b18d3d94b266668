//! The state of an instance: what the fold of its log has come to.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};
use wfl_eval::Facts;
use wfl_ir::{Fields, Name, PlanHash, Timestamp, Value};
use wfl_record::{InstanceId, Namespace};

/// One workflow instance. Node, scope and slot numbers are those of the plan with the hash `plan`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Instance {
    #[n(0)]
    pub(crate) namespace: Namespace,
    #[n(1)]
    pub(crate) id: InstanceId,
    #[n(2)]
    pub(crate) workflow: Name,
    #[n(3)]
    pub(crate) plan: PlanHash,
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) input_digest: [u8; 32],
    #[n(5)]
    pub(crate) started_at: Timestamp,
    /// The instance's clock: never goes back.
    #[n(6)]
    pub(crate) at: Timestamp,
    /// How many records were folded.
    #[n(7)]
    pub(crate) count: u64,
    /// BLAKE3 over the chain so far and the record, for every record.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub(crate) chain: [u8; 32],
    /// The value of the header's `key`.
    #[n(9)]
    pub(crate) key: Value,
    #[n(10)]
    pub(crate) epoch: u32,
    #[n(11)]
    pub(crate) slots: Vec<Option<Value>>,
    /// Steps and stuck nodes, by node.
    #[n(12)]
    pub(crate) active: BTreeMap<u32, Active>,
    /// In the order of their steps' starts.
    #[n(13)]
    pub(crate) debts: Vec<Debt>,
    /// Scopes that were undone; a `return` that leaves one undoes all around it.
    #[n(14)]
    pub(crate) rolled_back: BTreeSet<u32>,
    /// True once a pivot has succeeded: from there the instance only goes forward.
    #[n(15)]
    pub(crate) past_pivot: bool,
    #[n(16)]
    pub(crate) flow: Flow,
    /// A deadline that waits for the outcome of a pivot.
    #[n(17)]
    pub(crate) deferred: Option<Trigger>,
    #[n(18)]
    pub(crate) deadline_fired: bool,
    /// When undoing first began, and whether its deadline has fired.
    #[n(19)]
    pub(crate) unwinding_since: Option<Timestamp>,
    #[n(20)]
    pub(crate) compensation_overdue: bool,
    /// How many debts were undone.
    #[n(21)]
    pub(crate) undone: u32,
}

/// Where the instance is going.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Flow {
    #[n(0)]
    Forward,
    #[n(1)]
    Unwinding(#[n(0)] Unwind),
    #[n(2)]
    Ended(#[n(0)] Ending),
}

/// Debts are being undone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Unwind {
    /// Undo the debts of this scope and of those inside it; 0 for all.
    #[n(0)]
    pub(crate) scope: u32,
    #[n(1)]
    pub(crate) then: Then,
    /// How many debts there were at the beginning.
    #[n(2)]
    pub(crate) debts: u32,
}

/// What follows when the debts are settled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Then {
    /// The path goes on behind this node.
    #[n(0)]
    Continue(#[n(0)] u32),
    #[n(1)]
    End(#[n(0)] Ending),
}

/// What makes an instance undo its work from outside of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum Trigger {
    #[n(0)]
    Deadline,
}

/// How an instance ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Ending {
    /// With its result.
    #[n(0)]
    Completed(#[n(0)] Value),
    /// With a business error: the error's index in the plan's types, and its fields.
    #[n(1)]
    Failed(#[n(0)] u32, #[n(1)] Fields),
    /// Its deadline passed.
    #[n(2)]
    TimedOut,
}

/// Something that holds a place in the graph.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Active {
    #[n(0)]
    Step(#[n(0)] Box<Step>),
    /// A node whose expressions have no value.
    #[n(1)]
    Stuck(#[n(0)] Suspension),
}

/// A step under way.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Step {
    #[n(0)]
    pub(crate) epoch: u32,
    #[n(1)]
    pub(crate) args: Fields,
    /// Fixed when the step starts.
    #[n(2)]
    pub(crate) key: Option<String>,
    #[n(3)]
    pub(crate) attempt: u32,
    #[n(4)]
    pub(crate) confirm_attempt: u32,
    #[n(5)]
    pub(crate) started_at: Timestamp,
    /// When the latest attempt became outstanding.
    #[n(6)]
    pub(crate) dispatched_at: Timestamp,
    #[n(7)]
    pub(crate) total_due: Option<Timestamp>,
    /// Some attempt may have had its effect.
    #[n(8)]
    pub(crate) doubt: bool,
    /// The time for all attempts has passed.
    #[n(9)]
    pub(crate) overdue: bool,
    #[n(10)]
    pub(crate) phase: Phase,
}

/// What a step is doing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Phase {
    #[n(0)]
    Calling,
    #[n(1)]
    Backoff(#[n(0)] Timestamp),
    #[n(2)]
    Confirming,
    /// Asks again then.
    #[n(3)]
    ConfirmAt(#[n(0)] Timestamp),
    #[n(4)]
    Suspended(#[n(0)] Suspension),
}

/// Why a step, an undo or a node waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Suspension {
    /// An expression has no value.
    #[n(0)]
    Fault(#[n(0)] String),
    /// `ensure` without `else` does not hold.
    #[n(1)]
    EnsureFailed(#[n(0)] Name),
    /// All attempts are used up and no effect remains.
    #[n(2)]
    RetriesExhausted(#[n(0)] String),
    /// All attempts are used up, or no second one is safe, and the effect may be there.
    #[n(3)]
    UnknownOutcome(#[n(0)] String),
    /// The other side no longer remembers the idempotency key.
    #[n(4)]
    KeyExpired,
    /// An answer that the contract does not know, or data that breaks its type or rule; with the raw answer.
    #[n(5)]
    BadAnswer(#[n(0)] String, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
}

/// An effect that may have to be undone. Recorded before the step's first dispatch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Debt {
    /// The step that owes.
    #[n(0)]
    pub(crate) node: u32,
    #[n(1)]
    pub(crate) epoch: u32,
    /// The scope that it lies in; moves outwards when scopes end well.
    #[n(2)]
    pub(crate) scope: u32,
    /// The undoing operation.
    #[n(3)]
    pub(crate) undo: u32,
    #[n(4)]
    pub(crate) state: DebtState,
}

/// How far a debt is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum DebtState {
    /// The step is under way.
    #[n(0)]
    Pending,
    /// The effect is there; this undoes it.
    #[n(1)]
    Owed(#[n(0)] Box<Undo>),
    /// It is being undone.
    #[n(2)]
    Undoing(#[n(0)] Box<Undo>, #[n(1)] UndoPhase),
}

/// A bound undo call.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Undo {
    #[n(0)]
    pub(crate) args: Fields,
    #[n(1)]
    pub(crate) key: Option<String>,
    #[n(2)]
    pub(crate) attempt: u32,
    /// When the first attempt became outstanding.
    #[n(3)]
    pub(crate) since: Option<Timestamp>,
}

/// What an undo is doing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum UndoPhase {
    #[n(0)]
    Calling,
    #[n(1)]
    Backoff(#[n(0)] Timestamp),
    #[n(2)]
    Stuck(#[n(0)] Suspension),
}

/// The named states of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Something is being called.
    Running,
    /// Only timers run.
    Waiting,
    /// Nothing goes on until a person decides.
    Suspended,
    /// Effects are being undone.
    Compensating,
    /// An undo waits for a person, or undoing takes longer than its deadline.
    CompensationStuck,
    /// Ended with a result.
    Completed,
    /// Ended with a business error.
    Failed,
    /// Ended by its deadline.
    TimedOut,
}

impl Status {
    /// The state's name on every surface.
    pub fn word(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Waiting => "waiting",
            Status::Suspended => "suspended",
            Status::Compensating => "compensating",
            Status::CompensationStuck => "compensation_stuck",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::TimedOut => "timed_out",
        }
    }

    /// True when nothing will happen any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Status::Completed | Status::Failed | Status::TimedOut)
    }
}

/// Bytes that are no state of this build.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot cannot be read: {0}")]
pub struct StateError(String);

impl Instance {
    /// Whose state this is.
    pub fn id(&self) -> InstanceId {
        self.id
    }

    /// The world it lives in.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// What it executes.
    pub fn plan(&self) -> PlanHash {
        self.plan
    }

    /// The workflow's full name.
    pub fn workflow(&self) -> &Name {
        &self.workflow
    }

    /// The digest of its arguments.
    pub fn input_digest(&self) -> [u8; 32] {
        self.input_digest
    }

    /// When it started.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Its clock: the time of the last input.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// How many records were folded into it.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The chained hash over all its records: a record missing, added or changed changes it.
    pub fn chain(&self) -> [u8; 32] {
        self.chain
    }

    /// What its expressions may ask about it.
    pub(crate) fn workflow_facts(&self) -> Facts {
        Facts { key: self.key.clone(), id: Name::from(self.id.to_string()), started_at: self.started_at }
    }

    /// How it ended, if it has.
    pub fn ending(&self) -> Option<&Ending> {
        match &self.flow {
            Flow::Ended(ending) => Some(ending),
            _ => None,
        }
    }

    /// How many effects were undone.
    pub fn undone(&self) -> u32 {
        self.undone
    }

    /// Its named state.
    pub fn status(&self) -> Status {
        match &self.flow {
            Flow::Ended(Ending::Completed(_)) => Status::Completed,
            Flow::Ended(Ending::Failed(..)) => Status::Failed,
            Flow::Ended(Ending::TimedOut) => Status::TimedOut,
            Flow::Unwinding(_) if self.compensation_overdue || !self.suspensions().is_empty() => {
                Status::CompensationStuck
            }
            Flow::Unwinding(_) => Status::Compensating,
            Flow::Forward if !self.suspensions().is_empty() => Status::Suspended,
            Flow::Forward => {
                let calls = |active: &Active| matches!(active, Active::Step(step) if matches!(step.phase, Phase::Calling | Phase::Confirming));
                if self.active.values().any(calls) { Status::Running } else { Status::Waiting }
            }
        }
    }

    /// What waits for a person: the node's index and why.
    pub fn suspensions(&self) -> Vec<(u32, &Suspension)> {
        let active = self.active.iter().filter_map(|(node, active)| match active {
            Active::Stuck(why) => Some((*node, why)),
            Active::Step(step) => match &step.phase {
                Phase::Suspended(why) => Some((*node, why)),
                _ => None,
            },
        });
        let undos = self.debts.iter().filter_map(|debt| match &debt.state {
            DebtState::Undoing(_, UndoPhase::Stuck(why)) => Some((debt.node, why)),
            _ => None,
        });
        active.chain(undos).collect()
    }

    /// The state's bytes, for snapshots.
    pub fn encode(&self) -> Vec<u8> {
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// Reads a snapshot.
    pub fn decode(bytes: &[u8]) -> Result<Instance, StateError> {
        minicbor::decode(bytes).map_err(|e| StateError(e.to_string()))
    }

    /// BLAKE3-256 over the state's bytes: equal logs give equal hashes.
    pub fn hash(&self) -> [u8; 32] {
        *blake3::hash(&self.encode()).as_bytes()
    }
}

impl std::fmt::Display for Suspension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Suspension::Fault(why) => write!(f, "an expression has no value: {why}"),
            Suspension::EnsureFailed(text) => write!(f, "`ensure {text}` does not hold"),
            Suspension::RetriesExhausted(why) => write!(f, "all attempts are used up: {why}"),
            Suspension::UnknownOutcome(why) => write!(f, "it is not known whether it happened: {why}"),
            Suspension::KeyExpired => {
                f.write_str("its idempotency key is older than the other side remembers")
            }
            Suspension::BadAnswer(why, _) => write!(f, "the answer breaks the contract: {why}"),
        }
    }
}
