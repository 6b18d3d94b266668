//! Facts in words: one line per thing that happened.

use serde_json::{Value as Json, json};
use wfl_ir::{Fields, Plan, TypeKind};
use wfl_machine::{Ending, Fact, Purpose, Settlement};

use crate::shown;

/// The tone of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Busy,
    Warn,
    Bad,
    Undo,
    Plain,
}

/// A line of the story.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) tone: Tone,
    /// The step without the workflow's name, or what the line is about.
    pub(crate) subject: String,
    /// What it calls.
    pub(crate) operation: String,
    pub(crate) text: String,
    /// True while something is under way: on a terminal the next line takes its place.
    pub(crate) passing: bool,
}

fn step(id: &str) -> String {
    id.split_once('/').map_or(id, |(_, rest)| rest).to_owned()
}

fn line(tone: Tone, subject: impl Into<String>, operation: &str, text: impl Into<String>) -> Line {
    Line { tone, subject: subject.into(), operation: operation.to_owned(), text: text.into(), passing: false }
}

/// What to say of a fact; nothing for those that another line tells.
pub(crate) fn tell(plan: &Plan, fact: &Fact) -> Option<Line> {
    Some(match fact {
        Fact::Started { .. } | Fact::Ended { .. } => return None,
        Fact::StepStarted { step: id, operation, pivot } => {
            let text = if *pivot { "calling, the point of no return" } else { "calling" };
            Line { passing: true, ..line(Tone::Busy, step(id), operation, text) }
        }
        Fact::Retrying { step: id, purpose, attempt, reason, pause } => {
            let what = attempt_word(*purpose);
            line(
                Tone::Warn,
                step(id),
                "",
                format!("{what} {attempt}: {reason}; again in {}", rounded(*pause)),
            )
        }
        Fact::Confirming { step: id, operation, reason } => {
            line(Tone::Warn, step(id), operation, format!("{reason}; asking what became of it"))
        }
        Fact::FoundAbsent { step: id } => line(Tone::Warn, step(id), "", "it did not happen"),
        Fact::StepSucceeded { step: id, operation, attempts, confirmed, .. } => {
            let text = match (confirmed, attempts) {
                (true, _) => "done, as the question found".to_owned(),
                (false, 1) => "done".to_owned(),
                (false, n) => format!("done at attempt {n}"),
            };
            line(Tone::Good, step(id), operation, text)
        }
        Fact::StepFailed { step: id, error, fields, handled } => {
            let next = if *handled { "handled" } else { "not handled" };
            line(Tone::Warn, step(id), "", format!("{error}{} ({next})", error_fields(plan, error, fields)))
        }
        Fact::Suspended { step: id, why } => {
            line(Tone::Bad, step(id), "", format!("waits for a person: {why}"))
        }
        Fact::Resumed { step: id } => line(Tone::Plain, step(id), "", "tried again by hand"),
        Fact::PivotPassed { step: id, committed } => {
            let debts = plural(*committed, "effect");
            line(
                Tone::Plain,
                step(id),
                "",
                format!("point of no return passed, {debts} can no longer be undone"),
            )
        }
        Fact::Emitted { event, fields } => {
            line(Tone::Plain, "event", "", format!("{event} {}", event_fields(plan, event, fields)))
        }
        Fact::CompensationStarted { .. }
        | Fact::UndoStarted { .. }
        | Fact::CompensationSettled { .. }
        | Fact::CompensationEnded { .. } => return tell_undoing(fact),
        Fact::DeadlinePassed { alarm_only } => {
            let text = if *alarm_only {
                "passed; the work goes on, since it cannot turn back now"
            } else {
                "passed"
            };
            line(Tone::Bad, "deadline", "", text)
        }
        Fact::CompensationOverdue => {
            line(Tone::Bad, "deadline", "", "undoing takes longer than it should; it goes on")
        }
        Fact::Late { call } => line(Tone::Plain, step(&call.step), "", "a late answer changed nothing"),
        Fact::InputRejected { reason } => line(Tone::Plain, "request", "", format!("refused: {reason}")),
    })
}

fn attempt_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Do => "attempt",
        Purpose::Confirm => "question",
        Purpose::Undo => "undo attempt",
    }
}

/// What to say of compensation.
fn tell_undoing(fact: &Fact) -> Option<Line> {
    Some(match fact {
        Fact::CompensationStarted { scope, debts, reason } => {
            line(Tone::Undo, step(scope), "", format!("{reason}: undoing {}", plural(*debts, "effect")))
        }
        Fact::UndoStarted { step: id, operation } => {
            Line { passing: true, ..line(Tone::Undo, step(id), operation, "undoing") }
        }
        Fact::CompensationSettled { how: Settlement::Undone, step: id, operation } => {
            line(Tone::Undo, step(id), operation, "undone")
        }
        Fact::CompensationEnded { scope } => line(Tone::Undo, step(scope), "", "all undone"),
        _ => return None,
    })
}

/// How the instance ended, in words.
pub(crate) fn ending(plan: &Plan, ending: &Ending) -> (Tone, &'static str, Json) {
    match ending {
        Ending::Completed(value) => (Tone::Good, "completed", shown::value(plan, &plan.result, value)),
        Ending::Failed(error, fields) => {
            let def = &plan.types[*error as usize];
            let data = match &def.kind {
                TypeKind::Error(declared) => shown::fields(plan, declared, fields),
                _ => Json::Null,
            };
            (Tone::Bad, "failed", json!({ "error": def.short_name(), "data": data }))
        }
        Ending::TimedOut => (Tone::Bad, "timed_out", json!({ "error": "DeadlineExceeded" })),
    }
}

fn declared<'p>(plan: &'p Plan, name: &str) -> Option<&'p [wfl_ir::Field]> {
    plan.types.iter().find_map(|def| match &def.kind {
        TypeKind::Error(fields) | TypeKind::Event(fields) if def.short_name() == name => {
            Some(fields.as_slice())
        }
        _ => None,
    })
}

fn error_fields(plan: &Plan, name: &str, fields: &Fields) -> String {
    match declared(plan, name) {
        Some(declared) if !fields.is_empty() => format!(" {}", shown::fields(plan, declared, fields)),
        _ => String::new(),
    }
}

fn event_fields(plan: &Plan, name: &str, fields: &Fields) -> Json {
    declared(plan, name).map_or(Json::Null, |declared| shown::fields(plan, declared, fields))
}

fn plural(count: u32, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn rounded(length: wfl_ir::Duration) -> wfl_ir::Duration {
    wfl_ir::Duration::from_millis(length.as_millis())
}

/// The name of a fact in JSON output.
pub(crate) fn word(fact: &Fact) -> &'static str {
    match fact {
        Fact::Started { .. } => "started",
        Fact::StepStarted { .. } => "step_started",
        Fact::Retrying { .. } => "retrying",
        Fact::Confirming { .. } => "confirming",
        Fact::FoundAbsent { .. } => "found_absent",
        Fact::StepSucceeded { .. } => "step_succeeded",
        Fact::StepFailed { .. } => "step_failed",
        Fact::Suspended { .. } => "suspended",
        Fact::Resumed { .. } => "resumed",
        Fact::PivotPassed { .. } => "pivot_passed",
        Fact::Emitted { .. } => "event_emitted",
        Fact::CompensationStarted { .. } => "compensation_started",
        Fact::UndoStarted { .. } => "undo_started",
        Fact::CompensationSettled { .. } => "compensation_settled",
        Fact::CompensationEnded { .. } => "compensation_ended",
        Fact::DeadlinePassed { .. } => "deadline_passed",
        Fact::CompensationOverdue => "compensation_overdue",
        Fact::Late { .. } => "late",
        Fact::InputRejected { .. } => "input_rejected",
        Fact::Ended { .. } => "ended",
    }
}
