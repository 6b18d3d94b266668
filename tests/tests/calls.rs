//! No edit makes the parser try much more than it tries for the program as it was: no place of the grammar goes back
//! over what it has read again and again.
//!
//! Alone in its process: the limit of calls is one for all threads.

use wfl_edits::calls;
use wfl_edits::edit::{Edit, edits};
use wfl_edits::program::{Program, examples, library};
use wfl_source::FileId;

/// The most calls of rules for a byte of any program.
const FOR_A_BYTE: usize = 25;
/// How many times the calls for the unedited program an edit may take.
const TIMES: usize = 2;
/// What an edit may take besides, in bytes: what it inserts, at the price of a byte.
const BESIDES: usize = 400;

fn check(program: &Program, every: usize) {
    let unedited = calls::count(&program.text);
    let (name, bytes) = (&program.name, program.text.len());
    assert!(unedited <= FOR_A_BYTE * bytes, "{name} takes {unedited} calls for {bytes} bytes");
    let most = TIMES * unedited + BESIDES * FOR_A_BYTE;
    calls::limit(Some(most));
    let wrong = |edit: &Edit| {
        let text = edit.apply(&program.text);
        let (whole, chunks) =
            (wfl_syntax::parse_whole(FileId(0), &text), wfl_syntax::parse(FileId(0), &text));
        !calls::within(&whole) || !calls::within(&chunks)
    };
    let wrong = edits(program).into_iter().step_by(every).find(wrong);
    calls::limit(None);
    assert!(wrong.is_none(), "an edit of {name} takes more than {most} calls, {unedited} before: {wrong:#?}");
}

#[test]
fn an_edit_takes_a_bounded_number_of_calls() {
    let every = if std::env::var_os("WFL_LONG").is_some() { 3 } else { 43 };
    for program in examples().into_iter().chain(library()) {
        check(&program, every);
    }
}
