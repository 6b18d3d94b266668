//! A project that is edited says at every moment what it would say if it were read anew.
//!
//! `WFL_SEED` repeats a run, `WFL_LONG` makes it long.

#![expect(clippy::print_stdout, reason = "what was tried is there to be read")]

use std::collections::BTreeMap;

use wfl_compiler::{Effort, Memory, Settings, Workspace, compile};
use wfl_edits::edit::edits;
use wfl_edits::mutate::Mutator;
use wfl_edits::program::{Program, examples};
use wfl_edits::random::Random;
use wfl_edits::token::tokens;
use wfl_source::{Diagnostic, Files, Span};

/// Reports in full, with the names of files for their numbers.
fn shown(files: &Files, reports: &[Diagnostic]) -> Vec<String> {
    let place = |span: &Span| {
        let name = files.get(span.file).map_or("nowhere", |file| file.name());
        format!("{name}:{}..{}", span.start, span.end)
    };
    let one = |report: &Diagnostic| {
        let labels =
            report.labels.iter().map(|it| format!("{} {} {}", place(&it.span), it.message, it.primary));
        let edits = report.fixes.iter().flat_map(|fix| &fix.edits);
        let edits = edits.map(|edit| format!("{} {}", place(&edit.span), edit.replacement));
        let Diagnostic { code, severity, title, notes, help, .. } = report;
        let (labels, edits) = (labels.collect::<Vec<_>>(), edits.collect::<Vec<_>>());
        format!("{code} {severity:?} {title}\n{labels:#?} {notes:?} {help:?} {edits:#?}")
    };
    reports.iter().map(one).collect()
}

struct Editor {
    good: Vec<(String, String)>,
    now: BTreeMap<String, String>,
    workspace: Workspace,
}

impl Editor {
    fn open(good: Vec<(String, String)>) -> Editor {
        let now = good.iter().cloned().collect::<BTreeMap<_, _>>();
        let workspace = Workspace::open(&Memory::new(now.clone()), &Settings::default());
        Editor { good, now, workspace }
    }

    fn set(&mut self, path: &str, text: String) {
        self.workspace.set_text(path, &text);
        self.now.insert(path.to_owned(), text);
    }

    fn check(&mut self, what: &str) {
        let anew = compile(&Memory::new(self.now.clone()));
        let reports = self.workspace.check();
        let (left, right) = (shown(self.workspace.files(), &reports), shown(&anew.files, &anew.diagnostics));
        assert_eq!(left, right, "{what}");
    }

    /// Something that a person could do: a small edit, another name, damage, back to what was good, away with a
    /// file, a part of another file at the end of this one.
    fn step(&mut self, random: &mut Random) -> String {
        let (path, good) = self.good[random.below(self.good.len())].clone();
        let text = self.now.get(&path).cloned().unwrap_or_default();
        if text.trim().is_empty() {
            self.set(&path, good);
            return format!("wrote {path}");
        }
        let program = Program { name: path.clone(), text };
        let text = match random.below(12) {
            0..=2 => {
                let edits = edits(&program);
                edits.get(random.below(edits.len())).map_or(good, |edit| edit.apply(&program.text))
            }
            3..=5 => another_word(&program.text, random),
            8 => Mutator::new(vec![program]).file(random).text,
            6 => {
                self.workspace.remove(&path);
                self.now.remove(&path);
                return format!("removed {path}");
            }
            7 => {
                let other = &self.good[random.below(self.good.len())].1;
                let from = other[..random.below(other.len())].rfind('\n').unwrap_or_default();
                program.text + &other[from..]
            }
            _ => good,
        };
        self.set(&path, text);
        format!("changed {path}")
    }
}

/// The text with a word in place of another one: its form stays, its meaning does not.
fn another_word(text: &str, random: &mut Random) -> String {
    let word =
        |(start, end): &(usize, usize)| text[*start..*end].starts_with(|it: char| it.is_alphanumeric());
    let words = tokens(text).into_iter().filter(word).collect::<Vec<_>>();
    let (Some((start, end)), Some((from, to))) =
        (words.get(random.below(words.len())), words.get(random.below(words.len())))
    else {
        return text.to_owned();
    };
    [&text[..*start], &text[*from..*to], &text[*end..]].concat()
}

fn project(name: &str) -> Vec<(String, String)> {
    let folder = format!("examples/{name}/");
    let files = examples().into_iter().filter_map(|program| {
        let path = program.name.strip_prefix(&folder)?;
        Some((path.to_owned(), program.text))
    });
    files.collect()
}

fn check(name: &str) {
    let seed = std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let steps = if std::env::var_os("WFL_LONG").is_some() { 5_000 } else { 250 };
    println!("{name}: {steps} edits, WFL_SEED={seed}");
    let mut random = Random::new(seed);
    let mut editor = Editor::open(project(name));
    let manifest = Memory::new(editor.now.clone());
    assert!(!compile(&manifest).has_errors(), "{name} is good");
    editor.check("at first");
    for number in 0..steps {
        let what = editor.step(&mut random);
        editor.check(&format!("WFL_SEED={seed}, step {number} {what}: {:#?}", editor.now));
    }
}

#[test]
fn an_edited_loan_says_what_it_would_say_anew() {
    check("loan");
}

#[test]
fn an_edited_payout_says_what_it_would_say_anew() {
    check("payout");
}

#[test]
fn an_edited_transfer_says_what_it_would_say_anew() {
    check("transfer");
}

const PROGRAM: &str = r#"module m

record Account { id: String }

service Ledger {
  operation look(id: String) -> Account { effect read timeout 1s }
}

workflow One(id: String) -> Account version 1 key id deadline 1h {
  step account = Ledger.look(id: id)
  return account
}

workflow Two(id: String) -> String raises KeyInUse version 1 key id deadline 1h {
  step account = run One(id: id)
  return account.id
}

test "one" for One {
  given id = "a"
  mock Ledger.look -> Account(id: "a")
  expect returns Account(id: "a")
}
"#;

/// Writes the program with `old` replaced by `new` and gives what the check had to do, and its reports.
fn effort(workspace: &mut Workspace, old: &str, new: &str) -> (Effort, Vec<String>) {
    assert!(PROGRAM.contains(old), "{old}");
    workspace.set_text("m.wfl", &PROGRAM.replacen(old, new, 1));
    let reports = workspace.check().iter().map(|report| report.title.clone()).collect();
    (workspace.effort(), reports)
}

#[test]
fn a_change_costs_what_it_touches() {
    let world = Memory::new([("m.wfl", PROGRAM)]);
    let mut workspace = Workspace::open(&world, &Settings::default());
    assert_eq!(workspace.check(), []);
    let all = Effort { whole: true, items: 0, bodies: 2, tests: 1 };
    assert_eq!(workspace.effort(), all);
    let (again, none) = (Effort::default(), Vec::<String>::new());
    assert_eq!(
        effort(&mut workspace, "module m\n", "module m\n\n// A comment above everything.\n"),
        (again, none.clone())
    );
    let two = Effort { bodies: 1, ..again };
    let unknown = vec!["Account has no field `name`".to_owned()];
    assert_eq!(effort(&mut workspace, "account.id", "account.name"), (two, unknown));
    assert_eq!(effort(&mut workspace, "module m", "module m"), (two, none.clone()));
    // The test is about the workflow whose body changes.
    let one = Effort { bodies: 1, tests: 1, ..again };
    assert_eq!(
        effort(&mut workspace, "  return account\n", "  return Account(id: account.id)\n"),
        (one, none.clone())
    );
    // The declaration, the service and the workflows that speak of it, and the test.
    let record = Effort { whole: false, items: 5, bodies: 2, tests: 1 };
    assert_eq!(
        effort(&mut workspace, "{ id: String }", "{ id: String, name: String? }"),
        (record, none.clone())
    );
    assert_eq!(effort(&mut workspace, "module m", "module m"), (record, none.clone()));
    // Nothing speaks of the last workflow.
    let last = Effort { items: 1, bodies: 1, ..again };
    assert_eq!(
        effort(&mut workspace, "workflow Two(id: String)", "workflow Two(id: String, of: Int?)"),
        (last, none.clone())
    );
    // Another name is another program.
    let (renamed, reports) = effort(&mut workspace, "record Account", "record Accounts");
    assert!(renamed.whole && !reports.is_empty(), "{renamed:?} {reports:?}");
}
