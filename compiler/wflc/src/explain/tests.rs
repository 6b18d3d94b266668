//! Tests of drawn pages.

use crate::explain::markdown::draw;

#[test]
fn a_page_is_wrapped_and_its_code_kept() {
    let page = "## What\n\nA text of `some words` and a [link](x.md) here.\n\n* one\n* two\n  more\n\n```wfl\nlet a = 1\n```\n";
    let drawn = draw(page, 22, false);
    let wanted = "What\n\n  A text of\n  `some words` and a\n  link here.\n\n  • one\n  • two more\n\n  │ let a = 1\n\n";
    assert_eq!(drawn, wanted);
    assert!(draw(page, 22, true).contains("\x1b[36msome words\x1b[0m"));
}
