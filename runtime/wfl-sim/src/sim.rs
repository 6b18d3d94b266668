//! The run: what happens next, in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wfl_ir::{Plan, PlanHash, Timestamp};
use wfl_machine::{CallRef, Input, Instance, Purpose};
use wfl_partition::{Action, Alarm, Call, CallId, Event, Limits, Resting, Role};
use wfl_record::{
    AppendError, Appended, InstanceId, Kind, NewRecord, Partition, Record, Stamp, partition_of,
};

use crate::books::Books;
use crate::fault::{Fault, Faults, Rates, Twist};
use crate::journal::SimJournal;
use crate::node::Node;
use crate::random::Random;
use crate::turns::Turns;

/// The first instant of every run.
pub(crate) const BEGIN: i64 = 1_800_000_000_000_000;

pub(crate) const MILLI: i64 = 1_000;
pub(crate) const SECOND: i64 = 1_000_000;

/// How many things may happen before a run is taken not to end.
const MOST: u64 = 400_000;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Decides all that is left to chance.
    pub seed: u64,
    /// How many processes there are.
    pub nodes: u32,
    /// How many partitions the journal has.
    pub partitions: u32,
    /// How often something goes wrong.
    pub rates: Rates,
    /// After so many happenings nothing goes wrong any more.
    pub quiet_after: u64,
    /// Calls to which something happens, whatever the rates say.
    pub twists: Vec<Twist>,
    /// When instances leave the memory of a process.
    pub rest: Option<Resting>,
    /// For how long what has ended is kept; none for ever.
    pub retention: Option<wfl_ir::Duration>,
    /// What operations may be asked to do.
    pub limits: Arc<Limits>,
    /// Whether everything that happens is written down, a line each.
    pub story: bool,
    /// The process ends before the nth thing that it does, or that is done for it.
    pub crash_point: Option<u64>,
}

impl Setup {
    /// One process, one partition, nothing goes wrong.
    pub fn plain(seed: u64) -> Setup {
        Setup {
            seed,
            nodes: 1,
            partitions: 1,
            rates: Rates::none(),
            quiet_after: 0,
            twists: Vec::new(),
            rest: None,
            retention: None,
            limits: Arc::default(),
            story: false,
            crash_point: None,
        }
    }

    /// Processes, partitions and faults as the seed says.
    pub fn of_seed(seed: u64) -> Setup {
        let mut random = Random::new(seed ^ 0x5151);
        Setup {
            seed,
            nodes: 1 + random.below(3) as u32,
            partitions: 1 + random.below(3) as u32,
            rates: Rates::of_seed(&mut random),
            quiet_after: 300 + random.below(3_000),
            twists: Vec::new(),
            rest: resting(&mut random),
            retention: retention(&mut random),
            limits: Arc::default(),
            story: false,
            crash_point: None,
        }
    }
}

/// A line of the story: when, which process, which partition, and what it is told or does.
fn line(now: i64, node: u32, partition: u32, arrow: &str, what: &dyn std::fmt::Debug) -> String {
    const LONGEST: usize = 240;
    let mut text = format!("{:>14.6} n{node} p{partition} {arrow} {what:?}", (now - BEGIN) as f64 / 1e6);
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    text.truncate(end);
    text
}

/// Memories that are small, so that instances leave them all the time.
fn resting(random: &mut Random) -> Option<Resting> {
    let after = *random.pick(&[0, 20, 2_000, 600_000])?;
    (random.below(5) > 0).then(|| Resting {
        after: wfl_ir::Duration::from_millis(after),
        most: random.below(4) as usize,
        snapshot_every: 1 + random.below(8) as u32,
        lag: random.below(30),
    })
}

/// Long enough that every process has read what another purges, whatever its clock says, and that nothing comes too late.
fn retention(random: &mut Random) -> Option<wfl_ir::Duration> {
    let hours = *random.pick(&[6, 20, 72])?;
    (random.below(2) == 0).then(|| wfl_ir::Duration::from_secs(hours * 3_600))
}

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A process reads on in a log.
    Read(u32, u64, u32),
    /// A partition of a process learns of something.
    Event(u32, u64, u32, Event),
    /// A call is carried out.
    Carry { node: u32, life: u64, partition: u32, id: CallId, call: Box<Call>, way: Way },
    /// A process begins again.
    Restart(u32),
    /// A process becomes the owner of a partition.
    Own(u32, u32),
    /// A process is told that it does not own a partition.
    Disown(u32, u64, u32),
    /// Permits that a rate held back may be had.
    Grant(u32, u64),
    /// Somebody appends a record.
    Outside(NewRecord),
}

/// What happens to a call on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Answered,
    AnswerLost,
    /// It is answered when nobody waits any more; the answer gets into the log if the flag is set.
    TooLate(bool),
    Garbled,
}

/// A run.
pub struct Sim {
    pub(crate) setup: Setup,
    pub(crate) now: i64,
    pub(crate) faults: Faults,
    pub(crate) random: Random,
    pub(crate) plans: BTreeMap<PlanHash, Arc<Plan>>,
    pub(crate) journal: SimJournal,
    pub(crate) nodes: Vec<Node>,
    pub(crate) books: Books,
    queue: BTreeMap<(i64, u64), Happening>,
    number: u64,
    happened: u64,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) violations: Vec<String>,
    /// When somebody looks what waits for people.
    pub(crate) look_at: i64,
    /// How often somebody tried again what is suspended, by instance.
    pub(crate) tries: BTreeMap<InstanceId, u32>,
    /// How many things processes have done, and were done for them.
    pub(crate) points: u64,
    /// How often each operation was called for a purpose with the same arguments.
    pub(crate) calls: BTreeMap<(String, Purpose, Vec<u8>), u32>,
    /// What the log says of each instance.
    pub(crate) truth: BTreeMap<InstanceId, Option<Instance>>,
    pub(crate) turns: Turns,
    /// Calls that were put into the queue.
    pub(crate) queued: BTreeSet<(InstanceId, CallRef)>,
    pub(crate) trace: blake3::Hasher,
    story: Vec<String>,
}

impl Sim {
    /// A world in which nothing has happened yet.
    pub fn new(setup: Setup, plans: impl IntoIterator<Item = (PlanHash, Arc<Plan>)>) -> Sim {
        let seed = setup.seed;
        let nodes = (0..setup.nodes)
            .map(|number| Node::new(number, 1, setup.partitions, setup.rest, setup.retention, &setup.limits))
            .collect();
        let mut sim = Sim {
            now: BEGIN,
            faults: Faults::new(setup.rates.clone(), seed ^ 0xFA17),
            random: Random::new(seed ^ 0x7135),
            plans: plans.into_iter().collect(),
            journal: SimJournal::new(setup.partitions),
            nodes,
            books: Books::new(seed ^ 0xB00C),
            queue: BTreeMap::new(),
            number: 0,
            happened: 0,
            alarms: Vec::new(),
            violations: Vec::new(),
            look_at: BEGIN + 12 * 3_600 * SECOND,
            tries: BTreeMap::new(),
            points: 0,
            calls: BTreeMap::new(),
            truth: BTreeMap::new(),
            turns: Turns::default(),
            queued: BTreeSet::new(),
            trace: blake3::Hasher::new(),
            story: Vec::new(),
            setup,
        };
        for partition in 0..sim.setup.partitions {
            let owner = partition % sim.setup.nodes;
            sim.later(0, Happening::Own(owner, partition));
        }
        sim
    }

    /// The books of the world, before something happens.
    pub fn books_mut(&mut self) -> &mut Books {
        &mut self.books
    }

    /// What was done in the world.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// A plan of the world.
    pub(crate) fn plan(&self, hash: PlanHash) -> Option<&Arc<Plan>> {
        self.plans.get(&hash)
    }

    /// What the log says of an instance.
    pub fn state(&self, id: &InstanceId) -> Option<&Instance> {
        self.truth.get(id)?.as_ref()
    }

    /// All instances that have begun.
    pub fn instances(&self) -> BTreeSet<InstanceId> {
        let starts = self.journal.records().filter(|record| record.envelope.kind == Kind::START);
        starts.map(|record| record.envelope.instance).collect()
    }

    /// Everything that processes were told and did, if that was wanted.
    pub fn story(&self) -> &[String] {
        &self.story
    }

    /// The hash of all that happened: equal seeds give equal hashes.
    pub fn trace(&self) -> [u8; 32] {
        *self.trace.finalize().as_bytes()
    }

    /// How often each kind of fault has happened.
    pub fn fired(&self) -> &BTreeMap<Fault, u64> {
        self.faults.fired()
    }

    pub(crate) fn later(&mut self, after: i64, what: Happening) {
        self.number += 1;
        self.queue.insert((self.now + after.max(0), self.number), what);
    }

    /// Lets the next thing happen by itself. False when there is none.
    pub fn step(&mut self) -> bool {
        self.happened += 1;
        self.faults.quiet = self.happened > self.setup.quiet_after;
        if self.happened == self.setup.quiet_after + 1 {
            self.name_owners();
        }
        if self.happened > MOST {
            self.violations.push(format!("it does not end within {MOST} happenings"));
            return false;
        }
        let next = self.queue.first_key_value().map(|((at, _), _)| *at);
        let wake = self.next_wake();
        match (next, wake) {
            (Some(at), Some((when, ..))) if at > when => self.wake(wake),
            (None, Some(_)) => self.wake(wake),
            (Some(_), _) => {
                if let Some(((at, _), what)) = self.queue.pop_first() {
                    self.now = self.now.max(at);
                    self.happen(what);
                }
                true
            }
            (None, None) => self.give_owners(),
        }
    }

    fn next_wake(&self) -> Option<(i64, u32, u32)> {
        let mut first = None;
        for (number, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.alive) {
            for (partition, core) in node.partitions.iter().enumerate() {
                if let Some(at) = core.next_wake() {
                    let when = at.0.saturating_sub(node.skew);
                    let candidate = (when, number as u32, partition as u32);
                    first = Some(first.map_or(candidate, |first: (i64, u32, u32)| first.min(candidate)));
                }
            }
        }
        first
    }

    fn wake(&mut self, wake: Option<(i64, u32, u32)>) -> bool {
        let Some((when, node, partition)) = wake else { return false };
        self.now = self.now.max(when);
        let life = self.nodes[node as usize].life;
        self.deliver(node, life, partition, Event::Wake);
        true
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Read(node, life, partition) => self.read(node, life, partition),
            Happening::Event(node, life, partition, event) => self.deliver(node, life, partition, event),
            Happening::Carry { node, life, partition, id, call, way } => {
                self.carry(node, life, partition, id, &call, way);
            }
            Happening::Restart(number) => {
                let node = &mut self.nodes[number as usize];
                *node = Node::new(
                    number,
                    node.life + 1,
                    self.setup.partitions,
                    self.setup.rest,
                    self.setup.retention,
                    &self.setup.limits,
                );
                for partition in 0..self.setup.partitions {
                    self.restore(number, partition);
                    self.reads_on(number, partition);
                    if self.nodes.iter().all(|node| !node.alive || !node.owns[partition as usize]) {
                        self.later(0, Happening::Own(number, partition));
                    }
                }
            }
            Happening::Own(node, partition) => self.own(node, partition),
            Happening::Disown(node, life, partition) => {
                if self.nodes[node as usize].life == life {
                    self.nodes[node as usize].owns[partition as usize] = false;
                    self.deliver(node, life, partition, Event::Role(Role::Standby));
                }
            }
            Happening::Grant(node, life) => {
                let here = &mut self.nodes[node as usize];
                if here.alive && here.life == life {
                    let granted = here.gates.grant(Timestamp(self.now));
                    self.permit(node, life, granted);
                }
            }
            Happening::Outside(record) => {
                let (partition, copy) = (record.partition.0, record.clone());
                if self.faults.strikes(Fault::AppendLost) {
                    // Whoever sends asks again until it is acknowledged.
                    return self.later(200 * MILLI, Happening::Outside(copy));
                }
                let (copy, waits) = (record.clone(), record.envelope.kind == Kind::SCHEDULE);
                // A refusal is told to whoever sends it; the run does not care. A schedule has to be there first.
                if matches!(self.write(record), Err(AppendError::Conflict)) && waits {
                    return self.later(200 * MILLI, Happening::Outside(copy));
                }
                self.maybe_twice(partition);
                self.grown(partition);
            }
        }
    }

    pub(crate) fn reads_on(&mut self, node: u32, partition: u32) {
        let life = self.nodes[node as usize].life;
        let lag = if self.faults.strikes(Fault::RecordDelayed) { 3 * SECOND } else { 100 };
        let after = self.random.below(lag as u64) as i64;
        self.later(after, Happening::Read(node, life, partition));
    }

    /// A log has grown: everybody reads on.
    fn grown(&mut self, partition: u32) {
        for node in 0..self.setup.nodes {
            if self.nodes[node as usize].alive {
                self.reads_on(node, partition);
            }
        }
    }

    fn read(&mut self, number: u32, life: u64, partition: u32) {
        let node = &mut self.nodes[number as usize];
        if !node.alive || node.life != life {
            return;
        }
        let (log, at) = (self.journal.log(partition), &mut node.read[partition as usize]);
        let is_gone = |record: &&Record| self.journal.is_purged(&record.envelope.instance);
        *at += log[(*at).min(log.len())..].iter().take_while(is_gone).count();
        let Some(record) = log.get(*at).cloned() else { return };
        *at += 1;
        let more = *at < log.len();
        let there = self.journal.is_there(&record);
        let event = if there { Event::Record(record) } else { Event::Removed };
        self.deliver(number, life, partition, event);
        if more {
            self.later(0, Happening::Read(number, life, partition));
        }
    }

    /// A partition of a process learns of something, and does what it says.
    pub(crate) fn deliver(&mut self, number: u32, life: u64, partition: u32, event: Event) {
        let node = &mut self.nodes[number as usize];
        if !node.alive || node.life != life {
            return;
        }
        if self.faults.quiet {
            // In the end somebody sets it right.
            node.skew = 0;
        }
        if self.faults.strikes(Fault::ClockJump) {
            node.skew = self.random.below(7_200) as i64 * SECOND - 3_600 * SECOND;
        }
        let now = Timestamp(self.now + node.skew);
        let mut actions = Vec::new();
        if self.setup.story {
            self.story.push(line(self.now, number, partition, "<-", &event));
        }
        node.partitions[partition as usize].handle(now, event, &mut actions);
        for action in actions {
            if self.setup.story {
                self.story.push(line(self.now, number, partition, "->", &action));
            }
            if self.at_crash_point() || self.faults.strikes(Fault::Crash) {
                return self.crash(number);
            }
            self.act(number, life, partition, action);
        }
        if self.setup.nodes > 1 && self.faults.strikes(Fault::TwoOwners) {
            let other = (number + 1) % self.setup.nodes;
            self.later(0, Happening::Own(other, partition));
            let after = self.random.below(20 * SECOND as u64) as i64;
            self.later(after, Happening::Disown(number, life, partition));
        }
    }

    /// Whether the process ends here.
    pub(crate) fn at_crash_point(&mut self) -> bool {
        self.points += 1;
        self.setup.crash_point == Some(self.points)
    }

    /// How many things processes have done, and were done for them: each is a place where one can end.
    pub fn crash_points(&self) -> u64 {
        self.points
    }

    pub(crate) fn crash(&mut self, number: u32) {
        let node = &mut self.nodes[number as usize];
        node.alive = false;
        let owned = node.owns.clone();
        let after = 1 + self.random.below(5 * SECOND as u64) as i64;
        self.later(after, Happening::Restart(number));
        for (partition, _) in owned.into_iter().enumerate().filter(|(_, owns)| *owns) {
            let heir = (1..self.setup.nodes).map(|next| (number + next) % self.setup.nodes);
            let heir = heir.into_iter().find(|heir| self.nodes[*heir as usize].alive);
            if let Some(heir) = heir {
                let after = self.random.below(SECOND as u64) as i64;
                self.later(after, Happening::Own(heir, partition as u32));
            }
        }
    }

    fn act(&mut self, node: u32, life: u64, partition: u32, action: Action) {
        let soon = |sim: &mut Self, after: u64, event| {
            let after = sim.random.below(after) as i64;
            sim.later(after, Happening::Event(node, life, partition, event));
        };
        self.acts_alive(&action);
        match action {
            Action::Append(record) => self.append(node, life, partition, record),
            Action::Call(id, call) => self.dispatch(node, life, partition, id, call),
            // The connection is closed; what the other side does is its own business.
            Action::CancelCall(_) => {}
            Action::NeedPermits(operation, count) => {
                let now = Timestamp(self.now);
                let granted =
                    self.nodes[node as usize].gates.ask(now, Partition(partition), &operation, count);
                self.permit(node, life, granted);
            }
            Action::ReturnPermits(operation, count) => {
                let now = Timestamp(self.now);
                let granted = self.nodes[node as usize].gates.give_back(now, &operation, count);
                self.permit(node, life, granted);
            }
            Action::NeedPlan(hash) => {
                let missing = self.faults.strikes(Fault::PlanMissing);
                let plan = self.plans.get(&hash).filter(|_| !missing).cloned();
                soon(self, 2_000, Event::Plan(hash, plan.ok_or_else(|| "it is not there".to_owned())));
            }
            Action::NeedBlob(instance, _) => {
                soon(self, 2_000, Event::Blob(instance, Err("there are no blobs here".into())));
            }
            Action::NeedStart(instance) => {
                let start = self.journal.start(instance).and_then(|record| {
                    let envelope = &record.envelope;
                    match Input::decode(envelope.kind, envelope.version, &envelope.payload) {
                        Ok(Input::Start(start)) => Some(Box::new(start)),
                        _ => None,
                    }
                });
                soon(self, 2_000, Event::Start(instance, Ok(start)));
            }
            Action::NeedInstance { instance, records_only } => {
                let stored = self.stored(instance, records_only);
                soon(self, 2_000, Event::Stored(instance, stored));
            }
            Action::SaveSnapshot(instance, position, bytes) => {
                let saved = self.save_snapshot(instance, position, bytes);
                soon(self, 2_000, Event::Saved(instance, position, saved));
            }
            Action::Trim(instance, up_to) => self.journal.trim(instance, up_to),
            Action::NeedExpired { after, before, most } => {
                let found = self.look_for_expired(partition, after, before, most);
                soon(self, 2_000, Event::Expired(after, found));
            }
            Action::Purge(instance, last) => {
                let purged = self.purge(instance, last);
                soon(self, 2_000, Event::Purged(instance, purged));
            }
            Action::DropSnapshot(instance) => self.journal.drop_snapshot(instance),
            Action::SetWatermark(position) => self.journal.set_watermark(partition, position),
            Action::Update(_) => {}
            Action::Alarm(alarm) => self.alarms.push(alarm),
        }
    }

    fn append(&mut self, node: u32, life: u64, partition: u32, record: NewRecord) {
        let (instance, id) = (record.envelope.instance, record.envelope.message_id.clone());
        let log = record.partition.0;
        let unknown = || Err(AppendError::Unknown("the line was cut".into()));
        let result = if self.faults.strikes(Fault::JournalAway) {
            Err(AppendError::Unavailable("it is away".into()))
        } else if self.faults.strikes(Fault::AppendLost) {
            unknown()
        } else {
            let result = self.write(record);
            self.maybe_twice(log);
            self.grown(log);
            if self.faults.strikes(Fault::AckLost) { unknown() } else { result }
        };
        let after = self.random.below(300) as i64;
        self.later(after, Happening::Event(node, life, partition, Event::Appended(instance, id, result)));
    }

    fn write(&mut self, record: NewRecord) -> Result<Appended, AppendError> {
        self.trace.update(&self.now.to_le_bytes());
        self.trace.update(&record.envelope.encode());
        let (partition, envelope) = (record.partition, record.envelope.clone());
        let appended = self.journal.append(record, Stamp(self.now))?;
        if !appended.duplicate {
            let Appended { position, at, .. } = appended;
            self.fold(&Record { partition, position, at, envelope });
        }
        Ok(appended)
    }
}

/// Whose log a record belongs to.
pub(crate) fn log_of(id: &InstanceId, partitions: u32) -> Partition {
    partition_of(id, partitions)
}
