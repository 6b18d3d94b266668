//! Deadlines, doubt and expiry on the virtual clock: what takes effect, what waits, and what only raises an alarm.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use serde_json::json;
use wfl_ir::Duration;
use wfl_machine::{Ending, Fact, Purpose, Status};
use wfl_tests::project::input;
use wfl_tests::street::{Ended, Fate, Script, Street};

fn run(script: &Script<'_>) -> Ended {
    run_with(script, vec![])
}

fn run_with(script: &Script<'_>, retries: Vec<Duration>) -> Ended {
    let books = tempfile::tempdir().unwrap();
    let street = Street { script: Box::new(script), crash_at: None, patient: true, retries };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(street.run(books.path(), &input(7)));
    assert_eq!((&ended.audit["balanced"], &ended.audit["duplicates"]), (&json!(true), &json!([])));
    assert!(ended.alarms.is_empty(), "{:?}", ended.alarms);
    ended
}

fn settled(ended: &Ended) -> bool {
    matches!(ended.state.ending(), Some(Ending::Completed(value)) if value.to_string().starts_with("Settled"))
}

fn passed(ended: &Ended) -> Option<bool> {
    ended.facts.iter().find_map(|fact| match fact {
        Fact::DeadlinePassed { alarm_only } => Some(*alarm_only),
        _ => None,
    })
}

#[test]
fn a_deadline_before_the_pivot_undoes_what_was_done() {
    // The posting's answers are lost for longer than the 15 minutes of the workflow.
    let ended = run(&|operation, _, nth| match operation {
        "Ledger.post" if nth <= 150 => Fate::LostAfter,
        _ => Fate::Served,
    });
    assert_eq!(passed(&ended), Some(false));
    assert_eq!(
        (ended.state.ending(), ended.state.undone()),
        (Some(&Ending::TimedOut), 2),
        "{:#?}",
        ended.facts
    );
    assert_eq!((&ended.audit["open_holds"], &ended.audit["submissions"]), (&json!([]), &json!([])));
}

#[test]
fn a_deadline_while_the_pivot_is_in_doubt_waits_and_yields_to_its_success() {
    let ended = run(&|operation, _, nth| match operation {
        "Rail.submit" => Fate::LostAfter,
        "Rail.lookup" if nth <= 150 => Fate::Unavailable,
        _ => Fate::Served,
    });
    assert_eq!(passed(&ended), Some(true), "the deadline passed in doubt");
    assert!(ended.elapsed > Duration::from_secs(15 * 60), "{}", ended.elapsed);
    assert!(settled(&ended), "{:#?}", ended.facts);
}

#[test]
fn a_deadline_while_the_pivot_is_in_doubt_takes_effect_once_it_is_absent() {
    let ended = run(&|operation, _, nth| match operation {
        "Rail.submit" => Fate::LostBefore,
        "Rail.lookup" if nth <= 150 => Fate::Unavailable,
        _ => Fate::Served,
    });
    assert_eq!(passed(&ended), Some(true), "the deadline passed in doubt");
    assert_eq!(
        (ended.state.ending(), ended.state.undone()),
        (Some(&Ending::TimedOut), 2),
        "{:#?}",
        ended.facts
    );
    assert_eq!((&ended.audit["open_holds"], &ended.audit["submissions"]), (&json!([]), &json!([])));
}

#[test]
fn a_deadline_behind_the_pivot_is_an_alarm() {
    let ended = run(&|operation, _, nth| match operation {
        "Ledger.settle" if nth <= 40 => Fate::Unavailable,
        _ => Fate::Served,
    });
    assert_eq!(passed(&ended), Some(true));
    assert!(settled(&ended), "{:#?}", ended.facts);
}

#[test]
fn nothing_is_absent_before_its_time() {
    // The first submission never arrives. `lookup` says none at once: that proves nothing for 30 seconds, so the
    // same key is sent again.
    let ended = run(&|operation, _, nth| match operation {
        "Rail.submit" if nth == 1 => Fate::LostBefore,
        _ => Fate::Served,
    });
    assert!(settled(&ended));
    assert!(!ended.facts.iter().any(|fact| matches!(fact, Fact::FoundAbsent { .. })), "{:#?}", ended.facts);
}

#[test]
fn undoing_that_takes_too_long_raises_an_alarm_and_goes_on() {
    let ended = run(&|operation, purpose, nth| match (operation, purpose) {
        ("Rail.submit", _) => Fate::Declared("Declined", json!({ "code": "AM04" })),
        ("Ledger.release", Purpose::Undo) if nth <= 600 => Fate::Unavailable,
        _ => Fate::Served,
    });
    assert!(ended.facts.iter().any(|fact| matches!(fact, Fact::CompensationOverdue)));
    assert_eq!((ended.state.status(), ended.state.undone()), (Status::Completed, 2));
}

#[test]
fn a_key_that_the_other_side_may_have_forgotten_is_not_sent_again() {
    // Nobody knows of the undo for more than the 24 hours that the key is remembered.
    let ended = run(&|operation, purpose, _| match (operation, purpose) {
        ("Rail.submit", _) => Fate::Declared("Declined", json!({ "code": "AM04" })),
        ("Ledger.release", Purpose::Undo) => Fate::LostAfter,
        _ => Fate::Served,
    });
    assert_eq!(ended.state.status(), Status::CompensationStuck);
    let why: Vec<_> = ended.state.suspensions().iter().map(|it| it.why.to_string()).collect();
    assert_eq!(why, ["its idempotency key is older than the other side remembers"]);
    assert!(ended.elapsed > Duration::from_secs(24 * 3600));
}

#[test]
fn a_pivot_whose_answer_makes_no_sense_may_have_happened() {
    // The rail takes the payment and answers with something that is no receipt. Nothing before it is undone, however
    // much time passes; a person who tries again learns what became of it.
    let nonsense = |operation: &str, _, nth| match operation {
        "Rail.submit" if nth == 1 => Fate::Garbled,
        _ => Fate::Served,
    };
    let waits = run(&nonsense);
    assert_eq!((waits.state.status(), waits.state.undone()), (Status::Suspended, 0), "{:#?}", waits.facts);
    assert_eq!(passed(&waits), Some(true), "the deadline passed in doubt");
    assert_eq!(waits.audit["submissions"].as_array().unwrap().len(), 1);
    let ended = run_with(&nonsense, vec![Duration::from_secs(3600)]);
    assert!(settled(&ended), "{:#?}", ended.facts);
}

#[test]
fn a_person_does_not_send_an_expired_key_either() {
    let day = Duration::from_secs(25 * 3600);
    // An undo: nobody knows of it for longer than its key is remembered.
    let undo = |operation: &str, purpose, _| match (operation, purpose) {
        ("Rail.submit", _) => Fate::Declared("Declined", json!({ "code": "AM04" })),
        ("Ledger.release", Purpose::Undo) => Fate::LostAfter,
        _ => Fate::Served,
    };
    let once = run(&undo);
    let again = run_with(&undo, vec![day, day]);
    assert_eq!(again.state.status(), Status::CompensationStuck);
    let sent = |ended: &Ended| {
        ended.log.iter().filter(|r| r.envelope.message_id.as_str().contains("/undo/")).count()
    };
    assert_eq!(sent(&again), sent(&once), "nothing was sent again");
    // A step: its answer makes no sense, and the person comes a day later. It has no question to ask.
    let step = |operation: &str, _, nth| match operation {
        "Ledger.settle" if nth == 1 => Fate::Garbled,
        _ => Fate::Served,
    };
    let late = run_with(&step, vec![day]);
    let why: Vec<_> = late.state.suspensions().iter().map(|it| it.why.to_string()).collect();
    assert_eq!(why, ["its idempotency key is older than the other side remembers"]);
    let soon = run_with(&step, vec![Duration::from_secs(60)]);
    assert!(settled(&soon), "{:#?}", soon.facts);
}
