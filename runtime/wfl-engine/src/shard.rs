//! One partition's task: it waits for whatever comes next, lets the partition decide, and does what it says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, FuturesUnordered};
use futures::{FutureExt, StreamExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use wfl_ir::{Plan, PlanHash, Timestamp};
use wfl_journal::{AppendError, BlobHash, Clock, Followed, Journal, ReadError, Snapshot};
use wfl_machine::{Input, Outcome, Schedule, Start};
use wfl_operations::Operations;
use wfl_partition::{Action, CallId, Event, Limits, Options, Partition, Role, Stored};
use wfl_record::{InstanceId, Position};

use crate::arguments;
use crate::calendar::WallCalendar;
use crate::carry;
use crate::inspection::Inspection;
use crate::observer::Observer;

/// The longest sleep. The wall clock may be set while the task sleeps; a timer is at most so much late then.
const LONGEST_SLEEP: StdDuration = StdDuration::from_secs(1);

/// How many records, or messages, are taken at once.
const AT_ONCE: usize = 256;

/// What a shard is asked from outside.
pub(crate) enum Message {
    Inspect(InstanceId, oneshot::Sender<Option<Inspection>>),
    Schedule(InstanceId, oneshot::Sender<Option<Schedule>>),
    Schedules(oneshot::Sender<Vec<Schedule>>),
    Answer(CallId, Outcome),
    Fetched(Event),
}

/// What a shard asks the desk that gives out permits.
pub(crate) enum PermitRequest {
    /// So many permits for a partition.
    Ask(wfl_record::Partition, Arc<str>, u32),
    /// So many are not used any more.
    Return(Arc<str>, u32),
}

/// What a shard needs of the world.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) operations: Arc<dyn Operations>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) clock: Clock,
    /// The limits of operations, and who gives out permits.
    pub(crate) limits: Arc<Limits>,
    pub(crate) desk: mpsc::UnboundedSender<PermitRequest>,
    /// Where a shard that cannot go on says why.
    pub(crate) failure: Arc<watch::Sender<Option<String>>>,
}

pub(crate) struct Shard {
    world: World,
    id: wfl_record::Partition,
    partition: Partition,
    records: BoxStream<'static, Vec<Result<Followed, ReadError>>>,
    inbox: mpsc::UnboundedReceiver<Message>,
    /// Into the own inbox: calls and fetches answer there.
    outbox: mpsc::UnboundedSender<Message>,
    appends: FuturesUnordered<BoxFuture<'static, Event>>,
    calls: BTreeMap<CallId, AbortHandle>,
    /// Who waits to see an instance that is read from the journal.
    looks: BTreeMap<InstanceId, Vec<oneshot::Sender<Option<Inspection>>>>,
    /// Questions about schedules that are read from the journal.
    asked: Vec<Message>,
    /// Whether snapshots are written and read.
    rests: bool,
    /// What is to be done: empty, but for its room.
    actions: Vec<Action>,
    /// Where the log ended when that was; records up to there are from before.
    replayed_to: Position,
    /// Told once, when the log has been folded up to where it ended at the beginning.
    caught_up: Option<oneshot::Sender<()>>,
}

impl Shard {
    pub(crate) fn new(
        world: World,
        id: wfl_record::Partition,
        options: Options,
        caught_up: oneshot::Sender<()>,
    ) -> (Shard, mpsc::UnboundedSender<Message>) {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let shard = Shard {
            id,
            partition: Partition::new(id, options)
                .with_limits(Arc::clone(&world.limits))
                .with_calendar(Arc::new(WallCalendar)),
            records: stream::empty().boxed(),
            world,
            inbox,
            outbox: outbox.clone(),
            appends: FuturesUnordered::new(),
            calls: BTreeMap::new(),
            looks: BTreeMap::new(),
            asked: Vec::new(),
            rests: options.rest.is_some(),
            actions: Vec::new(),
            replayed_to: Position::ZERO,
            caught_up: Some(caught_up),
        };
        (shard, outbox)
    }

    /// Runs until the engine is dropped, or the log cannot be read any more.
    pub(crate) async fn run(mut self) {
        if let Err(reason) = self.begin().await {
            return self.fail(reason);
        }
        let mut messages = Vec::with_capacity(AT_ONCE);
        loop {
            tokio::select! {
                biased;
                records = self.records.next() => {
                    if let Err(reason) = self.read(records) {
                        self.fail(reason);
                        break;
                    }
                }
                Some(event) = self.appends.next() => self.handle(event),
                count = self.inbox.recv_many(&mut messages, AT_ONCE) => {
                    if count == 0 {
                        break;
                    }
                    messages.drain(..).for_each(|message| self.hear(message));
                }
                () = sleep_until(self.partition.next_wake(), &self.world.clock) => self.handle(Event::Wake),
            }
        }
        self.calls.values().for_each(AbortHandle::abort);
    }

    /// Records of the log, as many as were there at once.
    fn read(&mut self, records: Option<Vec<Result<Followed, ReadError>>>) -> Result<(), String> {
        let Some(records) = records else { return Err("the journal was closed".into()) };
        for followed in records {
            if let Some(event) = self.followed(followed)? {
                self.handle(event);
            }
        }
        Ok(())
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Inspect(id, reply) => self.look(id, reply),
            Message::Schedule(..) | Message::Schedules(_) if self.partition.reads_schedules() => {
                self.asked.push(message);
            }
            // Whoever asked may have gone: then nobody needs the answer.
            Message::Schedule(id, reply) => drop(reply.send(self.partition.schedule(&id).cloned())),
            Message::Schedules(reply) => drop(reply.send(self.partition.schedules().cloned().collect())),
            Message::Answer(id, outcome) => {
                self.calls.remove(&id);
                self.handle(Event::Answer(id, outcome));
            }
            Message::Fetched(event) => self.handle(event),
        }
    }

    fn followed(&mut self, followed: Result<Followed, ReadError>) -> Result<Option<Event>, String> {
        match followed {
            Ok(Followed::Record(record)) => Ok(Some(Event::Record(record))),
            Ok(Followed::Removed(_)) => Ok(Some(Event::Removed)),
            Ok(Followed::CaughtUp(end)) => {
                self.replayed_to = end;
                if let Some(caught_up) = self.caught_up.take() {
                    let _ = caught_up.send(());
                }
                Ok(Some(Event::Role(Role::Owner)))
            }
            Err(ReadError::Corrupt { instance: Some(instance), reason, position, .. }) => {
                Ok(Some(Event::Damaged(instance, format!("record {position}: {reason}"))))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Reads the snapshots, and the log from there on.
    async fn begin(&mut self) -> Result<(), String> {
        let mut after = Position::ZERO;
        if self.rests {
            let loaded =
                self.world.journal.load_snapshots(self.id).await.map_err(|error| error.to_string())?;
            let snapshot = |loaded| match loaded {
                Ok(Snapshot { instance, position, bytes }) => Some((instance, position, bytes.to_vec())),
                // Its records say the same.
                Err(ReadError::Corrupt { instance: Some(instance), .. }) => {
                    Some((instance, Position::ZERO, Vec::new()))
                }
                Err(_) => None,
            };
            let snapshots = loaded.snapshots.into_iter().filter_map(snapshot).collect();
            after = loaded.watermark;
            self.handle(Event::Snapshots(after, snapshots));
        }
        self.records = self.world.journal.follow(self.id, after).ready_chunks(AT_ONCE).boxed();
        Ok(())
    }

    fn fail(&self, reason: String) {
        tracing::error!(partition = %self.id, reason, "the log cannot be followed");
        self.world.failure.send_replace(Some(reason));
    }

    /// Somebody wants to see an instance. If it is not in memory, it is read first.
    fn look(&mut self, id: InstanceId, reply: oneshot::Sender<Option<Inspection>>) {
        if self.partition.view(&id).is_some() && !self.partition.is_reading(&id) {
            // The asker may have gone: then nobody needs the answer.
            let _ = reply.send(self.inspect(&id));
            return;
        }
        self.looks.entry(id).or_default().push(reply);
        self.handle(Event::Look(id));
    }

    /// Answers those who wait to see what is there now.
    fn seen(&mut self) {
        let ready: Vec<InstanceId> =
            self.looks.keys().filter(|id| !self.partition.is_reading(id)).copied().collect();
        for id in ready {
            let found = self.inspect(&id);
            for reply in self.looks.remove(&id).unwrap_or_default() {
                let _ = reply.send(found.clone());
            }
        }
    }

    fn inspect(&self, id: &InstanceId) -> Option<Inspection> {
        let view = self.partition.view(id)?;
        Some(Inspection {
            state: view.state.cloned(),
            plan: view.plan.cloned(),
            quarantine: view.quarantine.map(str::to_owned),
            next_timer: view.next_timer,
        })
    }

    fn handle(&mut self, event: Event) {
        let mut actions = std::mem::take(&mut self.actions);
        self.partition.handle(now(&self.world.clock), event, &mut actions);
        actions.drain(..).for_each(|action| self.act(action));
        self.actions = actions;
        if !self.looks.is_empty() {
            self.seen();
        }
        if !self.asked.is_empty() && !self.partition.reads_schedules() {
            std::mem::take(&mut self.asked).into_iter().for_each(|message| self.hear(message));
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Append(record) => {
                let journal = Arc::clone(&self.world.journal);
                let (instance, id) = (record.envelope.instance, record.envelope.message_id.clone());
                let append =
                    async move { Event::Appended(instance, id, arguments::append(&*journal, record).await) };
                self.appends.push(append.boxed());
            }
            Action::Call(id, call) => {
                let effect = &call.effect.call;
                tracing::debug!(
                    instance = %call.instance, step = %effect.step, purpose = effect.purpose.word(),
                    attempt = effect.attempt, "call"
                );
                let request = carry::request(&call, now(&self.world.clock));
                let gives_unit = carry::gives_unit(&call);
                let (reply, outbox) = (self.world.operations.call(request), self.outbox.clone());
                let task = tokio::spawn(async move {
                    let outcome = carry::outcome(reply.await, gives_unit);
                    // The shard may have ended: the call is outstanding for whoever folds the log next.
                    let _ = outbox.send(Message::Answer(id, outcome));
                });
                self.calls.insert(id, task.abort_handle());
            }
            Action::CancelCall(id) => {
                if let Some(call) = self.calls.remove(&id) {
                    call.abort();
                }
            }
            Action::NeedPermits(operation, count) => {
                // The desk lives as long as the engine.
                let _ = self.world.desk.send(PermitRequest::Ask(self.id, operation, count));
            }
            Action::ReturnPermits(operation, count) => {
                let _ = self.world.desk.send(PermitRequest::Return(operation, count));
            }
            Action::NeedPlan(hash) => self.fetch(async move |journal| {
                let plan = plan(&*journal, hash).await.map(Arc::new);
                Event::Plan(hash, plan)
            }),
            Action::NeedBlob(instance, hash) => {
                self.fetch(async move |journal| arguments::fetch(&*journal, instance, hash).await)
            }
            Action::NeedStart(instance) => {
                self.fetch(async move |journal| Event::Start(instance, start(&*journal, instance).await))
            }
            Action::NeedInstance { .. }
            | Action::NeedExpired { .. }
            | Action::Purge(..)
            | Action::SaveSnapshot(..)
            | Action::DropSnapshot(_)
            | Action::Trim(..)
            | Action::SetWatermark(_) => self.keep(action),
            Action::Update(update) => {
                let view = self.partition.view(&update.instance);
                let folded = view.and_then(|view| view.state.zip(view.plan));
                if let Some((state, plan)) = folded {
                    // A record from before may have waited for its plan.
                    let replayed = self.caught_up.is_some() || update.position <= self.replayed_to;
                    self.world.observer.updated(&update, state, plan, replayed);
                }
            }
            Action::Alarm(alarm) => {
                tracing::warn!(?alarm, "alarm");
                self.world.observer.alarmed(&alarm);
            }
        }
    }

    /// Reads and writes what the journal keeps beside the log.
    fn keep(&self, action: Action) {
        match action {
            Action::NeedInstance { instance, records_only } => {
                self.fetch(async move |journal| match stored(&*journal, instance, records_only).await {
                    Err(ReadError::Corrupt { instance: Some(damaged), position, reason, .. })
                        if damaged == instance =>
                    {
                        Event::Damaged(instance, format!("record {position}: {reason}"))
                    }
                    stored => Event::Stored(instance, stored.map_err(|error| error.to_string())),
                })
            }
            Action::NeedExpired { after, before, most } => {
                let partition = self.id;
                self.fetch(async move |journal| {
                    let found = journal.last_records(partition, after, before, most).await;
                    Event::Expired(after, found.map_err(|error| error.to_string()))
                });
            }
            Action::Purge(instance, last) => {
                self.fetch(async move |journal| Event::Purged(instance, journal.purge(&instance, last).await))
            }
            Action::SaveSnapshot(instance, position, bytes) => {
                let partition = self.id;
                self.fetch(async move |journal| {
                    let snapshot = Snapshot { instance, position, bytes: bytes.into() };
                    Event::Saved(instance, position, journal.save_snapshot(partition, snapshot).await)
                });
            }
            Action::DropSnapshot(instance) => {
                self.write(async move |journal| journal.drop_snapshot(&instance).await)
            }
            Action::Trim(instance, up_to) => {
                self.write(async move |journal| journal.trim(&instance, up_to).await);
            }
            Action::SetWatermark(position) => {
                let partition = self.id;
                self.write(async move |journal| journal.set_watermark(partition, position).await);
            }
            _ => {}
        }
    }

    /// Writes what nobody waits for. What fails is written again another time, or is not needed.
    fn write<F, Fut>(&self, write: F)
    where
        F: FnOnce(Arc<dyn Journal>) -> Fut,
        Fut: Future<Output = Result<(), AppendError>> + Send + 'static,
    {
        let written = write(Arc::clone(&self.world.journal));
        tokio::spawn(async move {
            if let Err(error) = written.await {
                tracing::debug!(%error, "a note to the journal was not taken");
            }
        });
    }

    fn fetch<F, Fut>(&self, fetch: F)
    where
        F: FnOnce(Arc<dyn Journal>) -> Fut,
        Fut: Future<Output = Event> + Send + 'static,
    {
        let (fetched, outbox) = (fetch(Arc::clone(&self.world.journal)), self.outbox.clone());
        tokio::spawn(async move {
            let _ = outbox.send(Message::Fetched(fetched.await));
        });
    }
}

/// The wall clock.
pub(crate) fn now(clock: &Clock) -> Timestamp {
    Timestamp(clock.now().0)
}

pub(crate) async fn sleep_until(wake: Option<Timestamp>, clock: &Clock) {
    let Some(wake) = wake else { return std::future::pending().await };
    while now(clock) < wake {
        let length = wake.since(now(clock)).to_std();
        tokio::time::sleep(length.min(LONGEST_SLEEP)).await;
    }
}

/// The start of an instance of whichever partition, which is there also when the instance is purged.
async fn start(journal: &dyn Journal, instance: InstanceId) -> Result<Option<Box<Start>>, String> {
    let first = journal.read_start(&instance).await.map_err(|error| error.to_string())?;
    let Some(first) = first else { return Ok(None) };
    let envelope = &first.envelope;
    match Input::decode(envelope.kind, envelope.version, &envelope.payload) {
        Ok(Input::Start(start)) => Ok(Some(Box::new(start))),
        Ok(_) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// What is stored of an instance.
async fn stored(
    journal: &dyn Journal,
    instance: InstanceId,
    records_only: bool,
) -> Result<Stored, ReadError> {
    let snapshot = match journal.load_snapshot(&instance).await {
        _ if records_only => None,
        Ok(snapshot) => snapshot,
        // Its records say the same.
        Err(ReadError::Corrupt { .. }) => None,
        Err(error) => return Err(error),
    };
    let after = snapshot.as_ref().map_or(Position::ZERO, |snapshot| snapshot.position);
    let records = journal.read_instance(&instance, after).await?;
    Ok(Stored { snapshot: snapshot.map(|it| (it.position, it.bytes.to_vec())), records })
}

async fn plan(journal: &dyn Journal, hash: PlanHash) -> Result<Plan, String> {
    let bytes = blob(journal, hash.0).await?;
    Plan::decode_as(hash, &bytes).map_err(|error| error.to_string())
}

async fn blob(journal: &dyn Journal, hash: [u8; 32]) -> Result<Vec<u8>, String> {
    match journal.get_blob(&BlobHash(hash)).await {
        Ok(Some(bytes)) => Ok(bytes.to_vec()),
        Ok(None) => Err(format!("the journal has no blob {}", BlobHash(hash))),
        Err(error) => Err(error.to_string()),
    }
}
