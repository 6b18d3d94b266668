//! `wfl-bench`: what the engine reaches on this machine, a line of JSON per workload. Every workload runs in a process of
//! its own, on a journal on disk that syncs before it acknowledges.

mod program;
mod measure;
mod worker;
mod world;
mod workload;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::{Parser, Subcommand};
use serde_json::{Map, Value as Json};

use crate::workload::{fan, recovery, sequence, startup, waiting};
use crate::world::Failure;

/// As in `wflc`: the engine makes and drops small things all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the engine. Prints a line of JSON for each workload.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Task>,
    /// Only workloads whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    /// How often each one runs
    #[arg(long, default_value_t = 1)]
    runs: u32,
    /// A tenth of everything, to see that it works
    #[arg(long)]
    quick: bool,
    /// Where the journals lie: a folder on the disk that is to be measured
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    disk: PathBuf,
}

#[derive(Clone, Subcommand)]
enum Task {
    /// The process that answers calls
    #[command(hide = true)]
    Worker,
    /// The engine that is killed
    #[command(hide = true)]
    Victim {
        #[arg(long)]
        folder: PathBuf,
        #[arg(long)]
        count: usize,
    },
    /// One workload
    #[command(hide = true)]
    One {
        name: String,
        #[arg(long)]
        folder: PathBuf,
        #[arg(long)]
        quick: bool,
    },
}

/// What is measured; a name that begins with `+` goes on in the folder of the one before.
const WORKLOADS: &[&str] = &[
    "three-steps c=1",
    "three-steps c=64",
    "three-steps c=256",
    "three-steps http c=1",
    "three-steps http c=64",
    "three-steps http c=256",
    "fan-out-100 c=1",
    "fan-out-100 c=16",
    "fan-out-100 http c=16",
    "waiting 20000",
    "+signal 20000",
    "waiting 100000",
    "+signal 100000",
    "recovery 1000",
    "start-up",
];

fn main() -> ExitCode {
    let begun = Instant::now();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = match cli.command.clone() {
        Some(Task::Worker) => runtime.block_on(worker::serve()).map_err(Failure::from),
        Some(Task::Victim { folder, count }) => runtime.block_on(recovery::victim(&folder, count)),
        Some(Task::One { name, folder, quick }) => {
            runtime.block_on(one(&name, &folder, quick, begun)).map(|figures| print(&name, figures))
        }
        None => all(&cli),
    };
    done.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

/// Runs the workloads, each in a process of its own.
fn all(cli: &Cli) -> Result<(), Failure> {
    for _ in 0..cli.runs {
        let mut folder = tempfile::tempdir_in(&cli.disk)?;
        for name in WORKLOADS {
            if !name.starts_with('+') {
                folder = tempfile::tempdir_in(&cli.disk)?;
            }
            let name = name.trim_start_matches('+');
            let wanted = name.contains(&cli.only) || name.replace("waiting", "signal").contains(&cli.only);
            if !wanted {
                continue;
            }
            let mut one = Command::new(std::env::current_exe()?);
            one.args(["one", name, "--folder"]).arg(folder.path());
            if cli.quick {
                one.arg("--quick");
            }
            let status = one.status()?;
            if !status.success() {
                return Err(format!("{name}: {status}").into());
            }
        }
    }
    Ok(())
}

async fn one(name: &str, folder: &Path, quick: bool, begun: Instant) -> Result<Map<String, Json>, Failure> {
    let words: Vec<&str> = name.split(' ').collect();
    let number = |word: &str| word.trim_start_matches("c=").parse::<usize>().unwrap_or(1);
    let last = number(words.last().copied().unwrap_or_default());
    let http = words.contains(&"http");
    let scaled = |count: usize| if quick { count / 10 } else { count };
    match words[0] {
        "three-steps" => {
            let count = if last == 1 { 2_000 } else { 40_000 };
            sequence::run(folder, last, scaled(count), http).await
        }
        "fan-out-100" => fan::run(folder, last, scaled(if last == 1 { 100 } else { 800 }), http).await,
        "waiting" => waiting::start(folder, scaled(last)).await,
        "signal" => waiting::signal(folder).await,
        "recovery" => recovery::run(folder, last).await,
        "start-up" => startup::run(folder, begun).await,
        other => Err(format!("there is no workload {other}").into()),
    }
}

#[expect(clippy::print_stdout, reason = "figures are what it is for")]
fn print(name: &str, figures: Map<String, Json>) {
    let mut line = Map::new();
    line.insert("workload".into(), name.into());
    line.extend(figures);
    println!("{}", Json::Object(line));
}

#[expect(clippy::print_stderr, reason = "somebody looks there when it fails")]
fn failed(error: &Failure) -> ExitCode {
    eprintln!("wfl-bench: {error}");
    ExitCode::FAILURE
}
