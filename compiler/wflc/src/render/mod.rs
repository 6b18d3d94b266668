//! Reports for people and machines: one file per format.

mod sources;
mod human;
mod short;
mod json;
mod sarif;
mod github;
mod summary;

use std::io::{Result, Write};

pub(crate) use sources::Reports;
pub(crate) use summary::{count, limit, summary};

use crate::colour;

/// How reports are written.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// With the lines of source they speak of
    #[default]
    Human,
    /// One line per report: path:line:column: error[CODE]: title
    Short,
    /// One JSON object per line
    Json,
    /// A SARIF 2.1.0 log, for code scanning
    Sarif,
    /// Workflow commands that mark the lines of a pull request
    Github,
}

impl Format {
    /// Whether it is read by people, and then on standard error, with a summary on standard output.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Format::Human | Format::Short)
    }
}

/// Writes the reports of projects: for people to standard error, for machines to standard output.
pub(crate) fn print(format: Format, projects: &[Reports<'_>]) {
    let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
    // Nothing is left to say when the stream itself cannot be written.
    let _ = if format.is_for_people() {
        let colour = colour::wanted(&stderr);
        write(format, projects, colour, &mut stderr.lock())
    } else {
        write(format, projects, false, &mut stdout.lock())
    };
}

fn write(format: Format, projects: &[Reports<'_>], colour: bool, out: &mut dyn Write) -> Result<()> {
    match format {
        Format::Human => human::write(projects, colour, out),
        Format::Short => short::write(projects, colour, out),
        Format::Json => json::write(projects, out),
        Format::Sarif => sarif::write(projects, out),
        Format::Github => github::write(projects, out),
    }?;
    out.flush()
}
