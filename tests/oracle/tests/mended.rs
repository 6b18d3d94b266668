//! Small programs that once came to something else than the semantics say, and must not again. Random programs found
//! them; each is here in its smallest form, with what it should come to.
//!
//! What was an open question of the semantics, and how it was answered, is in `settled.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use wfl_ir::{Fields, Name, Value};
use wfl_machine::{CancelMode, Control, Input, Purpose};
use wfl_oracle::program::Program;
use wfl_oracle::{Trial, World};
use wfl_sim::{EffectState, Fault, Rates, Setup};

const HEAD: &str = "
error Denied
service Shop {
  operation take(key: String) -> Int { effect compensable by give(key: key) idempotent by \"{workflow.key}/{key}\" }
  operation give(key: String) -> Unit { effect write idempotent by key }
  operation look(key: String) -> Int { effect read }
  operation ask(key: String) -> Int { effect read raises Denied }
  operation note(key: String) -> Int { effect write idempotent by \"{workflow.key}/{key}\" }
  operation wire(key: String) -> Int { effect compensable by unwire(key: key) confirm with wired(key: key) after 2m }
  operation unwire(key: String) -> Unit { effect write idempotent by key }
  operation wired(key: String) -> Int? { effect read }
}
";

fn trial_of(text: &str) -> Trial {
    Trial::of(Program { declarations: format!("{HEAD}{text}"), workflows: Vec::new() }).unwrap()
}

fn input() -> Fields {
    Fields::new([(Name::from("id"), Value::text("k")), (Name::from("n"), Value::Int(0))])
}

/// The first of so many runs that comes to something that the reference does not allow, or ends twice.
fn differing(text: &str) -> Option<u64> {
    let trial = trial_of(text);
    let differs = |seed: &u64| {
        let verdict = trial.run(*seed);
        verdict.judgement.allowed == Some(false)
            || verdict.violations.iter().any(|it| it.contains("ended twice"))
    };
    (0..400).find(differs)
}

fn main_of(body: &str) -> String {
    let raises = "raises Denied, Timeout, TooManyFailures, DuplicateKey, KeyInUse";
    format!("workflow Main(id: String, n: Int) -> Int version 1 key id {raises} {{ {body} }}")
}

fn agrees(text: &str) {
    assert_eq!(differing(text), None, "the reference does not allow what this seed comes to:\n{text}");
}

/// An error goes to the nearest construct that takes it or counts it (`docs/language/errors.md`, "Errors"). In a branch
/// of `join all`, or in an item of a strict `foreach`, it ended that one, past all constructs between.
#[test]
fn an_error_goes_to_the_nearest_construct_inside_of_a_branch() {
    // It should come to 5: the inner join needs one of its branches only.
    let any = "let p = parallel join all {
        branch a { let q = parallel join any { branch x { fail Denied } branch y { wait 1s yield 3 } on shortfall -> use 1 }
                   yield q }
        branch b { yield 2 } }
        return p.a + p.b";
    agrees(&main_of(any));
    // To 4: one of two items may fail.
    let tolerant = "let p = parallel join all {
        branch a { let q = foreach i in [1, 2] tolerate 50% { if i == 1 { fail Denied } yield i } yield q.ok.sum() }
        branch b { yield 2 } }
        return p.a + p.b";
    agrees(&main_of(tolerant));
    // To 11: the inner join takes the error.
    let handled = "let p = parallel join all {
        branch a { parallel join all { branch x { if n < 9 { fail Denied } } branch y { wait 1s } on Denied -> { } } yield 9 }
        branch b { yield 2 } }
        return p.a + p.b";
    agrees(&main_of(handled));
    // To 4: the saga inside of the item takes it.
    let saga = "let f = foreach i in [1] {
        let g = saga s { parallel join all { branch x { if n < 9 { fail Denied } } branch y { wait 1s } } yield 1
                         on Denied -> yield 4 }
        yield g }
        return f.sum()";
    agrees(&main_of(saga));
}

/// A scope that undoes its debts side by side has the debts of a scope in it as one debt (semantics 1.3, 1.5): `b` is
/// undone before `a`. All of them were undone side by side.
#[test]
fn a_scope_inside_of_a_parallel_one_keeps_its_order() {
    let body = "saga outer compensating parallel {
        saga inner { step a = Shop.take(key: \"a\") step b = Shop.take(key: \"b\") step c = Shop.take(key: \"c\") }
        rollback }
        return 3";
    agrees(&main_of(body));
    // So it does when an error leaves it; what the scope around owes besides may be undone meanwhile.
    let body = "saga outer compensating parallel {
        step z = Shop.take(key: \"z\")
        saga inner { step a = Shop.take(key: \"a\") step b = Shop.take(key: \"b\") step c = Shop.ask(key: \"c\") } }
        return 3";
    agrees(&main_of(body));
}

/// `on Timeout` behind `run` takes the `Timeout` that the child lists behind `raises` (`docs/language/sub-workflows.md`,
/// "Its errors"): it should come to 5. The step was suspended, because nothing took the error.
#[test]
fn a_handler_takes_the_timeout_that_a_child_raises() {
    let child = "workflow Child(id: String) -> Int version 1 key id raises Timeout {
        let m = await signal nothing(Int) { timeout 2s } return m }
        workflow Main(id: String, n: Int) -> Int version 1 key id raises KeyInUse {
          step c = run Child(id: \"{workflow.key}-c\") { on Timeout -> use 5 }
          return c
        }";
    agrees(child);
    // Where the parent lists the error too, it ended the parent.
    agrees(&child.replace("raises KeyInUse", "raises KeyInUse, Timeout"));
}

/// The saga takes what `fail` says in it: it should come to 4. The workflow failed.
#[test]
fn a_handler_takes_the_timeout_that_fail_says() {
    agrees(&main_of("let g = saga s { if n < 9 { fail Timeout } yield 1 on Timeout -> yield 4 } return g"));
}

/// A deadline that passes in a shield waits for the shield's end (semantics 2), and what is in the shield is done as a
/// whole. No attempt behind the deadline could succeed, so that the instance never ended.
#[test]
fn a_step_in_a_shield_has_time_behind_the_deadline() {
    let text = "workflow Main(id: String, n: Int) -> Int version 1 key id deadline 5m {
        shield { step a = Shop.note(key: \"a\") if n < 3 { wait 2h } step b = Shop.look(key: \"b\") }
        return 1 }";
    agrees(text);
}

/// What a loser did is undone whatever comes (semantics 9.7). When the instance began anew before, the loser's answers
/// were taken for those of the new life, and what it did stayed.
#[test]
fn a_loser_is_undone_when_the_instance_begins_anew() {
    let body = "let p = parallel join any {
        branch a { step a = Shop.wire(key: \"{n}\") yield 1 } branch b { yield 2 } on shortfall -> use 1 }
        if n < 5 { commit restart(id: id, n: n + 1) }
        return p";
    agrees(&main_of(body));
}

/// A cancellation waits for the end of a shield. An error that leaves the shield while one waits ends the instance; it
/// ended twice, first failed and then cancelled.
#[test]
fn an_error_in_a_shield_under_cancellation_ends_it_once() {
    let body = "shield { step a = Shop.note(key: \"a\") wait 5s if n < 9 { fail Denied } } return 1";
    agrees(&main_of(body));
}

/// The first of so many runs in which a call without a key is carried out twice, with these faults.
fn sent_twice(faults: &[Fault]) -> Option<u64> {
    let body = "step a = Shop.wire(key: \"a\") step b = Shop.wire(key: \"b\") return a + b";
    let (trial, args) = (trial_of(&main_of(body)), input());
    (0..3_000).find(|seed| {
        let rates = faults.iter().fold(Rates::none(), |rates, fault| rates.with(*fault, 60_000));
        let setup = Setup { rates, quiet_after: 300, ..Setup::plain(*seed) };
        let (mut sim, _) = trial.started(setup, World::new(*seed, 0), &args);
        sim.run();
        let done = |key: &str| {
            let mine = |entry: &&wfl_sim::Entry| {
                entry.call.purpose == Purpose::Do
                    && entry.state == EffectState::Done
                    && entry.args.get("key") == Some(&Value::text(key))
            };
            sim.books().entries().iter().filter(mine).count()
        };
        done("a") > 1 || done("b") > 1
    })
}

/// `none` proves nothing before the `after` of `confirm with` has passed (semantics 9.4). What counts is when the question
/// was asked; it was the time at which the answer was written down, which is later when the journal is away.
#[test]
fn an_answer_counts_from_when_it_was_asked_for() {
    assert!(sent_twice(&[Fault::RequestLost]).is_none(), "otherwise it is waited for");
    let found = sent_twice(&[Fault::RequestLost, Fault::AppendLost, Fault::JournalAway, Fault::ClockJump]);
    assert_eq!(found, None, "a call without a key was carried out twice");
}

/// What is in a shield is done as a whole, or not begun (`docs/language/waiting.md`, "Shield"). A cancellation that comes in
/// a pause between two steps of a shield, in a branch that others stand before, ended it there.
#[test]
fn a_cancellation_in_a_pause_waits_for_the_end_of_a_shield() {
    let body = "parallel join all {
          branch x { step x = Shop.look(key: \"x\") }
          branch y { shield { step a = Shop.look(key: \"a\") step b = Shop.take(key: \"b\") } } }
        return 1";
    let (trial, args) = (trial_of(&main_of(body)), input());
    let half_done = |paused: bool| {
        (0..200).any(|seed| {
            let (mut sim, id) = trial.started(Setup::plain(seed), World::new(seed, 0), &args);
            let (reason, mode, when) = ("enough".to_owned(), CancelMode::Compensate, 400 * seed as i64);
            let cancel = Control::Cancel { mode, reason, grace: None, request: "cancel".into() };
            sim.send(id, &Input::Control(cancel), "operator", when + 61_000);
            if paused {
                let pause = Control::Pause { undo: true, reason: "wait".into(), request: "pause".into() };
                sim.send(id, &Input::Control(pause), "operator", when + 1_000);
                let resume = Control::Resume { request: "resume".into() };
                sim.send(id, &Input::Control(resume), "operator", 61_000_000);
            }
            sim.run();
            let called = |key: &str| {
                let mut entries = sim.books().entries().iter();
                entries.any(|entry| entry.args.get("key") == Some(&Value::text(key)))
            };
            called("a") && !called("b")
        })
    };
    assert!(!half_done(false), "without a pause it is done as a whole");
    assert!(!half_done(true), "nor does a pause break it");
}

/// A deadline waits for the end of a shield (semantics 2), and for a child that runs in it: the child does not have it.
#[test]
fn a_child_in_a_shield_does_not_end_by_the_deadline_of_its_parent() {
    agrees(
        "workflow Child(id: String, n: Int) -> Int version 1 key id { if n < 1 { wait 4h } return 1 }
        workflow Main(id: String, n: Int) -> Int version 1 key id deadline 3h raises KeyInUse {
          shield { step c = run Child(id: \"{workflow.key}-c\", n: 0) }
          return 1 }",
    );
}
