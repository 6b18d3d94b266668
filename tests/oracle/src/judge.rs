//! Holds what was seen against what the reference allows.

use std::collections::BTreeMap;

use wfl_ir::Name;
use wfl_sim::EffectState;

use crate::choice::Choice;
use crate::interpret::Outcomes;
use crate::interpret::Walked;
use crate::story::{Ending, Event, Outcome, line, text};
use crate::witness::{ByHand, Seen, Witness};

/// What the judge says.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Whether some way through the program comes to what was seen; none when there were too many to try.
    pub allowed: Option<bool>,
    /// How many ways were tried.
    pub ways: usize,
    /// Why the ways that came nearest are not what was seen.
    pub why: Vec<String>,
}

/// Whether the reference allows what was seen, as far as so many ways tell.
pub fn judge(of: &Outcomes<'_>, witness: &Witness, most: usize) -> Judgement {
    let mut choice = Choice::default();
    let mut why: Vec<(usize, String)> = Vec::new();
    let said = |mut why: Vec<(usize, String)>| {
        why.sort_by_key(|(explained, _)| std::cmp::Reverse(*explained));
        why.into_iter().take(6).map(|(_, reason)| reason).collect()
    };
    for ways in 1..=most {
        let (explained, reason) = match of.walk(&mut choice, Some(witness)) {
            Ok(walked) => match differs(&walked, witness) {
                None => return Judgement { allowed: Some(true), ways, why: Vec::new() },
                Some(reason) => (1 + walked.outcome.effects.len(), reason),
            },
            Err(dead) => (dead.explained, format!("{} ({})", dead.rule, dead.place)),
        };
        match why.iter_mut().find(|(_, known)| *known == reason) {
            Some((best, _)) => *best = explained.max(*best),
            None => why.push((explained, reason)),
        }
        if !choice.advance() {
            return Judgement { allowed: Some(false), ways, why: said(why) };
        }
    }
    Judgement { allowed: None, ways: most, why: said(why) }
}

/// In what a way that led to an end differs from what was seen.
fn differs(walked: &Walked, witness: &Witness) -> Option<String> {
    let Walked { outcome, seen, unexplained, unpublished } = walked;
    if !same_ending(&outcome.ending, &witness.ending) {
        return Some(format!("it would end as {:?}", outcome.ending));
    }
    if let Some(at) = unexplained.first() {
        let call = &witness.calls[*at];
        return Some(format!("nobody called {} {}", call.operation, text(&call.args)));
    }
    if *unpublished > 0 {
        return Some("an event was published that is none of the program's".to_owned());
    }
    let mut by_hand: BTreeMap<&Name, usize> = BTreeMap::new();
    for (effect, seen) in outcome.effects.iter().zip(seen) {
        let state = seen.map(|seen| &witness.calls[seen]);
        if state.is_some_and(|call| !may_be(call, effect.state)) {
            return Some(format!("it would be otherwise: {}", line(effect)));
        }
        if let Some(call) = state.filter(|call| is_by_hand(call, effect.state)) {
            *by_hand.entry(&call.step).or_default() += 1;
            if matches!(call.by_hand, ByHand::Perhaps(most) if by_hand[&call.step] > most) {
                return Some(format!("nobody undid {}", line(effect)));
            }
        }
    }
    disorder(outcome, seen, witness)
}

/// Whether this may have become of a call, with what people did to it.
fn may_be(call: &Seen, state: EffectState) -> bool {
    is_by_hand(call, state)
        || call.state == state && !(state == EffectState::Done && call.by_hand == ByHand::Surely)
}

/// Whether a person brought a call to this state.
fn is_by_hand(call: &Seen, state: EffectState) -> bool {
    call.by_hand != ByHand::Never && (call.state, state) == (EffectState::Done, EffectState::Undone)
}

fn same_ending(mine: &Ending, seen: &Ending) -> bool {
    // Whether it was a cancellation or a deadline that stopped it, time decides.
    mine == seen || *mine == Ending::Cancelled && *seen == Ending::TimedOut
}

/// Two events that should have come the other way round.
fn disorder(outcome: &Outcome, seen: &[Option<usize>], witness: &Witness) -> Option<String> {
    let time = |event: &Event| {
        let (Event::Done(effect) | Event::Undone(effect)) = event;
        let call = &witness.calls[seen[*effect]?];
        // Of several that look alike nobody knows which one was undone when.
        let alone = witness.of(&call.operation, &call.args).len() == 1;
        match event {
            Event::Done(_) => Some(call.done_at),
            Event::Undone(_) => call.undone_at,
        }
        .filter(|_| alone)
    };
    let name = |event: &Event| match event {
        Event::Done(effect) => line(&outcome.effects[*effect]),
        Event::Undone(effect) => format!("the undoing of {}", line(&outcome.effects[*effect])),
    };
    let wrong = outcome.before.iter().find(|(first, second)| match (time(first), time(second)) {
        (Some(first), Some(second)) => first >= second,
        _ => false,
    });
    wrong.map(|(first, second)| format!("{} should come before {}", name(first), name(second)))
}
