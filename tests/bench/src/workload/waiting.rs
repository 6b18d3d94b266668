//! Many workflows that wait; a restart with all of them open; then all of them are told to go on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Map, Value as Json, json};
use tokio::task::JoinSet;
use wfl_machine::Signal;
use wfl_record::InstanceId;

use crate::measure::{Meter, memory, rounded};
use crate::program::program;
use crate::world::{self, Ends, Failure};

/// How many ask at once.
const CLIENTS: usize = 256;

/// Starts `count` workflows that wait.
pub(crate) async fn start(folder: &Path, count: usize) -> Result<Map<String, Json>, Failure> {
    let journal = world::journal(folder).await?;
    let ends = Arc::new(Ends::default());
    let engine = world::engine(&journal, world::operations(None)?, &ends).await?;
    let program = program("Waiting");
    engine.put_plan(program.bytes.clone()).await?;
    let meter = Meter::start(&[]);
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..CLIENTS {
        let (engine, program, next) = (Arc::clone(&engine), program.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut ids = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, Failure>(ids);
                }
                let args = json!({ "id": format!("w{number}") });
                ids.push(engine.start_instance(&program.plan, program.hash, &args, "bench").await?.id);
            }
        });
    }
    let mut ids: Vec<InstanceId> = Vec::with_capacity(count);
    while let Some(done) = tasks.join_next().await {
        ids.extend(done??);
    }
    let mut figures = meter.figures(count, Vec::new());
    figures.insert("resident_mib".into(), json!(rounded(memory(std::process::id(), "VmRSS"))));
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    std::fs::write(folder.join("ids"), lines)?;
    Ok(figures)
}

/// Opens the journal with all that wait, begins something new, and tells them all to go on.
pub(crate) async fn signal(folder: &Path) -> Result<Map<String, Json>, Failure> {
    let ids: Vec<InstanceId> = std::fs::read_to_string(folder.join("ids"))?
        .lines()
        .map(|line| line.parse().map_err(|error| format!("{line}: {error:?}")))
        .collect::<Result<_, _>>()?;
    let begun = Instant::now();
    let journal = world::journal(folder).await?;
    let ends = Arc::new(Ends::default());
    let engine = world::engine(&journal, world::operations(None)?, &ends).await?;
    let program = program("Three");
    engine.put_plan(program.bytes.clone()).await?;
    engine.start_instance(&program.plan, program.hash, &json!({ "id": "first" }), "bench").await?;
    ends.reach(1).await;
    let restart = begun.elapsed().as_secs_f64();
    let resident = memory(std::process::id(), "VmRSS");
    let meter = Meter::start(&[]);
    let (count, ids, next) = (ids.len(), Arc::new(ids), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for _ in 0..CLIENTS {
        let (engine, ids, next) = (Arc::clone(&engine), Arc::clone(&ids), Arc::clone(&next));
        tasks.spawn(async move {
            while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                let go = Signal { channel: "go".into(), id: "once".into(), payload: b"7".to_vec() };
                engine.signal(*id, go, "bench").await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    ends.reach(count as u64 + 1).await;
    let mut figures = meter.figures(count, Vec::new());
    figures.insert("restart_to_first_progress_seconds".into(), json!(rounded(restart)));
    figures.insert("resident_after_restart_mib".into(), json!(rounded(resident)));
    Ok(figures)
}
