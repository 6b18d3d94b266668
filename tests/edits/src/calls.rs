//! How many rules the parser tries: the measure of work that no machine and no load changes.
//!
//! The limit of the parser is one for the process, so only one thing may count at a time.

use std::num::NonZero;

use wfl_source::FileId;

/// Parses as a whole with at most so many calls; whether they were enough.
fn enough(text: &str, calls: usize) -> bool {
    limit(Some(calls));
    let parsed = wfl_syntax::parse_whole(FileId(0), text);
    limit(None);
    within(&parsed)
}

/// Whether the parser came to the end, neither out of calls nor out of stack.
pub fn within(parsed: &wfl_syntax::Parsed) -> bool {
    !parsed.diagnostics.iter().any(|it| it.code.as_str() == "E0199")
}

/// Lets each parser of this process make so many calls at most.
pub fn limit(calls: Option<usize>) {
    pest::set_call_limit(calls.and_then(NonZero::new));
}

/// The number of calls that parsing the text as a whole takes, to within one in two hundred. The text must not be
/// nested too deeply.
pub fn count(text: &str) -> usize {
    let mut most = 1_024;
    while !enough(text, most) {
        most *= 2;
    }
    let mut least = most / 2;
    while most - least > most / 200 {
        let middle = least.midpoint(most);
        if enough(text, middle) { most = middle } else { least = middle }
    }
    most
}
