//! Workflows of a hundred steps side by side.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::measure::{Meter, rounded};
use crate::program::program;
use crate::worker::Worker;
use crate::workload::sequence::closed_loop;
use crate::world::{self, Ends, Failure};

/// How many steps a workflow has.
const WIDTH: usize = 100;

/// Runs `count` workflows by `clients`.
pub(crate) async fn run(
    folder: &Path,
    clients: usize,
    count: usize,
    http: bool,
) -> Result<Map<String, Json>, Failure> {
    let worker = if http { Some(Worker::start()?) } else { None };
    let operations = world::operations(worker.as_ref().map(|worker| worker.address.as_str()))?;
    let journal = world::journal(folder).await?;
    let ends = Arc::new(Ends::watched());
    let engine = world::engine(&journal, operations, &ends).await?;
    let program = program("Fan");
    engine.put_plan(program.bytes.clone()).await?;
    let others: Vec<u32> = worker.iter().map(Worker::process).collect();
    let numbers: Vec<usize> = (0..WIDTH).collect();
    let args = move |number: usize| json!({ "id": format!("f{number}"), "numbers": numbers });
    let meter = Meter::start(&others);
    let latencies = closed_loop(&engine, &ends, &program, clients, count, args).await?;
    let mut figures = meter.figures(count, latencies);
    let seconds = figures.get("seconds").and_then(Json::as_f64).unwrap_or_default();
    figures.insert("steps_per_second".into(), json!(rounded((count * WIDTH) as f64 / seconds)));
    Ok(figures)
}
