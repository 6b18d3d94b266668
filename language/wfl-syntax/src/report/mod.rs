//! Reports about the form of a text: one pass over the flat tree, which finds its marks.
//!
//! A place is reported once. What a `bad_*` node swallowed is reported as a whole, not in its parts.

mod place;
mod missing;
mod unexpected;
mod foreign;
mod name;
mod mark;

pub(crate) use mark::byte_order_marks;
pub(crate) use place::Scan;

use crate::grammar::Rule;

/// Adds the reports about a chunk to `scan`.
pub(crate) fn scan(scan: &mut Scan<'_>) {
    let mut at = 0;
    while at < scan.count() {
        scan.enter(at);
        let rule = scan.node(at).rule;
        if scan.is_foreign(at) {
            if missing::is_bracket(rule) {
                missing::report(scan, at);
            }
            at += 1;
        } else if missing::report(scan, at) || foreign::report(scan, at) || name::note(scan, at) {
            at += 1;
        } else if unexpected::report(scan, at) || matches!(rule, Rule::COMMENT | Rule::stray_block) {
            at = scan.node(at).next as usize;
        } else {
            at += 1;
        }
    }
    for (word, places) in scan.misnamed() {
        if let Some(diagnostic) = name::report(word, &places) {
            scan.report(diagnostic);
        }
    }
}
