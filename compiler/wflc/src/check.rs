//! `wflc check`: reports on the projects of the given files.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::PathBuf;

use wfl_compiler::{Disk, Settings, compile_with};
use wfl_source::{Applicability, Diagnostic};

use crate::colour::{self, paint};
use crate::exit::{Outcome, Status};
use crate::levels::Given;
use crate::project;
use crate::render::{self, Format, Reports};
use crate::say::{say, tell};
use crate::times;

/// What to check and how to say what was found.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// .wfl files or project folders; each file is checked together with its project
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How reports are written: human and short to standard error, the others to standard output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, hide_default_value = true)]
    message_format: Format,
    /// Show all reports, however many there are
    #[arg(long)]
    all: bool,
    /// Show how long workflows and their steps take, and what they call at most
    #[arg(long)]
    time: bool,
    #[command(flatten)]
    levels: Given,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let roots: BTreeSet<PathBuf> =
        args.paths.iter().map(|path| project::root_of(path)).collect::<Result<_, _>>()?;
    let settings = Settings { levels: args.levels.0.clone(), today: Some(project::today()) };
    let checked = |root: PathBuf| {
        let compilation = compile_with(&Disk::new(&root), &settings);
        (root, compilation)
    };
    let checked: Vec<_> = roots.into_iter().map(checked).collect();
    let mut shown: Vec<Reports<'_>> =
        checked.iter().map(|(root, it)| Reports::new(root, &it.files, &it.diagnostics)).collect();
    let failed = checked.iter().any(|(_, it)| it.has_errors());
    let status = if failed { Status::Diagnostics } else { Status::Fine };
    if !args.message_format.is_for_people() {
        render::print(args.message_format, &shown);
        if args.time && args.message_format == Format::Json {
            let objects = checked.iter().flat_map(|(_, it)| times::objects(it));
            objects.for_each(|object| say(format_args!("{object}")));
        }
        return Ok(status);
    }
    let hidden = if args.all { Vec::new() } else { render::limit(&mut shown) };
    render::print(args.message_format, &shown);
    if let Some(more) = render::summary(hidden.iter().copied()) {
        tell(format_args!("… and {more} more; `--all` shows everything\n"));
    }
    let all: Vec<&Diagnostic> = checked.iter().flat_map(|(_, it)| &it.diagnostics).collect();
    if args.message_format == Format::Human {
        hint(&all);
    }
    if args.time {
        let colour = colour::wanted(&std::io::stdout());
        checked.iter().for_each(|(_, it)| say(format_args!("{}", times::tables(it, colour))));
    }
    summarize(failed, &all, checked.iter().map(|(_, it)| it.workflows.len()).sum());
    Ok(status)
}

/// The last line.
fn summarize(failed: bool, reports: &[&Diagnostic], workflows: usize) {
    let colour = colour::wanted(&std::io::stdout());
    let summary = render::summary(reports.iter().copied());
    if failed {
        let failed = paint(colour, "1;31", "check failed");
        say(format_args!("{failed}: {}", summary.unwrap_or_default()));
    } else {
        let warnings = summary.map(|summary| format!(", {summary}")).unwrap_or_default();
        let ok = paint(colour, "1;32", "ok");
        say(format_args!("{ok}: {}{warnings}", render::count(workflows, "workflow")));
    }
}

/// On a terminal: what to do next.
fn hint(reports: &[&Diagnostic]) {
    let stderr = std::io::stderr();
    let Some(first) = reports.first().filter(|_| stderr.is_terminal()) else { return };
    let is_safe = |it: &&&Diagnostic| it.fixes.iter().any(|fix| fix.applicability == Applicability::Safe);
    let safe = reports.iter().filter(is_safe).count();
    let explain = format!("`wflc explain {}` tells more", first.code);
    let fix = match safe {
        0 => String::new(),
        1 => "; `wflc fix` puts one of these right".to_owned(),
        safe => format!("; `wflc fix` puts {safe} of these right"),
    };
    tell(format_args!("{}", paint(colour::wanted(&stderr), "2", &format!("{explain}{fix}"))));
}
