//! `wflc`, the command line of WFL: check, lay out, build, draw and run workflows.

mod say;
mod exit;
mod render;
mod project;
mod shown;
mod check;
mod build;
mod graph;
mod fmt;
mod run;
mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
