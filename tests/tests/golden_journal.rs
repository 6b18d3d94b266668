//! The golden journal of record format 1: committed bytes that every later build must read and fold the same.
//!
//! `WFL_BLESS=1` writes it anew. That is right only before a format is released; a released journal never changes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::fmt::Write;
use std::path::PathBuf;

use wfl_ir::{Plan, PlanHash};
use wfl_machine::{Fact, Input, Instance, Source, apply};
use wfl_record::{Envelope, Stamp};
use wfl_tests::project::{input, root, transfer};
use wfl_tests::street::{Fate, Street};

fn path(name: &str) -> PathBuf {
    root().join("tests/golden/format-1").join(name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// A transfer whose submission is lost and found, and whose settlement is closed twice.
fn record() -> String {
    let books = tempfile::tempdir().unwrap();
    let script = |operation: &str, _, nth| match (operation, nth) {
        ("Rail.submit", 1) => Fate::LostAfter,
        ("Ledger.settle", 1 | 2) => Fate::Unavailable,
        _ => Fate::Served,
    };
    let street = Street { script: Box::new(script), crash_at: None, patient: true, retries: vec![] };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(street.run(books.path(), &input(11)));
    ended.log.iter().fold(String::new(), |mut text, record| {
        let _ = writeln!(text, "{} {}", record.at.0, hex(&record.envelope.encode()));
        text
    })
}

/// Folds the journal and tells its story.
fn fold(journal: &str, plan: &Plan, hash: PlanHash) -> String {
    let mut state: Option<Instance> = None;
    let mut story = String::new();
    for line in journal.lines() {
        let (at, bytes) = line.split_once(' ').unwrap();
        let envelope = Envelope::decode(&unhex(bytes)).unwrap();
        let input = Input::decode(envelope.kind, envelope.version, &envelope.payload).unwrap();
        let args = match &input {
            Input::Start(start) => match &start.source {
                Source::Inline(args) => args.clone(),
                Source::Blob(_) => Vec::new(),
            },
            _ => Vec::new(),
        };
        let at = Stamp(at.parse().unwrap());
        let applied = apply(plan, hash, &mut state, &envelope, &input, &args, at).unwrap();
        let _ = writeln!(story, "{} {}", envelope.kind, envelope.message_id);
        for fact in applied.facts {
            let text = match fact {
                Fact::Ended { ending, undone, .. } => format!("{ending:?}, {undone} undone"),
                fact => format!("{fact:?}"),
            };
            let _ = writeln!(story, "    {text}");
        }
    }
    let state = state.unwrap();
    let _ = writeln!(story, "count {} chain {}", state.count(), hex(&state.chain()));
    story
}

#[test]
fn the_journal_of_format_1_replays() {
    if std::env::var_os("WFL_BLESS").is_some() {
        let (plan, journal) = (&transfer().bytes, record());
        std::fs::create_dir_all(path("")).unwrap();
        std::fs::write(path("plan.json"), plan).unwrap();
        std::fs::write(path("journal.txt"), &journal).unwrap();
        std::fs::write(path("story.txt"), fold(&journal, &transfer().plan, transfer().hash)).unwrap();
    }
    let bytes = std::fs::read(path("plan.json")).unwrap();
    let hash = PlanHash::of(&bytes);
    let plan = Plan::decode_as(hash, &bytes).unwrap();
    let journal = std::fs::read_to_string(path("journal.txt")).unwrap();
    let story = std::fs::read_to_string(path("story.txt")).unwrap();
    assert!(story.contains("Settled"), "the golden story ends well");
    assert_eq!(fold(&journal, &plan, hash), story);
}
