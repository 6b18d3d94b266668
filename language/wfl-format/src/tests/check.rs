//! What holds for every text.

use wfl_source::FileId;
use wfl_syntax::parse;

use crate::file::{self, with_plain_lines};
use crate::same::shape;

/// Titles and texts of the cases.
pub(super) fn cases() -> Vec<(&'static str, String)> {
    let mut cases: Vec<(&str, String)> = Vec::new();
    for line in include_str!("../../testdata/cases.txt").split_inclusive('\n') {
        match (line.strip_prefix("=== "), cases.last_mut()) {
            (Some(title), _) => cases.push((title.trim_end(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => {}
        }
    }
    cases
}

/// Lays the text out and checks that nothing but the layout changes, and nothing the second time.
pub(super) fn laid_out(text: &str) -> String {
    match checked(text) {
        Ok(formatted) => {
            let blank = formatted.lines().find(|line| line.ends_with([' ', '\t']));
            assert_eq!(blank, None, "blanks are left over");
            formatted
        }
        Err(what) => panic!("{what}"),
    }
}

/// The same, with what is wrong as an error.
pub(super) fn checked(text: &str) -> Result<String, String> {
    let plain = with_plain_lines(text);
    let before = parse(FileId(0), &plain);
    let formatted = file::laid_out(&plain, &before.chunks);
    let once = formatted.text;
    let after = parse(FileId(0), &once);
    if shape(&plain, &before.chunks) != shape(&once, &after.chunks) {
        return Err(format!("the program changes:\n{text}\n--- to\n{once}"));
    }
    let twice = file::laid_out(&once, &after.chunks).text;
    if once != twice {
        return Err(format!(
            "the second time gives something else:\n{text}\n--- once\n{once}\n--- twice\n{twice}"
        ));
    }
    let ends_well = once.is_empty() || (once.ends_with('\n') && !once.ends_with("\n\n"));
    if !ends_well || once.starts_with('\u{FEFF}') || once.contains("\r\n") {
        return Err(format!("line ends are left over:\n{text}\n--- in\n{once}"));
    }
    Ok(once)
}
