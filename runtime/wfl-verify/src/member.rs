//! One instance of the family that is explored: its state, what it wants, and what was seen of it.

use std::sync::Arc;

use wfl_ir::{Plan, PlanHash, Timestamp};
use wfl_machine::{
    Applied, CallRef, Effect, Fact, Input, Instance, Parent, Source, Start, apply, outstanding,
};
use wfl_record::{Envelope, InstanceId, Namespace, Stamp};

use crate::program::{Loaded, Program};
use crate::violation::{Rule, Violation};
use crate::watch::Watch;

/// One instance.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) instance: Instance,
    pub(crate) plan: PlanHash,
    /// What it began with.
    pub(crate) start: Arc<Start>,
    /// What should be under way for it.
    pub(crate) wanted: Vec<Effect>,
    pub(crate) watch: Watch,
    /// What it is, apart from how it came to be so.
    pub(crate) digest: [u8; 16],
}

/// All of what an instance is, apart from how it came to be so.
pub(crate) fn essence(instance: &Instance) -> Vec<u8> {
    instance.essence(&|at| at)
}

/// How a time is written for comparing: as seen from now, to the second for the next minute, else to the minute or the
/// hour, rounded up. So the few milliseconds that a pause took make no other state.
pub(crate) fn about(at: Timestamp, now: Timestamp) -> Timestamp {
    let left = at.0 - now.0;
    let (minute, hour) = (60_000_000, 3_600_000_000);
    let step = match left.abs() {
        0..60_000_000 => 1_000_000,
        60_000_000..3_600_000_000 => minute,
        _ => hour,
    };
    Timestamp(left.div_euclid(step) * step + if left.rem_euclid(step) > 0 { step } else { 0 })
}

/// The digest of a member that has changed since.
pub(crate) const STALE: [u8; 16] = [0; 16];

/// What an input came to.
pub(crate) struct Folded {
    pub(crate) member: Member,
    pub(crate) facts: Vec<Fact>,
}

/// The envelope of an input, as the log would have it.
fn envelope(id: InstanceId, input: &Input) -> Envelope {
    input.envelope(&Namespace::default(), id, None)
}

/// Folds an input into a state.
pub(crate) fn fold(
    plan: &Plan,
    hash: PlanHash,
    state: &mut Option<Instance>,
    id: InstanceId,
    input: &Input,
    now: Timestamp,
) -> Result<Applied, String> {
    let args = match input {
        Input::Start(Start { source: Source::Inline(args), .. }) => args.clone(),
        _ => Vec::new(),
    };
    let folded = apply(plan, hash, state, &envelope(id, input), input, &args, Stamp(now.0));
    folded.map_err(|quarantine| quarantine.to_string())
}

impl Member {
    /// The instance that a start begins.
    pub(crate) fn begin(
        program: &Program,
        id: InstanceId,
        start: &Start,
        now: Timestamp,
        found: &mut Vec<Violation>,
    ) -> Option<Folded> {
        let loaded = program.get(start.plan)?;
        let mut state = None;
        let input = Input::Start(start.clone());
        match fold(&loaded.plan, start.plan, &mut state, id, &input, now) {
            Ok(applied) => {
                let mut watch = Watch::default();
                watch.follow(loaded, id, &applied.facts, found);
                let member = Member::new(loaded, Arc::new(start.clone()), state?, watch);
                Some(Folded { member, facts: applied.facts })
            }
            Err(why) => {
                found.push(Violation::new(Rule::Folds, id, why));
                None
            }
        }
    }

    fn new(loaded: &Loaded, start: Arc<Start>, instance: Instance, watch: Watch) -> Member {
        let plan = start.plan;
        let wanted = outstanding(&loaded.plan, &instance);
        Member { instance, plan, start, wanted, watch, digest: STALE }
    }

    /// Takes an input.
    pub(crate) fn take(
        &self,
        loaded: &Loaded,
        input: &Input,
        now: Timestamp,
        found: &mut Vec<Violation>,
    ) -> Option<Folded> {
        let id = self.instance.id();
        let mut state = Some(self.instance.clone());
        let applied = match fold(&loaded.plan, self.plan, &mut state, id, input, now) {
            Ok(applied) => applied,
            Err(why) => {
                found.push(Violation::new(Rule::Folds, id, why));
                return None;
            }
        };
        let state = state?;
        let mut watch = self.watch.clone();
        watch.follow(loaded, id, &applied.facts, found);
        let member = Member::new(loaded, Arc::clone(&self.start), state, watch);
        Some(Folded { member, facts: applied.facts })
    }

    /// The same input once more changes nothing.
    pub(crate) fn twice(&self, loaded: &Loaded, input: &Input, now: Timestamp, found: &mut Vec<Violation>) {
        let id = self.instance.id();
        let mut again = Some(self.instance.clone());
        let changed = match fold(&loaded.plan, self.plan, &mut again, id, input, now) {
            Ok(_) => again.is_none_or(|again| essence(&again) != essence(&self.instance)),
            Err(_) => true,
        };
        if changed {
            let what = format!("{} counts twice when it comes twice", input.message_id().as_str());
            found.push(Violation::new(Rule::CountsOnce, id, what));
        }
    }

    /// To be called after every move that changes it, and when time has passed.
    pub(crate) fn refresh(&mut self, loaded: &Loaded, now: Timestamp) {
        let mut watch = self.watch.clone();
        // Letters are told apart by what stands in them; their numbers follow from the order in which they were written.
        watch.sent.clear();
        let mut letters: Vec<String> = Vec::new();
        for effect in &self.wanted {
            if let Effect::Letter(letter) = effect {
                let sent = self.watch.sent.contains(&letter.number);
                letters.push(format!("{} {:?} {sent}", letter.to, letter.note));
            }
        }
        letters.sort();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&loaded.essential(&self.instance).essence(&|at| about(at, now)));
        hasher.update(format!("{watch:?}{letters:?}").as_bytes());
        self.digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    }

    pub(crate) fn id(&self) -> InstanceId {
        self.instance.id()
    }

    /// The node of a step.
    pub(crate) fn node_of(&self, program: &Program, call: &CallRef) -> Option<u32> {
        program.get(self.plan)?.plan.node_by_id(&call.step)
    }

    pub(crate) fn parent(&self) -> Option<&Parent> {
        self.instance.parent()
    }
}
