//! An engine with a thousand workflows under way is killed; another one ends them all.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Map, Value as Json, json};
use wfl_operations::{Operations, Reply, Request};

use crate::measure::{Meter, rounded};
use crate::program::program;
use crate::world::{self, Ends, Failure};

/// Each call takes so long in the engine that is killed, so that all its workflows are under way.
const SLOW: Duration = Duration::from_secs(60);

struct Slow;

impl Operations for Slow {
    fn call(&self, _: Request) -> BoxFuture<'static, Reply> {
        async {
            tokio::time::sleep(SLOW).await;
            Reply::Unknown { reason: "nobody waits so long".into() }
        }
        .boxed()
    }
}

/// The engine that will be killed: starts workflows, says so, and waits for its end.
#[expect(clippy::print_stdout, reason = "whoever kills it reads there that all is under way")]
pub(crate) async fn victim(folder: &Path, count: usize) -> Result<(), Failure> {
    let journal = world::journal(folder).await?;
    let engine = world::engine(&journal, Arc::new(Slow), &Arc::new(Ends::default())).await?;
    let program = program("Three");
    engine.put_plan(program.bytes.clone()).await?;
    let starts = (0..count).map(|number| {
        let args = json!({ "id": format!("r{number}") });
        let (engine, program) = (Arc::clone(&engine), program.clone());
        async move { engine.start_instance(&program.plan, program.hash, &args, "bench").await.map(|_| ()) }
    });
    futures::future::try_join_all(starts).await?;
    println!("started");
    std::future::pending().await
}

/// Kills an engine with `count` workflows under way, and measures until another one has ended them all.
pub(crate) async fn run(folder: &Path, count: usize) -> Result<Map<String, Json>, Failure> {
    let mut victim = Command::new(std::env::current_exe()?)
        .arg("victim")
        .args(["--folder".as_ref(), folder.as_os_str()])
        .args(["--count", &count.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = String::new();
    if let Some(stdout) = victim.stdout.take() {
        BufReader::new(stdout).read_line(&mut said)?;
    }
    if said.trim() != "started" {
        return Err("the engine that is to be killed ended before".into());
    }
    victim.kill()?;
    victim.wait()?;
    let begun = Instant::now();
    let meter = Meter::start(&[]);
    let journal = world::journal(folder).await?;
    let ends = Arc::new(Ends::default());
    let _engine = world::engine(&journal, world::operations(None)?, &ends).await?;
    let up = begun.elapsed().as_secs_f64();
    ends.reach(count as u64).await;
    let mut figures = meter.figures(count, Vec::new());
    figures.insert("engine_up_seconds".into(), json!(rounded(up)));
    Ok(figures)
}
