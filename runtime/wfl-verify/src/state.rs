//! A state of the exploration: all instances of a family, the world, the time, and what is used up of the bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wfl_ir::{Effect as Kind, Timestamp, Value};
use wfl_machine::{CallEffect, CallRef, Effect, RunEffect, TimerEffect, TimerKind};
use wfl_record::InstanceId;

use crate::bounds::Bounds;
use crate::member::{Member, STALE, about};
use crate::moves::Cost;
use crate::program::{Loaded, Program};
use crate::values::START;
use crate::world::{Carried, Stage, World};

/// A call that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    /// Since when.
    pub(crate) since: Timestamp,
    /// An engine that is gone may have sent it.
    pub(crate) again: bool,
    /// Its answer takes time.
    pub(crate) slow: bool,
}

/// One state.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) root: InstanceId,
    pub(crate) members: BTreeMap<InstanceId, Arc<Member>>,
    pub(crate) world: World,
    pub(crate) flights: BTreeMap<(InstanceId, CallRef), Flight>,
    pub(crate) used: Cost,
}

impl State {
    /// Looks anew at the members that have changed, and at all when time has passed.
    pub(crate) fn refresh(&mut self, program: &Program, passed: bool) {
        let now = self.now;
        for member in self.members.values_mut().filter(|member| passed || member.digest == STALE) {
            if let Some(loaded) = program.get(member.plan) {
                Arc::make_mut(member).refresh(loaded, now);
            }
        }
    }

    /// Two states with one key behave alike from here on, whatever is used up of the bounds.
    pub(crate) fn key(&self, program: &Program) -> u128 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&about(Timestamp(START), self.now).0.to_le_bytes());
        // Which timer comes first is exact.
        let mut timers: Vec<(Timestamp, String)> = Vec::new();
        for (id, member) in &self.members {
            for effect in &member.wanted {
                if let Effect::Timer(timer) = effect {
                    timers.push((timer.due.max(self.now), format!("{id}{}", timer.timer.path())));
                }
            }
        }
        timers.sort();
        let mut last = self.now;
        for (due, timer) in timers {
            hasher.update(&[u8::from(due > last)]);
            hasher.update(timer.as_bytes());
            last = due;
        }
        for (id, member) in &self.members {
            hasher.update(&id.0);
            hasher.update(&member.digest);
        }
        for (identity, effect) in &self.world.effects {
            hasher.update(identity.as_bytes());
            hasher.update(
                format!(
                    "{:?}",
                    (self.stage(&effect.stage), effect.late, effect.echo, effect.final_since_pivot)
                )
                .as_bytes(),
            );
            if let Some(args) = effect.undone_by.as_ref().filter(|_| effect.stage != Stage::Undone) {
                hasher.update(&Value::Record(args.clone()).canonical_bytes());
            }
            // What was answered matters for as long as it may be asked for again.
            let asked = self.members.get(&effect.instance).is_some_and(|member| {
                let plan = program.plan(member.plan);
                plan.is_some_and(|plan| member.instance.is_at_step(plan, &effect.call))
            });
            if asked || !effect.was_there() || effect.echo {
                hasher.update(&effect.value.canonical_bytes());
                hasher.update(&about(effect.since, self.now).0.to_le_bytes());
            }
        }
        for ((id, call), flight) in &self.flights {
            hasher.update(&id.0);
            hasher.update(call.path().as_bytes());
            hasher.update(&about(flight.since, self.now).0.to_le_bytes());
            hasher.update(&[u8::from(flight.again), u8::from(flight.slow)]);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        u128::from_le_bytes(key)
    }

    fn stage(&self, stage: &Stage) -> Stage {
        match stage {
            Stage::Due(at) => Stage::Due(about(*at, self.now)),
            Stage::Overdue(at) => Stage::Overdue(about(*at, self.now)),
            other => *other,
        }
    }

    /// Brings the calls under way in line with what the instances want.
    pub(crate) fn sync(&mut self) {
        let mut wanted = Vec::new();
        for (id, member) in &self.members {
            for effect in &member.wanted {
                if let Effect::Call(call) = effect {
                    wanted.push((*id, call.call.clone()));
                }
            }
        }
        wanted.sort();
        self.flights.retain(|key, _| wanted.binary_search(key).is_ok());
        let flight = Flight { since: self.now, again: false, slow: false };
        for key in wanted {
            self.flights.entry(key).or_insert(flight);
        }
    }

    /// The calls that are wanted.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (&Arc<Member>, &CallEffect)> {
        self.members.values().flat_map(|member| {
            member.wanted.iter().filter_map(move |effect| match effect {
                Effect::Call(call) => Some((member, call)),
                _ => None,
            })
        })
    }

    /// The call of an instance with this name.
    pub(crate) fn call(&self, id: InstanceId, name: &CallRef) -> Option<(&Arc<Member>, &CallEffect)> {
        self.calls().find(|(member, call)| member.id() == id && call.call == *name)
    }

    /// The children that are wanted.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&Arc<Member>, &RunEffect)> {
        self.members.values().flat_map(|member| {
            member.wanted.iter().filter_map(move |effect| match effect {
                Effect::Run(run) => Some((member, run)),
                _ => None,
            })
        })
    }

    /// The timers that run, but for reminders beyond the bound.
    pub(crate) fn timers(&self, bounds: &Bounds) -> Vec<(InstanceId, &TimerEffect)> {
        let mut timers = Vec::new();
        for (id, member) in &self.members {
            let reminded = |timer: &TimerEffect| {
                let count = member.watch.reminders.get(&timer.timer.step).copied().unwrap_or_default();
                timer.timer.kind == TimerKind::Remind && count >= bounds.reminders
            };
            for effect in &member.wanted {
                if let Effect::Timer(timer) = effect
                    && !reminded(timer)
                {
                    timers.push((*id, timer));
                }
            }
        }
        timers
    }

    /// A call as the world sees it.
    pub(crate) fn carried<'c>(
        &self,
        program: &'c Program,
        id: InstanceId,
        call: &'c CallEffect,
    ) -> Option<Carried<'c>> {
        let member = self.members.get(&id)?;
        let plan = &program.get(member.plan)?.plan;
        let node = plan.node_by_id(&call.call.step)?;
        let facts = member.instance.workflow_facts();
        // What an engine has sent that is gone was carried out before it went.
        let flight = self.flights.get(&(id, call.call.clone())).filter(|flight| flight.again);
        let now = flight.map_or(self.now, |flight| flight.since);
        Some(Carried { instance: id, node, plan, call, facts, now })
    }

    /// What is known of an instance's plan.
    pub(crate) fn loaded<'p>(&self, program: &'p Program, id: InstanceId) -> Option<&'p Loaded> {
        program.get(self.members.get(&id)?.plan)
    }

    /// The calls under way that change something in the world: what asks only may be asked again.
    pub(crate) fn acting(&self, program: &Program) -> BTreeSet<(InstanceId, CallRef)> {
        let acts = |member: &Member, call: &CallEffect| {
            program.get(member.plan).is_some_and(|loaded| State::acts(loaded, call))
        };
        let calls = self.calls().filter(|(member, call)| acts(member, call));
        calls.map(|(member, call)| (member.id(), call.call.clone())).collect()
    }

    /// Whether the call may have an effect that a second one would double.
    pub(crate) fn acts(loaded: &Loaded, call: &CallEffect) -> bool {
        loaded.plan.operations[call.operation as usize].effect != Kind::Read
    }

    /// When the first call under way that is not known to be slow is given up, at the latest.
    pub(crate) fn attempts_end(&self) -> Option<Timestamp> {
        let ends = self.calls().filter_map(|(member, call)| {
            let flight = self.flights.get(&(member.id(), call.call.clone()))?;
            Some(flight.since.plus(call.timeout))
        });
        ends.min()
    }

    /// When something has to have arrived that is on its way.
    pub(crate) fn lands_by(&self) -> Option<Timestamp> {
        let due = self.world.effects.values().filter_map(|effect| match effect.stage {
            Stage::Due(at) => Some(at),
            _ => None,
        });
        due.min()
    }
}
