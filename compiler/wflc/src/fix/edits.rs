//! Which fixes can be made at once, and what a text looks like after them.

use std::collections::BTreeMap;
use std::ops::Range;

use wfl_source::{Applicability, Diagnostic, Edit, FileId, Files, Fix};

/// A part of a text and what takes its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    /// The bytes that go.
    pub(crate) range: Range<usize>,
    /// What comes.
    pub(crate) replacement: String,
}

/// Fixes that do not touch each other.
#[derive(Debug, Default)]
pub(crate) struct Chosen<'d> {
    /// What they are for, in order.
    pub(crate) fixes: Vec<(&'d Diagnostic, &'d Fix)>,
    /// What they do to each file.
    pub(crate) changes: BTreeMap<FileId, Vec<Change>>,
}

impl<'d> Chosen<'d> {
    /// Takes of each report the first fix that is sure enough, lies in files that may be changed, and touches no
    /// other one; what is left is for the next round.
    pub(crate) fn from(
        reports: &'d [Diagnostic],
        files: &Files,
        least: Applicability,
        may_change: impl Fn(FileId) -> bool,
    ) -> Chosen<'d> {
        let mut chosen = Chosen::default();
        for report in reports {
            // `Safe` stands before `Maybe`: the surer, the lower.
            let sure = report.fixes.iter().filter(|fix| fix.applicability <= least && !fix.edits.is_empty());
            for fix in sure {
                let may = fix.edits.iter().all(|edit| may_change(edit.span.file));
                if may && chosen.take(fix, files) {
                    chosen.fixes.push((report, fix));
                    break;
                }
            }
        }
        chosen
    }

    fn take(&mut self, fix: &Fix, files: &Files) -> bool {
        let change = |edit: &Edit| {
            let change = change(files.get(edit.span.file)?.text(), edit)?;
            Some((edit.span.file, change))
        };
        let Some(wanted) = fix.edits.iter().map(change).collect::<Option<Vec<_>>>() else { return false };
        let is_free = |file: &FileId, new: &Change| {
            let there = self.changes.get(file).into_iter().flatten();
            there.clone().all(|old| !touch(&old.range, &new.range))
        };
        if !wanted.iter().all(|(file, change)| is_free(file, change)) {
            return false;
        }
        for (file, change) in wanted {
            self.changes.entry(file).or_default().push(change);
        }
        true
    }
}

/// Two places at one point count, too: their order would be a guess.
fn touch(left: &Range<usize>, right: &Range<usize>) -> bool {
    left.start <= right.end && right.start <= left.end
}

/// The change that an edit makes. What is taken away takes its blanks along, and an emptied line.
fn change(text: &str, edit: &Edit) -> Option<Change> {
    let (start, end) = (edit.span.start as usize, edit.span.end as usize);
    let replacement = edit.replacement.clone();
    let (before, _, behind) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
    if !replacement.is_empty() {
        return Some(Change { range: start..end, replacement });
    }
    let is_blank = |c: char| c == ' ' || c == '\t';
    let line = before.trim_end_matches(is_blank);
    let rest = behind.trim_start_matches(is_blank);
    let begins = line.is_empty() || line.ends_with('\n');
    let newline = ["\r\n", "\n"].into_iter().find(|newline| rest.starts_with(newline));
    let range = match newline {
        Some(newline) if begins => line.len()..text.len() - rest.len() + newline.len(),
        _ if begins || before.ends_with(is_blank) => start..text.len() - rest.len(),
        _ => start..end,
    };
    Some(Change { range, replacement })
}

/// The text after changes that do not touch each other.
pub(crate) fn apply(text: &str, changes: &[Change]) -> String {
    let mut changes: Vec<&Change> = changes.iter().collect();
    changes.sort_by_key(|change| change.range.start);
    let (mut out, mut at) = (String::new(), 0);
    for change in changes {
        out.push_str(text.get(at..change.range.start).unwrap_or_default());
        out.push_str(&change.replacement);
        at = change.range.end;
    }
    out + text.get(at..).unwrap_or_default()
}
