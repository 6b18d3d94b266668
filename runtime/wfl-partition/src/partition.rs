//! The partition: its table of instances, its timer wheel and the entry for events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wfl_ir::{Duration, Plan, PlanHash, Timestamp};
use wfl_machine::{CallRef, TimerEffect};
use wfl_record::{InstanceId, MessageId, Position};

use crate::calendar::{Calendar, Steps};
use crate::entity::Kept;
use crate::event::{Action, Event, Role};
use crate::flights::Flights;
use crate::gates::Limits;
use crate::janitor::Janitor;
use crate::outbox::Outbox;
use crate::pending::Pending;
use crate::slot::{Rest, Slot, View};

/// Limits of a partition.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many calls may be under way at once; more are queued.
    pub max_calls: usize,
    /// The pause before a refused append, or a missing plan, is asked for again.
    pub repeat_after: Duration,
    /// How many partitions the journal has: where other instances are.
    pub partitions: u32,
    /// A number that no other process has, for the claims of calls that are sent once at most.
    pub nonce: u64,
    /// When instances leave the memory; none for never.
    pub rest: Option<Resting>,
    /// For how long what has ended is kept; none for ever. All processes on a journal keep it as long.
    pub retention: Option<Duration>,
}

/// When instances are written down as they are, and leave the memory. They come back when something happens to them.
#[derive(Clone, Copy, Debug)]
pub struct Resting {
    /// After so long without anything that happens. One that has ended leaves, too.
    pub after: Duration,
    /// So many are in memory at most, if they only wait or have ended.
    pub most: usize,
    /// After so many records the state is written down, whatever goes on.
    pub snapshot_every: u32,
    /// A state that is not written down holds back where the log is read from after a restart. So many records behind,
    /// it is written down.
    pub lag: u64,
}

impl Default for Resting {
    fn default() -> Self {
        Resting { after: Duration::from_secs(30), most: 4_096, snapshot_every: 64, lag: 50_000 }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            max_calls: 512,
            repeat_after: Duration::from_millis(500),
            partitions: 1,
            nonce: 0,
            rest: Some(Resting::default()),
            retention: Some(Duration::from_secs(7 * 24 * 3_600)),
        }
    }
}

/// One partition of the engine. Its state is volatile: the log, folded anew, gives it back.
#[derive(Debug)]
pub struct Partition {
    pub(crate) id: wfl_record::Partition,
    pub(crate) options: Options,
    pub(crate) role: Role,
    /// The last record folded or parked.
    pub(crate) position: Position,
    /// How often records were gone before they could be read.
    pub(crate) gaps: u64,
    pub(crate) slots: BTreeMap<InstanceId, Slot>,
    /// Instances that wait and are not in memory.
    pub(crate) resting: BTreeMap<InstanceId, Rest>,
    /// Instances that only wait or have ended, by when they leave the memory.
    pub(crate) idle: BTreeSet<(Timestamp, InstanceId)>,
    /// The first record of each instance that no snapshot has.
    pub(crate) unsaved: BTreeSet<(Position, InstanceId)>,
    /// How many snapshots are on their way.
    pub(crate) saving: usize,
    /// Up to where records are not needed any more, as it was told last, and when.
    pub(crate) watermark: (Position, Timestamp),
    pub(crate) plans: BTreeMap<PlanHash, Arc<Plan>>,
    /// Plans asked for, with the instances that wait.
    pub(crate) wanted_plans: BTreeMap<PlanHash, BTreeSet<InstanceId>>,
    /// Instances that wait for their arguments, by hash.
    pub(crate) wanted_blobs: BTreeMap<InstanceId, [u8; 32]>,
    pub(crate) flights: Flights,
    /// Operations whose calls need permits.
    pub(crate) limits: Arc<Limits>,
    /// The timer wheel.
    pub(crate) wheel: BTreeSet<(TimerEffect, InstanceId)>,
    /// Appends that were asked for and not yet folded. Bounded by what is outstanding.
    pub(crate) appends: Pending,
    /// Records for other instances that were asked for and not yet acknowledged.
    pub(crate) posts: Outbox,
    /// Turnstiles and schedules that are not empty, or were not lately.
    pub(crate) kept: BTreeMap<InstanceId, Kept>,
    /// Those of them that are empty, by when they leave the memory.
    pub(crate) deserted: BTreeSet<(Timestamp, InstanceId)>,
    /// When the next times of schedules are.
    pub(crate) occasions: BTreeSet<(Timestamp, InstanceId)>,
    pub(crate) calendar: Arc<dyn Calendar>,
    /// Calls of operations that are sent once at most, that this process has sent.
    pub(crate) sent_once: BTreeSet<(InstanceId, CallRef)>,
    /// What has ended long ago, and how far the log was looked through for it.
    pub(crate) janitor: Janitor,
    /// What is to be asked for again, and when.
    pub(crate) repeats: BTreeSet<(Timestamp, Repeat)>,
}

/// Something that failed and is tried again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Repeat {
    Append(InstanceId, MessageId),
    Post(InstanceId, MessageId),
    Start(InstanceId),
    Stored(InstanceId),
    Plan(PlanHash),
    Blob(InstanceId),
    Purge(InstanceId),
}

impl Partition {
    /// A partition that knows nothing yet, on standby.
    pub fn new(id: wfl_record::Partition, options: Options) -> Partition {
        Partition {
            id,
            options,
            role: Role::Standby,
            position: Position::ZERO,
            gaps: 0,
            slots: BTreeMap::new(),
            resting: BTreeMap::new(),
            idle: BTreeSet::new(),
            unsaved: BTreeSet::new(),
            saving: 0,
            watermark: (Position::ZERO, Timestamp(0)),
            plans: BTreeMap::new(),
            wanted_plans: BTreeMap::new(),
            wanted_blobs: BTreeMap::new(),
            flights: Flights::default(),
            limits: Arc::default(),
            wheel: BTreeSet::new(),
            appends: Pending::default(),
            posts: Outbox::default(),
            kept: BTreeMap::new(),
            deserted: BTreeSet::new(),
            occasions: BTreeSet::new(),
            calendar: Arc::new(Steps),
            sent_once: BTreeSet::new(),
            janitor: Janitor::default(),
            repeats: BTreeSet::new(),
        }
    }

    /// With limits of operations: whoever drives the partition answers [`Action::NeedPermits`].
    #[must_use]
    pub fn with_limits(self, limits: Arc<Limits>) -> Partition {
        Partition { limits, ..self }
    }

    /// With a calendar for its schedules; otherwise it knows equal distances only.
    #[must_use]
    pub fn with_calendar(self, calendar: Arc<dyn Calendar>) -> Partition {
        Partition { calendar, ..self }
    }

    /// Takes an event at an instant; what is to be done outside is added to `out`.
    pub fn handle(&mut self, now: Timestamp, event: Event, out: &mut Vec<Action>) {
        match event {
            Event::Role(role) => self.set_role(now, role, out),
            Event::Record(record) => self.record(now, record, out),
            Event::Removed => self.gaps += 1,
            Event::Damaged(instance, reason) => self.quarantine(instance, reason, out),
            Event::Snapshots(watermark, snapshots) => self.restore(now, watermark, snapshots, out),
            Event::Stored(instance, stored) => self.stored(now, instance, stored, out),
            Event::Saved(instance, position, result) => self.saved(now, instance, position, result, out),
            Event::Expired(after, found) => self.expired(now, after, found, out),
            Event::Purged(instance, result) => self.purged(now, instance, result, out),
            Event::Look(instance) => self.look(instance, out),
            Event::Plan(hash, plan) => self.plan_came(now, hash, plan, out),
            Event::Blob(instance, bytes) => self.blob_came(now, instance, bytes, out),
            Event::Start(instance, start) => self.start_came(now, instance, start, out),
            Event::Permits(operation, count) => self.flights.lanes.permitted(operation, count),
            Event::Beat(call) => self.flights.beat(call, now),
            Event::Answer(call, outcome) => self.answered(call, outcome, out),
            Event::Appended(instance, id, result) => self.appended(now, instance, id, result, out),
            Event::Wake => self.wake(now, out),
        }
        self.purge_found(out);
        self.dispatch_queued(now, out);
        self.give_back_permits(out);
        self.make_room(now, out);
    }

    /// The instant at which the partition wants [`Event::Wake`].
    pub fn next_wake(&self) -> Option<Timestamp> {
        let owner = self.role == Role::Owner;
        let timer = self.wheel.first().filter(|_| owner).map(|(timer, _)| timer.due);
        let repeat = self.repeats.first().map(|(at, _)| *at);
        let first = |times: &BTreeSet<(Timestamp, InstanceId)>| times.first().map(|(at, _)| *at);
        let entities = [first(&self.deserted), first(&self.occasions)];
        let look = self.janitor.wakes();
        let instances = [timer, self.flights.next_end(), repeat, self.next_rest(), look];
        instances.into_iter().chain(entities).flatten().min()
    }

    /// What is known of an instance.
    pub fn view(&self, instance: &InstanceId) -> Option<View<'_>> {
        self.slots.get(instance).map(Slot::view)
    }

    /// Whether what is needed to know an instance is on its way: its records, its plan, its arguments. Not while one of
    /// them could not be had.
    pub fn is_reading(&self, instance: &InstanceId) -> bool {
        let Some(slot) = self.slots.get(instance) else { return false };
        let fails = |what: Repeat| self.repeats.iter().any(|(_, repeat)| *repeat == what);
        let mut plans = self.wanted_plans.iter().filter(|(_, waiting)| waiting.contains(instance));
        let plan = plans.any(|(hash, _)| !fails(Repeat::Plan(*hash)));
        let blob = self.wanted_blobs.contains_key(instance) && !fails(Repeat::Blob(*instance));
        slot.returning || slot.quarantine.is_none() && (plan || blob)
    }

    /// Whether an instance waits outside of the memory.
    pub fn rests(&self, instance: &InstanceId) -> bool {
        self.resting.contains_key(instance)
    }

    /// Every instance in the table, in the order of ids.
    pub fn instances(&self) -> impl Iterator<Item = (&InstanceId, View<'_>)> {
        self.slots.iter().map(|(id, slot)| (id, slot.view()))
    }

    /// The last record that was seen.
    pub fn position(&self) -> Position {
        self.position
    }

    fn set_role(&mut self, now: Timestamp, role: Role, out: &mut Vec<Action>) {
        self.role = role;
        self.walk_anew(now);
        // Timers that were on their way into the log may not have got there: all are set anew.
        self.wheel.clear();
        self.slots.values_mut().for_each(|slot| slot.timers.clear());
        let resting =
            self.resting.iter().flat_map(|(id, rest)| rest.timers.iter().map(|it| (it.clone(), *id)));
        self.wheel.extend(resting);
        let all: Vec<InstanceId> = self.slots.keys().copied().collect();
        for instance in all {
            match role {
                Role::Owner if self.may_be_gone(now, &instance) => self.read_again(instance, out),
                Role::Owner => self.sync_as(now, instance, true, out),
                Role::Standby => {
                    self.give_up_calls(instance, out);
                    self.sync(now, instance, out);
                }
            }
        }
        self.kept.values_mut().for_each(Kept::forget_asked);
        let kept: Vec<InstanceId> = self.kept.keys().copied().collect();
        kept.into_iter().for_each(|id| self.take_up(id, out));
        if role == Role::Standby {
            self.appends.clear();
            self.posts.clear();
            self.repeats.retain(|(_, repeat)| {
                matches!(repeat, Repeat::Plan(_) | Repeat::Blob(_) | Repeat::Stored(_))
            });
        }
    }

    fn wake(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        if self.role == Role::Owner {
            self.fire_timers(now, out);
            self.occasions_come(now, out);
            for call in self.flights.overdue(now) {
                self.attempt_ran_out(call, out);
            }
            for call in self.flights.never_taken(now) {
                self.gave_up_queueing(call, out);
            }
        }
        while let Some((_, repeat)) = self.repeats.pop_first_if_due(now) {
            self.repeat(repeat, out);
        }
        self.rest_idle(now, out);
        self.leave_deserted(now, out);
        self.look_for_expired(now, out);
    }

    fn repeat(&mut self, repeat: Repeat, out: &mut Vec<Action>) {
        match repeat {
            Repeat::Append(instance, id) => {
                out.extend(self.appends.get(&instance, &id).cloned().map(Action::Append));
            }
            Repeat::Post(instance, id) => {
                let record = self.posts.first(&(instance, id)).map(|post| post.record.clone());
                out.extend(record.map(Action::Append));
            }
            Repeat::Start(instance) => out.push(Action::NeedStart(instance)),
            Repeat::Stored(instance) => {
                let records_only = self.kept.contains_key(&instance);
                out.push(Action::NeedInstance { instance, records_only });
            }
            Repeat::Plan(hash) => out.push(Action::NeedPlan(hash)),
            Repeat::Purge(instance) => self.purge_again(instance, out),
            Repeat::Blob(instance) => {
                let wanted = self.wanted_blobs.get(&instance);
                out.extend(wanted.map(|hash| Action::NeedBlob(instance, *hash)));
            }
        }
    }
}

/// Takes what is due out of a time-ordered set.
trait PopDue {
    fn pop_first_if_due(&mut self, now: Timestamp) -> Option<(Timestamp, Repeat)>;
}

impl PopDue for BTreeSet<(Timestamp, Repeat)> {
    fn pop_first_if_due(&mut self, now: Timestamp) -> Option<(Timestamp, Repeat)> {
        if self.first().is_some_and(|(at, _)| *at <= now) { self.pop_first() } else { None }
    }
}
