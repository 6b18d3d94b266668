//! The engine over real journals, with operations in process: starts, results, restarts, many at once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use wfl_compiler::{Memory, compile};
use wfl_engine::{Engine, EngineOptions, Observer, StartError};
use wfl_ir::Plan;
use wfl_journal::{Clock, Journal, Limits, MemoryJournal};
use wfl_journal_sqlite::SqliteJournal;
use wfl_machine::{Decision, Ending, Instance, Signal, Status};
use wfl_operations::{Operations, Reply, Request};
use wfl_partition::{Alarm, Update};
use wfl_record::InstanceId;
use wfl_tests::project::{input, transfer};

/// Answers everything well.
#[derive(Default)]
struct Happy {
    calls: AtomicU32,
}

impl Operations for Happy {
    fn call(&self, request: Request) -> BoxFuture<'static, Reply> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let json = match request.qualified().as_str() {
            "Compliance.screen" => json!({ "id": "s1" }),
            "Ledger.reserve" => json!({ "id": "h1", "expires_at": "2027-01-01T00:00:00Z" }),
            "Ledger.post" => json!({ "id": "p1" }),
            "Rail.submit" => json!({ "reference": "r1" }),
            "Ledger.settle" => json!({ "at": "2027-01-01T00:00:00Z" }),
            other => unreachable!("{other} is not called when all is well"),
        };
        async move { Reply::Returned(json.to_string().into_bytes()) }.boxed()
    }
}

struct Silent;

impl Observer for Silent {
    fn updated(&self, _: &Update, _: &Instance, _: &Arc<Plan>, _: bool) {}

    fn alarmed(&self, alarm: &Alarm) {
        unreachable!("{alarm:?}");
    }
}

async fn engine(journal: Arc<dyn Journal>, operations: Arc<Happy>) -> Engine {
    Engine::start(journal, operations, Arc::new(Silent), EngineOptions::default()).await.unwrap()
}

async fn ended(engine: &Engine, id: InstanceId) -> Instance {
    loop {
        if let Some(state) = engine.inspect(id).await.and_then(|found| found.state)
            && state.status().is_terminal()
        {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn check(journal: Arc<dyn Journal>) {
    let operations = Arc::new(Happy::default());
    let engine = engine(journal, Arc::clone(&operations)).await;
    let hash = engine.put_plan(transfer().bytes.clone()).await.unwrap();
    let mut ids = Vec::new();
    for number in 0..50 {
        let started = engine.start_instance(&transfer().plan, hash, &input(number), "test").await.unwrap();
        assert!(!started.existed);
        ids.push(started.id);
    }
    for id in &ids {
        let state = ended(&engine, *id).await;
        assert_eq!(state.status(), Status::Completed);
        assert!(
            matches!(state.ending(), Some(Ending::Completed(value)) if value.to_string().starts_with("Settled"))
        );
    }
    assert_eq!(operations.calls.load(Ordering::SeqCst), 250, "five calls each, none twice");
    let again = engine.start_instance(&transfer().plan, hash, &input(7), "test").await.unwrap();
    assert!(again.existed && again.id == ids[7]);
    let mut other = input(7);
    other["req"]["amount"]["amount"] = json!("251.00");
    let refused = engine.start_instance(&transfer().plan, hash, &other, "test").await;
    assert!(matches!(refused, Err(StartError::OtherInput(id)) if id == ids[7]));
    let invalid = engine.start_instance(&transfer().plan, hash, &json!({}), "test").await;
    assert!(matches!(invalid, Err(StartError::Invalid(_))));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_end_on_the_memory_journal() {
    check(Arc::new(MemoryJournal::new(4, Clock::system(), Limits::default()))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_end_on_the_sqlite_journal_and_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let journal = Arc::new(SqliteJournal::open(&path, Default::default()).await.unwrap());
    check(Arc::clone(&journal) as Arc<dyn Journal>).await;
    journal.close().await;
    let journal = Arc::new(SqliteJournal::open(&path, Default::default()).await.unwrap());
    let operations = Arc::new(Happy::default());
    let engine = engine(Arc::clone(&journal) as Arc<dyn Journal>, Arc::clone(&operations)).await;
    let started = engine.start_instance(&transfer().plan, transfer().hash, &input(3), "test").await.unwrap();
    assert!(started.existed);
    assert_eq!(ended(&engine, started.id).await.status(), Status::Completed);
    assert_eq!(operations.calls.load(Ordering::SeqCst), 0, "nothing is called again");
    engine.stop().await;
    journal.close().await;
}

/// A parent with children in other partitions, branches, a message and two people.
const FAMILY: &str = r#"
workflow Child(id: String) -> String
  version 1
  key id
{
  return "child {id}"
}

workflow Family(id: String) -> String
  version 1
  key id
{
  let both = parallel {
    branch run_it {
      step a = run Child(id: "{id}-a") { on KeyInUse -> use "taken" }
      yield a
    }
    branch each {
      let all = foreach n in [1, 2, 3] {
        step c = run Child(id: "{id}-{n}") { on KeyInUse -> use "taken" }
        yield c
      }
      yield all.count()
    }
  }
  let word = await signal word(String) { where signal != "no" }
  let sure = await human Sure(Bool) {
    role "clerk"
    approvals 2
    show (word: word)
    on Disagreed -> use false
  }
  return "{both.run_it}, {both.each} more, {word}, {sure}"
}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_messages_and_people_bring_an_instance_to_its_end() {
    let compilation = compile(&Memory::new([("main.wfl", FAMILY)]));
    assert!(!compilation.has_errors(), "{:#?}", compilation.diagnostics);
    let journal = Arc::new(MemoryJournal::new(4, Clock::system(), Limits::default()));
    let engine = engine(journal, Arc::new(Happy::default())).await;
    for workflow in &compilation.workflows {
        engine.put_plan(workflow.bytes.clone()).await.unwrap();
    }
    let family = compilation.workflow("Family").unwrap();
    let input = json!({ "id": "f" });
    let id = engine.start_instance(&family.plan, family.hash, &input, "starter").await.unwrap().id;
    for (number, word) in ["no", "yes"].into_iter().enumerate() {
        let payload = json!(word).to_string().into_bytes();
        let signal = Signal { channel: "word".into(), id: number.to_string(), payload };
        engine.signal(id, signal, "somebody").await.unwrap();
    }
    let task = loop {
        let state = engine.inspect(id).await.and_then(|found| found.state);
        if let Some(task) = state.and_then(|state| state.tasks().pop()) {
            break task;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    for person in ["starter", "ann", "ann", "ben"] {
        let decision = Decision {
            task: family.plan.nodes[task.node as usize].id.clone(),
            item: task.item.clone(),
            epoch: task.epoch,
            shown: task.digest,
            person: person.to_owned(),
            roles: vec!["clerk".to_owned()],
            payload: b"true".to_vec(),
        };
        engine.decide(id, decision).await.unwrap();
    }
    let state = ended(&engine, id).await;
    let Some(Ending::Completed(value)) = state.ending() else { unreachable!("{:?}", state.ending()) };
    assert_eq!(value.to_string(), "child f-a, 3 more, yes, true");
    engine.stop().await;
}

/// A child that many want under one key.
const RIVALS: &str = r#"
workflow Child(id: String) -> String
  version 1
  key id
{
  return "child {id}"
}

workflow Rival(id: String, child: String) -> String
  version 1
  key id
{
  step word = run Child(id: child) { on KeyInUse -> use "taken" }
  return word
}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_parents_gets_a_child() {
    let compilation = compile(&Memory::new([("main.wfl", RIVALS)]));
    assert!(!compilation.has_errors(), "{:#?}", compilation.diagnostics);
    let journal = Arc::new(MemoryJournal::new(1, Clock::system(), Limits::default()));
    let engine = engine(journal, Arc::new(Happy::default())).await;
    for workflow in &compilation.workflows {
        engine.put_plan(workflow.bytes.clone()).await.unwrap();
    }
    let rival = compilation.workflow("Rival").unwrap();
    let inputs: Vec<_> = (0..20).map(|number| json!({ "id": format!("r{number}"), "child": "c" })).collect();
    let starts = inputs.iter().map(|input| engine.start_instance(&rival.plan, rival.hash, input, "test"));
    let mut words = Vec::new();
    for started in futures::future::join_all(starts).await {
        let state = ended(&engine, started.unwrap().id).await;
        let Some(Ending::Completed(value)) = state.ending() else { unreachable!("{:?}", state.ending()) };
        words.push(value.to_string());
    }
    assert_eq!(words.iter().filter(|word| *word == "child c").count(), 1, "{words:?}");
    assert_eq!(words.iter().filter(|word| *word == "taken").count(), 19, "{words:?}");
    engine.stop().await;
}
