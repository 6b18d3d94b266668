//! Questions about the meaning of programs that were open once, each with a named program and its one answer. The
//! reference allows no other; `docs/execution.md` says the same in words.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use wfl_ir::{Fields, Name, Value};
use wfl_machine::{CancelMode, Control, Ending, Fact, Input, Purpose, Suspension};
use wfl_oracle::program::Program;
use wfl_oracle::{Trial, World};
use wfl_sim::{EffectState, Entry, Fate, Fault, Rates, Report, Setup, Twist};

const HEAD: &str = "import std.retry (exponential, forever)
error Denied
service Shop {
  operation take(key: String) -> Int { effect compensable by give(key: key) idempotent by \"{workflow.key}/{key}\" }
  operation give(key: String) -> Unit { effect write idempotent by key }
  operation haste(key: String) -> Int { effect read retry exponential(initial: 1s, attempts: 2) }
  operation rush(key: String) -> Int {
    effect compensable by unrush(key: key) idempotent by \"{workflow.key}/{key}\" retry exponential(initial: 1s, attempts: 2) }
  operation unrush(key: String) -> Unit { effect write idempotent by key }
  operation send(key: String) -> Int { effect irreversible idempotent by \"{workflow.key}/{key}\" confirm with sent(key: key) after 2m }
  operation sent(key: String) -> Int? { effect read }
  operation wire(key: String) -> Int { effect compensable by unwire(key: key) confirm with wired(key: key) after 2m }
  operation unwire(key: String) -> Unit { effect write idempotent by key }
  operation wired(key: String) -> Int? { effect read }
}
";

fn trial_of(text: &str) -> Trial {
    Trial::of(Program { declarations: format!("{HEAD}{text}"), workflows: Vec::new() }).unwrap()
}

fn main_of(body: &str) -> String {
    format!("workflow Main(id: String, n: Int) -> Int version 1 key id raises Denied, KeyInUse {{ {body} }}")
}

fn input() -> Fields {
    Fields::new([(Name::from("id"), Value::text("k")), (Name::from("n"), Value::Int(0))])
}

/// The reference allows what many schedules of faults come to.
fn agrees(text: &str) {
    let trial = trial_of(text);
    let differs = |seed: &u64| {
        let verdict = trial.run(*seed);
        verdict.judgement.allowed == Some(false) || !verdict.violations.is_empty()
    };
    assert_eq!((0..300).find(differs), None, "the reference does not allow what this seed comes to:\n{text}");
}

/// What came of a run: its report, and the books.
struct Seen {
    report: Report,
    entries: Vec<Entry>,
}

impl Seen {
    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            entry.call.purpose == Purpose::Do && entry.args.get("key") == Some(&Value::text(key))
        })
    }

    fn state(&self, key: &str) -> Option<EffectState> {
        self.entry(key).map(|entry| entry.state)
    }

    fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.report.observed.values().flat_map(|seen| &seen.facts)
    }

    fn completed(&self) -> Option<i64> {
        self.report.observed.values().find_map(|seen| match seen.state.ending() {
            Some(Ending::Completed(Value::Int(value))) if seen.state.parent().is_none() => Some(*value),
            _ => None,
        })
    }
}

/// Runs a program in a world where this happens, and sends it a wish after so many seconds.
fn run(text: &str, setup: Setup, wish: Option<(i64, Control)>) -> Seen {
    let (trial, seed) = (trial_of(text), setup.seed);
    let (mut sim, id) = trial.started(setup, World::new(seed, 0), &input());
    if let Some((after, control)) = wish {
        sim.send(id, &Input::Control(control), "operator", after * 1_000_000);
    }
    sim.run();
    let report = sim.report();
    assert!(report.violations.is_empty(), "{:?}\n{text}", report.violations);
    Seen { entries: sim.books().entries().to_vec(), report }
}

const SHIELDED: &str = "shield { step a = Shop.take(key: \"a\") wait 1h step b = Shop.take(key: \"b\") }";

/// The same, by an operation without a key, which would have to tell the items apart.
const SHIELDED_ITEM: &str =
    "shield { step a = Shop.wire(key: \"a\") wait 1h step b = Shop.wire(key: \"b\") }";

/// A shield holds its branch, whatever stops that: `a` and `b` are both done, and then both undone.
fn is_held(body: &str) -> Seen {
    let text = main_of(body);
    agrees(&text);
    let seen = run(&text, Setup::plain(1), None);
    for key in ["a", "b"] {
        assert_eq!(
            seen.state(key),
            Some(EffectState::Undone),
            "{key}, which a shield holds together\n{text}"
        );
    }
    seen
}

/// The value of the join is that of the winner, and what follows waits for the end of the shield.
#[test]
fn a_shield_holds_a_branch_that_loses() {
    // The shield may be in a construct inside of the branch.
    let nested = format!("parallel join all {{ branch m {{ {SHIELDED} }} branch o {{ }} }}");
    for inside in [SHIELDED, &nested] {
        let seen = is_held(&format!(
            "let p = parallel join any {{ branch x {{ {inside} yield 1 }} branch y {{ wait 1s yield 2 }}
                 on shortfall -> use 3 }}
             step c = Shop.take(key: \"c\")
             return p"
        ));
        assert_eq!(seen.completed(), Some(2));
        let done = |key: &str| seen.entry(key).map(|entry| entry.done_at);
        assert!(done("b") < done("c"), "the block ended before the shield in it");
        let undone = seen.entry("a").and_then(|entry| entry.undone_at);
        assert!(done("c") < undone, "what lost is undone meanwhile");
    }
    // One that is not begun holds nothing.
    let text = main_of(&format!(
        "let p = parallel join any {{ branch x {{ wait 2s {SHIELDED} yield 1 }} branch y {{ wait 1s yield 2 }}
             on shortfall -> use 3 }}
         return p"
    ));
    assert_eq!(run(&text, Setup::plain(1), None).state("a"), None);
    // Nor does one around the whole.
    let text = main_of(
        "shield { let p = parallel join any {
             branch x { step a = Shop.take(key: \"a\") wait 1h step b = Shop.take(key: \"b\") yield 1 }
             branch y { wait 1s yield 2 } on shortfall -> use 3 } }
         return 4",
    );
    assert_eq!(run(&text, Setup::plain(1), None).state("b"), None);
}

#[test]
fn a_shield_holds_a_branch_whose_sibling_fails() {
    is_held(&format!(
        "parallel join all {{ branch x {{ {SHIELDED} }} branch y {{ wait 1s if n < 9 {{ fail Denied }} }}
             on Denied -> {{ }} }}
         return 1"
    ));
    // The shield may be in a construct inside of the branch.
    is_held(&format!(
        "parallel join all {{
             branch x {{ foreach i in [1] {{ {SHIELDED_ITEM} }} }}
             branch y {{ wait 1s if n < 9 {{ fail Denied }} }} on Denied -> {{ }} }}
         return 1"
    ));
}

#[test]
fn a_shield_holds_a_branch_whose_time_is_up() {
    is_held(&format!(
        "parallel join all within 10s {{ branch x {{ {SHIELDED} }} branch y {{ wait 1s }} on Timeout -> {{ }} }}
         return 1"
    ));
}

#[test]
fn a_shield_holds_an_item() {
    is_held(&format!(
        "foreach i in [1, 2] {{ if i == 1 {{ {SHIELDED_ITEM} }} else {{ wait 1s if n < 9 {{ fail Denied }} }}
             on Denied -> {{ }} }}
         return 1"
    ));
}

fn used_up(operation: &str, other: &str) -> Seen {
    let text = main_of(&format!(
        "let p = parallel join any {{
             branch x {{ step a = {operation}(key: \"a\") yield 1 }} branch y {{ {other} yield 2 }}
             on shortfall -> use 3 }}
         return p"
    ));
    agrees(&text);
    let args = Fields::new([(Name::from("key"), Value::text("a"))]);
    let twist = |nth| Twist {
        operation: operation.to_owned(),
        purpose: Purpose::Do,
        args: args.clone(),
        nth,
        fate: Fate::Unavailable,
    };
    run(&text, Setup { twists: vec![twist(1), twist(2)], ..Setup::plain(1) }, None)
}

fn is_suspended(seen: &Seen) -> bool {
    let exhausted =
        |fact: &Fact| matches!(fact, Fact::Suspended { why: Suspension::RetriesExhausted(_), .. });
    seen.facts().any(exhausted)
}

/// A read whose attempts are used up is one branch less; anything else waits for a person, as an incident undoes
/// nothing by itself (semantics 9.1), and the others go on.
#[test]
fn used_up_attempts_fail_a_branch_only_of_a_read() {
    for (other, read_comes_to, effect_comes_to) in [("wait 10d", 2, 2), ("if n < 9 { fail Denied }", 3, 1)] {
        let read = used_up("Shop.haste", other);
        assert!(!is_suspended(&read), "a read fails the branch");
        assert_eq!(read.completed(), Some(read_comes_to));
        let effect = used_up("Shop.rush", other);
        assert!(is_suspended(&effect), "what has an effect waits for a person, who tries it again");
        assert_eq!(effect.completed(), Some(effect_comes_to));
    }
}

const CHILD: &str = "workflow Child(id: String) -> Int version 1 key id {
    step a = Shop.take(key: \"a\") wait 2d step b = Shop.take(key: \"b\") return 1 }
";

fn stopped(option: &str, mode: CancelMode) -> Seen {
    let body = format!(
        "step p = Shop.take(key: \"p\") step c = run Child(id: \"{{workflow.key}}-c\") {{ {option} }} return 1"
    );
    let cancel = Control::Cancel { mode, reason: "enough".into(), grace: None, request: "cancel".into() };
    run(&format!("{CHILD}{}", main_of(&body)), Setup::plain(1), Some((3_600, cancel)))
}

/// A cancellation that stops begins nothing more and undoes nothing, also in attached children.
#[test]
fn a_stop_reaches_children() {
    let seen = stopped("", CancelMode::Stop);
    let states = |seen: &Seen| ["p", "a", "b"].map(|key| seen.state(key));
    assert_eq!(states(&seen), [Some(EffectState::Done), Some(EffectState::Done), None]);
    // A child that is waited for comes to its end, and what it did stays as well.
    let seen = stopped("when cancelled await", CancelMode::Stop);
    assert_eq!(states(&seen), [Some(EffectState::Done); 3]);
    let seen = stopped("", CancelMode::Compensate);
    assert_eq!(states(&seen), [Some(EffectState::Undone), Some(EffectState::Undone), None]);
}

/// What a child did behind its point of no return is not undone with its parent: it only goes forward.
#[test]
fn a_child_behind_its_pivot_owes_its_parent_nothing() {
    let text = format!(
        "workflow Child(id: String) -> Int version 1 key id {{
           pivot step s = Shop.send(key: \"s\")
           step t = Shop.take(key: \"t\") {{ retry forever(every: 30s) }}
           return s }}
         {}",
        main_of(
            "foreach i in [1] { step c = run Child(id: \"{workflow.key}-{i}\") { on KeyInUse -> use 0 } }
             step u = Shop.take(key: \"u\") wait 1d rollback return 1"
        )
    );
    agrees(&text);
    let seen = run(&text, Setup::plain(1), None);
    assert_eq!(seen.state("s"), Some(EffectState::Done));
    assert_eq!(seen.state("t"), Some(EffectState::Done), "it is behind the point of no return");
    assert_eq!(seen.state("u"), Some(EffectState::Undone));
}

/// A call without a key is found absent and made again, and then both calls are carried out after all. Each success that
/// the engine is told of is undone (semantics 9.6). When the first one's comes while the second call is in doubt, the step
/// goes on with it, and what became of the second call is a question of its own, which a person may have to answer.
#[test]
fn a_late_success_does_not_hide_the_attempt_that_is_in_doubt() {
    let text = main_of("step a = Shop.wire(key: \"a\") wait 1d rollback return 1");
    let trial = trial_of(&text);
    let mut doubts = 0;
    for seed in 0..1_000 {
        let rates = Rates::none().with(Fault::RequestLost, 200_000).with(Fault::LateAnswer, 60_000);
        let setup = Setup { rates, quiet_after: 40, ..Setup::plain(seed) };
        let (mut sim, _) = trial.started(setup, World::new(seed, 0), &input());
        sim.run();
        let report = sim.report();
        assert!(report.violations.is_empty(), "seed {seed}: {:?}", report.violations);
        let stays = sim.books().entries().iter().any(|entry| entry.state == EffectState::Done);
        assert!(!stays, "seed {seed}: what one of the attempts did stays");
        let facts = report.observed.values().flat_map(|seen| &seen.facts);
        doubts += facts
            .filter(|fact| matches!(fact, Fact::Suspended { why: Suspension::PerhapsTwice(..), .. }))
            .count();
    }
    assert!(doubts > 0, "nobody was ever asked");
}
