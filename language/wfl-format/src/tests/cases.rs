//! Every construct, laid out from a messy text.

use std::fmt::Write as _;

use super::check::{cases, laid_out};
use crate::format;

#[test]
fn layouts() {
    let mut out = String::new();
    for (title, text) in cases() {
        let copied = format(&text).copied;
        assert_eq!(copied > 0, title.starts_with("broken"), "{title}: {copied} parts are copied");
        let _ = write!(out, "=== {title}\n{}", laid_out(&text));
    }
    insta::assert_snapshot!(out);
}
