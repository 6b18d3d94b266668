//! `wflc audit`: what an auditor asks about a project, in one report.

mod sheet;
mod words;
mod calls;
mod people;
mod data;
#[cfg(test)]
mod tests;

use std::io::IsTerminal;
use std::path::PathBuf;

use wfl_compiler::audit::Audit;
use wfl_compiler::{Disk, Settings, audit};

use crate::audit::sheet::{Cell, HEAD, PLAIN, Sheet};
use crate::audit::words::Names;
use crate::colour;
use crate::exit::{Outcome, Status};
use crate::project;
use crate::render::count;
use crate::say::say;

/// What to audit and how to tell.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A project folder or one of its files
    #[arg(default_value = ".", hide_default_value = true)]
    path: PathBuf,
    /// How the report is written
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// For people, up to 100 columns wide
    Human,
    /// One JSON object
    Json,
}

/// Wider lines are not read well; narrower ones cannot hold a hash.
const WIDTHS: (usize, usize) = (80, 100);

pub(crate) fn run(args: &Args) -> Outcome {
    let root = project::root_of(&args.path)?;
    // Allowances are judged as `wflc check` does.
    let settings = Settings { today: Some(project::today()), ..Settings::default() };
    let (compilation, audit) = audit(&Disk::new(&root), &settings);
    project::report(&root, &compilation);
    let Some(audit) = audit else { return Ok(Status::Diagnostics) };
    match args.format {
        Format::Json => say(format_args!("{}", serde_json::to_string_pretty(&audit).unwrap_or_default())),
        Format::Human => {
            let stdout = std::io::stdout();
            let (narrow, wide) = WIDTHS;
            let columns = || terminal_size::terminal_size().map_or(wide, |(width, _)| usize::from(width.0));
            let width = if stdout.is_terminal() { columns().clamp(narrow, wide) } else { wide };
            lines(&audit, colour::wanted(&stdout), width).iter().for_each(|line| say(format_args!("{line}")));
        }
    }
    Ok(Status::Fine)
}

/// The report for people.
fn lines(audit: &Audit, colour: bool, width: usize) -> Vec<String> {
    let mut sheet = Sheet::new(colour, width);
    let names = Names::new(audit);
    sheet.title(&format!("Audit of {}", audit.project));
    summary(&mut sheet, audit);
    workflows(&mut sheet, audit);
    data::declassifications(&mut sheet, audit);
    data::redactions(&mut sheet, audit);
    calls::irreversible(&mut sheet, &names, audit);
    people::approvals(&mut sheet, &names, audit);
    people::policies(&mut sheet, &names, audit);
    calls::effects(&mut sheet, audit);
    calls::external(&mut sheet, &names, audit);
    data::labels(&mut sheet, audit);
    data::exits(&mut sheet, &names, audit);
    data::allowances(&mut sheet, audit);
    sheet.finish()
}

fn summary(sheet: &mut Sheet, audit: &Audit) {
    let it = &audit.summary;
    sheet.blank();
    let calls = |calls: usize| match calls {
        0 => String::new(),
        calls => format!("called by {}", count(calls, "step")),
    };
    let some = |many: usize, text: String| if many == 0 { String::new() } else { text };
    let rows = [
        ("modules", it.modules, String::new()),
        ("workflows", it.workflows, String::new()),
        ("warnings", it.warnings, some(it.warnings, "see `wflc check`".to_owned())),
        ("declassifications", it.declassifications, String::new()),
        ("redactions", it.redactions, String::new()),
        ("irreversible operations", it.irreversible, calls(it.irreversible_calls)),
        ("approvals by people", it.approvals, String::new()),
        ("policies", it.policies, some(it.policies, format!("with {}", count(it.rules, "rule")))),
        (
            "external operations",
            it.operations,
            some(it.unreached, format!("{} called by no workflow", it.unreached)),
        ),
        ("data labels", it.labels, String::new()),
        ("exits of labelled data", it.exits, String::new()),
        ("allowances", it.allowances, String::new()),
        ("warnings turned off", it.silenced, String::new()),
    ];
    for (name, number, more) in rows {
        let number = format!("{number:>4}");
        let cells =
            [Cell { text: name, width: 24, style: PLAIN }, Cell { text: &number, width: 7, style: HEAD }];
        sheet.row(&cells, (&more, PLAIN), None);
    }
}

fn workflows(sheet: &mut Sheet, audit: &Audit) {
    sheet.section("Workflows", audit.workflows.len(), "no workflow");
    for it in &audit.workflows {
        sheet.entry(&format!("{} version {}", it.name, it.version), HEAD, Some(&it.place));
        sheet.fact("plan", &it.plan, PLAIN, None);
        sheet.fact("owner", it.owner.as_deref().unwrap_or("nobody"), PLAIN, None);
        if let Some(runbook) = &it.runbook {
            sheet.fact("runbook", runbook, PLAIN, None);
        }
        sheet.fact("key", &it.key, PLAIN, None);
        let undoing =
            it.compensation_deadline.as_ref().map(|it| format!("; undoing: {it}")).unwrap_or_default();
        let deadline = it.deadline.as_deref().unwrap_or("none");
        sheet.fact("deadline", &format!("{deadline}{undoing}"), PLAIN, None);
    }
}
