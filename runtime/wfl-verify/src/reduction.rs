//! Partial-order reduction: where moves commute, one order of them is enough.
//!
//! A *persistent set* of a state (P. Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", 1996;
//! found on the fly here, as by C. Flanagan and P. Godefroid, "Dynamic partial-order reduction for model checking
//! software", 2005) is a set of moves such that whatever can happen without them neither hinders them nor is hindered by
//! them. Then runs that begin with one of the set reach all endings. Here it is the set of all answers to one call, if
//! nothing else can touch the strand that waits for it:
//!
//! * no disturbance is left: a cancellation, a crash or time that passes touches every strand;
//! * no timer is due, so that time stands still until the call is answered;
//! * each strand outwards of it undoes what it did, and so waits for it whatever becomes of others; or what it runs in has
//!   no part that can stop another one;
//! * the same holds for the parent's step, and so on to the root, and no letter to any of them is under way.
//!
//! What answers take of the bounds does not matter: a run has so many faults in whatever order. The state space has no
//! rings, since each move uses up an attempt, a message, a timer or a bound, so nothing is put off for ever.

use wfl_machine::{CallRef, Effect};
use wfl_record::InstanceId;

use crate::bounds::Bounds;
use crate::moves::{Choice, Move};
use crate::program::Program;
use crate::state::State;

/// Chooses the moves of a state that are enough; all of them where it is not sure.
pub(crate) fn enough(program: &Program, bounds: &Bounds, state: &State, choices: Vec<Choice>) -> Vec<Choice> {
    if !bounds.reduction || choices.len() < 2 || state.used.disturbances < bounds.disturbances {
        return choices;
    }
    let still = !choices.iter().any(|choice| matches!(choice.step, Move::Timer(..) | Move::Land(_)))
        && !state.timers(bounds).iter().any(|(_, timer)| timer.due <= state.now);
    if !still {
        return choices;
    }
    let moved = choices.iter().filter_map(|choice| choice.step.answers());
    let Some((instance, call)) = moved
        .filter(|(instance, call)| is_apart(program, state, *instance, call))
        .min_by_key(|it| (it.0, it.1.clone()))
    else {
        return choices;
    };
    let call = call.clone();
    choices.into_iter().filter(|choice| choice.step.answers() == Some((instance, &call))).collect()
}

/// Whether nothing that happens elsewhere touches the strand that waits for a call.
fn is_apart(program: &Program, state: &State, instance: InstanceId, call: &CallRef) -> bool {
    let (mut id, mut call) = (instance, call.clone());
    loop {
        let Some(member) = state.members.get(&id) else { return false };
        let Some(loaded) = program.get(member.plan) else { return false };
        if is_written_to(state, id) || member.watch.paused || member.instance.has_deferred() {
            return false;
        }
        let Some(lineage) = member.instance.lineage(&loaded.plan, &call) else { return false };
        // What has lost undoes itself, whatever becomes of others.
        let mut inside = lineage.unwinds;
        for (node, unwinds) in &lineage.waits {
            let settles = inside && *unwinds;
            if !settles && !loaded.keeps_apart(*node) {
                return false;
            }
            inside = *unwinds;
        }
        if !lineage.in_body || member.instance.ending().is_some() || inside {
            return true;
        }
        match member.parent() {
            Some(parent) => (id, call) = (parent.instance, parent.call.clone()),
            None => return true,
        }
    }
}

/// Whether a letter or a word of its parent may be on its way to an instance.
fn is_written_to(state: &State, id: InstanceId) -> bool {
    state.members.values().any(|member| {
        member.wanted.iter().any(|effect| match effect {
            Effect::Letter(letter) => letter.to == id && !member.watch.sent.contains(&letter.number),
            _ => false,
        })
    }) || state.members.get(&id).is_some_and(|member| {
        let parent = member.parent().and_then(|parent| {
            let theirs = state.members.get(&parent.instance)?;
            Some(theirs.wanted.iter().any(|effect| match effect {
                Effect::Run(run) => run.call == parent.call && run.wish != wfl_machine::ChildWish::Wait,
                _ => false,
            }))
        });
        parent.unwrap_or(false)
    })
}
