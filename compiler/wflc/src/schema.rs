//! `wflc schema`: JSON Schema of what workflows take and give.

use std::path::{Path, PathBuf};

use serde_json::{Map as Object, Value as Json, json};
use wfl_compiler::Compiled;
use wfl_ir::schema::Schemas;

use crate::exit::{Failure, Outcome, Status};
use crate::project;
use crate::say::say;

/// Of which workflow, what, and where to.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A project folder or one of its files
    project: PathBuf,
    /// The workflow; needed when the project has several, except to write all into a folder
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// Only these schemas
    #[arg(long, value_enum, value_name = "WHAT")]
    what: Option<What>,
    /// Write to this file, if it ends in `.json`; else each schema to a file of its own in this folder
    #[arg(long, short, value_name = "FILE|DIR")]
    out: Option<PathBuf>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The input, one member for each parameter
    Input,
    /// The result
    Result,
    /// The events that it publishes
    Events,
    /// The errors that it may end with or meets
    Errors,
    /// The messages that it waits for
    Signals,
    /// The answers of the people whom it asks
    Tasks,
}

const ALL: [What; 6] = [What::Input, What::Result, What::Events, What::Errors, What::Signals, What::Tasks];

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Input => "input",
            What::Result => "result",
            What::Events => "events",
            What::Errors => "errors",
            What::Signals => "signals",
            What::Tasks => "tasks",
        }
    }

    /// One schema, or several by name.
    fn of(self, schemas: &Schemas<'_>) -> Json {
        let named = |all: Vec<(wfl_ir::Name, Json)>| {
            Json::Object(all.into_iter().map(|(name, schema)| (name.to_string(), schema)).collect())
        };
        match self {
            What::Input => schemas.input(),
            What::Result => schemas.result(),
            What::Events => named(schemas.events()),
            What::Errors => named(schemas.errors()),
            What::Signals => named(schemas.signals()),
            What::Tasks => named(schemas.tasks()),
        }
    }

    fn is_single(self) -> bool {
        matches!(self, What::Input | What::Result)
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let root = project::root_of(&args.project)?;
    let compilation = project::compiled(&root);
    if compilation.has_errors() {
        return Ok(Status::Diagnostics);
    }
    let chosen = || project::workflow(&compilation, args.workflow.as_deref());
    match &args.out {
        None => say(format_args!("{}", pretty(&printed(args, chosen()?)))),
        Some(path) if path.extension().is_some_and(|ending| ending == "json") => {
            write(path, &printed(args, chosen()?))?;
        }
        Some(folder) => {
            let all = args.workflow.is_none() && !compilation.workflows.is_empty();
            let workflows = if all { compilation.workflows.iter().collect() } else { vec![chosen()?] };
            write_all(args, folder, &workflows)?;
        }
    }
    Ok(Status::Fine)
}

/// What is asked for of a workflow, in one piece.
fn printed(args: &Args, workflow: &Compiled) -> Json {
    let schemas = Schemas::new(&workflow.plan, &workflow.guide);
    match args.what {
        Some(what) => what.of(&schemas),
        None => json!(
            ALL.map(|what| (what.name().to_owned(), what.of(&schemas))).into_iter().collect::<Object<_, _>>()
        ),
    }
}

/// Each schema in its own file, named by its address.
fn write_all(args: &Args, folder: &Path, workflows: &[&Compiled]) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let mut written = Vec::new();
    for workflow in workflows {
        let schemas = Schemas::new(&workflow.plan, &workflow.guide);
        for what in ALL.into_iter().filter(|what| args.what.is_none_or(|only| only == *what)) {
            let found = match what.of(&schemas) {
                one if what.is_single() => vec![one],
                Json::Object(all) => all.into_iter().map(|(_, one)| one).collect(),
                _ => Vec::new(),
            };
            for schema in found {
                let path = folder.join(file_name(&schema));
                // Workflows share events and errors.
                if !written.contains(&path) {
                    write(&path, &schema)?;
                    written.push(path);
                }
            }
        }
    }
    written.iter().for_each(|path| say(format_args!("{}", path.display())));
    Ok(())
}

fn file_name(schema: &Json) -> String {
    let id = schema["$id"].as_str().unwrap_or_default();
    format!("{}.schema.json", id.strip_prefix("urn:wfl:").unwrap_or(id).replace(':', "."))
}

fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

fn write(path: &Path, json: &Json) -> Result<(), Failure> {
    std::fs::write(path, format!("{}\n", pretty(json))).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("{} cannot be written: {error}", path.display());
    Failure::new(Status::Unavailable, message, "choose another place with --out")
}
