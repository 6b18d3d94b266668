//! The world outside: which effects are there, which were undone, and which are still on their way.

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_eval::{Env, Facts, evaluate_in};
use wfl_ir::{Effect as Kind, Expr, Fields, Name, Operation, Plan, Timestamp, Value};
use wfl_machine::{CallEffect, CallRef};
use wfl_record::InstanceId;

use crate::violation::{Rule, Violation};

/// What has become of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It is there.
    Done,
    /// It was there, and was undone.
    Undone,
    /// It will be there by this time.
    Due(Timestamp),
    /// It will be there after this time, when it is taken never to have been.
    Overdue(Timestamp),
}

/// One effect in the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) instance: InstanceId,
    pub(crate) call: CallRef,
    pub(crate) node: u32,
    /// The operation, in the plan of the instance.
    pub(crate) operation: u32,
    pub(crate) args: Fields,
    pub(crate) value: Value,
    /// The arguments that undo it.
    pub(crate) undone_by: Option<Fields>,
    pub(crate) stage: Stage,
    /// When its key was first seen.
    pub(crate) since: Timestamp,
    /// It came when nobody expected it any more.
    pub(crate) late: bool,
    /// An answer to this attempt of its call is still on its way, although another one was heard.
    pub(crate) echo: bool,
    /// The key of what undid it.
    pub(crate) undo_key: Option<String>,
    /// An irreversible effect behind it is there: nobody may undo it any more.
    pub(crate) final_since_pivot: bool,
}

impl Effect {
    pub(crate) fn is_there(&self) -> bool {
        self.stage == Stage::Done
    }

    pub(crate) fn was_there(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::Undone)
    }

    pub(crate) fn is_of(&self, instance: InstanceId, call: &CallRef) -> bool {
        self.instance == instance
            && self.call.step == call.step
            && self.call.item == call.item
            && self.call.epoch == call.epoch
    }
}

/// All effects, by what makes a call the same call: its key, or itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) effects: BTreeMap<String, Arc<Effect>>,
}

/// A call that is carried out, and for whom.
pub(crate) struct Carried<'c> {
    pub(crate) instance: InstanceId,
    pub(crate) node: u32,
    pub(crate) plan: &'c Plan,
    pub(crate) call: &'c CallEffect,
    pub(crate) facts: Facts,
    pub(crate) now: Timestamp,
}

impl Carried<'_> {
    pub(crate) fn operation(&self) -> &Operation {
        &self.plan.operations[self.call.operation as usize]
    }

    /// What makes the call the same call.
    pub(crate) fn identity(&self) -> String {
        match &self.call.key {
            Some(key) => format!("{}/{key}", self.operation().qualified()),
            None => format!("{}/{}", self.instance, self.call.call.path()),
        }
    }

    fn is_remembered(&self, effect: &Effect) -> bool {
        let window = self.operation().idempotent.as_ref().map(|idempotency| idempotency.window);
        window.is_none_or(|window| self.now <= effect.since.plus(window))
    }
}

impl World {
    /// The effect of a call that was carried out under its key before.
    pub(crate) fn remembered(&self, call: &Carried<'_>) -> Option<&Arc<Effect>> {
        let effect = self.effects.get(&call.identity())?;
        call.is_remembered(effect).then_some(effect)
    }

    /// A step's call has its effect.
    pub(crate) fn happen(&mut self, call: &Carried<'_>, value: &Value, found: &mut Vec<Violation>) {
        let mut identity = call.identity();
        let step = call.call.call.path();
        if let Some(effect) = self.effects.get(&identity) {
            if effect.args != call.call.args {
                let what = format!("{step} came again under its key with other arguments");
                found.push(Violation::new(Rule::OneKeyOneCall, call.instance, what));
            }
            if call.is_remembered(effect) {
                if !effect.was_there() {
                    self.change(&identity, |effect| {
                        effect.echo = matches!(effect.stage, Stage::Overdue(_));
                        effect.stage = Stage::Done;
                    });
                }
                return;
            }
            identity = format!("{identity}/{step}");
        }
        let again = |effect: &&Arc<Effect>| {
            effect.is_of(call.instance, &call.call.call) && effect.was_there() && !effect.late
        };
        if self.effects.values().any(|effect| again(&effect)) {
            let what = format!("{} was done twice by {step}", call.operation().qualified());
            found.push(Violation::new(Rule::EffectOnce, call.instance, what));
        }
        self.record(identity, call, value, Stage::Done);
    }

    /// A call is lost on its way, and has its effect later.
    pub(crate) fn send(&mut self, call: &Carried<'_>, value: &Value, stage: Stage) {
        let identity = call.identity();
        if !self.effects.contains_key(&identity) {
            self.record(identity, call, value, stage);
        }
    }

    fn record(&mut self, identity: String, call: &Carried<'_>, value: &Value, stage: Stage) {
        let effect = Effect {
            instance: call.instance,
            call: call.call.call.clone(),
            node: call.node,
            operation: call.call.operation,
            args: call.call.args.clone(),
            value: value.clone(),
            undone_by: bound_undo(call, value),
            stage,
            since: call.now,
            late: false,
            echo: false,
            undo_key: None,
            final_since_pivot: false,
        };
        self.effects.insert(identity, Arc::new(effect));
    }

    /// What was on its way has arrived.
    pub(crate) fn land(&mut self, identity: &str, found: &mut Vec<Violation>) {
        let Some(effect) = self.effects.get(identity).cloned() else { return };
        if effect.was_there() {
            // It came before under its key, and nothing happens but that it is answered.
            self.change(identity, |effect| effect.echo = false);
            return;
        }
        let late = matches!(effect.stage, Stage::Overdue(_));
        let again = |other: &Arc<Effect>| {
            !Arc::ptr_eq(other, &effect)
                && other.is_of(effect.instance, &effect.call)
                && other.was_there()
                && !other.late
        };
        if !late && self.effects.values().any(again) {
            let what =
                format!("{} was sent again while it was on its way, and done twice", effect.call.path());
            found.push(Violation::new(Rule::EffectOnce, effect.instance, what));
        }
        self.change(identity, |effect| {
            effect.stage = Stage::Done;
            effect.late = late;
        });
    }

    /// An undo is carried out.
    pub(crate) fn undo(&mut self, call: &Carried<'_>, found: &mut Vec<Violation>) -> Option<Arc<Effect>> {
        let mine = |(_, effect): &(&String, &Arc<Effect>)| effect.is_of(call.instance, &call.call.call);
        let mut of_step: Vec<(&String, &Arc<Effect>)> = self.effects.iter().filter(mine).collect();
        // Under its key it is the same undo as before; else it is about what is there and has its arguments.
        let again = |effect: &Effect| call.call.key.is_some() && effect.undo_key == call.call.key;
        let meant = |effect: &Effect| effect.undone_by.as_ref() == Some(&call.call.args);
        of_step.sort_by_cached_key(|(_, it)| (!again(it), it.stage != Stage::Done, !meant(it)));
        let step = call.call.call.path();
        let wrong = |rule, what: String| Violation::new(rule, call.instance, what);
        let Some((identity, effect)) = of_step.into_iter().find(|(_, effect)| effect.was_there()) else {
            let what = format!("{step} undoes what is not there");
            found.push(wrong(Rule::UndoOnce, what));
            return None;
        };
        let (identity, effect) = (identity.clone(), Arc::clone(effect));
        if effect.stage == Stage::Undone {
            // Under its key an undo may come again.
            if call.call.key.is_none() || effect.undo_key != call.call.key {
                found.push(wrong(Rule::UndoOnce, format!("{step} undoes what was undone before")));
            }
            return None;
        }
        if effect.final_since_pivot {
            let what = format!("{step} undoes what lies before the point of no return");
            found.push(wrong(Rule::PivotIsFinal, what));
        }
        if effect.undone_by.as_ref().is_some_and(|bound| *bound != call.call.args) {
            found.push(wrong(
                Rule::UndoOnce,
                format!("{step} is undone with the arguments of something else"),
            ));
        }
        let key = call.call.key.clone();
        self.change(&identity, |effect| {
            effect.stage = Stage::Undone;
            effect.undo_key = key;
        });
        Some(effect)
    }

    /// A person undoes what a step did.
    pub(crate) fn undo_by_hand(&mut self, instance: InstanceId, call: &CallRef) {
        let mine = |(_, effect): &(&String, &Arc<Effect>)| effect.is_of(instance, call) && effect.is_there();
        let found = self.effects.iter().find(mine).map(|(identity, _)| identity.clone());
        if let Some(identity) = found {
            self.change(&identity, |effect| effect.stage = Stage::Undone);
        }
    }

    /// The point of no return is passed in an instance: what was done there stays.
    pub(crate) fn pass_pivot(&mut self, instance: InstanceId, may_lose: &dyn Fn(u32) -> bool) {
        let stays = |effect: &Arc<Effect>| {
            effect.instance == instance && effect.is_there() && !may_lose(effect.node) && !effect.late
        };
        for effect in self.effects.values_mut().filter(|effect| stays(effect)) {
            Arc::make_mut(effect).final_since_pivot = true;
        }
    }

    /// What became of a step's call, for whoever asks.
    pub(crate) fn found(&self, instance: InstanceId, call: &CallRef) -> Option<&Arc<Effect>> {
        self.effects.values().find(|effect| effect.is_of(instance, call) && effect.was_there())
    }

    fn change(&mut self, identity: &str, change: impl FnOnce(&mut Effect)) {
        if let Some(effect) = self.effects.get_mut(identity) {
            change(Arc::make_mut(effect));
        }
    }
}

/// The arguments that undo the effect of a step's call, as its operation binds them.
fn bound_undo(call: &Carried<'_>, value: &Value) -> Option<Fields> {
    let operation = call.operation();
    let Kind::Compensable { args, .. } = &operation.effect else { return None };
    let of_param = |param: &wfl_ir::Field| call.call.args.get(&param.name).cloned().unwrap_or_default();
    let mut locals: Vec<Value> = operation.params.iter().map(of_param).collect();
    locals.push(value.clone());
    let env = Env { library: call.plan.library(), slots: &[], facts: Some(&call.facts) };
    let bind =
        |(name, expr): &(Name, Expr)| Some((name.clone(), evaluate_in(env, locals.clone(), expr).ok()?));
    Some(Fields::new(args.iter().map(bind).collect::<Option<Vec<_>>>()?))
}
