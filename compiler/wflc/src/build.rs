//! `wflc build`: compiles a project and writes its plans.

use std::path::PathBuf;

use crate::exit::{Failure, Outcome, Status};
use crate::project;
use crate::say::say;

/// What to build and what to write.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A project folder or one of its files
    project: PathBuf,
    /// Print the intermediate representation instead of writing plans
    #[arg(long, value_name = "WHAT")]
    emit: Option<Emit>,
    /// Only this workflow
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Emit {
    /// The plan as indented JSON on standard output
    Ir,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let root = project::root_of(&args.project)?;
    let compilation = project::compiled(&root);
    if compilation.has_errors() {
        return Ok(Status::Diagnostics);
    }
    if let Some(Emit::Ir) = args.emit {
        let workflow = project::workflow(&compilation, args.workflow.as_deref())?;
        let text = serde_json::to_string_pretty(&workflow.plan).unwrap_or_default();
        say(format_args!("{text}"));
        return Ok(Status::Fine);
    }
    let folder = root.join(".wfl").join("build");
    let failed = |error: std::io::Error| {
        let help = "the plans go into .wfl/build of the project: make it writable";
        Failure::new(Status::Unavailable, format!("a plan cannot be written: {error}"), help)
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let wanted = |name: &str, short: &str| args.workflow.as_deref().is_none_or(|w| w == name || w == short);
    for workflow in compilation.workflows.iter().filter(|w| wanted(&w.name, &w.short_name)) {
        let path = folder.join(format!("{}.plan.json", workflow.name));
        std::fs::write(&path, &workflow.bytes).map_err(failed)?;
        say(format_args!("{} version {} plan {}", workflow.name, workflow.plan.version, workflow.hash));
    }
    Ok(Status::Fine)
}
