//! The engine on a disk that loses power: workflows come to their end, each effect under one key, nothing called again
//! once it is over.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use wfl_crashfs::{Disk, Fault, vfs};
use wfl_engine::{Engine, EngineOptions, Observer};
use wfl_ir::Plan;
use wfl_journal::Journal;
use wfl_journal_sqlite::{Options, SqliteJournal};
use wfl_machine::{Ending, Instance, Status};
use wfl_operations::{Operations, Reply, Request};
use wfl_partition::{Alarm, Update};
use wfl_record::InstanceId;
use wfl_tests::project::{input, transfer};

/// So many transfers at once.
const TRANSFERS: u32 = 3;
/// Far longer than any run takes: one that takes longer hangs.
const HANGS: Duration = Duration::from_secs(60);

/// The keys of each operation of each instance.
type Keys = BTreeMap<(String, String), BTreeSet<Option<String>>>;

/// The other side: it answers well, and notes under which keys each effect was asked for.
#[derive(Default)]
struct Effects {
    keys: Mutex<Keys>,
    calls: Mutex<u32>,
}

impl Operations for Effects {
    fn call(&self, request: Request) -> BoxFuture<'static, Reply> {
        let operation = request.qualified();
        let json = match operation.as_str() {
            "Compliance.screen" => json!({ "id": "s1" }),
            "Ledger.reserve" => json!({ "id": "h1", "expires_at": "2027-01-01T00:00:00Z" }),
            "Ledger.post" => json!({ "id": "p1" }),
            "Rail.submit" => json!({ "reference": "r1" }),
            "Rail.status" => json!({ "reference": "r1" }),
            "Ledger.settle" => json!({ "at": "2027-01-01T00:00:00Z" }),
            other => unreachable!("{other} is not called when all is well"),
        };
        *self.calls.lock().unwrap() += 1;
        self.keys.lock().unwrap().entry((request.instance, operation)).or_default().insert(request.key);
        async move { Reply::Returned(json.to_string().into_bytes()) }.boxed()
    }
}

struct Silent;

impl Observer for Silent {
    fn updated(&self, _: &Update, _: &Instance, _: &Arc<Plan>, _: bool) {}

    fn alarmed(&self, _: &Alarm) {}
}

/// What is known over all processes of a run.
#[derive(Default)]
struct Run {
    effects: Arc<Effects>,
    /// Transfers whose start was acknowledged.
    started: BTreeSet<InstanceId>,
    processes: u32,
}

impl Run {
    /// One process: true when it saw all transfers end, false when the disk went away under it.
    async fn process(&mut self, disk: &Disk) -> bool {
        self.processes += 1;
        let options = Options { vfs: Some(vfs()), ..Options::default() };
        let journal = match SqliteJournal::open(&disk.path("journal.db"), options).await {
            Ok(journal) => Arc::new(journal),
            Err(error) if disk.is_up() => unreachable!("the journal opens: {error}"),
            Err(_) => return false,
        };
        let operations = Arc::clone(&self.effects) as Arc<dyn Operations>;
        let engine = Engine::start(
            Arc::clone(&journal) as Arc<dyn Journal>,
            operations,
            Arc::new(Silent),
            EngineOptions::default(),
        );
        let has_ended = match engine.await {
            Ok(engine) => {
                let has_ended = self.transfers(disk, &engine).await;
                engine.stop().await;
                has_ended
            }
            Err(error) if disk.is_up() => unreachable!("the engine starts: {error}"),
            Err(_) => false,
        };
        journal.close().await;
        has_ended
    }

    async fn transfers(&mut self, disk: &Disk, engine: &Engine) -> bool {
        if engine.put_plan(transfer().bytes.clone()).await.is_err() {
            return false;
        }
        let mut ids = Vec::new();
        for number in 0..TRANSFERS {
            let plan = &transfer().plan;
            match engine.start_instance(plan, transfer().hash, &input(number), "test").await {
                Ok(started) => {
                    let is_known = !self.started.insert(started.id);
                    assert!(started.existed || !is_known, "the acknowledged start of {number} is lost");
                    ids.push(started.id);
                }
                Err(error) => {
                    assert!(!disk.is_up(), "the start of {number}: {error}");
                    return false;
                }
            }
        }
        for id in ids {
            loop {
                let state = engine.inspect(id).await.and_then(|found| found.state);
                if let Some(state) = state.filter(|state| state.status().is_terminal()) {
                    assert_eq!(state.status(), Status::Completed);
                    let ending = state.ending();
                    assert!(
                        matches!(ending, Some(Ending::Completed(value)) if value.to_string().starts_with("Settled")),
                        "{ending:?}"
                    );
                    break;
                }
                if !disk.is_up() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        true
    }

    /// Through a fault for each process to the end, and then once more after a power cut.
    async fn finish(&mut self, disk: &Disk, faults: &[Fault]) {
        for fault in faults {
            disk.arm(*fault);
            // The power may go only when the journal is closed.
            let has_ended = self.process(disk).await;
            disk.mend();
            disk.start();
            if has_ended {
                break;
            }
        }
        assert!(self.process(disk).await, "nothing is in the way any more");
        let calls = *self.effects.calls.lock().unwrap();
        disk.cut_power();
        disk.start();
        assert!(self.process(disk).await, "the ends are there after a power cut");
        assert_eq!(*self.effects.calls.lock().unwrap(), calls, "nothing is called once it is over");
        let keys = self.effects.keys.lock().unwrap();
        assert_eq!(keys.len(), 5 * TRANSFERS as usize, "{keys:#?}");
        assert!(keys.values().all(|keys| keys.len() == 1), "each effect has one key: {keys:#?}");
        for (instance, operation) in keys.keys() {
            let key = &keys[&(instance.clone(), operation.clone())];
            let shared = keys.iter().filter(|(other, keys)| other.0 == *instance && *keys == key).count();
            assert_eq!(shared, 1, "no two effects of an instance have the same key: {keys:#?}");
        }
    }
}

fn run(seed: u64, faults: &[Fault]) -> (u64, Run) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path(), seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut run = Run::default();
    let ended = runtime.block_on(async { tokio::time::timeout(HANGS, run.finish(&disk, faults)).await });
    assert!(ended.is_ok(), "seed {seed}, {faults:?}: it hangs");
    (disk.counts().changes(), run)
}

/// `WFL_LONG` takes every point.
#[test]
fn transfers_end_through_power_cuts_and_ends_of_the_process() {
    let begun = Instant::now();
    let (points, calm) = run(0, &[]);
    assert_eq!((calm.processes, *calm.effects.calls.lock().unwrap()), (2, 5 * TRANSFERS));
    // A prime stride goes through all phases of a group.
    let stride = if std::env::var_os("WFL_LONG").is_some() { 1 } else { 7 };
    let (mut runs, mut interrupted, mut repeated) = (0, 0, 0);
    for at in (1..=points).step_by(stride) {
        // What a process found that followed another one's end must be there after a power cut.
        for first in [Fault::PowerCut { at }, Fault::Kill { at }] {
            let faults = [first, Fault::PowerCut { at: 1 + at * 5 % 60 }];
            println!("{faults:?} of {points} operations, seed {at}");
            let (_, run) = run(at, &faults);
            runs += 1;
            interrupted += u32::from(run.processes > 3);
            repeated += *run.effects.calls.lock().unwrap() - 5 * TRANSFERS;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{runs} runs, {interrupted} of them interrupted twice, {repeated} calls repeated, {seconds:.1} s"
    );
    assert!(interrupted * 2 > runs, "the faults came while there was work");
    assert!(repeated > 0, "some calls were repeated");
}
