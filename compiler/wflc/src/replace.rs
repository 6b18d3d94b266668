//! Giving a file another text, and showing the difference.

use std::io::{Error, ErrorKind, Result, Write};
use std::path::Path;
use std::time::Duration;

use similar::TextDiff;
use tempfile::NamedTempFile;

use crate::say::say;

/// How long the smallest diff is looked for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes the text next to the file and then puts it in its place: all of it or nothing. Permissions stay, and who may
/// not write the file may not replace it. A file that is not what it was before stays as it is: then the answer is
/// `false`.
pub(crate) fn replace(file: &Path, before: &str, after: &str) -> Result<bool> {
    let file = file.canonicalize()?;
    let folder = file.parent().ok_or_else(|| Error::from(ErrorKind::NotFound))?;
    let permissions = std::fs::metadata(&file)?.permissions();
    if permissions.readonly() {
        return Err(Error::new(ErrorKind::PermissionDenied, "it is read-only"));
    }
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(after.as_bytes())?;
    new.as_file().set_permissions(permissions)?;
    new.as_file().sync_all()?;
    if std::fs::read(&file)? != before.as_bytes() {
        return Ok(false);
    }
    new.persist(&file)?;
    Ok(true)
}

/// Prints what changes as a unified diff.
pub(crate) fn print_diff(name: &str, before: &str, after: &str) {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let diff = diff.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string();
    say(format_args!("{}", diff.trim_end_matches('\n')));
}
