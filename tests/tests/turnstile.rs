//! `limit n per value` over a real journal: never more than n side by side, everybody has their turn, over restarts too,
//! and what the journal keeps of it stays short.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde_json::json;
use wfl_compiler::{Compilation, Memory, compile};
use wfl_engine::{Engine, EngineOptions, Observer};
use wfl_ir::{Plan, Value};
use wfl_journal::{Clock, Journal, Limits, MemoryJournal};
use wfl_journal_sqlite::SqliteJournal;
use wfl_machine::{Instance, Status, Turnstile};
use wfl_operations::{Operations, Reply, Request};
use wfl_partition::{Alarm, Options, Resting, Update};
use wfl_record::{InstanceId, Namespace, Position};

const PROGRAM: &str = r#"
service Bank {
  operation pay(id: String, account: String) -> Int {
    effect write
    idempotent by id
  }
}

workflow Pay(id: String, account: String) -> Int
  version 1
  key id
  limit 2 per account
{
  step first = Bank.pay(id: "{id}-1", account: account)
  step second = Bank.pay(id: "{id}-2", account: account)
  return first + second
}
"#;

/// By account: the payers seen since their first call and not past their second one, and the most there were.
type Running = BTreeMap<String, (Vec<String>, usize)>;

/// Takes a moment for each payment, and counts who is being paid.
#[derive(Default)]
struct Bank {
    running: Arc<Mutex<Running>>,
}

impl Operations for Bank {
    fn call(&self, request: Request) -> BoxFuture<'static, Reply> {
        let account = request.args["account"].as_str().unwrap().to_owned();
        let id = request.args["id"].as_str().unwrap().to_owned();
        let running = Arc::clone(&self.running);
        async move {
            let payer = id.rsplit_once('-').map_or(id.clone(), |(payer, _)| payer.to_owned());
            {
                let mut running = running.lock().unwrap();
                let (payers, most) = running.entry(account.clone()).or_default();
                if !payers.contains(&payer) {
                    payers.push(payer.clone());
                }
                *most = payers.len().max(*most);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            if id.ends_with("-2") {
                let mut running = running.lock().unwrap();
                running.entry(account).or_default().0.retain(|there| *there != payer);
            }
            Reply::Returned(b"1".to_vec())
        }
        .boxed()
    }
}

struct Silent;

impl Observer for Silent {
    fn updated(&self, _: &Update, _: &Instance, _: &Arc<Plan>, _: bool) {}

    fn alarmed(&self, alarm: &Alarm) {
        unreachable!("{alarm:?}");
    }
}

async fn engine(journal: Arc<dyn Journal>, bank: &Arc<Bank>, rest: Option<Resting>) -> Engine {
    let partition = Options { rest, ..Options::default() };
    let options = EngineOptions { partition, ..EngineOptions::default() };
    let operations = Arc::clone(bank) as Arc<dyn Operations>;
    Engine::start(journal, operations, Arc::new(Silent), options).await.unwrap()
}

fn program() -> Compilation {
    let program = compile(&Memory::new([("main.wfl", PROGRAM)]));
    assert!(!program.has_errors(), "{:#?}", program.diagnostics);
    program
}

async fn start(engine: &Engine, program: &Compilation, numbers: std::ops::Range<u32>) -> Vec<InstanceId> {
    let pay = program.workflow("Pay").unwrap();
    let hash = engine.put_plan(pay.bytes.clone()).await.unwrap();
    let inputs: Vec<_> = numbers
        .map(|number| json!({ "id": format!("p{number}"), "account": format!("a{}", number % 3) }))
        .collect();
    let starts = inputs.iter().map(|input| engine.start_instance(&pay.plan, hash, input, "test"));
    join_all(starts).await.into_iter().map(|started| started.unwrap().id).collect()
}

async fn all_ended(engine: &Engine, ids: &[InstanceId]) {
    for id in ids {
        loop {
            let state = engine.inspect(*id).await.and_then(|found| found.state);
            if state.is_some_and(|state| state.status() == Status::Completed) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_may_run_side_by_side() {
    let program = program();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let bank = Arc::new(Bank::default());
    let mut ids = Vec::new();
    for life in 0..3 {
        let journal = Arc::new(SqliteJournal::open(&path, Default::default()).await.unwrap());
        let rest =
            Resting { after: wfl_ir::Duration::from_millis(50), most: 16, snapshot_every: 8, lag: 200 };
        let engine = engine(Arc::clone(&journal) as Arc<dyn Journal>, &bank, Some(rest)).await;
        ids.extend(start(&engine, &program, life * 60..(life + 1) * 60).await);
        if life == 2 {
            all_ended(&engine, &ids).await;
        } else {
            // The next life begins while most of them wait.
            all_ended(&engine, &ids[..5]).await;
        }
        engine.stop().await;
        journal.close().await;
    }
    let most: Vec<usize> = bank.running.lock().unwrap().values().map(|(_, most)| *most).collect();
    assert_eq!(most, [2, 2, 2], "two at once by account, and no more");
    let journal = SqliteJournal::open(&path, Default::default()).await.unwrap();
    for account in ["a0", "a1", "a2"] {
        let id = Turnstile::id(&Namespace::default(), "main.Pay", &Value::String(account.into()));
        let left = journal.read_instance(&id, Position::ZERO).await.unwrap();
        assert!((1..60).contains(&left.len()), "{} of more than 120 records are left", left.len());
    }
    journal.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_a_crowd_that_opens_a_turnstile_get_in() {
    let (program, bank) = (program(), Arc::new(Bank::default()));
    let journal = Arc::new(MemoryJournal::new(1, Clock::system(), Limits::default()));
    let engine = engine(journal, &bank, None).await;
    let ids = start(&engine, &program, 0..60).await;
    all_ended(&engine, &ids).await;
    let most: Vec<usize> = bank.running.lock().unwrap().values().map(|(_, most)| *most).collect();
    assert_eq!(most, [2, 2, 2]);
    // A turnstile is no instance, and whoever looks for one is told so.
    let turnstile = Turnstile::id(&Namespace::default(), "main.Pay", &Value::String("a0".into()));
    assert!(engine.inspect(turnstile).await.is_none());
    engine.stop().await;
}
