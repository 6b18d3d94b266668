//! The partition by itself: events in, actions out, on the transfer workflow.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::sync::Arc;

use wfl_ir::Timestamp;
use wfl_machine::{Input, Outcome};
use wfl_partition::{Action, Alarm, CallId, Event, Options, Partition, Role, Stored};
use wfl_record::{AppendError, Appended, InstanceId, Kind, NewRecord, Position, Record, Stamp};
use wfl_tests::project::{input, transfer};
use wfl_tests::street::start;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

struct Bench {
    partition: Partition,
    position: u64,
    now: Timestamp,
}

impl Bench {
    fn new() -> Bench {
        let partition = Partition::new(
            wfl_record::Partition(0),
            Options { rest: None, retention: None, ..Options::default() },
        );
        Bench { partition, position: 0, now: NOW }
    }

    /// An owner with the transfer started and its first call out.
    fn started() -> (Bench, InstanceId, CallId) {
        let mut bench = Bench::new();
        bench.handle(Event::Role(Role::Owner));
        let first = start(transfer(), &input(1));
        let id = first.envelope.instance;
        let wants = bench.commit(first);
        assert!(matches!(wants[..], [Action::NeedPlan(hash)] if hash == transfer().hash), "{wants:?}");
        let actions = bench.handle(Event::Plan(transfer().hash, Ok(Arc::clone(&transfer().plan))));
        let call = actions.iter().find_map(|a| if let Action::Call(id, _) = a { Some(*id) } else { None });
        (bench, id, call.unwrap())
    }

    fn handle(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        self.partition.handle(self.now, event, &mut actions);
        actions
    }

    /// The log takes a record.
    fn commit(&mut self, record: NewRecord) -> Vec<Action> {
        self.position += 1;
        let position = Position(self.position);
        let record = Record {
            partition: record.partition,
            position,
            at: Stamp(self.now.0),
            envelope: record.envelope,
        };
        self.handle(Event::Record(record))
    }
}

fn appends(actions: &[Action]) -> Vec<NewRecord> {
    actions
        .iter()
        .filter_map(|a| if let Action::Append(record) = a { Some(record.clone()) } else { None })
        .collect()
}

fn answer() -> Outcome {
    Outcome::Returned(b"{\"id\":\"scr_1\"}".to_vec())
}

#[test]
fn an_answer_only_becomes_an_append() {
    let (mut bench, id, call) = Bench::started();
    let before = bench.partition.view(&id).unwrap().state.cloned();
    let actions = bench.handle(Event::Answer(call, answer()));
    let records = appends(&actions);
    assert_eq!((actions.len(), records.len()), (1, 1), "{actions:?}");
    assert_eq!(
        bench.partition.view(&id).unwrap().state.cloned(),
        before,
        "nothing changes before the record"
    );
    assert!(bench.handle(Event::Answer(call, answer())).is_empty(), "a second answer of one call is nothing");
    let actions = bench.commit(records[0].clone());
    assert!(
        actions
            .iter()
            .any(|a| matches!(a, Action::Call(_, c) if &*c.effect.call.step == "TransferFunds/money/hold"))
    );
    assert!(
        bench.commit(records[0].clone()).iter().all(|a| !matches!(a, Action::Call(..))),
        "a repeat calls nothing"
    );
}

#[test]
fn a_standby_folds_and_does_nothing() {
    let mut bench = Bench::new();
    bench.commit(start(transfer(), &input(1)));
    let actions = bench.handle(Event::Plan(transfer().hash, Ok(Arc::clone(&transfer().plan))));
    assert!(actions.iter().all(|a| matches!(a, Action::Update(_))), "{actions:?}");
    bench.now = NOW.plus(wfl_ir::Duration::from_secs(3600));
    assert!(bench.handle(Event::Wake).is_empty(), "no timer fires");
    let actions = bench.handle(Event::Role(Role::Owner));
    assert!(
        actions.iter().any(|a| matches!(a, Action::Call(..))),
        "an owner does what is outstanding: {actions:?}"
    );
    let actions = bench.handle(Event::Role(Role::Standby));
    assert!(matches!(actions[..], [Action::CancelCall(_)]), "{actions:?}");
}

#[test]
fn a_failed_append_is_repeated_under_its_message_id() {
    let (mut bench, id, call) = Bench::started();
    let record = appends(&bench.handle(Event::Answer(call, answer()))).remove(0);
    let message = record.envelope.message_id.clone();
    for error in [AppendError::Unknown("?".into()), AppendError::Unavailable("full".into())] {
        let actions = bench.handle(Event::Appended(id, message.clone(), Err(error)));
        assert!(matches!(actions[..], [Action::Alarm(Alarm::JournalRefuses { .. })]), "{actions:?}");
        let wake = bench.partition.next_wake().unwrap();
        assert!(wake > bench.now);
        bench.now = wake;
        let again = appends(&bench.handle(Event::Wake));
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].envelope, record.envelope);
    }
    bench.commit(record);
    let done = Appended { position: Position(bench.position), at: Stamp(0), duplicate: false };
    assert!(bench.handle(Event::Appended(id, message, Ok(done))).is_empty());
}

#[test]
fn an_answer_that_is_too_large_becomes_an_incident() {
    let (mut bench, id, call) = Bench::started();
    let record = appends(&bench.handle(Event::Answer(call, answer()))).remove(0);
    let refused = Err(AppendError::TooLarge { limit: 10 });
    let actions = bench.handle(Event::Appended(id, record.envelope.message_id.clone(), refused));
    let smaller = appends(&actions).remove(0);
    assert_eq!(smaller.envelope.message_id, record.envelope.message_id);
    let input =
        Input::decode(smaller.envelope.kind, smaller.envelope.version, &smaller.envelope.payload).unwrap();
    assert!(matches!(input, Input::Answer(a) if matches!(a.outcome, Outcome::Refused { .. })));
}

#[test]
fn an_attempt_that_takes_too_long_is_given_up() {
    let (mut bench, _, call) = Bench::started();
    // `screen` has five seconds.
    assert_eq!(bench.partition.next_wake(), Some(NOW.plus(wfl_ir::Duration::from_secs(5))));
    bench.now = NOW.plus(wfl_ir::Duration::from_secs(5));
    let actions = bench.handle(Event::Wake);
    assert!(matches!(actions[0], Action::CancelCall(id) if id == call), "{actions:?}");
    assert_eq!(appends(&actions).len(), 1);
    assert!(bench.handle(Event::Answer(call, answer())).is_empty(), "its answer comes too late");
}

#[test]
fn what_cannot_be_folded_quarantines_its_instance_alone() {
    let damage: [fn(&mut NewRecord); 4] = [
        |r| r.envelope.kind = Kind(99),
        |r| r.envelope.version = 99,
        |r| r.envelope.payload.truncate(3),
        |r| r.envelope.kind = Kind::TIMER,
    ];
    for break_it in damage {
        let (mut bench, id, call) = Bench::started();
        let mut record = appends(&bench.handle(Event::Answer(call, answer()))).remove(0);
        break_it(&mut record);
        let actions = bench.commit(record);
        assert!(
            matches!(&actions[..], [.., Action::Alarm(Alarm::Quarantined { instance, .. })] if *instance == id),
            "{actions:?}"
        );
        assert!(bench.partition.view(&id).unwrap().quarantine.is_some());
        let other = start(transfer(), &input(2));
        let actions = bench.commit(other);
        assert!(actions.iter().any(|a| matches!(a, Action::Call(..))), "others go on: {actions:?}");
    }
    // A record before any start.
    let (mut bench, _, call) = Bench::started();
    let mut record = appends(&bench.handle(Event::Answer(call, answer()))).remove(0);
    record.envelope.instance = InstanceId([9; 16]);
    let actions = bench.commit(record);
    assert!(matches!(&actions[..], [Action::NeedInstance { .. }]), "it may be at rest: {actions:?}");
    let actions = bench.handle(Event::Stored(InstanceId([9; 16]), Ok(Stored::default())));
    assert!(matches!(&actions[..], [Action::Alarm(Alarm::Quarantined { .. })]), "{actions:?}");
}

#[test]
fn a_start_that_is_not_sound_is_quarantined() {
    type Change = fn(&mut wfl_machine::Start);
    let changes: [Change; 3] = [
        |s| s.digest = [0; 32],
        |s| s.source = wfl_machine::Source::Inline(b"{}".to_vec()),
        |s| s.source = wfl_machine::Source::Inline(b"no".to_vec()),
    ];
    for change in changes {
        let mut bench = Bench::new();
        let mut record = start(transfer(), &input(1));
        let Ok(Input::Start(mut begin)) = Input::decode(record.envelope.kind, 1, &record.envelope.payload)
        else {
            panic!("a start begins");
        };
        change(&mut begin);
        record.envelope.payload = Input::Start(begin).encode().2;
        bench.commit(record);
        let actions = bench.handle(Event::Plan(transfer().hash, Ok(Arc::clone(&transfer().plan))));
        assert!(matches!(&actions[..], [Action::Alarm(Alarm::Quarantined { .. })]), "{actions:?}");
    }
}

#[test]
fn a_missing_plan_parks_its_instance_and_is_asked_for_again() {
    let mut bench = Bench::new();
    bench.handle(Event::Role(Role::Owner));
    let first = start(transfer(), &input(1));
    let id = first.envelope.instance;
    bench.commit(first);
    assert!(bench.partition.is_reading(&id), "whoever looks at it waits for its plan");
    let actions = bench.handle(Event::Plan(transfer().hash, Err("no such blob".into())));
    assert!(!bench.partition.is_reading(&id), "nobody waits for what is not there");
    assert!(matches!(&actions[..], [Action::Alarm(Alarm::PlanMissing { .. })]), "{actions:?}");
    bench.now = bench.partition.next_wake().unwrap();
    assert!(matches!(bench.handle(Event::Wake)[..], [Action::NeedPlan(_)]));
    let actions = bench.handle(Event::Plan(transfer().hash, Ok(Arc::clone(&transfer().plan))));
    assert!(actions.iter().any(|a| matches!(a, Action::Call(..))), "{actions:?}");
}

/// An engine that takes over long after another one is gone does not send again what the other side may have forgotten.
#[test]
fn a_forgotten_key_is_not_sent_by_a_new_owner() {
    let (mut bench, _, call) = Bench::started();
    let actions = bench.handle(Event::Answer(call, answer()));
    let actions = bench.commit(appends(&actions)[0].clone());
    assert!(actions.iter().any(|a| matches!(a, Action::Call(..))), "the hold is asked for under a key");
    bench.handle(Event::Role(Role::Standby));
    bench.now = NOW.plus(wfl_ir::Duration::from_secs(25 * 3_600));
    let actions = bench.handle(Event::Role(Role::Owner));
    assert!(!actions.iter().any(|a| matches!(a, Action::Call(..))), "it is not sent again: {actions:?}");
    let unknown = |record: &NewRecord| {
        let envelope = &record.envelope;
        let input = Input::decode(envelope.kind, envelope.version, &envelope.payload).unwrap();
        matches!(input, Input::Answer(wfl_machine::Answer { outcome: Outcome::Unknown { .. }, .. }))
    };
    assert!(appends(&actions).iter().any(unknown), "what became of it has to be found out: {actions:?}");
}
