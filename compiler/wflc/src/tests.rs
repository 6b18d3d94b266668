//! Tests of the tables of the command line.

use wfl_source::Code;

use crate::pages::{PAGES, Page};

#[test]
fn every_code_has_a_page() {
    let pages: Vec<Code> = PAGES.iter().map(|(code, _)| *code).collect();
    assert_eq!(pages, Code::ALL, "the list in pages.rs names every code, in the order of the table");
    for code in Code::ALL {
        let Some(page) = Page::of(*code) else { panic!("{code}: the page has no front matter") };
        assert!(!page.tags().is_empty() && !page.field("since").is_empty(), "{code}");
    }
}
