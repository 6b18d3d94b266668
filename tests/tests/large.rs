//! Large answers, messages and arguments: kept outside of the log, there after a restart, gone after a purge.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use wfl_compiler::{Compilation, Memory, compile};
use wfl_engine::{Engine, EngineOptions, Observer};
use wfl_ir::{Plan, Value};
use wfl_journal::{Clock, Journal, LargePayloads, Limits, MemoryJournal};
use wfl_journal_sqlite::SqliteJournal;
use wfl_machine::{Ending, Instance, Signal};
use wfl_operations::{Operations, Reply, Request};
use wfl_partition::{Alarm, Update};
use wfl_record::{InstanceId, Position, Reference, partition_of};

const PROGRAM: &str = r#"
service Archive {
  operation page(key: String) -> String { effect read }
}

workflow Child(id: String, text: String) -> String
  version 1
  key id
{
  return text
}

workflow Large(id: String, text: String) -> List<String>
  version 1
  key id
{
  step page = Archive.page(key: id)
  let word = await signal word(String)
  step child = run Child(id: "{id}-c", text: text) { on KeyInUse -> use "taken" }
  return [page, word, child]
}
"#;

/// So many bytes of a text that stands nowhere else.
fn text(mark: &str, megabytes: usize) -> String {
    format!("<{mark}:{}>", "f00d".repeat(3)).repeat(megabytes << 16)[..megabytes << 20].to_owned()
}

fn page() -> String {
    text("page", 5)
}

struct Archive;

impl Operations for Archive {
    fn call(&self, _: Request) -> BoxFuture<'static, Reply> {
        async move { Reply::Returned(json!(page()).to_string().into_bytes()) }.boxed()
    }
}

/// Whether alarms are wanted.
struct Watches(bool);

impl Observer for Watches {
    fn updated(&self, _: &Update, _: &Instance, _: &Arc<Plan>, _: bool) {}

    fn alarmed(&self, alarm: &Alarm) {
        assert!(self.0, "{alarm:?}");
    }
}

async fn open(path: &Path) -> Arc<SqliteJournal> {
    Arc::new(SqliteJournal::open(path, Default::default()).await.unwrap())
}

async fn engine(journal: &Arc<SqliteJournal>, keeps: bool, alarms: bool) -> Engine {
    let mut options = EngineOptions::default();
    if !keeps {
        options.partition.retention = Some(wfl_ir::Duration::from_millis(1));
    }
    let journal = Arc::clone(journal) as Arc<dyn Journal>;
    Engine::start(journal, Arc::new(Archive), Arc::new(Watches(alarms)), options).await.unwrap()
}

fn compiled() -> Compilation {
    let compilation = compile(&Memory::new([("main.wfl", PROGRAM)]));
    assert!(!compilation.has_errors(), "{:#?}", compilation.diagnostics);
    compilation
}

async fn begin(engine: &Engine) -> InstanceId {
    let compilation = compiled();
    for workflow in &compilation.workflows {
        engine.put_plan(workflow.bytes.clone()).await.unwrap();
    }
    let large = compilation.workflow("Large").unwrap();
    let input = json!({ "id": "l", "text": text("args", 2) });
    engine.start_instance(&large.plan, large.hash, &input, "test").await.unwrap().id
}

async fn seen(engine: &Engine, id: InstanceId, wanted: impl Fn(&Instance) -> bool) -> Instance {
    loop {
        if let Some(state) = engine.inspect(id).await.and_then(|found| found.state)
            && wanted(&state)
        {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What waits for the message has its page.
fn has_page(state: &Instance) -> bool {
    state.count() >= 2
}

/// Whether a text stands anywhere in the files of a journal.
fn stands_in(folder: &Path, mark: &str) -> bool {
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).any(|bytes| {
        let mark = format!("<{mark}:f00d").into_bytes();
        bytes.windows(mark.len()).any(|window| window == mark)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_payloads_survive_a_restart_and_go_with_a_purge() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = open(&path).await;
    let first = engine(&journal, true, false).await;
    let id = begin(&first).await;
    seen(&first, id, has_page).await;
    // It ends in the middle.
    drop(first);
    journal.close().await;

    let journal = open(&path).await;
    let again = engine(&journal, true, false).await;
    assert_eq!(begin(&again).await, id, "the same arguments are the same instance");
    let payload = json!(text("word", 3)).to_string().into_bytes();
    again.signal(id, Signal { channel: "word".into(), id: "w".into(), payload }, "somebody").await.unwrap();
    let state = seen(&again, id, |state| state.is_closed()).await;
    let texts = [page(), text("word", 3), text("args", 2)].map(|text| Value::String(text.as_str().into()));
    let Some(Ending::Completed(Value::List(found))) = state.ending() else { unreachable!("it ends well") };
    assert!(found.iter().eq(&texts), "all came through");
    let raw = journal.read_instance(&id, Position::ZERO).await.unwrap();
    let longest = raw.iter().map(|record| record.envelope.payload.len()).max();
    assert!(longest < Some(LargePayloads::THRESHOLD), "no record is large: {longest:?}");
    assert!(raw.iter().filter(|record| Reference::is_in(&record.envelope)).count() >= 3);
    again.stop().await;
    journal.close().await;
    assert!(["page", "word", "args"].iter().all(|mark| stands_in(folder.path(), mark)));

    let journal = open(&path).await;
    let purging = engine(&journal, false, false).await;
    while !purging.is_purged(id).await.unwrap() || !all_purged(&*journal).await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(purging.inspect(id).await.is_none());
    assert_eq!(begin(&purging).await, id, "its key stays taken");
    purging.stop().await;
    journal.close().await;
    for mark in ["page", "word", "args"] {
        assert!(!stands_in(folder.path(), mark), "{mark}");
    }
}

/// Whether nothing is left in the log that could be followed.
async fn all_purged(journal: &dyn Journal) -> bool {
    for partition in (0..journal.partitions()).map(wfl_record::Partition) {
        let end = wfl_record::Stamp(i64::MAX);
        let found = journal.last_records(partition, Position::ZERO, end, 1).await.unwrap();
        if !found.instances.is_empty() {
            return false;
        }
    }
    true
}

/// A payload that is gone, or is not what was put, is damage of its instance: others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_payload_quarantines_its_instance_alone() {
    for damage in ["DELETE FROM payloads", "UPDATE payloads SET bytes = CAST('no' AS BLOB)"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let journal = open(&path).await;
        let mut options = EngineOptions::default();
        // Without a snapshot all is read from the log.
        options.partition.rest = None;
        let shared = Arc::clone(&journal) as Arc<dyn Journal>;
        let first = Engine::start(shared, Arc::new(Archive), Arc::new(Watches(false)), options.clone()).await;
        let first = first.unwrap();
        let id = begin(&first).await;
        seen(&first, id, has_page).await;
        first.stop().await;
        journal.close().await;
        let connect = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
        let pool = sqlx::SqlitePool::connect_with(connect).await.unwrap();
        sqlx::query(damage).execute(&pool).await.unwrap();
        pool.close().await;

        let journal = open(&path).await;
        let shared = Arc::clone(&journal) as Arc<dyn Journal>;
        let again = Engine::start(shared, Arc::new(Archive), Arc::new(Watches(true)), options).await.unwrap();
        let reason = loop {
            if let Some(reason) = again.inspect(id).await.and_then(|found| found.quarantine) {
                break reason;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        assert!(reason.contains("payload") || reason.contains("arguments"), "{reason}");
        let compilation = compiled();
        let child = compilation.workflow("Child").unwrap();
        let home = partition_of(&id, journal.partitions());
        for number in 0..8 {
            let input = json!({ "id": format!("o{number}"), "text": "t" });
            let other = again.start_instance(&child.plan, child.hash, &input, "test").await.unwrap().id;
            seen(&again, other, |state| state.is_closed()).await;
            if partition_of(&other, journal.partitions()) == home {
                break;
            }
        }
        again.stop().await;
        journal.close().await;
    }
}

/// There is an end to it: an answer that no journal takes is an incident that says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_over_every_limit_is_an_incident() {
    let limits = Limits { blob: 4 << 20, ..Limits::default() };
    let journal = Arc::new(MemoryJournal::new(4, Clock::system(), limits));
    let options = EngineOptions::default();
    let engine = Engine::start(journal, Arc::new(Archive), Arc::new(Watches(true)), options).await.unwrap();
    let id = begin(&engine).await;
    let state = seen(&engine, id, |state| !state.suspensions().is_empty()).await;
    let why: Vec<String> = state.suspensions().iter().map(|it| it.why.to_string()).collect();
    assert!(why.iter().any(|why| why.contains("larger than the 4194304 bytes")), "{why:?}");
    engine.stop().await;
}
