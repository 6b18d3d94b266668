//! `wflc graph`: draws a workflow.

use std::path::PathBuf;

use crate::exit::{Failure, Outcome, Status};
use crate::project;
use crate::say::say;

/// What to draw and how.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A project folder or one of its files
    project: PathBuf,
    /// The kind of picture
    #[arg(long, value_enum, default_value = "mermaid")]
    format: Format,
    /// The workflow; needed when the project has several
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Format {
    /// A Mermaid flow chart
    Mermaid,
    /// The DOT language of Graphviz
    Dot,
    /// A picture that stands by itself, for light and dark pages
    Svg,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let root = project::root_of(&args.project)?;
    let compilation = project::compiled(&root);
    if compilation.has_errors() {
        return Ok(Status::Diagnostics);
    }
    let plan = &project::workflow(&compilation, args.workflow.as_deref())?.plan;
    let picture = match args.format {
        Format::Mermaid => wfl_compiler::graph::mermaid(plan),
        Format::Dot => wfl_compiler::graph::dot(plan),
        Format::Svg => wfl_compiler::graph::svg(plan),
    };
    match &args.out {
        Some(path) => std::fs::write(path, picture).map_err(|error| {
            let message = format!("{} cannot be written: {error}", path.display());
            Failure::new(Status::Unavailable, message, "choose another place with --out")
        })?,
        None => say(format_args!("{}", picture.trim_end())),
    }
    Ok(Status::Fine)
}
