//! The language reference: its programs do what it says, its index is complete, and no code is without an example.

use std::collections::BTreeSet;
use std::path::PathBuf;

use wfl_source::Code;
use wfl_tests::literate::{self, Document, Expected, Reports};
use wfl_tests::project::root;

/// Codes that no program shows, and why.
const NOT_SHOWN: &[(Code, &str)] = &[
    (Code::E0199, "the shortest program is hundreds of brackets long"),
    (Code::E0806, "no source makes a file unreadable"),
    (Code::E0999, "a mistake of the compiler, which no source is known to cause"),
];

fn folder() -> PathBuf {
    root().join("docs/language")
}

#[test]
fn the_programs_of_the_reference_do_what_they_say() {
    let chapters = literate::documents(&folder());
    let problems = literate::check(&chapters, Reports::None);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    let count: usize = chapters.iter().map(|chapter| chapter.examples().len()).sum();
    assert!(count >= 120, "only {count} programs");
}

/// The page about how workflows run stands beside the reference.
fn execution() -> Document {
    Document::read(&root().join("docs/execution.md"))
}

#[test]
fn the_programs_about_execution_do_what_they_say() {
    let problems = literate::check(&[execution()], Reports::None);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn programs_that_are_checked_together_are_checked() {
    let check = |text: &str| {
        let page = Document::parse(&folder().join("x.md"), text.replace("'''", "```"));
        literate::check(&[page], Reports::None)
    };
    let two = "'''wfl fail=E0203\nrecord A { x: Strin } //~ E0203\n'''\n\n'''wfl fail=E0203\nrecord A { x: Itn } //~ E0203\n'''\n";
    assert_eq!(check(two), Vec::<String>::new());
    assert_eq!(
        check(&two.replace("Itn", "Int")),
        [
            "docs/language/x.md:5: `E0203` is not reported",
            "docs/language/x.md:5: no report of `E0203` at main.wfl:1"
        ]
    );
    let body = "'''wfl pass body\nlet fee = EUR(1)\n'''\n\n'''wfl pass body\nlet fee = EUR(1.234)\n'''\n";
    let found = check(body);
    assert!(
        found.len() == 1 && found[0].starts_with("docs/language/x.md:5: unexpected `E0214`"),
        "{found:?}"
    );
}

#[test]
fn the_index_has_every_chapter() {
    let index = Document::read(&folder().join("README.md"));
    let numbered = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
    let links =
        index.text.lines().filter(numbered).filter_map(|line| line.split("](").nth(1)?.split(')').next());
    let listed: BTreeSet<String> = links.map(str::to_owned).collect();
    let chapters = literate::documents(&folder());
    let names = chapters.iter().filter_map(|chapter| chapter.path.file_name()?.to_str().map(str::to_owned));
    assert_eq!(listed, names.collect::<BTreeSet<_>>());
}

/// The anchor of a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
    kept.map(|it| if it == ' ' { '-' } else { it }).collect()
}

#[test]
fn the_links_lead_somewhere() {
    let index = Document::read(&folder().join("README.md"));
    let mut broken = Vec::new();
    for document in literate::documents(&folder()).iter().chain([&index, &execution()]) {
        let beside = document.path.parent().map(PathBuf::from).unwrap_or_default();
        for (at, line) in document.text.lines().enumerate() {
            for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let (path, wanted) = link.split_once('#').unwrap_or((link, ""));
                let target = if path.is_empty() { document.path.clone() } else { beside.join(path) };
                let has = || Document::read(&target).headings.iter().any(|(_, it)| anchor(it) == wanted);
                if !target.exists() || !(wanted.is_empty() || has()) {
                    broken.push(format!("{}:{}: `{link}` leads nowhere", document.name(), at + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_code_has_an_example() {
    let pages = literate::documents(&root().join("docs/errors"));
    let chapters = literate::documents(&folder());
    let mut shown = BTreeSet::new();
    for example in pages.iter().chain(&chapters).flat_map(Document::examples) {
        shown.extend(example.marks.into_iter().map(|(_, _, code)| code));
        if let Expected::Fail(code) = example.expected {
            shown.insert(code.to_string());
        }
    }
    let hidden: Vec<Code> = Code::ALL.iter().copied().filter(|code| !shown.contains(code.as_str())).collect();
    assert_eq!(hidden, NOT_SHOWN.iter().map(|(code, _)| *code).collect::<Vec<_>>());
}
