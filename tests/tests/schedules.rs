//! Schedules over a real engine, in days that pass when the test says so.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use wfl_compiler::{Compilation, Memory, compile};
use wfl_engine::{Engine, EngineOptions, Observer, ScheduleError, ScheduleOptions};
use wfl_ir::{Plan, Timestamp};
use wfl_journal::{Clock, Journal, Limits, MemoryJournal};
use wfl_machine::{Cadence, Instance, Overlap, Schedule};
use wfl_operations::{Operations, Reply, Request};
use wfl_partition::{Alarm, Options, Resting, Update};
use wfl_record::Stamp;

const PROGRAM: &str = r#"
workflow Payout(id: String, day: Date, batch: Int) -> String
  version 1
  key id
{
  return "{id} of {day}"
}
"#;

/// Nobody is called.
struct Nobody;

impl Operations for Nobody {
    fn call(&self, request: Request) -> BoxFuture<'static, Reply> {
        async move { unreachable!("{}", request.qualified()) }.boxed()
    }
}

struct Silent;

impl Observer for Silent {
    fn updated(&self, _: &Update, _: &Instance, _: &Arc<Plan>, _: bool) {}

    fn alarmed(&self, alarm: &Alarm) {
        unreachable!("{alarm:?}");
    }
}

/// A world whose days pass when somebody says so.
struct World {
    now: Arc<AtomicI64>,
    journal: Arc<dyn Journal>,
    program: Compilation,
}

fn time(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

impl World {
    fn at(text: &str) -> World {
        let now = Arc::new(AtomicI64::new(time(text).0));
        let program = compile(&Memory::new([("main.wfl", PROGRAM)]));
        assert!(!program.has_errors(), "{:#?}", program.diagnostics);
        let journal = Arc::new(MemoryJournal::new(4, World::clock(&now), Limits::default()));
        World { now, journal, program }
    }

    fn clock(now: &Arc<AtomicI64>) -> Clock {
        let now = Arc::clone(now);
        Clock::new(move || Stamp(now.load(Ordering::SeqCst)))
    }

    fn jump(&self, text: &str) {
        self.now.store(time(text).0, Ordering::SeqCst);
    }

    async fn engine(&self) -> Engine {
        let rest = Resting { snapshot_every: 6, ..Resting::default() };
        let partition = Options { rest: Some(rest), ..Options::default() };
        let options = EngineOptions { partition, clock: World::clock(&self.now), ..EngineOptions::default() };
        let engine = Engine::start(Arc::clone(&self.journal), Arc::new(Nobody), Arc::new(Silent), options);
        let engine = engine.await.unwrap();
        engine.put_plan(self.program.workflow("Payout").unwrap().bytes.clone()).await.unwrap();
        engine
    }

    async fn set(
        &self,
        engine: &Engine,
        args: &Json,
        pattern: &str,
        zone: &str,
    ) -> Result<(), ScheduleError> {
        let payout = self.program.workflow("Payout").unwrap();
        let cadence = Cadence::Cron { pattern: pattern.into(), zone: zone.into() };
        let options = ScheduleOptions {
            catch_up: wfl_ir::Duration::from_secs(5 * 86_400),
            ..ScheduleOptions::new(cadence)
        };
        engine.set_schedule("daily", (&payout.plan, payout.hash), args, options, ("ann", "set-1")).await
    }
}

/// Waits until a schedule is as wanted.
async fn until(engine: &Engine, wanted: impl Fn(&Schedule) -> bool) -> Schedule {
    loop {
        if let Some(schedule) = engine.schedule("daily").await.filter(|schedule| wanted(schedule)) {
            return schedule;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn ended(count: usize) -> impl Fn(&Schedule) -> bool {
    move |schedule| schedule.over.len() == count && schedule.under.is_empty()
}

/// When the occasions that are over were due, and what came of them.
fn over(schedule: &Schedule) -> Vec<String> {
    schedule.over.iter().map(|over| format!("{} {}", over.due, over.how)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_schedule_is_refused() {
    let world = World::at("2026-10-23T00:00:00Z");
    let engine = world.engine().await;
    let good = json!({ "id": "p-${due}", "day": "${date}", "batch": 1 });
    let check = async |args: &Json, pattern: &str, zone: &str| {
        world.set(&engine, args, pattern, zone).await.unwrap_err().to_string()
    };
    insta::assert_snapshot!(
        [
            check(&good, "0 9 * *", "Europe/Berlin").await,
            check(&good, "0 9 * * *", "Europe/Bonn").await,
            check(&good, "0 9 30 2 *", "Europe/Berlin").await,
            check(&json!({ "id": "p", "day": "${date}", "batch": 1 }), "0 9 * * *", "Europe/Berlin").await,
            check(&json!({ "id": "p-${due}", "day": "${due}", "batch": 1 }), "0 9 * * *", "Europe/Berlin")
                .await,
            check(&json!({ "id": "p-${due}", "day": "${date}" }), "0 9 * * *", "Europe/Berlin").await,
            engine.pause_schedule("daily", "why", ("ann", "1")).await.unwrap_err().to_string(),
            engine.delete_schedule("daily", ("ann", "1")).await.unwrap_err().to_string(),
        ]
        .join("\n")
    );
    assert_eq!(engine.schedules().await.len(), 0);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_follows_the_other() {
    // On 25 October the clocks of Berlin go back.
    let world = World::at("2026-10-23T10:00:00Z");
    let engine = world.engine().await;
    let args = json!({ "id": "p-${date}", "day": "${date}", "batch": 1 });
    world.set(&engine, &args, "0 9 * * *", "Europe/Berlin").await.unwrap();
    world.set(&engine, &args, "0 9 * * *", "Europe/Berlin").await.unwrap();
    world.jump("2026-10-24T07:00:00Z");
    let first = until(&engine, ended(1)).await;
    assert_eq!(first.next, Some(time("2026-10-25T08:00:00Z")));
    engine.stop().await;
    // What came while nobody was there is made up for: one at a time, others are left out.
    world.jump("2026-10-26T08:00:01Z");
    let engine = world.engine().await;
    let second = until(&engine, |schedule| {
        schedule.over.len() as u64 + schedule.skipped == 3 && schedule.under.is_empty()
    })
    .await;
    assert_eq!(second.begun + second.skipped, 3);
    engine.pause_schedule("daily", "holidays", ("ann", "pause")).await.unwrap();
    until(&engine, |schedule| schedule.paused.is_some()).await;
    world.jump("2026-10-29T12:00:00Z");
    engine.resume_schedule("daily", ("ann", "resume")).await.unwrap();
    let resumed = until(&engine, |schedule| schedule.paused.is_none()).await;
    assert_eq!((resumed.next, resumed.begun), (Some(time("2026-10-30T08:00:00Z")), second.begun));
    let days = (time("2026-10-27T00:00:00Z"), time("2026-10-30T00:00:00Z"));
    let count = engine.backfill_schedule("daily", days, Overlap::QueueAll, ("ann", "fill")).await.unwrap();
    assert_eq!(count, 3);
    let filled =
        until(&engine, |schedule| schedule.begun == second.begun + 3 && schedule.under.is_empty()).await;
    assert_eq!(
        over(&filled)[filled.over.len() - 3..],
        [
            "2026-10-27T08:00:00Z completed",
            "2026-10-28T08:00:00Z completed",
            "2026-10-29T08:00:00Z completed"
        ]
    );
    // The same days once more are the same instances: they are refused.
    engine.backfill_schedule("daily", days, Overlap::Allow, ("ann", "again")).await.unwrap();
    let again =
        until(&engine, |schedule| schedule.begun == second.begun + 6 && schedule.under.is_empty()).await;
    assert!(again.over.back().unwrap().how.contains("which was started before"), "{:?}", again.over.back());
    engine.trigger_schedule("daily", Overlap::Skip, ("ann", "now")).await.unwrap();
    until(&engine, |schedule| schedule.begun == second.begun + 7 && schedule.under.is_empty()).await;
    let far = (time("2020-01-01T00:00:00Z"), time("2026-10-30T00:00:00Z"));
    let refused = engine.backfill_schedule("daily", far, Overlap::Allow, ("ann", "far")).await;
    assert_eq!(refused, Err(ScheduleError::TooMany));
    assert_eq!(engine.schedules().await.len(), 1);
    engine.delete_schedule("daily", ("ann", "delete")).await.unwrap();
    until_gone(&engine).await;
    engine.stop().await;
}

async fn until_gone(engine: &Engine) {
    while !engine.schedules().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
