//! The books of the world: what was really done, whatever anybody heard of it.
//!
//! A service answers as its seed says: the same call gives the same answer for ever. A call under a key is carried out
//! once. An undo is told from other calls by its arguments, and so is the question what became of a call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use wfl_eval::{Env, Facts, encode, encode_fields, evaluate_in};
use wfl_ir::{Effect, Expr, Fields, Name, Operation, Plan, Type, TypeKind, Value};
use wfl_machine::{CallEffect, CallRef, Outcome, Purpose};
use wfl_partition::Call;
use wfl_record::InstanceId;

use crate::random::Random;
use crate::sample::{sample, sample_fields};

/// What a service answers in truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Its result.
    Returns(Value),
    /// A declared error: an index into the plan's types, with its fields.
    Declares(u32, Fields),
}

/// What a script has a service do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scripted {
    /// It answers.
    Says(Reply),
    /// It cannot be reached, and nothing is done.
    Away,
    /// It says nothing, and nothing is done.
    Silent,
}

/// Decides what services do, by the call.
#[derive(Clone)]
pub struct Script(Arc<Answering>);

type Answering = dyn Fn(&Plan, &Operation, &CallEffect) -> Scripted + Send + Sync;

impl Script {
    /// A script that answers as a function says.
    pub fn new(
        answers: impl Fn(&Plan, &Operation, &CallEffect) -> Scripted + Send + Sync + 'static,
    ) -> Script {
        Script(Arc::new(answers))
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

/// What has become of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectState {
    /// There was none: it was only asked, or refused.
    Nothing,
    /// It is there.
    Done,
    /// It was there, and was undone.
    Undone,
}

/// One call that was carried out.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose call.
    pub instance: InstanceId,
    /// Which.
    pub call: CallRef,
    /// `Service.operation`.
    pub operation: String,
    /// What it does to the world.
    pub effect: Effect,
    /// Its arguments.
    pub args: Fields,
    /// Its key.
    pub key: Option<String>,
    /// What it answered.
    pub reply: Reply,
    /// Whether it was carried out so late that it was taken never to have been.
    pub late: bool,
    /// How often it was carried out.
    pub times: u32,
    /// What has become of it.
    pub state: EffectState,
    /// When it was done, counted over all that happened.
    pub done_at: u64,
    /// When it was undone.
    pub undone_at: Option<u64>,
}

/// What was done in the world.
#[derive(Clone, Debug, Default)]
pub struct Books {
    seed: u64,
    /// How many declared errors there are in a hundred answers.
    pub errors: u64,
    entries: Vec<Entry>,
    by_key: BTreeMap<(String, String), (usize, i64)>,
    /// The time of the world.
    now: i64,
    /// Whether what is carried out now is late.
    pub(crate) late: bool,
    undo: BTreeMap<(String, Vec<u8>), Vec<usize>>,
    confirm: BTreeMap<(String, Vec<u8>), usize>,
    clock: u64,
    /// Errors that are answered by design: by operation and canonical arguments.
    declared: BTreeMap<(String, Vec<u8>), u32>,
    /// Answers instead of the seed.
    script: Option<Script>,
    /// What should never happen.
    pub violations: Vec<String>,
}

impl Books {
    /// Empty books of a world.
    pub fn new(seed: u64) -> Books {
        Books { seed, errors: 15, ..Books::default() }
    }

    /// From now on services answer as a script says.
    pub fn follow(&mut self, script: Script) {
        self.script = Some(script);
    }

    /// All calls that were carried out, in the order of their first time.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Carries a call out at a time, for an instance of which these facts are known.
    pub fn carry(&mut self, call: &Call, facts: &Facts, now: i64) -> Outcome {
        self.clock += 1;
        self.now = now;
        let plan = &call.plan;
        let operation = &plan.operations[call.effect.operation as usize];
        match call.effect.call.purpose {
            Purpose::Do | Purpose::Remind => self.act(call, plan, operation, facts),
            Purpose::Confirm => self.asked(call, plan, operation),
            Purpose::Undo => self.undone(call, plan, operation),
        }
    }

    fn act(&mut self, call: &Call, plan: &Plan, operation: &Operation, facts: &Facts) -> Outcome {
        let (name, effect) = (operation.qualified(), &call.effect);
        if let Some(at) = self.remembered(operation, effect.key.as_ref()) {
            // Under its key it is one effect, however late it comes again: from a process that lags behind, say.
            let entry = &mut self.entries[at];
            entry.times += 1;
            if entry.args != effect.args {
                self.violations.push(format!("{name}: the key {:?} came with other arguments", entry.key));
            }
            return answer(plan, operation, &entry.reply.clone());
        }
        let reply = match self.reply(plan, operation, effect, call.instance) {
            Scripted::Says(reply) => reply,
            Scripted::Away => {
                return Outcome::Unavailable { reason: "it is away".into(), retry_after: None };
            }
            Scripted::Silent => return Outcome::TimedOut { started: true },
        };
        let acts = operation.effect != Effect::Read && matches!(reply, Reply::Returns(_));
        let at = self.entries.len();
        if let Reply::Returns(value) = &reply
            && acts
        {
            self.index(at, plan, operation, &effect.args, value, facts);
        }
        if let Some(key) = &effect.key {
            self.by_key.insert((name.clone(), key.clone()), (at, self.now));
        }
        self.entries.push(Entry {
            instance: call.instance,
            call: effect.call.clone(),
            operation: name,
            effect: operation.effect.clone(),
            args: effect.args.clone(),
            key: effect.key.clone(),
            reply: reply.clone(),
            late: self.late,
            times: 1,
            state: if acts { EffectState::Done } else { EffectState::Nothing },
            done_at: self.clock,
            undone_at: None,
        });
        answer(plan, operation, &reply)
    }

    /// The call under a key, for as long as the other side remembers the key, and a little longer.
    fn remembered(&self, operation: &Operation, key: Option<&String>) -> Option<usize> {
        let (at, since) = *self.by_key.get(&(operation.qualified(), key?.clone()))?;
        let window = operation.idempotent.as_ref()?.window;
        (self.now <= since + window.0 + 3_600_000_000).then_some(at)
    }

    /// Remembers by what calls the effect is asked for, and undone.
    fn index(
        &mut self,
        at: usize,
        plan: &Plan,
        operation: &Operation,
        args: &Fields,
        value: &Value,
        facts: &Facts,
    ) {
        if let Effect::Compensable { undo, args: bound } = &operation.effect {
            let undo = plan.operations[*undo as usize].qualified();
            if let Some(bound) = over(plan, facts, operation, args, Some(value), bound) {
                self.undo.entry((undo, bound)).or_default().push(at);
            }
        }
        if let Some(confirm) = &operation.confirm {
            let asks = plan.operations[confirm.operation as usize].qualified();
            if let Some(bound) = over(plan, facts, operation, args, None, &confirm.args) {
                self.confirm.insert((asks, bound), at);
            }
        }
    }

    /// From now on the call is answered with the nth error that its operation declares.
    pub(crate) fn declare(&mut self, call: &Call, number: u32) {
        let operation = &call.plan.operations[call.effect.operation as usize];
        if let Some(error) = operation.raises.get(number as usize) {
            self.declared.insert((operation.qualified(), canonical(&call.effect.args)), *error);
        }
    }

    /// What the world answers to a call, now and for ever. Two effects without a key are two effects: each has its own
    /// answer.
    fn reply(
        &self,
        plan: &Plan,
        operation: &Operation,
        effect: &CallEffect,
        instance: InstanceId,
    ) -> Scripted {
        let (key, args) = (effect.key.as_deref(), &effect.args);
        let twin = |entry: &&Entry| {
            entry.instance == instance && entry.args == *args && entry.operation == operation.qualified()
        };
        let acts = key.is_none() && operation.effect != Effect::Read;
        let twins = if acts { self.entries.iter().filter(twin).count() as u64 } else { 0 };
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(operation.qualified().as_bytes());
        hasher.update(&Value::Record(args.clone()).canonical_bytes());
        hasher.update(key.unwrap_or_default().as_bytes());
        hasher.update(&twins.to_le_bytes());
        let mut seed = [0; 8];
        seed.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        let mut random = Random::new(u64::from_le_bytes(seed));
        if let Some(error) = self.declared.get(&(operation.qualified(), canonical(args)))
            && let TypeKind::Error(fields) = &plan.types[*error as usize].kind
            && let Some(fields) = sample_fields(plan.library(), fields, &mut random, 0)
        {
            return Scripted::Says(Reply::Declares(*error, fields));
        }
        if let Some(Script(answers)) = &self.script {
            return answers(plan, operation, effect);
        }
        if random.below(100) < self.errors
            && let Some(error) = random.pick(&operation.raises)
            && let TypeKind::Error(fields) = &plan.types[*error as usize].kind
            && let Some(fields) = sample_fields(plan.library(), fields, &mut random, 0)
        {
            return Scripted::Says(Reply::Declares(*error, fields));
        }
        let value = sample(plan.library(), &operation.result, &mut random);
        Scripted::Says(Reply::Returns(value.unwrap_or(Value::Unit)))
    }

    fn asked(&mut self, call: &Call, plan: &Plan, operation: &Operation) -> Outcome {
        let question = (operation.qualified(), canonical(&call.effect.args));
        let found = self.confirm.get(&question).map(|at| &self.entries[*at]);
        let value = match found {
            Some(Entry {
                reply: Reply::Returns(value),
                state: EffectState::Done | EffectState::Undone,
                ..
            }) => value.clone(),
            _ => Value::None,
        };
        Outcome::Returned(encode(plan.library(), &operation.result, &value).to_string().into_bytes())
    }

    fn undone(&mut self, call: &Call, plan: &Plan, operation: &Operation) -> Outcome {
        let name = operation.qualified();
        if let Some(at) = self.remembered(operation, call.effect.key.as_ref()) {
            self.entries[at].times += 1;
            return answer(plan, operation, &self.entries[at].reply.clone());
        }
        let undoes = (name.clone(), canonical(&call.effect.args));
        let candidates = self.undo.get(&undoes).cloned().unwrap_or_default();
        let done = |at: &&usize| self.entries[**at].state == EffectState::Done;
        match candidates.iter().rev().find(done).copied() {
            Some(at) => {
                self.entries[at].state = EffectState::Undone;
                self.entries[at].undone_at = Some(self.clock);
            }
            None => self.violations.push(format!("{name} undoes what is not there: {:?}", call.effect.args)),
        }
        let value = sample(plan.library(), &operation.result, &mut Random::new(self.seed));
        let reply = Reply::Returns(value.unwrap_or(Value::Unit));
        if let Some(key) = &call.effect.key {
            self.by_key.insert((name.clone(), key.clone()), (self.entries.len(), self.now));
        }
        self.entries.push(Entry {
            instance: call.instance,
            call: call.effect.call.clone(),
            operation: name,
            effect: operation.effect.clone(),
            args: call.effect.args.clone(),
            key: call.effect.key.clone(),
            reply: reply.clone(),
            late: self.late,
            times: 1,
            state: EffectState::Nothing,
            done_at: self.clock,
            undone_at: None,
        });
        answer(plan, operation, &reply)
    }

    /// The answer to a step's call in this life of its instance or later, if it was carried out.
    pub(crate) fn found(
        &self,
        instance: InstanceId,
        step: &str,
        item: Option<&Name>,
        epoch: u32,
    ) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| {
            entry.instance == instance
                && entry.call.step.as_str() == step
                && entry.call.item.as_ref() == item
                && entry.call.epoch == epoch
                && entry.call.purpose == Purpose::Do
                // What was undone meanwhile is not there.
                && entry.state != EffectState::Undone
        })
    }
}

/// Arguments bound over a call, as canonical bytes.
fn over(
    plan: &Plan,
    facts: &Facts,
    operation: &Operation,
    args: &Fields,
    result: Option<&Value>,
    bound: &[(Name, Expr)],
) -> Option<Vec<u8>> {
    let env = Env { library: plan.library(), slots: &[], facts: Some(facts) };
    let mut locals: Vec<Value> =
        operation.params.iter().map(|param| args.get(&param.name).cloned().unwrap_or_default()).collect();
    locals.extend(result.cloned());
    let value =
        |(name, expr): &(Name, Expr)| Some((name.clone(), evaluate_in(env, locals.clone(), expr).ok()?));
    let fields = bound.iter().map(value).collect::<Option<Vec<_>>>()?;
    Some(canonical(&Fields::new(fields)))
}

pub(crate) fn canonical(fields: &Fields) -> Vec<u8> {
    Value::Record(fields.clone()).canonical_bytes()
}

/// What comes back over the wire.
pub(crate) fn answer(plan: &Plan, operation: &Operation, reply: &Reply) -> Outcome {
    match reply {
        Reply::Returns(value) => Outcome::Returned(json(plan, &operation.result, value)),
        Reply::Declares(error, fields) => {
            let def = &plan.types[*error as usize];
            let data = match &def.kind {
                TypeKind::Error(declared) => encode_fields(plan.library(), declared, fields).to_string(),
                _ => "{}".to_owned(),
            };
            Outcome::Declared(def.short_name().into(), data.into_bytes())
        }
    }
}

pub(crate) fn json(plan: &Plan, ty: &Type, value: &Value) -> Vec<u8> {
    encode(plan.library(), ty, value).to_string().into_bytes()
}
