//! Tests of what answers become.

use wfl_machine::Outcome;
use wfl_operations::Reply;

use crate::carry::outcome;

#[test]
fn nothing_is_an_answer_of_unit_only() {
    assert_eq!(outcome(Reply::Empty, true), Outcome::Returned(b"null".to_vec()));
    // As `none`, it would prove that what was asked for did not happen.
    assert!(matches!(outcome(Reply::Empty, false), Outcome::Refused { .. }));
}
