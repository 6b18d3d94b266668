//! `wflc`, the command line of WFL: check, fix, lay out, build, draw and run workflows.

mod say;
mod replace;
mod exit;
mod colour;
mod pages;
mod render;
mod project;
mod shown;
mod levels;
mod times;
mod check;
mod fix;
mod explain;
mod build;
mod graph;
mod schema;
mod doc;
mod verify;
mod audit;
mod diff;
mod new;
mod fmt;
mod run;
mod cli;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

/// The engine and the compiler make and drop small things all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
