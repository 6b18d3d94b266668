//! Fail, repeat and undo every node of the transfer: each step with each declared error, lost, late and nonsensical
//! answers, each undo failed and repeated, each of these with a crash at every record. The books must be right.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use wfl_ir::{Effect, NodeKind};
use wfl_machine::{Ending, Purpose, Status};
use wfl_tests::project::{input, transfer};
use wfl_tests::street::{Ended, Fate, Street};

/// One thing that goes wrong.
#[derive(Clone, Debug)]
struct Trouble {
    operation: String,
    purpose: Purpose,
    /// The first so many calls meet the fate.
    times: u32,
    fate: Fate,
}

/// Every trouble that the transfer can meet.
fn troubles() -> Vec<Trouble> {
    let plan = &transfer().plan;
    let mut troubles = Vec::new();
    let mut add = |operation: &str, purpose, times, fate: &Fate| {
        troubles.push(Trouble { operation: operation.into(), purpose, times, fate: fate.clone() });
    };
    let lost =
        [Fate::LostBefore, Fate::LostAfter, Fate::TimeoutBefore, Fate::TimeoutAfter, Fate::Unavailable];
    for node in &plan.nodes {
        let NodeKind::Call(call) = &node.kind else { continue };
        let operation = &plan.operations[call.operation as usize];
        let name = operation.qualified();
        for error in &operation.raises {
            add(&name, Purpose::Do, 1, &Fate::Declared(short(*error), sample(*error)));
        }
        for fate in &lost {
            for times in [1, 2, 9] {
                add(&name, Purpose::Do, times, fate);
            }
        }
        add(&name, Purpose::Do, 9, &Fate::Repeated);
        add(&name, Purpose::Do, 1, &Fate::Nonsense);
        if let Effect::Compensable { undo, .. } = &operation.effect {
            let undo = plan.operations[*undo as usize].qualified();
            for fate in &lost {
                add(&undo, Purpose::Undo, 3, fate);
            }
            add(&undo, Purpose::Undo, 9, &Fate::Repeated);
            add(&undo, Purpose::Undo, 1, &Fate::Nonsense);
        }
    }
    troubles
}

fn short(error: u32) -> &'static str {
    transfer().plan.types[error as usize].short_name()
}

/// Fields that the error's type takes.
fn sample(error: u32) -> Json {
    match short(error) {
        "InsufficientFunds" => json!({ "available": { "amount": "1.00", "currency": "EUR" } }),
        "SanctionsHit" => json!({ "list": "EU-CFSP" }),
        "Declared" | "Declined" => json!({ "code": "AM04" }),
        _ => json!({}),
    }
}

/// Undo troubles need a reason to undo: the rail declines then.
fn fate_of(trouble: &Trouble, operation: &str, purpose: Purpose, nth: u32) -> Fate {
    if trouble.operation == operation && trouble.purpose == purpose && nth <= trouble.times {
        return trouble.fate.clone();
    }
    let undoing = trouble.purpose == Purpose::Undo;
    if undoing && operation == "Rail.submit" {
        Fate::Declared("Declined", json!({"code": "AM04"}))
    } else {
        Fate::Served
    }
}

async fn run(trouble: &Trouble, crash_at: Option<usize>) -> Ended {
    let books = tempfile::tempdir().unwrap();
    let script = |operation: &str, purpose, nth| fate_of(trouble, operation, purpose, nth);
    Street { script: Box::new(script), crash_at, patient: false, retries: vec![] }
        .run(books.path(), &input(1))
        .await
}

/// What must be true however it went.
fn check(trouble: &Trouble, crash_at: Option<usize>, ended: &Ended) {
    let place = format!("{trouble:?}, crash at {crash_at:?}");
    let audit = &ended.audit;
    assert!(ended.alarms.is_empty(), "{place}: {:?}", ended.alarms);
    assert_eq!(audit["balanced"], true, "{place}: {audit}");
    assert_eq!(audit["duplicates"], json!([]), "{place}: {audit}");
    assert_eq!(audit["conflicts"], json!([]), "{place}: {audit}");
    let count = |list: &str| audit[list].as_array().unwrap().len();
    let account = audit["accounts"].to_string();
    let result = match ended.state.ending() {
        Some(Ending::Completed(value)) => value.to_string(),
        Some(other) => format!("{other:?}"),
        None => "open".to_owned(),
    };
    if result.starts_with("Settled") {
        assert_eq!(
            (count("submissions"), count("settlements"), count("open_holds")),
            (1, 1, 0),
            "{place}: {audit}"
        );
        assert!(account.contains("9749.50"), "{place}: 250.50 have left the account: {audit}");
    } else if result != "open" {
        assert_eq!(
            (count("submissions"), count("settlements"), count("open_holds")),
            (0, 0, 0),
            "{place}: {audit}"
        );
        assert!(!account.contains("9749.50"), "{place}: nothing has left the account: {audit}");
    }
    let expected = expected(trouble);
    assert!(
        result.starts_with(expected),
        "{place}: {expected} was expected, not {result}\n{:#?}",
        ended.facts
    );
    assert_eq!(
        result == "open",
        ended.state.status() == Status::Suspended || ended.state.status() == Status::CompensationStuck,
        "{place}"
    );
}

/// How the transfer ends with a trouble, by the program's text and the rules of the language.
fn expected(trouble: &Trouble) -> &'static str {
    let gives_up = trouble.times == 9;
    match (&trouble.fate, trouble.operation.as_str(), trouble.purpose) {
        (Fate::Nonsense, ..) => "open",
        (_, _, Purpose::Undo) => "Rejected(reason: RailDeclined",
        (Fate::Declared("SanctionsHit", _), ..) => "Rejected(reason: Sanctions",
        (Fate::Declared("InsufficientFunds", _), ..) => "Rejected(reason: InsufficientFunds",
        (Fate::Declared("AccountFrozen", _), ..) => "Rejected(reason: AccountFrozen",
        (Fate::Declared(..), ..) => "Rejected(reason: RailDeclined",
        // Four and five attempts are all that the program allows these.
        (Fate::Served | Fate::Repeated, ..) => "Settled",
        (_, "Compliance.screen" | "Ledger.reserve", _) if gives_up => "open",
        // The first lost submission is found by asking, or proved absent and sent again; after six the rail waits
        // for a person if it was never reached.
        (Fate::Unavailable | Fate::LostBefore | Fate::TimeoutBefore, "Rail.submit", _) if gives_up => "open",
        _ => "Settled",
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn every_node_fails_repeats_and_is_undone() {
    let all = troubles();
    assert!(all.len() > 60, "only {} troubles", all.len());
    runtime().block_on(async {
        for trouble in &all {
            check(trouble, None, &run(trouble, None).await);
        }
    });
    let kinds: BTreeSet<_> = all.iter().map(|t| format!("{:?}", std::mem::discriminant(&t.fate))).collect();
    assert_eq!(kinds.len(), 8, "every kind of trouble happened");
}

#[test]
fn every_crash_point_of_every_trouble_ends_the_same() {
    let long = std::env::var_os("WFL_LONG").is_some();
    // A crash point costs a whole run: the short form takes every kind once, and a prime stride through the rest.
    let stride = if long { 1 } else { 7 };
    let (mut points, mut crashes) = (0, 0);
    runtime().block_on(async {
        for trouble in troubles().iter().step_by(stride) {
            let calm = run(trouble, None).await;
            for crash_at in 1..=calm.log.len() {
                let ended = run(trouble, Some(crash_at)).await;
                check(trouble, Some(crash_at), &ended);
                points += 1;
                crashes += usize::from(ended.log.len() >= crash_at);
            }
        }
    });
    println!("{points} crash points, {crashes} crashes");
    assert!(crashes > 50);
}

#[test]
fn the_same_log_folds_to_the_same_state() {
    let trouble =
        Trouble { operation: "Rail.submit".into(), purpose: Purpose::Do, times: 1, fate: Fate::LostAfter };
    let ended = runtime().block_on(run(&trouble, None));
    let fold = || {
        let transfer = transfer();
        let mut state = None;
        for record in &ended.log {
            let envelope = &record.envelope;
            let input =
                wfl_machine::Input::decode(envelope.kind, envelope.version, &envelope.payload).unwrap();
            let args = match &input {
                wfl_machine::Input::Start(wfl_machine::Start {
                    source: wfl_machine::Source::Inline(args),
                    ..
                }) => args.clone(),
                _ => Vec::new(),
            };
            wfl_machine::apply(&transfer.plan, transfer.hash, &mut state, envelope, &input, &args, record.at)
                .unwrap();
            // A snapshot taken anywhere is the state.
            state = state.map(|s| wfl_machine::Instance::decode(&s.encode()).unwrap());
        }
        state.unwrap().hash()
    };
    assert_eq!(fold(), fold());
    assert_eq!(fold(), ended.state.hash(), "the engine's own fold");
}
