//! Workflows of a hundred steps side by side.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use crate::measure::{Meter, rounded};
use crate::worker::Worker;
use crate::workload::sequence::closed_loop;
use crate::world::{Failure, Loaded, load};

/// How many steps a workflow has.
const WIDTH: usize = 100;

/// Runs `count` workflows by `clients`.
pub(crate) async fn run(
    folder: &Path,
    clients: usize,
    count: usize,
    http: bool,
) -> Result<Map<String, Json>, Failure> {
    let Loaded { engine, ends, program, worker } = load(folder, "Fan", http).await?;
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
