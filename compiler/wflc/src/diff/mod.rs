//! `wflc diff`: what differs between two versions of a project, and what that means.

mod side;
mod page;
mod text;

use wfl_compiler::check_migrations;
use wfl_diff::{Diff, Grade};
use wfl_source::Diagnostic;

use crate::colour;
use crate::diff::side::{Side, both};
use crate::exit::{Failure, Outcome, Status};
use crate::render::{self, Format, Reports};
use crate::say::{say, tell};

/// What to compare, and what is too much.
#[derive(clap::Args, Debug)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    /// The old version: a project folder, a .wfl file, or a git revision of the other one
    #[arg(value_name = "OLD")]
    old: String,
    /// The new version, in the same ways
    #[arg(value_name = "NEW", default_value = ".")]
    new: String,
    /// Only this workflow
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// What ends with status 3
    #[arg(long, value_enum, value_name = "WHAT", default_value = "unbumped")]
    fail_on: FailOn,
    /// How to tell what differs
    #[arg(long, value_enum, value_name = "HOW", default_value = "text")]
    output: Output,
}

const HELP: &str = "\
Told are: what the workflows take and give, and whether those who rely on the old version can go on; the contracts of \
operations; deadlines and policies; the graph; and for each place where an instance of the old version may rest, whether \
the new version can carry it on, with the effects that may still have to be undone there. `migrate` blocks are checked \
with the old input's type.

Exit status: 0 nothing is amiss, 1 one of the two has errors, 3 a plan is another one although `version` was not raised, \
or something breaks that no version tells of: a workflow is gone, a policy asks for less.";

/// What is too much.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum FailOn {
    /// What no `version` tells of
    Unbumped,
    /// Also what breaks under a new version
    Breaking,
    /// Nothing
    Never,
}

/// How to tell what differs.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// For people
    Text,
    /// One JSON object
    Json,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let (old, new) = both(&args.old, &args.new)?;
    // Of an old version only what keeps it from being compared is told: nobody puts its warnings right.
    let wrong = [
        told(&old, &errors(&old.compilation.diagnostics)),
        told(&new, &errors(&new.compilation.diagnostics)),
    ];
    if wrong.contains(&true) {
        return Ok(Status::Diagnostics);
    }
    let mut diff = wfl_diff::diff(&old.compilation, &new.compilation);
    if let Some(name) = &args.workflow {
        only(&mut diff, name)?;
    }
    let versions = wfl_diff::old_versions(&old.compilation, &new.compilation);
    let migrations = told(&new, &check_migrations(&*new.world, &versions));
    match args.output {
        Output::Json => say(format_args!("{}", serde_json::to_string_pretty(&diff).unwrap_or_default())),
        Output::Text => {
            let colour = colour::wanted(&std::io::stdout());
            text::lines(&diff, (&old.name, &new.name), colour)
                .iter()
                .for_each(|line| say(format_args!("{line}")));
        }
    }
    let silent = diff.lacks_bump() || diff.breaks_silently();
    Ok(match args.fail_on {
        _ if migrations => Status::Diagnostics,
        FailOn::Unbumped if silent => Status::TestsFailed,
        FailOn::Breaking if silent || diff.grade == Grade::Major => Status::TestsFailed,
        _ => Status::Fine,
    })
}

fn errors(diagnostics: &[Diagnostic]) -> Vec<Diagnostic> {
    diagnostics.iter().filter(|it| it.is_error()).cloned().collect()
}

/// Prints reports on a side; whether there are any.
fn told(side: &Side, reports: &[Diagnostic]) -> bool {
    if reports.is_empty() {
        return false;
    }
    tell(format_args!("in {}:", side.name));
    let mut shown = [Reports::new(&side.root, &side.compilation.files, reports)];
    let hidden = render::limit(&mut shown);
    render::print(Format::Human, &shown);
    if let Some(more) = render::summary(hidden.iter().copied()) {
        tell(format_args!("… and {more} more; `wflc check --all` shows everything\n"));
    }
    true
}

/// Leaves what is about one workflow.
fn only(diff: &mut Diff, name: &str) -> Result<(), Failure> {
    let short = |full: &str| full == name || full.rsplit('.').next() == Some(name);
    let is_it = |full: &String| short(full);
    if !diff.workflows.iter().any(|it| short(&it.name)) && !diff.unchanged.iter().any(is_it) {
        let message = format!("neither version has a workflow `{name}`");
        return Err(Failure::new(Status::Usage, message, "`wflc diff` without `--workflow` tells of all"));
    }
    diff.workflows.retain(|it| short(&it.name));
    diff.unchanged.retain(is_it);
    let grades = diff.workflows.iter().map(|it| it.grade);
    diff.policies.clear();
    diff.grade = grades.max().unwrap_or_default();
    Ok(())
}
