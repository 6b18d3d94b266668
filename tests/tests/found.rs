//! What exploration has found in the machine, input by input.

use wfl_ir::{Duration, Timestamp};
use wfl_machine::{
    Answer, CallRef, Control, Effect, Fact, Fired, Input, Instance, Outcome, Purpose, Source, Start,
    TimerKind, apply, input_digest, instance_id, instance_key, outstanding,
};
use wfl_record::{Namespace, Stamp};
use wfl_tests::explored::Project;

/// The first instant.
const START: i64 = 1_800_000_000_000_000;

/// One instance of `Book`, whose only step that matters is under a key and can be asked for.
struct Run {
    project: Project,
    state: Option<Instance>,
    facts: Vec<Fact>,
}

impl Run {
    fn begin() -> Run {
        let project = Project::load("tests/verify");
        let mut run = Run { project, state: None, facts: Vec::new() };
        let book = run.project.compilation.workflow("Book").unwrap_or_else(|| unreachable!("it is there"));
        let plan = &book.plan;
        let args = serde_json::json!({ "id": "b1" });
        let fields = wfl_eval::decode_fields(plan.library(), &plan.params, &args)
            .unwrap_or_else(|error| unreachable!("{error}"));
        let start = Start {
            workflow: plan.workflow.clone(),
            version: plan.version,
            plan: book.hash,
            source: Source::Inline(args.to_string().into_bytes()),
            digest: input_digest(&fields),
            starter: "test".into(),
            parent: None,
            deadline: None,
            parent_epoch: None,
            not_before: None,
            occasion: None,
        };
        run.take(&Input::Start(start), Duration::default());
        run
    }

    /// Folds an input at a time after the start.
    fn take(&mut self, input: &Input, after: Duration) {
        let book = self.project.compilation.workflow("Book").unwrap_or_else(|| unreachable!("it is there"));
        let namespace = Namespace::default();
        let args = match input {
            Input::Start(Start { source: Source::Inline(args), .. }) => args.clone(),
            _ => Vec::new(),
        };
        let id = match &self.state {
            Some(state) => state.id(),
            None => {
                let json = serde_json::from_slice(&args).unwrap_or_default();
                let fields = wfl_eval::decode_fields(book.plan.library(), &book.plan.params, &json);
                let key = instance_key(&book.plan, &fields.unwrap_or_default()).unwrap_or_default();
                instance_id(&namespace, &book.plan, &key, 0)
            }
        };
        let envelope = input.envelope(&namespace, id, None);
        let at = Stamp(START + after.0);
        let applied = apply(&book.plan, book.hash, &mut self.state, &envelope, input, &args, at);
        self.facts.extend(applied.unwrap_or_else(|error| unreachable!("{error}")).facts);
    }

    /// An attempt of the step, or of the question about it, is answered.
    fn answer(&mut self, purpose: Purpose, attempt: u32, outcome: Outcome, after: Duration) {
        let call =
            CallRef { step: "Book/booking".into(), item: None, epoch: 0, purpose, attempt, late: None };
        self.take(&Input::Answer(Answer { call, outcome }), after);
    }

    /// The question is not heard at first; when it is asked again, nothing is known of the call.
    fn asked_later(&mut self, after: Duration) {
        let closed = Outcome::Unavailable { reason: "it is closed".into(), retry_after: None };
        self.answer(Purpose::Confirm, 1, closed, Duration::default());
        let pause = self.timer(TimerKind::Confirm).unwrap_or_else(|| unreachable!("it is asked again"));
        self.take(&Input::Timer(pause), after);
        self.answer(Purpose::Confirm, 2, returned("null"), after);
    }

    fn wanted(&self) -> Vec<Effect> {
        let book = self.project.compilation.workflow("Book").unwrap_or_else(|| unreachable!("it is there"));
        self.state.as_ref().map_or_else(Vec::new, |state| outstanding(&book.plan, state))
    }

    /// The timer that runs of a kind.
    fn timer(&self, kind: TimerKind) -> Option<Fired> {
        self.wanted().into_iter().find_map(|effect| match effect {
            Effect::Timer(timer) if timer.timer.kind == kind => {
                Some(Fired { timer: timer.timer, due: timer.due })
            }
            _ => None,
        })
    }
}

fn lost() -> Outcome {
    Outcome::Unknown { reason: "the line was cut".into() }
}

fn returned(json: &str) -> Outcome {
    Outcome::Returned(json.as_bytes().to_vec())
}

/// The first attempt is taken never to have happened, the second one succeeds under the same key. Then the first one is
/// answered after all: that is the same effect, which nobody may undo.
#[test]
fn a_late_answer_under_a_key_is_no_second_effect() {
    let mut run = Run::begin();
    run.answer(Purpose::Do, 1, lost(), Duration::default());
    run.asked_later(Duration::from_secs(61));
    assert!(run.facts.iter().any(|fact| matches!(fact, Fact::FoundAbsent { .. })));
    let pause = run.timer(TimerKind::Backoff).unwrap_or_else(|| unreachable!("it is tried again"));
    run.take(&Input::Timer(pause), Duration::from_secs(62));
    run.answer(Purpose::Do, 2, returned("\"b\""), Duration::from_secs(63));
    run.answer(Purpose::Do, 1, returned("\"b\""), Duration::from_secs(64));
    let reopened = run.facts.iter().any(|fact| matches!(fact, Fact::Reopened { .. }));
    assert!(!reopened, "the effect of a step that succeeded is undone: {:#?}", run.facts);
}

/// The answer that ends the doubt about a call comes twice.
#[test]
fn a_late_answer_counts_once() {
    let mut run = Run::begin();
    run.answer(Purpose::Do, 1, lost(), Duration::default());
    run.asked_later(Duration::from_secs(61));
    run.answer(Purpose::Do, 1, returned("\"b\""), Duration::from_secs(61));
    run.answer(Purpose::Do, 1, returned("\"b\""), Duration::from_secs(61));
    let reopened = run.facts.iter().any(|fact| matches!(fact, Fact::Reopened { .. }));
    assert!(!reopened, "the same answer counts twice: {:#?}", run.facts);
}

/// The key is forgotten, and it is too early to take the call never to have happened: it is waited until that is
/// certain, instead of asking again and again.
#[test]
fn a_forgotten_key_is_not_asked_for_in_a_circle() {
    let day = Duration::from_secs(25 * 3_600);
    let mut run = Run::begin();
    run.answer(Purpose::Do, 1, lost(), Duration::default());
    run.answer(Purpose::Confirm, 1, returned("null"), Duration::default());
    let pause = run.timer(TimerKind::Backoff).unwrap_or_else(|| unreachable!("it is tried again"));
    // The engine was away for a day, and somebody wants it to be tried again after that.
    run.take(&Input::Timer(pause), day);
    run.answer(Purpose::Confirm, 2, returned("null"), day);
    let retry = Control::Retry { step: None, request: "again".into(), item: None };
    run.take(&Input::Control(retry), day);
    run.answer(Purpose::Do, 2, lost(), day);
    run.answer(Purpose::Confirm, 3, returned("null"), day);
    assert_eq!(run.timer(TimerKind::Backoff), None, "its key is not sent again");
    let next = run.timer(TimerKind::Confirm).unwrap_or_else(|| unreachable!("it is asked again"));
    assert_eq!(next.due, Timestamp(START).plus(day).plus(Duration::from_secs(60)));
}

/// What a call says of its key, for engines that take over from others.
#[test]
fn a_call_says_how_long_its_key_is_known() {
    let run = Run::begin();
    let call = run.wanted().into_iter().find_map(|effect| match effect {
        Effect::Call(call) => Some(call),
        _ => None,
    });
    let until = call.and_then(|call| call.key_until);
    assert_eq!(until, Some(Timestamp(START).plus(Duration::from_secs(24 * 3_600))));
}
