//! How many reports there are, and how many of them are shown.

use wfl_source::{Diagnostic, Severity};

use crate::render::sources::Reports;

/// So many reports are shown at once; with more, the first ones are out of sight before they are read.
const SHOWN: usize = 50;

/// `2 errors and 1 warning`; nothing when there are none.
pub(crate) fn summary<'d>(reports: impl IntoIterator<Item = &'d Diagnostic>) -> Option<String> {
    let (errors, warnings): (Vec<_>, Vec<_>) = reports.into_iter().partition(|report| report.is_error());
    match (errors.len(), warnings.len()) {
        (0, 0) => None,
        (errors, 0) => Some(count(errors, "error")),
        (0, warnings) => Some(count(warnings, "warning")),
        (errors, warnings) => Some(format!("{} and {}", count(errors, "error"), count(warnings, "warning"))),
    }
}

/// `1 error`, `2 errors`.
pub(crate) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// Leaves as many reports as one reads at once, errors before warnings, in their order; gives those left out.
pub(crate) fn limit<'c>(projects: &mut [Reports<'c>]) -> Vec<&'c Diagnostic> {
    let all = |severity: Severity, projects: &[Reports<'c>]| {
        projects.iter().flat_map(|it| &it.list).filter(|it| it.severity == severity).count()
    };
    let errors = all(Severity::Error, projects).min(SHOWN);
    let mut left = [(Severity::Error, errors), (Severity::Warning, SHOWN - errors)];
    let mut out = Vec::new();
    for project in projects {
        project.list.retain(|report| {
            let taken = left.iter_mut().find(|(severity, left)| *severity == report.severity && *left > 0);
            match taken {
                Some((_, left)) => *left -= 1,
                None => {
                    out.push(*report);
                    return false;
                }
            }
            true
        });
    }
    out
}
