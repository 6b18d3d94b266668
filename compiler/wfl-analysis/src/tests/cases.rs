//! Small wrong programs and the reports about them.

use crate::tests::{check, render};

const PRELUDE: &str = include_str!("prelude.wfl");

fn cases(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("=== ").skip(1).map(|case| case.split_once('\n').unwrap_or((case, "")))
}

#[test]
fn the_prelude_is_right() {
    let text = format!(
        "{PRELUDE}workflow W(req: Req) -> Outcome version 1 key req.id {{ return Refused(reason: Late) }}"
    );
    let (files, syntax, analysis) = check(&text);
    assert_eq!(render(&files, &syntax), "");
    assert_eq!(render(&files, &analysis.diagnostics), "");
}

#[test]
fn bodies() {
    insta::assert_snapshot!(reports(include_str!("bodies.txt")));
}

#[test]
fn constructs() {
    insta::assert_snapshot!(reports(include_str!("constructs.txt")));
}

/// The cases of bodies with the reports about them.
fn reports(text: &str) -> String {
    let mut out = String::new();
    for (title, body) in cases(text) {
        // The body begins on line 1, so that places in the reports are those of the case.
        let text = format!("workflow W(req: Req) -> Outcome version 1 key req.id {{ {body}}}{PRELUDE}");
        let (files, syntax, analysis) = check(&text);
        assert_eq!(render(&files, &syntax), "", "{title}");
        assert!(!analysis.diagnostics.is_empty(), "nothing reported about {title}");
        out.push_str(&format!("=== {title}\n{body}---\n{}\n", render(&files, &analysis.diagnostics)));
    }
    out
}

#[test]
fn modules() {
    let mut out = String::new();
    for (title, text) in cases(include_str!("modules.txt")) {
        let (files, syntax, analysis) = check(text);
        assert_eq!(render(&files, &syntax), "", "{title}");
        assert!(!analysis.diagnostics.is_empty(), "nothing reported about {title}");
        out.push_str(&format!("=== {title}\n{text}---\n{}\n", render(&files, &analysis.diagnostics)));
    }
    insta::assert_snapshot!(out);
}
