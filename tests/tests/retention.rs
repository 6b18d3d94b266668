//! What has ended is purged once it is old enough: the partition by itself, and the engine over real journals.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use wfl_engine::{Engine, EngineOptions, Observer, SendError, StartError};
use wfl_ir::{Duration, Plan, Timestamp};
use wfl_journal::{Clock, Journal, Limits, MemoryJournal};
use wfl_journal_sqlite::SqliteJournal;
use wfl_machine::{CancelMode, Control, Input, Instance, Signal};
use wfl_operations::{Operations, Reply, Request};
use wfl_partition::{Action, Alarm, Event, Options, Partition, Role, Stored, Update};
use wfl_record::{
    Ahead, AppendError, InstanceId, LastRecords, NewRecord, Position, Record, Stamp, partition_of,
};
use wfl_tests::project::{input, transfer};
use wfl_tests::street::start;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);
const TWO_HOURS: Duration = Duration::from_secs(7_200);

struct Bench {
    partition: Partition,
    log: Vec<Record>,
    now: Timestamp,
}

impl Bench {
    /// An owner that keeps what has ended for an hour.
    fn new() -> Bench {
        let options = Options { retention: Some(HOUR), rest: None, ..Options::default() };
        let partition = Partition::new(wfl_record::Partition(0), options);
        let mut bench = Bench { partition, log: Vec::new(), now: NOW };
        bench.handle(Event::Role(Role::Owner));
        bench
    }

    fn handle(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        self.partition.handle(self.now, event, &mut actions);
        actions
    }

    fn commit(&mut self, record: NewRecord) -> Vec<Action> {
        let (position, at) = (Position(self.log.len() as u64 + 1), Stamp(self.now.0));
        let record = Record { partition: record.partition, position, at, envelope: record.envelope };
        self.log.push(record.clone());
        self.handle(Event::Record(record))
    }

    fn begin(&mut self, number: u32) -> InstanceId {
        let first = start(transfer(), &input(number));
        let id = first.envelope.instance;
        self.commit(first);
        self.handle(Event::Plan(transfer().hash, Ok(Arc::clone(&transfer().plan))));
        id
    }

    fn kill(&mut self, id: InstanceId) -> Position {
        let kill = Control::Kill { reason: "enough".into(), request: "k".into() };
        let envelope = Input::Control(kill).envelope(&Default::default(), id, None);
        self.commit(NewRecord { partition: wfl_record::Partition(0), first: false, envelope });
        Position(self.log.len() as u64)
    }

    /// Lets the time come at which the log is looked through.
    fn look(&mut self, later: Duration) -> Option<(Position, Stamp)> {
        self.now = self.now.plus(later);
        self.handle(Event::Wake).into_iter().find_map(|action| match action {
            Action::NeedExpired { after, before, .. } => Some((after, before)),
            _ => None,
        })
    }

    fn found(&mut self, after: Position, instances: &[(InstanceId, Position)]) -> Vec<Action> {
        let next = instances.iter().map(|(_, last)| *last).max().unwrap_or(after);
        let found = LastRecords { instances: instances.to_vec(), next, ahead: Ahead::Nothing };
        self.handle(Event::Expired(after, Ok(found)))
    }

    fn stored(&self, id: InstanceId) -> Event {
        let mine = |record: &&Record| record.envelope.instance == id;
        let records = self.log.iter().filter(mine).cloned().collect();
        Event::Stored(id, Ok(Stored { snapshot: None, records }))
    }
}

fn purges(actions: &[Action]) -> Vec<(InstanceId, Position)> {
    let purge = |action: &Action| match action {
        Action::Purge(instance, last) => Some((*instance, *last)),
        _ => None,
    };
    actions.iter().filter_map(purge).collect()
}

#[test]
fn what_has_ended_is_purged_and_what_is_open_stays() {
    let mut bench = Bench::new();
    let (open, ended) = (bench.begin(1), bench.begin(2));
    let last = bench.kill(ended);
    let (after, before) = bench.look(TWO_HOURS).unwrap();
    assert_eq!((after, before), (Position::ZERO, Stamp(bench.now.0 - HOUR.0 + 1)));
    let actions = bench.found(after, &[(open, Position(1)), (ended, last)]);
    assert_eq!(purges(&actions), [(ended, last)]);
    let refused = Err(AppendError::Unavailable("full".into()));
    assert!(matches!(bench.handle(Event::Purged(ended, refused))[..], [Action::Alarm(_)]));
    bench.now = bench.now.plus(HOUR);
    assert_eq!(purges(&bench.handle(Event::Wake)), [(ended, last)], "it is asked for again");
    bench.handle(Event::Purged(ended, Ok(())));
    assert!(bench.partition.view(&ended).is_none() && bench.partition.view(&open).is_some());
}

#[test]
fn what_is_not_in_memory_is_read_before_it_is_purged() {
    let mut bench = Bench::new();
    let (open, ended) = (bench.begin(1), bench.begin(2));
    let last = bench.kill(ended);
    let options = Options { retention: Some(HOUR), ..Options::default() };
    bench.partition = Partition::new(wfl_record::Partition(0), options);
    bench.handle(Event::Snapshots(last, Vec::new()));
    bench.handle(Event::Role(Role::Owner));
    let (after, _) = bench.look(TWO_HOURS).unwrap();
    let actions = bench.found(after, &[(open, Position(1)), (ended, last)]);
    assert!(purges(&actions).is_empty());
    let asked = actions.iter().filter(|action| matches!(action, Action::NeedInstance { .. })).count();
    assert_eq!(asked, 2, "{actions:?}");
    let plan = || Event::Plan(transfer().hash, Ok(Arc::clone(&transfer().plan)));
    for id in [open, ended] {
        bench.handle(bench.stored(id));
    }
    assert_eq!(purges(&bench.handle(plan())), [(ended, last)], "its plan was waited for");
}

#[test]
fn a_record_that_comes_meanwhile_keeps_its_instance() {
    let mut bench = Bench::new();
    let ended = bench.begin(2);
    let last = bench.kill(ended);
    let (after, _) = bench.look(TWO_HOURS).unwrap();
    let signal = Signal { channel: "word".into(), id: "w".into(), payload: b"1".to_vec() };
    let envelope = Input::Signal(signal).envelope(&Default::default(), ended, None);
    bench.commit(NewRecord { partition: wfl_record::Partition(0), first: false, envelope });
    assert!(purges(&bench.found(after, &[(ended, last)])).is_empty(), "it was folded before");
    let (after, _) = bench.look(TWO_HOURS).unwrap();
    let newest = Position(last.0 + 1);
    assert_eq!(purges(&bench.found(after, &[(ended, newest)])), [(ended, newest)]);
    bench.handle(Event::Purged(ended, Err(AppendError::Conflict)));
    assert!(bench.partition.view(&ended).is_some(), "the journal knows of one that is not folded yet");
}

#[test]
fn a_look_at_what_is_purged_begins_nothing() {
    let mut bench = Bench::new();
    let gone = start(transfer(), &input(7)).envelope.instance;
    assert!(matches!(bench.handle(Event::Look(gone))[..], [Action::NeedInstance { .. }]));
    let actions = bench.handle(Event::Stored(gone, Ok(Stored::default())));
    assert!(actions.is_empty() && bench.partition.view(&gone).is_none(), "{actions:?}");
}

/// A process that read the start of an instance before another one purged it does not act for it once it takes over.
#[test]
fn a_new_owner_reads_again_what_is_old() {
    let mut bench = Bench::new();
    bench.handle(Event::Role(Role::Standby));
    let (gone, there) = (bench.begin(1), bench.begin(2));
    bench.now = NOW.plus(TWO_HOURS);
    let young = bench.begin(3);
    let actions = bench.handle(Event::Role(Role::Owner));
    let called = |actions: &[Action]| -> Vec<InstanceId> {
        let call = |action: &Action| match action {
            Action::Call(_, call) => Some(call.instance),
            _ => None,
        };
        actions.iter().filter_map(call).collect()
    };
    assert_eq!(called(&actions), [young]);
    assert_eq!(called(&bench.handle(Event::Stored(gone, Ok(Stored::default())))), []);
    assert!(bench.partition.view(&gone).is_none());
    let stored = bench.stored(there);
    assert_eq!(called(&bench.handle(stored)), [there], "what is there goes on");
}

/// Nothing answers: what is started is cancelled.
struct Nobody;

impl Operations for Nobody {
    fn call(&self, _: Request) -> BoxFuture<'static, Reply> {
        futures::future::pending().boxed()
    }
}

struct Silent;

impl Observer for Silent {
    fn updated(&self, _: &Update, _: &Instance, _: &Arc<Plan>, _: bool) {}

    fn alarmed(&self, alarm: &Alarm) {
        unreachable!("{alarm:?}");
    }
}

async fn engine(journal: Arc<dyn Journal>, rests: bool) -> Engine {
    let mut options = EngineOptions::default();
    options.partition.retention = Some(Duration::from_millis(1));
    if !rests {
        options.partition.rest = None;
    }
    Engine::start(journal, Arc::new(Nobody), Arc::new(Silent), options).await.unwrap()
}

async fn purged(engine: &Engine, id: InstanceId) {
    while !engine.is_purged(id).await.unwrap() || engine.inspect(id).await.is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

fn signal() -> Signal {
    Signal { channel: "word".into(), id: "w".into(), payload: b"1".to_vec() }
}

async fn check(journal: Arc<dyn Journal>, rests: bool) -> (InstanceId, InstanceId) {
    let engine = engine(Arc::clone(&journal), rests).await;
    let hash = engine.put_plan(transfer().bytes.clone()).await.unwrap();
    let begin =
        async |number| engine.start_instance(&transfer().plan, hash, &input(number), "test").await.unwrap();
    let open = begin(0).await.id;
    let mut ended = Vec::new();
    for number in 1..80 {
        let id = begin(number).await.id;
        let mode = CancelMode::Compensate;
        let cancel = Control::Cancel { mode, reason: "no".into(), grace: None, request: "c".into() };
        engine.control(id, cancel, "test").await.unwrap();
        let kill = Control::Kill { reason: "no".into(), request: "k".into() };
        engine.control(id, kill, "test").await.unwrap();
        ended.push(id);
    }
    for id in &ended {
        purged(&engine, *id).await;
    }
    assert!(engine.inspect(open).await.is_some_and(|found| found.state.is_some()), "what is open stays");
    // Its key is taken: the same input is the same instance, which is over, and another one is refused.
    let again = begin(7).await;
    assert!(again.existed && again.id == ended[6] && engine.inspect(again.id).await.is_none());
    let mut other = input(7);
    other["req"]["amount"]["amount"] = json!("251.00");
    let refused = engine.start_instance(&transfer().plan, hash, &other, "test").await;
    assert!(matches!(refused, Err(StartError::OtherInput(id)) if id == ended[6]));
    assert_eq!(engine.signal(ended[6], signal(), "test").await, Err(SendError::Purged(ended[6])));
    let nobody = InstanceId([7; 16]);
    assert_eq!(engine.signal(nobody, signal(), "test").await, Err(SendError::Unknown(nobody)));
    engine.stop().await;
    let home = partition_of(&ended[6], journal.partitions());
    assert!(
        journal.load_snapshots(home).await.unwrap().snapshots.iter().flatten().all(|it| it.instance == open)
    );
    (open, ended[6])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_memory_journal_is_purged() {
    for rests in [true, false] {
        check(Arc::new(MemoryJournal::new(4, Clock::system(), Limits::default())), rests).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sqlite_journal_is_purged_and_stays_so_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = Arc::new(SqliteJournal::open(&path, Default::default()).await.unwrap());
    let (open, gone) = check(Arc::clone(&journal) as Arc<dyn Journal>, true).await;
    journal.close().await;
    let journal = Arc::new(SqliteJournal::open(&path, Default::default()).await.unwrap());
    let engine = engine(Arc::clone(&journal) as Arc<dyn Journal>, true).await;
    assert!(engine.inspect(open).await.is_some());
    assert!(engine.inspect(gone).await.is_none() && engine.is_purged(gone).await.unwrap());
    engine.stop().await;
    journal.close().await;
}
