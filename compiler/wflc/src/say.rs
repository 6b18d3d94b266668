//! Printing to standard output.

use std::io::Write;

/// Prints a line to standard output. A reader that has gone away ends the printing, not the work.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
