//! Ledgers: what a strand owes, in the order in which it was done.

use minicbor::{Decode, Encode};
use wfl_ir::{Fields, Name, Timestamp, Value};
use wfl_record::InstanceId;

use crate::call::CallRef;

/// Why something waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Suspension {
    /// An expression has no value, or arguments break a rule.
    #[n(0)]
    Fault(#[n(0)] String),
    /// An `ensure` without `else` did not hold; with the condition as written.
    #[n(1)]
    EnsureFailed(#[n(0)] Name),
    /// No attempt is left, and no handler takes it.
    #[n(2)]
    RetriesExhausted(#[n(0)] String),
    /// It is not known whether the effect is there.
    #[n(3)]
    UnknownOutcome(#[n(0)] String),
    /// The other side no longer remembers the idempotency key.
    #[n(4)]
    KeyExpired,
    /// An answer that the contract does not know, or data that breaks its type or rule; with the raw answer.
    #[n(5)]
    BadAnswer(#[n(0)] String, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
    /// A child ended in a way that its parent does not know.
    #[n(6)]
    ChildEnded(#[n(0)] String),
    /// Of a call without a key one attempt has had its effect, and it is not known whether a later one has had it too;
    /// with the numbers of both.
    #[n(7)]
    PerhapsTwice(#[n(0)] u32, #[n(1)] u32),
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
            Suspension::ChildEnded(why) => write!(f, "the child workflow {why}"),
            Suspension::PerhapsTwice(known, doubt) => {
                write!(
                    f,
                    "perhaps done twice: attempt {known} has had its effect, and attempt {doubt} may have"
                )
            }
        }
    }
}

impl From<wfl_eval::Fault> for Suspension {
    fn from(fault: wfl_eval::Fault) -> Suspension {
        Suspension::Fault(fault.to_string())
    }
}

/// Something that may have to be undone, in the compensation scope that it lies in; it moves outwards when scopes end
/// well.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Entry {
    #[n(0)]
    pub(crate) scope: u32,
    #[n(1)]
    pub(crate) owed: Owed,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Owed {
    /// The effect of a step.
    #[n(0)]
    Debt(#[n(0)] Box<Debt>),
    /// What ran side by side is undone side by side, at most so many at once.
    #[n(1)]
    Beside(#[n(0)] Vec<Group>, #[n(1)] Option<u32>),
    /// Branches that lost: they undo themselves, and nothing before them is undone until they have.
    #[n(2)]
    Losers(#[n(0)] Vec<u32>),
    /// What a child did.
    #[n(3)]
    Child(#[n(0)] Box<ChildDebt>),
}

/// What one of several strands owes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Group {
    #[n(0)]
    pub(crate) region: u32,
    #[n(1)]
    pub(crate) path: Option<Name>,
    /// The scope that all of it lies in.
    #[n(2)]
    pub(crate) scope: u32,
    #[n(3)]
    pub(crate) ledger: Vec<Entry>,
}

/// An effect that may have to be undone. Recorded before the step's first dispatch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Debt {
    /// The step that owes.
    #[n(0)]
    pub(crate) node: u32,
    #[n(1)]
    pub(crate) epoch: u32,
    /// The path of its strand when it was done.
    #[n(2)]
    pub(crate) path: Option<Name>,
    /// The undoing operation.
    #[n(3)]
    pub(crate) undo: u32,
    #[n(4)]
    pub(crate) state: DebtState,
    /// As in [`CallRef`].
    #[n(5)]
    pub(crate) late: Option<u32>,
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

/// What a child did, for as long as its parent may have to undo it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ChildDebt {
    /// The parent's step.
    #[n(0)]
    pub(crate) call: CallRef,
    #[n(1)]
    pub(crate) node: u32,
    #[n(2)]
    pub(crate) child: InstanceId,
    /// The child has been told to undo.
    #[n(3)]
    pub(crate) undoing: bool,
}

/// A call that was taken to have had no effect: should it turn out otherwise, its effect is owed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Absent {
    /// The last attempt.
    #[n(0)]
    pub(crate) call: CallRef,
    #[n(1)]
    pub(crate) node: u32,
    #[n(2)]
    pub(crate) args: Fields,
    /// The attempts whose effects are known after all.
    #[n(3)]
    pub(crate) known: Vec<u32>,
    /// The value of an effect that was found by asking, and that the step went on with, until it is known whose it is.
    #[n(4)]
    pub(crate) found: Option<Value>,
}

impl Absent {
    /// Whether it is about the step of a call.
    pub(crate) fn is_of(&self, call: &CallRef) -> bool {
        self.call.step == call.step && self.call.item == call.item && self.call.epoch == call.epoch
    }
}

/// A message that goes to another instance until it is in that one's log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Letter {
    #[n(0)]
    pub(crate) number: u32,
    #[n(1)]
    pub(crate) to: InstanceId,
    #[n(2)]
    pub(crate) news: Mail,
}

/// What stands in a letter.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Mail {
    /// This instance ended, for its parent.
    #[n(0)]
    Ended,
    /// What this instance did is undone, for its parent.
    #[n(1)]
    Undone,
    /// A child undoes what it did.
    #[n(2)]
    Undo,
    /// A child keeps what it did.
    #[n(3)]
    Commit,
    /// This instance wants to run, for its turnstile.
    #[n(4)]
    Enter,
    /// This instance does not need its turn any more: all that it has, or the one that came too late.
    #[n(5)]
    Leave(#[n(0)] Option<u64>),
    /// This instance ended, for the schedule that it was started by.
    #[n(6)]
    Over,
}

impl Entry {
    /// The debt of a step, if it is one.
    pub(crate) fn debt(&self) -> Option<&Debt> {
        match &self.owed {
            Owed::Debt(debt) => Some(debt),
            _ => None,
        }
    }

    pub(crate) fn debt_mut(&mut self) -> Option<&mut Debt> {
        match &mut self.owed {
            Owed::Debt(debt) => Some(debt),
            _ => None,
        }
    }

    /// The step that owes it.
    pub(crate) fn owner(&self) -> Option<u32> {
        match &self.owed {
            Owed::Debt(debt) => Some(debt.node),
            Owed::Child(debt) => Some(debt.node),
            Owed::Beside(..) | Owed::Losers(_) => None,
        }
    }

    /// How many effects it stands for.
    pub(crate) fn weight(&self) -> u32 {
        match &self.owed {
            Owed::Debt(_) | Owed::Child(_) => 1,
            Owed::Losers(_) => 0,
            Owed::Beside(groups, _) => groups.iter().map(|group| weight(&group.ledger)).sum(),
        }
    }
}

/// How many effects a ledger stands for.
pub(crate) fn weight(ledger: &[Entry]) -> u32 {
    ledger.iter().map(Entry::weight).sum()
}
