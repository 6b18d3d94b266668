//! Calls of this process: queued, under way, answered but not yet in the log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wfl_ir::Timestamp;
use wfl_machine::CallEffect;
use wfl_record::{InstanceId, Namespace};

use crate::event::CallId;
use crate::lanes::{LaneName, Lanes};

/// One call from dispatch until its answer is folded.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) instance: InstanceId,
    pub(crate) effect: CallEffect,
    pub(crate) phase: FlightPhase,
    /// When the attempt is over, silent or not.
    pub(crate) ends: Timestamp,
    /// An owner before this one may have sent it already: that it cannot be reached now proves nothing.
    pub(crate) again: bool,
    /// Where it waits to be sent.
    pub(crate) lane: LaneName,
    tenant: Namespace,
    priority: i64,
}

/// Whose call it is, and how soon it is sent when there is no room for all.
#[derive(Debug)]
pub(crate) struct Rank {
    pub(crate) lane: LaneName,
    pub(crate) tenant: Namespace,
    pub(crate) priority: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlightPhase {
    /// Waits for room, until this instant at most.
    Queued(Option<Timestamp>),
    /// Under way until this instant, unless whoever carries it out is silent for too long.
    Calling(Timestamp),
    /// Its answer is on the way into the log.
    Answered,
}

/// All calls of a partition.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    next: u64,
    all: BTreeMap<CallId, Flight>,
    pub(crate) lanes: Lanes,
    /// Permits of calls that ended, to be given back.
    pub(crate) returned: BTreeMap<Arc<str>, u32>,
    /// When attempts run out.
    ends: BTreeSet<(Timestamp, CallId)>,
    /// When those that wait for room are given up.
    patience: BTreeSet<(Timestamp, CallId)>,
    calling: usize,
}

impl Flights {
    /// Queues a call.
    pub(crate) fn add(
        &mut self,
        now: Timestamp,
        instance: InstanceId,
        effect: CallEffect,
        again: bool,
        Rank { lane, tenant, priority }: Rank,
    ) -> CallId {
        self.next += 1;
        let id = CallId(self.next);
        let until = effect.queue.map(|queue| now.plus(queue));
        self.patience.extend(until.map(|until| (until, id)));
        self.lanes.add(&lane, &tenant, priority, id);
        let phase = FlightPhase::Queued(until);
        let flight = Flight { instance, effect, phase, ends: now, again, lane, tenant, priority };
        self.all.insert(id, flight);
        id
    }

    /// A call that is answered without having been sent.
    pub(crate) fn add_answered(&mut self, instance: InstanceId, effect: CallEffect) -> CallId {
        self.next += 1;
        let id = CallId(self.next);
        let flight = Flight {
            instance,
            effect,
            phase: FlightPhase::Answered,
            ends: Timestamp(0),
            again: true,
            lane: None,
            tenant: Namespace::default(),
            priority: 0,
        };
        self.all.insert(id, flight);
        id
    }

    /// The next queued call, while fewer than `limit` are under way. The caller dispatches it.
    pub(crate) fn take_queued(&mut self, limit: usize) -> Option<CallId> {
        if self.calling < limit { self.lanes.take() } else { None }
    }

    pub(crate) fn get(&self, id: CallId) -> Option<&Flight> {
        self.all.get(&id)
    }

    /// The call is under way until an instant.
    pub(crate) fn sent(&mut self, id: CallId, now: Timestamp, ends: Timestamp) {
        let Some(flight) = self.all.get_mut(&id) else { return };
        if let FlightPhase::Queued(Some(until)) = flight.phase {
            self.patience.remove(&(until, id));
        }
        let until = flight.effect.heartbeat.map_or(ends, |silence| ends.min(now.plus(silence)));
        (flight.phase, flight.ends) = (FlightPhase::Calling(until), ends);
        self.ends.insert((until, id));
        self.calling += 1;
    }

    /// Whoever carries out a call is still at it.
    pub(crate) fn beat(&mut self, id: CallId, now: Timestamp) {
        let Some(flight) = self.all.get_mut(&id) else { return };
        if let (FlightPhase::Calling(until), Some(silence)) = (flight.phase, flight.effect.heartbeat) {
            let later = flight.ends.min(now.plus(silence));
            self.ends.remove(&(until, id));
            self.ends.insert((later, id));
            flight.phase = FlightPhase::Calling(later);
        }
    }

    /// A call that waits for room is given up; its answer goes into the log. False when it does not wait any more.
    pub(crate) fn given_up(&mut self, id: CallId) -> bool {
        let Some(flight) = self.all.get_mut(&id) else { return false };
        let FlightPhase::Queued(until) = flight.phase else { return false };
        if let Some(until) = until {
            self.patience.remove(&(until, id));
        }
        flight.phase = FlightPhase::Answered;
        self.lanes.remove(&flight.lane, &flight.tenant, flight.priority, id);
        true
    }

    /// Calls that nobody has taken up by now.
    pub(crate) fn never_taken(&self, now: Timestamp) -> Vec<CallId> {
        self.patience.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }

    /// The call has ended; its answer goes into the log. False when it was over already.
    pub(crate) fn answered(&mut self, id: CallId) -> bool {
        let Some(flight) = self.all.get_mut(&id) else { return false };
        let FlightPhase::Calling(until) = flight.phase else { return false };
        flight.phase = FlightPhase::Answered;
        self.ends.remove(&(until, id));
        self.calling -= 1;
        if let Some(lane) = &flight.lane {
            *self.returned.entry(Arc::clone(lane)).or_default() += 1;
        }
        true
    }

    /// Forgets a call. True when it was under way and has to be given up outside.
    pub(crate) fn remove(&mut self, id: CallId) -> bool {
        let was_calling = self.answered(id);
        if let Some(Flight { phase: FlightPhase::Queued(until), lane, tenant, priority, .. }) =
            self.all.remove(&id)
        {
            self.lanes.remove(&lane, &tenant, priority, id);
            if let Some(until) = until {
                self.patience.remove(&(until, id));
            }
        }
        was_calling
    }

    /// The first instant at which an attempt runs out, or is not waited for any longer.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        [&self.ends, &self.patience].into_iter().filter_map(|times| times.first()).map(|(at, _)| *at).min()
    }

    /// Calls whose time has run out by now.
    pub(crate) fn overdue(&self, now: Timestamp) -> Vec<CallId> {
        self.ends.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }
}
