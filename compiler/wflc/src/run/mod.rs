//! `wflc run`: one workflow on the embedded journal, shown as it happens.

mod input;
mod worker;
mod story;
mod screen;
mod follow;
mod start;
mod batch;
mod session;

use std::path::PathBuf;

use crate::exit::{Failure, Outcome, Status};
use crate::project;

/// What to run and how to show it.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The project folder
    project: PathBuf,
    /// The workflow's arguments: a JSON file with one member per parameter, or `-` for standard input. A file that ends
    /// in `.jsonl` has them for one instance per line; all of these run at once
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// The workflow; needed when the project has several
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// How to show what happens
    #[arg(long, value_enum, default_value = "text")]
    output: screen::Output,
    /// Try what is suspended once more before following the instance
    #[arg(long)]
    retry: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let root = project::root_of(&args.project)?;
    let compilation = project::compiled(&root);
    if compilation.has_errors() {
        return Ok(Status::Diagnostics);
    }
    let workflow = project::workflow(&compilation, args.workflow.as_deref())?;
    let input = input::read(&args.input)?;
    input.check(&workflow.plan)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(
            Status::Unavailable,
            format!("threads cannot be started: {error}"),
            "free some resources",
        )
    })?;
    runtime.block_on(session::run(start::Setup {
        root: &root,
        compilation: &compilation,
        workflow,
        input,
        output: args.output,
        retry: args.retry,
    }))
}
