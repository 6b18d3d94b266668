//! From nothing to the end of the first workflow.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value as Json, json};

use crate::measure::{memory, rounded};
use crate::program::program;
use crate::world::{self, Ends, Failure};

/// Opens a journal, starts an engine and runs one workflow.
pub(crate) async fn run(folder: &Path, begun: Instant) -> Result<Map<String, Json>, Failure> {
    let journal = world::journal(folder).await?;
    let ends = Arc::new(Ends::watched());
    let engine = world::engine(&journal, world::operations(None)?, &ends).await?;
    let ready = begun.elapsed();
    let program = program("Three");
    engine.put_plan(program.bytes.clone()).await?;
    let started =
        engine.start_instance(&program.plan, program.hash, &json!({ "id": "first" }), "bench").await?;
    ends.of(started.id).await;
    let mut figures = Map::new();
    figures.insert("engine_up_ms".into(), json!(rounded(ready.as_secs_f64() * 1_000.0)));
    figures.insert("first_end_ms".into(), json!(rounded(begun.elapsed().as_secs_f64() * 1_000.0)));
    figures.insert("resident_mib".into(), json!(rounded(memory(std::process::id(), "VmRSS"))));
    Ok(figures)
}
