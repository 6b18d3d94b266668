//! `wflc check`: reports on the projects of the given files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::exit::{Outcome, Status};
use crate::project;
use crate::render;
use crate::say::say;

/// Files or project folders to check.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// .wfl files or project folders; each file is checked together with its project
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let roots: BTreeSet<PathBuf> =
        args.paths.iter().map(|path| project::root_of(path)).collect::<Result<_, _>>()?;
    let (mut failed, mut workflows) = (false, 0);
    let mut reports = Vec::new();
    for root in roots {
        let compilation = project::compiled(&root);
        failed |= compilation.has_errors();
        workflows += compilation.workflows.len();
        reports.extend(compilation.diagnostics);
    }
    let summary = render::summary(&reports);
    match (failed, summary) {
        (true, summary) => {
            say(format_args!("check failed: {}", summary.unwrap_or_default()));
            Ok(Status::Diagnostics)
        }
        (false, summary) => {
            let plural = if workflows == 1 { "" } else { "s" };
            let warnings = summary.map(|summary| format!(", {summary}")).unwrap_or_default();
            say(format_args!("ok: {workflows} workflow{plural}{warnings}"));
            Ok(Status::Fine)
        }
    }
}
