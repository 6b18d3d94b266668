//! What a partition holds of one instance.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use wfl_ir::{Plan, Timestamp};
use wfl_machine::{CallRef, Input, Instance, TimerEffect};
use wfl_record::{Envelope, InstanceId, Namespace, Position, Record, Stamp};

use crate::event::CallId;

/// An instance in the table.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// The folded state; none before the start is folded.
    pub(crate) state: Option<Instance>,
    /// The plan, once it is known.
    pub(crate) plan: Option<Arc<Plan>>,
    /// Records that wait for a plan or a blob, in order.
    pub(crate) parked: VecDeque<Parked>,
    /// Why nothing is folded any more.
    pub(crate) quarantine: Option<String>,
    /// Calls that are under way or answered, by what they are for.
    pub(crate) flights: BTreeMap<CallRef, CallId>,
    /// Children that are started, waited for, or told something.
    pub(crate) runs: BTreeMap<CallRef, RunState>,
    /// Letters that were sent, and whether they are known to have come.
    pub(crate) letters: BTreeMap<u32, bool>,
    /// Calls whose claim is on its way into the log.
    pub(crate) claims: BTreeSet<CallRef>,
    /// Timers in the wheel.
    pub(crate) timers: Vec<TimerEffect>,
    /// The world it lives in, as far as it is known without its state.
    pub(crate) namespace: Option<Namespace>,
    /// What is stored of it is being read; until then its records wait.
    pub(crate) returning: bool,
    /// The last record folded into the state.
    pub(crate) folded: Position,
    /// Records up to here were told of before.
    pub(crate) told: Position,
    /// The record as of which its snapshot is.
    pub(crate) saved: Position,
    /// How many records were folded since.
    pub(crate) unsaved: u32,
    /// The first record that no snapshot has.
    pub(crate) unsaved_from: Option<Position>,
    /// A snapshot as of this record is on its way.
    pub(crate) saving: Option<Position>,
    /// Nothing is to be done for it but to wait.
    pub(crate) quiet: bool,
    /// Somebody who is no more may have sent what is outstanding.
    pub(crate) sent_before: bool,
    /// When it is laid to rest, if nothing happens.
    pub(crate) rests_at: Option<Timestamp>,
}

/// An instance that is not in memory: it waits, and what is known of it stands in the journal.
#[derive(Debug)]
pub(crate) struct Rest {
    /// The last record folded into its state.
    pub(crate) folded: Position,
    pub(crate) namespace: Namespace,
    /// Its timers, which are in the wheel.
    pub(crate) timers: Box<[TimerEffect]>,
    /// The first record that no snapshot has.
    pub(crate) unsaved_from: Option<Position>,
}

/// How far a child is, as this process knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunState {
    /// Its start is on its way into the log.
    Starting(InstanceId),
    /// It is to be found out whether the one with its key is this one.
    Comparing(InstanceId),
    /// Its start is in the log.
    Started(InstanceId),
    /// It was told that nobody waits for it, or to stop.
    Told(InstanceId),
    /// It cannot start, and its parent is told so.
    Refused,
}

/// A record that waits.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) position: Position,
    pub(crate) at: Stamp,
    pub(crate) envelope: Envelope,
    pub(crate) input: Input,
}

impl Parked {
    pub(crate) fn new(record: Record, input: Input) -> Parked {
        Parked { position: record.position, at: record.at, envelope: record.envelope, input }
    }
}

/// What can be seen of an instance from outside.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The folded state; none before the start could be folded.
    pub state: Option<&'a Instance>,
    /// Its plan.
    pub plan: Option<&'a Arc<Plan>>,
    /// Why it takes nothing more.
    pub quarantine: Option<&'a str>,
    /// True while records wait for a plan or a blob.
    pub parked: bool,
    /// True while what is stored of it is being read.
    pub returning: bool,
    /// The next instant at which a timer fires.
    pub next_timer: Option<Timestamp>,
}

impl Slot {
    pub(crate) fn view(&self) -> View<'_> {
        View {
            state: self.state.as_ref(),
            plan: self.plan.as_ref(),
            quarantine: self.quarantine.as_deref(),
            parked: !self.parked.is_empty(),
            returning: self.returning,
            next_timer: self.timers.iter().map(|timer| timer.due).min(),
        }
    }
}
