//! Inputs that must change nothing, tried on every state: of people who may not decide, of messages of another type, a
//! second start, and cancellations that come too late.

use wfl_ir::{NodeKind, Timestamp, Type};
use wfl_machine::{CancelMode, Control, Input, Signal};

use crate::member::{Member, essence, fold};
use crate::people::{decision, json};
use crate::program::Loaded;
use crate::values::Values;
use crate::violation::{Rule, Violation};

/// Who started every run.
pub(crate) const STARTER: &str = "starter";

/// Tries all of them.
pub(crate) fn all(loaded: &Loaded, member: &Member, now: Timestamp, found: &mut Vec<Violation>) {
    let mut refuse = |rule, input: Input, what: &str| {
        if changes(loaded, member, &input, now) {
            found.push(Violation::new(rule, member.id(), what));
        }
    };
    for task in member.instance.tasks() {
        let NodeKind::Await(awaited) = &loaded.plan.nodes[task.node as usize].kind else { continue };
        let values = Values::new(&loaded.plan, &loaded.constants, 1, 1);
        let Some(value) = values.of(&awaited.ty, &[]).into_iter().next() else { continue };
        let payload = json(loaded, &awaited.ty, &value);
        let step = &loaded.plan.nodes[task.node as usize].id;
        let mut nobody = decision(loaded, &task, "nobody", payload.clone());
        nobody.roles = vec!["none of these".to_owned()];
        refuse(
            Rule::PeopleMayDecide,
            Input::Decision(nobody),
            &format!("{step} is decided without its role"),
        );
        let starter = decision(loaded, &task, member.instance.starter(), payload.clone());
        let what = format!("{step} is decided by who started the workflow");
        refuse(Rule::PeopleMayDecide, Input::Decision(starter), &what);
        if let Some(person) = task.answers.first() {
            let mut again = decision(loaded, &task, person, payload.clone());
            // Another role makes it another answer of the same person.
            again.roles.push("another".to_owned());
            let what = format!("{person} answers {step} twice");
            refuse(Rule::PeopleMayDecide, Input::Decision(again), &what);
        }
        let mut other = decision(loaded, &task, "nobody", payload);
        other.shown = [0; 32];
        let what = format!("{step} is decided by somebody who saw something else");
        refuse(Rule::PeopleMayDecide, Input::Decision(other), &what);
    }
    for (node, channel) in member.instance.channels(&loaded.plan) {
        let NodeKind::Await(awaited) = &loaded.plan.nodes[node as usize].kind else { continue };
        if awaited.ty == Type::Json {
            continue;
        }
        let what = format!("a message on {channel} counts, which has another type");
        let signal = Signal { channel, id: "other".to_owned(), payload: b"[[[\"x\"]]]".to_vec() };
        refuse(Rule::PeopleMayDecide, Input::Signal(signal), &what);
    }
    refuse(Rule::CountsOnce, Input::Start((*member.start).clone()), "it begins twice");
    let cancel = |request: &str| {
        Input::Control(Control::Cancel {
            mode: CancelMode::Compensate,
            reason: "too late".into(),
            grace: None,
            request: request.into(),
        })
    };
    if member.instance.is_closed() {
        refuse(Rule::EndIsFinal, cancel("behind the end"), "what has ended is cancelled");
    } else if member.instance.is_past_pivot() && member.instance.ending().is_none() {
        let what = "it is cancelled behind the point of no return";
        refuse(Rule::PivotIsFinal, cancel("behind the pivot"), what);
    }
}

/// Whether an input changes an instance, or leaves it no instance at all.
fn changes(loaded: &Loaded, member: &Member, input: &Input, now: Timestamp) -> bool {
    let mut state = Some(member.instance.clone());
    match fold(&loaded.plan, member.plan, &mut state, member.id(), input, now) {
        Ok(_) => state.is_none_or(|state| essence(&state) != essence(&member.instance)),
        Err(_) => true,
    }
}
