//! The pages about the codes: each code has one, its programs do what they say, and the reports are those of `wflc`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use wfl_compiler::{Disk, compile};
use wfl_source::{Applicability, Code, Diagnostic, Severity};
use wfl_tests::binaries::{Ran, wflc};
use wfl_tests::literate::{self, Document, Expected, Reports};
use wfl_tests::project::root;

const SECTIONS: [&str; 5] = ["## What happened", "## Why it matters", "## Wrong", "## Right", "## See also"];

/// Codes whose pages have fewer examples than others, and why.
const EXEMPT: &[(Code, &str)] = &[
    (Code::E0199, "the shortest program is hundreds of brackets long"),
    (Code::E0806, "no source makes a file unreadable"),
    (Code::E0999, "a mistake of the compiler, which no source is known to cause"),
];

fn folder() -> PathBuf {
    root().join("docs/errors")
}

fn is_exempt(code: Code) -> bool {
    EXEMPT.iter().any(|(exempt, _)| *exempt == code)
}

/// What is wrong with the form of a page.
fn form(page: &Document) -> Vec<String> {
    let name = page.name();
    let stem = page.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let Some(code) = Code::parse(stem) else { return vec![format!("{name}:1: there is no code `{stem}`")] };
    let mut problems = Vec::new();
    let mut wants = |line: usize, holds: bool, what: &str| {
        if !holds {
            problems.push(format!("{name}:{line}: {what}"));
        }
    };
    let front = |key: &str| page.front.get(key).map(String::as_str).unwrap_or_default();
    let level = if code.severity() == Severity::Error { "error" } else { "warning" };
    wants(1, front("title") == code.title(), &format!("the title is `{}`", code.title()));
    wants(1, front("level") == level, &format!("the level is `{level}`"));
    wants(1, !front("since").is_empty() && front("tags").len() > 2, "`since` and `tags` are missing");
    let headings: Vec<&str> = page.headings.iter().map(|(_, heading)| heading.as_str()).collect();
    wants(1, headings == SECTIONS, &format!("its sections are {}", SECTIONS.join(", ")));
    let examples = page.examples();
    let failing = examples.iter().filter(|example| example.expected == Expected::Fail(code)).count();
    let passing = examples.iter().filter(|example| example.expected == Expected::Pass).count();
    wants(1, failing + passing == examples.len(), &format!("an example fails with another code than {code}"));
    if !is_exempt(code) {
        wants(1, failing >= 2, "two wrong examples are needed");
        wants(1, passing >= 1, "a right example is needed");
    }
    for (at, line) in page.text.lines().enumerate() {
        for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            wants(at + 1, folder().join(link).exists(), &format!("`{link}` leads nowhere"));
        }
    }
    problems
}

#[test]
fn every_code_has_a_page_in_form() {
    let pages = literate::documents(&folder());
    let names: Vec<String> = pages.iter().map(|page| page.name()).collect();
    let wanted: Vec<String> = Code::ALL.iter().map(|code| format!("docs/errors/{code}.md")).collect();
    assert_eq!(names, wanted, "one page per code");
    let problems: Vec<String> = pages.iter().flat_map(form).collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn the_programs_on_the_pages_do_what_they_say() {
    let problems = literate::check(&literate::documents(&folder()), Reports::Printed);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

fn codes(reports: &[Diagnostic], counts: impl Fn(&Diagnostic) -> bool) -> BTreeSet<Code> {
    reports.iter().filter(|it| counts(it)).map(|it| it.code).collect()
}

#[test]
fn safe_fixes_put_the_examples_right() {
    let is_safe = |report: &Diagnostic| report.fixes.iter().any(|it| it.applicability == Applicability::Safe);
    let mut tried = 0;
    for page in literate::documents(&folder()) {
        for example in page.examples() {
            let before = example.compile().diagnostics;
            let fixed = codes(&before, is_safe);
            if fixed.is_empty() {
                continue;
            }
            tried += 1;
            let folder = example.on_disk();
            let ran = Ran::of(wflc(folder.path(), &["fix", "."]).output().unwrap());
            assert!(ran.stdout.contains("fixed"), "{}: {ran:#?}", example.place);
            let after = compile(&Disk::new(folder.path())).diagnostics;
            let left = codes(&after, |_| true);
            assert!(fixed.is_disjoint(&left), "{}: of {fixed:?} there is left {left:?}", example.place);
            let errors = (codes(&before, Diagnostic::is_error), codes(&after, Diagnostic::is_error));
            assert!(errors.1.is_subset(&errors.0), "{}: new errors: {errors:?}", example.place);
        }
    }
    assert!(tried >= 5, "only {tried} examples carry a safe fix");
}

#[test]
fn the_runner_bites() {
    let check = |text: &str| {
        let page = Document::parse(&folder().join("x.md"), text.replace("'''", "```"));
        page.examples().iter().flat_map(|example| example.problems()).collect::<Vec<_>>()
    };
    let marked = "# A\n\n'''wfl fail=E0203\nrecord A { x: Strin } //~ E0203\n'''\n";
    assert_eq!(check(marked), Vec::<String>::new());
    assert_eq!(
        check(&marked.replace(" //~ E0203", "")),
        ["docs/errors/x.md:3: unexpected `E0203` at main.wfl:1: there is no type `Strin`"]
    );
    assert_eq!(
        check(&marked.replace("Strin ", "String ")),
        [
            "docs/errors/x.md:3: no report of `E0203` at main.wfl:1",
            "docs/errors/x.md:3: `E0203` is not reported"
        ]
    );
    assert_eq!(check("'''wfl pass\nrecord A { x: Strin }\n'''\n").len(), 1);
    assert_eq!(check("'''wfl\nrecord A { x: Strin }\n'''\n").len(), 0, "only for people");
    let files =
        "'''wfl file=a.wfl\nrecord A { x: Int }\n'''\n\n'''wfl pass\nimport a (A)\nrecord B { a: A }\n'''\n";
    assert_eq!(check(files), Vec::<String>::new());
}

#[test]
fn the_programs_in_the_other_documents_do_what_they_say() {
    let problems = literate::check(&literate::documents(&root().join("docs")), Reports::Printed);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
