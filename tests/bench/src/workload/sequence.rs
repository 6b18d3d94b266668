//! Workflows of three steps, so many at once: each client starts one and waits for its end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};
use tokio::task::JoinSet;

use crate::measure::Meter;
use crate::program::Program;
use crate::worker::Worker;
use crate::world::{Ends, Failure, Loaded, load};
use wfl_engine::Engine;

/// Runs `count` workflows by `clients`.
pub(crate) async fn run(
    folder: &Path,
    clients: usize,
    count: usize,
    http: bool,
) -> Result<Map<String, Json>, Failure> {
    let Loaded { engine, ends, program, worker } = load(folder, "Three", http).await?;
    let others: Vec<u32> = worker.iter().map(Worker::process).collect();
    let args = |name: &str, number: usize| json!({ "id": format!("{name}{number}") });
    closed_loop(&engine, &ends, &program, clients, count / 10, move |n| args("warm", n)).await?;
    let meter = Meter::start(&others);
    let latencies = closed_loop(&engine, &ends, &program, clients, count, move |n| args("w", n)).await?;
    Ok(meter.figures(count, latencies))
}

/// Starts workflows, as many at once as there are clients, and gives how long each took.
pub(crate) async fn closed_loop(
    engine: &Arc<Engine>,
    ends: &Arc<Ends>,
    program: &Program,
    clients: usize,
    count: usize,
    args: impl Fn(usize) -> Json + Clone + Send + 'static,
) -> Result<Vec<Duration>, Failure> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (engine, ends, program) = (Arc::clone(engine), Arc::clone(ends), program.clone());
        let (next, args) = (Arc::clone(&next), args.clone());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok::<_, Failure>(latencies);
                }
                let begun = Instant::now();
                let args = args(number);
                let started = engine.start_instance(&program.plan, program.hash, &args, "bench").await?;
                ends.of(started.id).await;
                latencies.push(begun.elapsed());
            }
        });
    }
    let mut latencies = Vec::with_capacity(count);
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    Ok(latencies)
}
