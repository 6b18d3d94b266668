//! Facts in words: one line per thing that happened.

use serde_json::{Value as Json, json};
use wfl_ir::{Fields, Plan, TypeKind};
use wfl_machine::{Ending, Fact, Purpose, Settlement};

use crate::exit::Status;
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
        _ => {
            return tell_outside(fact)
                .or_else(|| tell_side_by_side(fact))
                .or_else(|| tell_child(fact))
                .or_else(|| tell_waiting(fact))
                .or_else(|| tell_wish(fact));
        }
    })
}

/// What to say of what came from outside of the path.
fn tell_outside(fact: &Fact) -> Option<Line> {
    Some(match fact {
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
        Fact::Reopened { step: id } => line(Tone::Bad, step(id), "", "it happened after all, and is undone"),
        Fact::LateEffect { step: id } => {
            line(Tone::Bad, step(id), "", "it happened after all, and cannot be undone")
        }
        _ => return None,
    })
}

/// What to say of branches and items.
fn tell_side_by_side(fact: &Fact) -> Option<Line> {
    Some(match fact {
        Fact::Forked { step: id, branches } => {
            line(Tone::Plain, step(id), "", format!("{} side by side", plural(*branches, "branch")))
        }
        Fact::Joined { step: id, ended, lost } => {
            let lost = if *lost > 0 { format!(", {lost} not needed any more") } else { String::new() };
            line(Tone::Good, step(id), "", format!("joined, {ended} ended well{lost}"))
        }
        Fact::ItemsBegun { step: id, total } => line(Tone::Plain, step(id), "", plural(*total, "item")),
        Fact::ItemFailed { step: id, item, error } => {
            line(Tone::Warn, step(id), "", format!("item {item} failed with {error} and is undone"))
        }
        Fact::ItemsEnded { step: id, ended, failed } => {
            line(Tone::Good, step(id), "", format!("{ended} ended well, {failed} failed"))
        }
        _ => return None,
    })
}

/// What to say of other workflows.
fn tell_child(fact: &Fact) -> Option<Line> {
    Some(match fact {
        Fact::ChildAsked { step: id, workflow } => {
            Line { passing: true, ..line(Tone::Busy, step(id), "", format!("running {workflow}")) }
        }
        Fact::ChildStarted { step: id, child } => {
            line(Tone::Good, step(id), "", format!("started {child}, and goes on"))
        }
        Fact::ChildEnded { step: id, child, outcome } => {
            let tone = if *outcome == "completed" { Tone::Good } else { Tone::Warn };
            line(tone, step(id), "", format!("{child} {outcome}"))
        }
        _ => return None,
    })
}

/// What to say of waits.
fn tell_waiting(fact: &Fact) -> Option<Line> {
    let until = |until: &Option<wfl_ir::Timestamp>| match until {
        Some(until) => format!(" until {until}"),
        None => String::new(),
    };
    Some(match fact {
        Fact::Waiting { step: id, until: due } => {
            line(Tone::Busy, step(id), "", format!("waits{}", until(due)))
        }
        Fact::Queued => line(Tone::Busy, String::new(), "", "waits for its turn"),
        Fact::TurnCame => line(Tone::Good, String::new(), "", "it is its turn"),
        Fact::Delayed { until } => line(Tone::Busy, String::new(), "", format!("begins at {until}")),
        Fact::TimeUp { step: id } => line(Tone::Warn, step(id), "", "the time is up"),
        Fact::SignalReceived { channel, id } => {
            line(Tone::Plain, channel.to_string(), "", format!("the signal {id} came"))
        }
        Fact::SignalTaken { step: id, id: signal, .. } => {
            line(Tone::Good, step(id), "", format!("took the signal {signal}"))
        }
        Fact::Asked { step: id, task, roles, until: due } => {
            let roles: Vec<&str> = roles.iter().map(wfl_ir::Name::as_str).collect();
            line(Tone::Busy, step(id), "", format!("{task}: asks {}{}", roles.join(", "), until(due)))
        }
        Fact::Answered { step: id, task, person } => {
            line(Tone::Good, step(id), "", format!("{task}: {person} answered"))
        }
        Fact::Reminded { step: id, number } => line(Tone::Plain, step(id), "", format!("reminder {number}")),
        Fact::Escalated { step: id, role } => line(Tone::Warn, step(id), "", format!("asks {role} too")),
        _ => return None,
    })
}

/// What to say of wishes of people, and what came of them.
fn tell_wish(fact: &Fact) -> Option<Line> {
    Some(match fact {
        Fact::CancelAsked { reason, stop } => {
            let what = if *stop { "what was done stays" } else { "what was done is undone" };
            line(Tone::Warn, "cancel", "", format!("{reason}; {what}"))
        }
        Fact::Paused { reason } => line(Tone::Warn, "pause", "", reason.clone()),
        Fact::Unpaused => line(Tone::Plain, "pause", "", "over"),
        Fact::Killed { reason, owed } => {
            line(Tone::Bad, "kill", "", format!("{reason}; {} stay", plural(*owed, "effect")))
        }
        Fact::Edited { step: id } => line(Tone::Plain, step(id), "", "begins anew with other arguments"),
        Fact::ByHand { step: id, what, reason } => {
            line(Tone::Plain, step(id), "", format!("{what} by hand: {reason}"))
        }
        Fact::Rewound { step: id, reason } => {
            line(Tone::Warn, step(id), "", format!("goes back to it: {reason}"))
        }
        Fact::Kept { step: id } => line(Tone::Plain, step(id), "", "kept as it was"),
        Fact::Restarted { .. } => line(Tone::Plain, "restart", "", "begins anew"),
        _ => return None,
    })
}

fn attempt_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Do => "attempt",
        Purpose::Confirm => "question",
        Purpose::Undo => "undo attempt",
        Purpose::Remind => "reminder attempt",
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
        Fact::CompensationSettled { how: Settlement::Waived, step: id, operation } => {
            line(Tone::Warn, step(id), operation, "not undone, as somebody decided")
        }
        Fact::CompensationEnded { scope } => line(Tone::Undo, step(scope), "", "all undone"),
        _ => return None,
    })
}

/// The end of a run: the instance has ended, or waits for a person.
pub(crate) struct End {
    pub(crate) status: Status,
    pub(crate) tone: Tone,
    pub(crate) word: &'static str,
    pub(crate) result: Json,
    pub(crate) since_start: i64,
    pub(crate) undone: u32,
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
        Ending::Cancelled => (Tone::Bad, "cancelled", json!({ "error": "Cancelled" })),
        Ending::Killed => (Tone::Bad, "killed", json!({ "error": "Killed" })),
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
    let more = if word.ends_with("ch") { "es" } else { "s" };
    format!("{count} {word}{}", if count == 1 { "" } else { more })
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
        Fact::Forked { .. } => "forked",
        Fact::Joined { .. } => "joined",
        Fact::ItemsBegun { .. } => "items_begun",
        Fact::ItemFailed { .. } => "item_failed",
        Fact::ItemsEnded { .. } => "items_ended",
        Fact::Delayed { .. } => "delayed",
        Fact::Queued => "queued",
        Fact::TurnCame => "turn_came",
        Fact::Waiting { .. } => "waiting",
        Fact::TimeUp { .. } => "time_up",
        Fact::SignalReceived { .. } => "signal_received",
        Fact::SignalTaken { .. } => "signal_taken",
        Fact::Asked { .. } => "task_asked",
        Fact::Answered { .. } => "task_answered",
        Fact::Reminded { .. } => "reminded",
        Fact::Escalated { .. } => "escalated",
        Fact::ChildAsked { .. } => "child_asked",
        Fact::ChildStarted { .. } => "child_started",
        Fact::ChildEnded { .. } => "child_ended",
        Fact::CancelAsked { .. } => "cancel_asked",
        Fact::Paused { .. } => "paused",
        Fact::Killed { .. } => "killed",
        Fact::Edited { .. } => "edited",
        Fact::ByHand { .. } => "by_hand",
        Fact::Rewound { .. } => "rewound",
        Fact::Kept { .. } => "kept",
        Fact::Restarted { .. } => "restarted",
        Fact::Reopened { .. } => "reopened",
        Fact::LateEffect { .. } => "late_effect",
        Fact::Unpaused => "unpaused",
        Fact::Ended { .. } => "ended",
    }
}
