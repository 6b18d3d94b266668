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
