//! Waiting for messages and for people.

use std::sync::Arc;

use wfl_eval::{Env, evaluate_in};
use wfl_ir::flow::{Await, AwaitKind};
use wfl_ir::{EdgeKind, Expr, Fields, Name, NodeKind, Plan, Value};
use wfl_sim::spoken;

use crate::interpret::reference::Reference;
use crate::strand::{Flow, Life, Next, Raised, Strand};

impl Reference<'_> {
    pub(crate) fn awaited(&mut self, life: &mut Life, strand: &mut Strand, at: u32) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        let NodeKind::Await(awaited) = &plan.nodes[at as usize].kind else {
            return self.dead("no await", "");
        };
        let mut answers: Vec<(Option<usize>, Value)> = Vec::new();
        match &awaited.kind {
            AwaitKind::Signal { channel, condition } => {
                let sent = self.messages.sent.get(channel).cloned().unwrap_or_default();
                let sent = sent.into_iter().enumerate().map(|(place, value)| (Some(place), value));
                let said = self.said(&plan, channel).into_iter().map(|value| (None, value));
                for (place, value) in sent.chain(said) {
                    if self.is_meant(life, strand, condition.as_ref(), &value)? {
                        answers.push((place, value));
                    }
                }
            }
            AwaitKind::Human(_) => {
                answers.extend(spoken(self.messages.seed, &plan, at).map(|value| (None, value)));
            }
        }
        let late = u32::from(awaited.timeout.is_some());
        if answers.is_empty() && late == 0 {
            return self.dead("nothing comes that it waits for", &plan.nodes[at as usize].id);
        }
        let chosen = self.choice.of(answers.len() as u32 + late) as usize;
        match answers.into_iter().nth(chosen) {
            Some((place, value)) => {
                if let (Some(place), AwaitKind::Signal { channel, .. }) = (place, &awaited.kind)
                    && let Some(sent) = self.messages.sent.get_mut(channel)
                {
                    sent.remove(place);
                }
                strand.set(awaited.result, value);
                self.goes_on(life, at)
            }
            None => self.time_is_up(life, strand, at, awaited),
        }
    }

    /// What people send to a channel. What was meant for one wait may come to another one.
    fn said(&self, plan: &Plan, channel: &Name) -> Vec<Value> {
        let waits = (0..plan.nodes.len() as u32).filter(|at| match &plan.nodes[*at as usize].kind {
            NodeKind::Await(other) => {
                matches!(&other.kind, AwaitKind::Signal { channel: of, .. } if of == channel)
            }
            _ => false,
        });
        waits.filter_map(|at| spoken(self.messages.seed, plan, at)).collect()
    }

    fn time_is_up(&self, life: &Life, strand: &mut Strand, at: u32, awaited: &Await) -> Flow<Next> {
        match life.plan.target(at, EdgeKind::Timeout) {
            Some(to) => Ok(Next::To(to)),
            None => {
                let raised = Raised::new("Timeout", Fields::default());
                self.raise(life, strand, at, &awaited.handlers, raised)
            }
        }
    }

    fn is_meant(&self, life: &Life, strand: &Strand, condition: Option<&Expr>, value: &Value) -> Flow<bool> {
        let Some(condition) = condition else { return Ok(true) };
        let env = Env { library: life.plan.library(), slots: &strand.slots, facts: Some(&life.facts) };
        match evaluate_in(env, vec![value.clone()], condition) {
            Ok(value) => Ok(value == Value::Bool(true)),
            Err(fault) => self.dead("a condition has no value", &fault.to_string()),
        }
    }
}
