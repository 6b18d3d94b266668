//! Nesting and size.

use super::check::laid_out;
use crate::format;

const HEAD: &str = "workflow W(a: Int) -> Int version 1 key a { return ";

#[test]
fn deep_nesting_is_left_alone() {
    for text in [
        format!("{HEAD}{}1{} }}", "(".repeat(3_000), ")".repeat(3_000)),
        format!("{HEAD}{}1{} }}", "(".repeat(300), ")".repeat(300)),
        format!("{HEAD}{}1", "(".repeat(100_000)),
        format!("workflow W(a: Int) -> Int version 1 key a {{ {} }}", "if a { ".repeat(5_000)),
        format!("type T = {}Int", "List<".repeat(5_000)),
    ] {
        let after = "\nrecord  After { a: Int }\n";
        let formatted = laid_out(&format!("{text}{after}"));
        assert!(formatted.starts_with(&text), "{}", &formatted[..200]);
        assert!(formatted.ends_with("\nrecord After { a: Int }\n"), "{formatted}");
    }
}

#[test]
fn nesting_that_can_be_read_is_laid_out() {
    for text in [
        format!("{HEAD}{}1{} }}", "(".repeat(100), ")".repeat(100)),
        format!("{HEAD}{}1{} }}", "[(a: ".repeat(50), ")]".repeat(50)),
        format!("{HEAD}{}1{} }}", "if a then b else ".repeat(60), ""),
        format!("workflow W() -> Int {{ {}{} }}", "if a { ".repeat(110), "}".repeat(110)),
        format!("workflow W() -> Int {{ {}{} }}", "match a { A -> { ".repeat(70), "} }".repeat(70)),
        format!("{HEAD}{}1 }}", "!".repeat(2_000)),
        format!("{HEAD}1{} }}", " + 1 * 2".repeat(2_000)),
        format!("{HEAD}a{} }}", ".b".repeat(2_000)),
        format!("{HEAD}a{} }}", ".b()".repeat(2_000)),
        format!("{HEAD}f(a{}) }}", ", a".repeat(2_000)),
    ] {
        laid_out(&text);
        assert_eq!(format(&text).copied, 0);
    }
}

/// `examples/speed.rs` tells how long it takes.
#[test]
fn big_files_are_laid_out() {
    // Inner docs stand at the top of a file only.
    let program = include_str!("../../testdata/programs/transfer.wfl").replacen("//!", "//", 1);
    let text = vec![program; 60].join("\n");
    assert!(text.lines().count() > 10_000);
    assert!(format(&text).text == text);
}
