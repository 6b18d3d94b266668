//! Strands: what goes on in an instance, side by side.
//!
//! The body of a workflow is one strand; each branch of a `parallel` and each item of a `foreach` under way is another.
//! A strand does one thing at a time.

use std::collections::{BTreeMap, VecDeque};

use minicbor::{Decode, Encode};
use wfl_ir::{Fields, List, Name, Timestamp, Value};

use crate::ledger::{Entry, Group, Suspension};

/// The number of a strand in its instance. The body is 0.
pub(crate) type StrandId = u32;

/// The body's strand.
pub(crate) const BODY: StrandId = 0;

/// One strand.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Strand {
    /// The region of the plan that it runs in.
    #[n(0)]
    pub(crate) region: u32,
    /// The strand and the node that wait for its end; none for the body and for what lost.
    #[n(1)]
    pub(crate) parent: Option<(StrandId, u32)>,
    /// Its number among those that its parent started.
    #[n(2)]
    pub(crate) index: u32,
    /// The keys of the items around it, as in [`crate::CallRef`].
    #[n(3)]
    pub(crate) path: Option<Name>,
    /// The outermost compensation scope of what it owes.
    #[n(4)]
    pub(crate) base: u32,
    /// The compensation scope that it is in.
    #[n(5)]
    pub(crate) scope: u32,
    /// The slots of an item while another strand goes on.
    #[n(6)]
    pub(crate) slots: Vec<Option<Value>>,
    /// The loops under way, from the outside inwards: the node and the number of the round.
    #[n(7)]
    pub(crate) rounds: Vec<(u32, u32)>,
    /// What it owes, the oldest first.
    #[n(8)]
    pub(crate) ledger: Vec<Entry>,
    #[n(9)]
    pub(crate) doing: Doing,
    /// An `on Cancelled` handler is under way; behind it, this follows.
    #[n(10)]
    pub(crate) tidying: Option<Box<Tidying>>,
    /// What was done, for going back.
    #[n(11)]
    pub(crate) trail: Vec<Passed>,
    /// The outermost shield of its own that it is in.
    #[n(12)]
    pub(crate) shield: Option<u32>,
    /// Why it stops behind that shield.
    #[n(13)]
    pub(crate) stopped: Option<String>,
}

/// Something that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Passed {
    #[n(0)]
    pub(crate) node: u32,
    /// It has an effect that nothing undoes.
    #[n(1)]
    pub(crate) stays: bool,
    /// How long the ledger was before it.
    #[n(2)]
    pub(crate) owed: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Tidying {
    /// The node whose handler it is.
    #[n(0)]
    pub(crate) node: u32,
    #[n(1)]
    pub(crate) then: Then,
}

/// What a strand does.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Doing {
    /// Nothing: it is about to be told.
    #[n(0)]
    Idle,
    #[n(1)]
    Step(#[n(0)] u32, #[n(1)] Box<Step>),
    /// A node that a person has to look at.
    #[n(2)]
    Stuck(#[n(0)] u32, #[n(1)] Suspension),
    #[n(3)]
    Fork(#[n(0)] u32, #[n(1)] Box<Forked>),
    #[n(4)]
    Map(#[n(0)] u32, #[n(1)] Box<Mapped>),
    #[n(5)]
    Await(#[n(0)] u32, #[n(1)] Box<Awaiting>),
    /// `wait`.
    #[n(6)]
    Wait(#[n(0)] u32, #[n(1)] Timestamp),
    /// Between two rounds of a loop.
    #[n(7)]
    Pause(#[n(0)] u32, #[n(1)] Timestamp),
    #[n(8)]
    Run(#[n(0)] u32, #[n(1)] Box<Running>),
    /// Paused before a node.
    #[n(9)]
    Held(#[n(0)] u32),
    #[n(10)]
    Unwind(#[n(0)] Box<Unwind>),
    /// Strands undo what ran side by side.
    #[n(11)]
    Beside(#[n(0)] Box<Beside>),
    /// It begins with this node, and not before that time.
    #[n(12)]
    Delayed(#[n(0)] u32, #[n(1)] Timestamp),
    /// It begins with this node when it is its turn.
    #[n(13)]
    Queued(#[n(0)] u32),
}

/// Debts are being undone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Unwind {
    /// Undo the debts of this scope and of those inside it.
    #[n(0)]
    pub(crate) scope: u32,
    #[n(1)]
    pub(crate) then: Then,
    /// How many debts there were at the beginning.
    #[n(2)]
    pub(crate) debts: u32,
    /// What was going on, and has to be over first.
    #[n(3)]
    pub(crate) rest: Doing,
    /// The entries of the ledger before this one stay.
    #[n(4)]
    pub(crate) floor: u32,
}

/// What follows when the debts are settled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Then {
    /// The path goes on behind this node.
    #[n(0)]
    Continue(#[n(0)] u32),
    #[n(1)]
    End(#[n(0)] Ending),
    /// A handler of this node takes it: its number and the error's fields.
    #[n(2)]
    Catch(#[n(0)] u32, #[n(1)] u32, #[n(2)] Fields),
    /// The path goes on with this node.
    #[n(3)]
    Go(#[n(0)] u32),
    /// The strand is over.
    #[n(4)]
    Leave(#[n(0)] Left),
    /// The instance has ended before, and was undone for its parent.
    #[n(5)]
    Undone,
    /// The node begins anew, under a new epoch; steps that are kept are not repeated, and what they owe stays.
    #[n(6)]
    Rewind(#[n(0)] u32, #[n(1)] Vec<u32>, #[n(2)] Vec<Entry>),
    /// An error of this node goes to its handlers, or outwards.
    #[n(7)]
    Raise(#[n(0)] u32, #[n(1)] Raised),
}

/// How a strand left without a value.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Left {
    #[n(0)]
    Failed(#[n(0)] Raised),
    #[n(1)]
    Stopped,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Raised {
    /// An error of the plan's types.
    #[n(0)]
    Declared(#[n(0)] u32, #[n(1)] Fields),
    #[n(1)]
    Timeout,
    #[n(2)]
    Unavailable,
    /// A join got so many branches, and needs more.
    #[n(3)]
    Shortfall(#[n(0)] u32),
    /// An error that the plan does not speak of.
    #[n(4)]
    Foreign(#[n(0)] Name, #[n(1)] Fields),
    #[n(5)]
    Cancelled,
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
    /// It was cancelled.
    #[n(3)]
    Cancelled,
    /// It was killed: nothing was undone, nothing waited for.
    #[n(4)]
    Killed,
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
    /// When the latest attempt became outstanding, or was given up, by the stamps of the log.
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
    /// Who claimed the one attempt of an `at most once` operation.
    #[n(11)]
    pub(crate) claim: Option<u64>,
    /// When the latest question what became of it became outstanding, by the stamps of the log.
    #[n(12)]
    pub(crate) asked_at: Timestamp,
    /// It is only asked whether its attempt had an effect, too: the one that the step went on with is this attempt's.
    #[n(13)]
    pub(crate) twin_of: Option<u32>,
}

/// What a step is doing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Phase {
    /// An attempt is outstanding.
    #[n(0)]
    Calling,
    #[n(1)]
    Backoff(#[n(0)] Timestamp),
    /// The question what became of it is outstanding.
    #[n(2)]
    Confirming,
    #[n(3)]
    ConfirmAt(#[n(0)] Timestamp),
    #[n(4)]
    Suspended(#[n(0)] Suspension),
}

/// A `parallel` under way.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Forked {
    #[n(0)]
    pub(crate) branches: Vec<Branch>,
    /// When its time is up.
    #[n(1)]
    pub(crate) due: Option<Timestamp>,
    /// What it ends with once all branches are settled; none while it may still end well.
    #[n(2)]
    pub(crate) verdict: Option<Raised>,
    /// It is undone with what is around it.
    #[n(3)]
    pub(crate) stopping: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Branch {
    #[n(0)]
    Live(#[n(0)] StrandId),
    /// It has its value, and owes this.
    #[n(1)]
    Done(#[n(0)] Vec<Entry>),
    /// It failed, or was stopped, and owes nothing.
    #[n(2)]
    Gone,
}

/// A `foreach` under way.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Mapped {
    #[n(0)]
    pub(crate) items: List,
    /// The text of each item's key.
    #[n(1)]
    pub(crate) keys: Vec<Name>,
    /// The next item to begin.
    #[n(2)]
    pub(crate) next: u32,
    /// The items under way.
    #[n(3)]
    pub(crate) live: BTreeMap<u32, StrandId>,
    /// What items that ended well gave.
    #[n(4)]
    pub(crate) values: BTreeMap<u32, Value>,
    /// What items that ended well owe.
    #[n(5)]
    pub(crate) owed: BTreeMap<u32, Vec<Entry>>,
    /// The errors of items that failed.
    #[n(6)]
    pub(crate) failed: BTreeMap<u32, Name>,
    /// When the latest items began, for the rate.
    #[n(7)]
    pub(crate) begun: VecDeque<Timestamp>,
    /// When more may begin.
    #[n(8)]
    pub(crate) more_at: Option<Timestamp>,
    /// As in [`Forked`].
    #[n(9)]
    pub(crate) verdict: Option<Raised>,
    #[n(10)]
    pub(crate) stopping: bool,
}

/// A message or a decision is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Awaiting {
    #[n(0)]
    pub(crate) epoch: u32,
    /// When its time is up.
    #[n(1)]
    pub(crate) due: Option<Timestamp>,
    /// When the next reminder goes out.
    #[n(2)]
    pub(crate) remind_at: Option<Timestamp>,
    /// How many went out.
    #[n(3)]
    pub(crate) reminders: u32,
    /// The reminder under way.
    #[n(4)]
    pub(crate) reminder: Option<Box<Reminder>>,
    /// The task, if people are asked.
    #[n(5)]
    pub(crate) task: Option<Box<Asked>>,
}

/// A reminder that an operation carries.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Reminder {
    #[n(0)]
    pub(crate) args: Fields,
    #[n(1)]
    pub(crate) key: Option<String>,
    /// Counted over all reminders of the wait.
    #[n(2)]
    pub(crate) attempt: u32,
    /// How many attempts this one has had.
    #[n(3)]
    pub(crate) tries: u32,
    #[n(4)]
    pub(crate) phase: ReminderPhase,
}

/// What a reminder is doing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum ReminderPhase {
    #[n(0)]
    Calling,
    #[n(1)]
    Backoff(#[n(0)] Timestamp),
    /// It was carried, or given up.
    #[n(2)]
    Over,
}

/// What people are asked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Asked {
    #[n(0)]
    pub(crate) title: Option<Name>,
    #[n(1)]
    pub(crate) shown: Option<Value>,
    /// The digest of title and what is shown.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) digest: [u8; 32],
    /// Who may answer.
    #[n(3)]
    pub(crate) roles: Vec<Name>,
    /// When which roles are asked besides.
    #[n(4)]
    pub(crate) escalations: Vec<(Timestamp, Name)>,
    /// How many of these have come.
    #[n(5)]
    pub(crate) escalated: u32,
    /// The answers so far: who, and what.
    #[n(6)]
    pub(crate) answers: Vec<(Name, Value)>,
    #[n(7)]
    pub(crate) asked_at: Timestamp,
}

/// A child that is started or waited for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Running {
    #[n(0)]
    pub(crate) epoch: u32,
    #[n(1)]
    pub(crate) args: Fields,
    /// When its time is up.
    #[n(2)]
    pub(crate) due: Option<Timestamp>,
    /// Its time is up.
    #[n(3)]
    pub(crate) overdue: bool,
    /// Why it is told to stop, if it is.
    #[n(4)]
    pub(crate) cancel: Option<String>,
    /// What it did stays then.
    #[n(5)]
    pub(crate) stays: bool,
}

/// Strands that undo what ran side by side.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Beside {
    #[n(0)]
    pub(crate) live: Vec<StrandId>,
    /// What waits for its turn; the last first.
    #[n(1)]
    pub(crate) waiting: Vec<Group>,
}

impl Strand {
    /// A strand that is about to begin.
    pub(crate) fn new(region: u32, parent: Option<(StrandId, u32)>, index: u32, base: u32) -> Strand {
        Strand {
            region,
            parent,
            index,
            path: None,
            base,
            scope: base,
            slots: Vec::new(),
            rounds: Vec::new(),
            ledger: Vec::new(),
            doing: Doing::Idle,
            tidying: None,
            trail: Vec::new(),
            shield: None,
            stopped: None,
        }
    }

    /// What goes on, or what has to be over before undoing goes on.
    pub(crate) fn activity(&self) -> &Doing {
        match &self.doing {
            Doing::Unwind(unwind) => &unwind.rest,
            doing => doing,
        }
    }

    pub(crate) fn activity_mut(&mut self) -> &mut Doing {
        match &mut self.doing {
            Doing::Unwind(unwind) => &mut unwind.rest,
            doing => doing,
        }
    }

    /// Whether it undoes what it did.
    pub(crate) fn unwinds(&self) -> bool {
        matches!(self.doing, Doing::Unwind(_))
    }
}

impl Doing {
    /// The node that holds the place.
    pub(crate) fn node(&self) -> Option<u32> {
        match self {
            Doing::Step(node, _)
            | Doing::Stuck(node, _)
            | Doing::Fork(node, _)
            | Doing::Map(node, _)
            | Doing::Await(node, _)
            | Doing::Wait(node, _)
            | Doing::Delayed(node, _)
            | Doing::Queued(node)
            | Doing::Pause(node, _)
            | Doing::Run(node, _)
            | Doing::Held(node) => Some(*node),
            Doing::Idle | Doing::Unwind(_) | Doing::Beside(_) => None,
        }
    }

    /// In which life of the instance it began, where that is kept.
    pub(crate) fn epoch(&self) -> Option<u32> {
        match self {
            Doing::Step(_, step) => Some(step.epoch),
            Doing::Await(_, awaiting) => Some(awaiting.epoch),
            Doing::Run(_, running) => Some(running.epoch),
            _ => None,
        }
    }

    /// The strands that it waits for.
    pub(crate) fn strands(&self) -> Vec<StrandId> {
        match self {
            Doing::Fork(_, forked) => forked.live(),
            Doing::Map(_, mapped) => mapped.live.values().copied().collect(),
            Doing::Beside(beside) => beside.live.clone(),
            _ => Vec::new(),
        }
    }
}

impl Forked {
    /// The strands under way.
    pub(crate) fn live(&self) -> Vec<StrandId> {
        let live = |branch: &Branch| match branch {
            Branch::Live(id) => Some(*id),
            _ => None,
        };
        self.branches.iter().filter_map(live).collect()
    }

    /// How many branches have their value.
    pub(crate) fn done(&self) -> usize {
        self.branches.iter().filter(|branch| matches!(branch, Branch::Done(_))).count()
    }
}

/// Where a strand is, as in [`crate::CallRef`].
pub(crate) fn place(strand: &Strand) -> Option<Name> {
    if strand.rounds.is_empty() {
        return strand.path.clone();
    }
    let rounds = strand.rounds.iter().map(|(_, round)| format!("#{round}"));
    let all: Vec<String> = strand.path.iter().map(|path| path.to_string()).chain(rounds).collect();
    Some(Name::from(all.join("/")))
}
