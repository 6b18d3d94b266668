//! `wflc verify`: all that can happen to workflows, within bounds, and what must hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use wfl_compiler::{Compilation, Compiled};
use wfl_ir::{Name, NodeKind};
use wfl_verify::{Bounds, Program, Report, Tone};

use crate::colour::{self, paint};
use crate::exit::{Failure, Outcome, Status};
use crate::project;
use crate::say::say;

/// Which workflows, how far, and how to tell.
#[derive(clap::Args, Debug)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    /// Workflows by name, all of the project if none is named; a project folder or file, if it is not this folder
    #[arg(value_name = "WORKFLOW|PROJECT")]
    what: Vec<String>,
    /// How many answers of a run are lost or not there, besides successes and declared errors
    #[arg(long, value_name = "N", default_value_t = Bounds::default().faults)]
    faults: u8,
    /// How often a run is cancelled, paused, slowed down, or loses its engine
    #[arg(long, value_name = "N", default_value_t = Bounds::default().disturbances)]
    disturbances: u8,
    /// From which attempt of a call on nothing goes wrong any more
    #[arg(long, value_name = "N", default_value_t = Bounds::default().attempts)]
    attempts: u32,
    /// How many states are looked at for one workflow
    #[arg(long, value_name = "N", default_value_t = Bounds::default().states)]
    states: usize,
    /// How many values stand for all of a type
    #[arg(long, value_name = "N", default_value_t = Bounds::default().values)]
    values: usize,
    /// How long lists get
    #[arg(long, value_name = "N", default_value_t = Bounds::default().items)]
    items: usize,
    /// Let calls have their effect later than `confirm … after` promises
    #[arg(long)]
    late: bool,
    /// Explore every order of moves, also of those that commute
    #[arg(long)]
    no_reduction: bool,
    /// Write the tests of what was found to this folder
    #[arg(long, value_name = "DIR")]
    tests: Option<PathBuf>,
    /// How to tell what was found
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

const HELP: &str = "\
Each workflow is started with inputs that stand for all, and each call is answered in each way: with results, with each \
declared error, not at all, before and after it had its effect. Messages come, people decide, time passes, somebody \
cancels, the engine ends. All along it is checked that each effect is undone or committed once and in order, that nothing \
is undone behind a point of no return, that nothing gets stuck, and what `invariant` says.

Runs with few faults come first. When the states are used up, the report says up to how many faults everything was \
looked at; what was not looked at may be wrong.

Exit status: 0 all holds as far as it was looked at, 1 the program has errors, 3 something does not hold.";

/// How to tell what was found.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// For people
    Text,
    /// One JSON object
    Json,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let (paths, names): (Vec<&String>, Vec<&String>) =
        args.what.iter().partition(|what| Path::new(what).exists());
    let root = match paths.as_slice() {
        [] => project::root_of(Path::new("."))?,
        [one] => project::root_of(Path::new(one))?,
        _ => {
            let help = "verify one project after the other";
            return Err(Failure::new(Status::Usage, "two projects are named", help));
        }
    };
    let compilation = project::compiled(&root);
    if compilation.has_errors() {
        return Ok(Status::Diagnostics);
    }
    let mut chosen = Vec::new();
    for name in names {
        chosen.push(project::workflow(&compilation, Some(name))?);
    }
    if chosen.is_empty() {
        // Without a workflow it says that there is none.
        match compilation.workflows.as_slice() {
            [] => chosen.push(project::workflow(&compilation, None)?),
            all => chosen.extend(all),
        }
    }
    let (mut status, mut reports) = (Status::Fine, Vec::new());
    for (at, workflow) in chosen.into_iter().enumerate() {
        let program = program(&compilation, workflow);
        let verdict = watched(args, &program, workflow);
        let name = Name::from(workflow.name.as_str());
        let report = Report {
            program: &program,
            workflow: &name,
            hash: workflow.hash,
            verdict: &verdict,
            services: &compilation.services,
        };
        if !report.holds() {
            status = Status::TestsFailed;
        }
        if let Some(folder) = &args.tests {
            write_tests(folder, workflow, &report)?;
        }
        match args.output {
            Output::Text => print(&report, at > 0),
            Output::Json => reports.push(report.json()),
        }
    }
    if args.output == Output::Json {
        say(format_args!("{:#}", json!({ "workflows": reports })));
    }
    Ok(status)
}

/// The plans that a workflow leads to.
fn program(compilation: &Compilation, workflow: &Compiled) -> Program {
    let mut program = Program::default();
    let mut open = vec![workflow];
    while let Some(next) = open.pop() {
        if program.plan(next.hash).is_some() {
            continue;
        }
        program.add(next.hash, Arc::new(next.plan.clone()), next.invariants.clone());
        let children = next.plan.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::SubWorkflow(run) => Some(run.plan),
            _ => None,
        });
        open.extend(children.filter_map(|hash| compilation.workflows.iter().find(|it| it.hash == hash)));
    }
    program
}

/// Verifies a workflow, with a line on standard error while it takes long.
fn watched(args: &Args, program: &Program, workflow: &Compiled) -> wfl_verify::Verdict {
    let bounds = Bounds {
        faults: args.faults,
        disturbances: args.disturbances,
        attempts: args.attempts,
        states: args.states,
        values: args.values,
        items: args.items,
        late: args.late,
        reduction: !args.no_reduction,
        ..Bounds::default()
    };
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}") {
        bar.set_style(style);
    }
    let verdict = wfl_verify::verify(program, workflow.hash, &bounds, &mut |progress| {
        bar.set_message(format!(
            "{}: {} states, {} moves, {} waiting, runs of {}",
            workflow.short_name, progress.states, progress.transitions, progress.waiting, progress.depth
        ));
        bar.tick();
        true
    });
    bar.finish_and_clear();
    verdict
}

fn print(report: &Report<'_>, further: bool) {
    let colour = colour::wanted(&std::io::stdout());
    if further {
        say(format_args!(""));
    }
    for line in report.lines() {
        let style = match line.tone {
            Tone::Head => "1",
            Tone::Plain => "0",
            Tone::Fault => "31",
            Tone::Undo => "33",
            Tone::Note => "36",
            Tone::End => "32",
        };
        let plain = line.tone == Tone::Plain;
        let text = if plain { line.text } else { paint(colour, style, &line.text) };
        say(format_args!("{text}"));
    }
}

/// Each test in a module of its own.
fn write_tests(folder: &Path, workflow: &Compiled, report: &Report<'_>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let message = format!("{} cannot be written: {error}", folder.display());
        Failure::new(Status::Unavailable, message, "choose another place with --tests")
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (number, found) in report.verdict.exploration.violations.iter().enumerate() {
        let Some((_, Some(test))) = report.told(found) else { continue };
        let name = format!("verify_{}_{}.wfl", workflow.short_name.to_lowercase(), number + 1);
        std::fs::write(folder.join(name), test.text()).map_err(failed)?;
    }
    Ok(())
}
