//! Calls of this process: queued, under way, answered but not yet in the log.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wfl_ir::Timestamp;
use wfl_machine::CallEffect;
use wfl_record::InstanceId;

use crate::event::CallId;

/// One call from dispatch until its answer is folded.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) instance: InstanceId,
    pub(crate) effect: CallEffect,
    pub(crate) phase: FlightPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlightPhase {
    /// Waits for room.
    Queued,
    /// Under way until this instant.
    Calling(Timestamp),
    /// Its answer is on the way into the log.
    Answered,
}

/// All calls of a partition.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    next: u64,
    all: BTreeMap<CallId, Flight>,
    queue: VecDeque<CallId>,
    /// When attempts run out.
    ends: BTreeSet<(Timestamp, CallId)>,
    calling: usize,
}

impl Flights {
    /// Queues a call.
    pub(crate) fn add(&mut self, instance: InstanceId, effect: CallEffect) -> CallId {
        self.next += 1;
        let id = CallId(self.next);
        self.all.insert(id, Flight { instance, effect, phase: FlightPhase::Queued });
        self.queue.push_back(id);
        id
    }

    /// The next queued call, while fewer than `limit` are under way. The caller dispatches it.
    pub(crate) fn take_queued(&mut self, limit: usize) -> Option<CallId> {
        while self.calling < limit {
            let id = self.queue.pop_front()?;
            if self.all.get(&id).is_some_and(|flight| flight.phase == FlightPhase::Queued) {
                return Some(id);
            }
        }
        None
    }

    pub(crate) fn get(&self, id: CallId) -> Option<&Flight> {
        self.all.get(&id)
    }

    /// The call is under way until an instant.
    pub(crate) fn sent(&mut self, id: CallId, until: Timestamp) {
        if let Some(flight) = self.all.get_mut(&id) {
            flight.phase = FlightPhase::Calling(until);
            self.ends.insert((until, id));
            self.calling += 1;
        }
    }

    /// The call has ended; its answer goes into the log. False when it was over already.
    pub(crate) fn answered(&mut self, id: CallId) -> bool {
        let Some(flight) = self.all.get_mut(&id) else { return false };
        let FlightPhase::Calling(until) = flight.phase else { return false };
        flight.phase = FlightPhase::Answered;
        self.ends.remove(&(until, id));
        self.calling -= 1;
        true
    }

    /// Forgets a call. True when it was under way and has to be given up outside.
    pub(crate) fn remove(&mut self, id: CallId) -> bool {
        let was_calling = self.answered(id);
        self.all.remove(&id);
        was_calling
    }

    /// The first instant at which an attempt runs out.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(at, _)| *at)
    }

    /// Calls whose time has run out by now.
    pub(crate) fn overdue(&self, now: Timestamp) -> Vec<CallId> {
        self.ends.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }
}
