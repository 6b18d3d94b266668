//! Broken programs and the reports about them.

use crate::parse::parse;
use crate::tests::{FILE, render};

#[test]
fn reports() {
    let cases = include_str!("broken.txt");
    let mut out = String::new();
    for case in cases.split("=== ").skip(1) {
        let (title, text) = case.split_once('\n').unwrap_or((case, ""));
        let parsed = parse(FILE, text);
        assert!(!parsed.diagnostics.is_empty(), "nothing reported about {title}");
        for diagnostic in &parsed.diagnostics {
            assert!(
                diagnostic.title.starts_with(|first: char| !first.is_uppercase()),
                "{}",
                diagnostic.title
            );
        }
        out.push_str(&format!("=== {title}\n{text}---\n{}\n", render(text, &parsed.diagnostics)));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn nothing_is_reported_about_sound_programs() {
    for case in include_str!("sound.txt").split("=== ").skip(1) {
        let (title, text) = case.split_once('\n').unwrap_or((case, ""));
        let parsed = parse(FILE, text);
        assert!(parsed.diagnostics.is_empty(), "{title}: {}", render(text, &parsed.diagnostics));
    }
}

#[test]
fn byte_order_marks_are_reported_once() {
    let record = "record A { a: Int }\n";
    assert_eq!(
        parse(FILE, &format!("\u{FEFF}{record}// \u{FEFF}c\n/// \u{FEFF}d\n{record}")).diagnostics,
        []
    );
    assert_eq!(parse(FILE, "fn f() -> String = \"\u{FEFF}\"").diagnostics, []);
    for text in [
        format!("\u{FEFF}{record}\u{FEFF}{record}\u{FEFF}@owner(\"x\")\n{record}"),
        "record A\u{FEFF} { a: \u{FEFF}Int }".to_owned(),
        format!("\u{FEFF}\u{FEFF}{record}"),
    ] {
        let parsed = parse(FILE, &text);
        let [report] = parsed.diagnostics.as_slice() else { unreachable!("{:?}", parsed.diagnostics) };
        assert_eq!(report.title, "a byte order mark in the middle of the file");
        let marks = text.matches('\u{FEFF}').count() - usize::from(text.starts_with('\u{FEFF}'));
        assert_eq!(report.fixes.first().map(|fix| fix.edits.len()), Some(marks), "{text:?}");
    }
}

#[test]
fn fixes_leave_no_blanks() {
    let fixed = |text: &str| {
        let mut fixed = text.to_owned();
        let reports = parse(FILE, text).diagnostics;
        let edits = reports.iter().flat_map(|report| &report.fixes).flat_map(|fix| &fix.edits);
        let mut edits: Vec<_> = edits.collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
        for edit in edits {
            fixed.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.replacement);
        }
        fixed
    };
    let head = "fn f() -> R = ";
    for (before, after) in [
        ("R { a: 1, b: 2 }", "R(a: 1, b: 2)"),
        ("R{a: 1}", "R(a: 1)"),
        ("R {\n  a: 1,\n  b: 2\n}", "R(\n  a: 1,\n  b: 2\n)"),
        ("[R { a: S { b: 1 } }, c d]", "[R(a: S(b: 1)), c, d]"),
    ] {
        assert_eq!(fixed(&format!("{head}{before}\n")), format!("{head}{after}\n"));
    }
    let head = "workflow W(a: Int) -> Int version 1 key a {\n  ";
    for (before, after) in [
        ("if a == 1 then return 2", "if a == 1 { return 2 }"),
        ("if a == 1 then { return 2 }", "if a == 1 { return 2 }"),
        ("if a == 1 then return 2 else return 3", "if a == 1 { return 2 } else { return 3 }"),
        ("let größe = 1\n  return größe", "let groesse = 1\n  return groesse"),
    ] {
        assert_eq!(fixed(&format!("{head}{before}\n}}\n")), format!("{head}{after}\n}}\n"));
    }
}

#[test]
fn deep_nesting_is_reported_and_survived() {
    let head = "workflow W(a: Int) -> Int version 1 key a { return ";
    let deep = [
        format!("{head}{}1{} }}", "(".repeat(3_000), ")".repeat(3_000)),
        format!("{head}{}1", "(".repeat(100_000)),
        format!("{head}{}1 }}", "!".repeat(10_000)),
        format!("{head}1{} }}", " + 1".repeat(10_000)),
        format!("{head}a{} }}", ".b".repeat(10_000)),
        format!("{head}a{} }}", " ?? a".repeat(10_000)),
        format!("workflow W(a: Int) -> Int version 1 key a {{ {} }}", "if a { ".repeat(5_000)),
        format!("workflow W(a: Int) -> Int version 1 key a {{ if a {{}} {} }}", "else if a {}".repeat(5_000)),
        format!("type T = {}Int", "List<".repeat(5_000)),
    ];
    for text in deep {
        let parsed = parse(FILE, &format!("{text}\nrecord After {{ a: Int }}\n"));
        let codes = parsed.diagnostics.iter().map(|it| it.code.as_str()).collect::<Vec<_>>();
        assert!(codes.contains(&"E0199"), "{codes:?} for {}", &text[..80]);
        assert_eq!(parsed.diagnostics.iter().filter(|it| it.code.as_str() == "E0199").count(), 1);
        assert!(!parsed.file.items.is_empty());
    }
}

#[test]
fn unclosed_brackets_take_linear_time() {
    for text in
        ["f(", "a {b: ", "match a { A -> ", "return a if match x { A -> ", "\"{", "@a(", "A(A(", "{ {"]
    {
        let text = format!("workflow W(a: Int) -> Int version 1 key a {{ let x = {}", text.repeat(400));
        let started = std::time::Instant::now();
        parse(FILE, &text);
        assert!(started.elapsed().as_secs() < 5, "{} took {:?}", &text[50..80], started.elapsed());
    }
}

#[test]
fn big_files_are_read() {
    let item = "record A { a: String where length(value) <= 140 }\n";
    let parsed = parse(FILE, &item.repeat(10_000));
    assert_eq!(parsed.file.items.len(), 10_000);
    let junk = "%".repeat(500_000);
    assert_eq!(parse(FILE, &junk).diagnostics.len(), 1);
}
