//! What a walk knows of the world and of what was seen, and the small steps that all constructs need.

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_eval::{Env, evaluate};
use wfl_ir::{Caught, EdgeKind, Expr, Fields, Handler, Name, Plan, PlanHash, RegionKind, Value};

use crate::choice::Choice;
use crate::story::Story;
use crate::strand::{Dead, Done, Flow, Life, Next, Raised, Stops, Strand};
use crate::witness::{Witness, canonical};
use crate::world::World;

/// What the world may do to a run besides answering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Calls may get lost, so that attempts and time are used up and people decide.
    pub faults: bool,
    /// Calls may arrive when they were taken never to have.
    pub late: bool,
    /// Somebody cancels it, or its deadline may pass.
    pub stops: bool,
    /// It has a deadline, which its children have with it.
    pub deadline: bool,
    /// Whoever cancels it lets what was done stay as it is.
    pub keeps: bool,
}

/// What is sent to the instance: messages by channel, and what people say under a seed.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// By channel.
    pub sent: BTreeMap<Name, Vec<Value>>,
    /// Decides what people say.
    pub seed: u64,
}

/// A walk over one way of choices.
pub(crate) struct Reference<'w> {
    pub(crate) plans: &'w BTreeMap<PlanHash, Arc<Plan>>,
    pub(crate) world: World,
    pub(crate) allowed: Allowed,
    pub(crate) choice: &'w mut Choice,
    /// What was seen; none when all outcomes are wanted.
    pub(crate) witness: Option<&'w Witness>,
    /// Which of the seen calls are explained.
    pub(crate) used: Vec<bool>,
    /// How many of the seen events are left to be explained.
    pub(crate) unpublished: BTreeMap<(Name, Vec<u8>), u32>,
    pub(crate) story: Story,
    /// Which seen call each effect of the story is.
    pub(crate) seen: Vec<Option<usize>>,
    /// Which effects of the story leave nothing to be undone.
    pub(crate) light: Vec<bool>,
    /// Messages to the instance that nobody has taken.
    pub(crate) messages: Messages,
    /// Whether a step around the instance at hand limits its time.
    pub(crate) limited: bool,
    /// How many steps are left before the walk is given up.
    pub(crate) fuel: u32,
}

impl Reference<'_> {
    /// A way that cannot be.
    pub(crate) fn dead<T>(&self, rule: &'static str, place: &str) -> Flow<T> {
        Err(Dead { explained: self.story.effects.len(), rule, place: Name::from(place) })
    }

    pub(crate) fn spend(&mut self) -> Flow<()> {
        match self.fuel.checked_sub(1) {
            Some(left) => {
                self.fuel = left;
                Ok(())
            }
            None => self.dead("it takes too many steps", ""),
        }
    }

    pub(crate) fn eval(&self, life: &Life, strand: &Strand, expr: &Expr) -> Flow<Value> {
        let env = Env { library: life.plan.library(), slots: &strand.slots, facts: Some(&life.facts) };
        evaluate(env, expr).or_else(|fault| self.dead("an expression has no value", &fault.to_string()))
    }

    pub(crate) fn args(&self, life: &Life, strand: &Strand, args: &[(Name, Expr)]) -> Flow<Fields> {
        let mut values = Vec::new();
        for (name, expr) in args {
            values.push((name.clone(), self.eval(life, strand, expr)?));
        }
        Ok(Fields::new(values))
    }

    pub(crate) fn bool(&self, life: &Life, strand: &Strand, expr: &Expr) -> Flow<bool> {
        Ok(self.eval(life, strand, expr)? == Value::Bool(true))
    }

    /// The node behind an edge.
    pub(crate) fn target(&self, life: &Life, node: u32, kind: EdgeKind) -> Flow<u32> {
        match life.plan.target(node, kind) {
            Some(to) => Ok(to),
            None => self.dead("the plan has no such edge", &life.plan.nodes[node as usize].id),
        }
    }

    pub(crate) fn goes_on(&self, life: &Life, node: u32) -> Flow<Next> {
        Ok(Next::To(self.target(life, node, EdgeKind::Order)?))
    }

    /// What from outside may end the path now. Behind the point of no return the whole is not stopped any more, and
    /// whatever would stop the path waits for the end of a shield.
    pub(crate) fn around(&self, life: &Life, strand: &Strand) -> Stops {
        if strand.shield.is_some() {
            return Stops::default();
        }
        Stops { outside: strand.stops.outside && !life.passed, beside: strand.stops.beside }
    }

    pub(crate) fn may_stop(&self, life: &Life, strand: &Strand) -> bool {
        self.around(life, strand) != Stops::default()
    }

    /// Whether it does.
    pub(crate) fn stops(&mut self, life: &Life, strand: &Strand) -> bool {
        self.may_stop(life, strand) && self.choice.of(2) == 1
    }

    /// Begins the shield that a construct stands in. True when the path is stopped before.
    pub(crate) fn enters_shield(&mut self, life: &Life, strand: &mut Strand, region: u32) -> bool {
        let shield = Self::shield_of(life, strand, region);
        if shield.is_some() && strand.shield.is_none() {
            if self.stops(life, strand) {
                return true;
            }
            strand.shield = shield;
        }
        false
    }

    /// The outermost shield that a node of this region stands in, as seen from the path's beginning.
    pub(crate) fn shield_of(life: &Life, strand: &Strand, region: u32) -> Option<u32> {
        let mut found = None;
        let mut at = Some(region);
        while let Some(region) = at.filter(|region| *region != strand.region) {
            let known = life.plan.regions.get(region as usize)?;
            if known.kind == RegionKind::Shield {
                found = Some(region);
            }
            at = known.parent;
        }
        found
    }

    /// The handler that takes an error.
    pub(crate) fn handler(life: &Life, handlers: &[Handler], raised: &Raised) -> Option<usize> {
        handlers.iter().position(|handler| match handler.on {
            Caught::Error(index) => life.plan.types[index as usize].short_name() == raised.error.as_str(),
            Caught::Timeout => raised.error == "Timeout",
            Caught::Unavailable => raised.error == "Unavailable",
            Caught::Any => true,
            Caught::Shortfall | Caught::Cancelled => false,
        })
    }

    /// Goes into the handler that takes an error, or outwards with it.
    pub(crate) fn raise(
        &self,
        life: &Life,
        strand: &mut Strand,
        node: u32,
        handlers: &[Handler],
        raised: Raised,
    ) -> Flow<Next> {
        match Self::handler(life, handlers, &raised) {
            Some(number) => self.enter_handler(life, strand, node, handlers, number, raised.fields),
            None => Ok(Next::Ended(Done::Raised(raised))),
        }
    }

    pub(crate) fn enter_handler(
        &self,
        life: &Life,
        strand: &mut Strand,
        node: u32,
        handlers: &[Handler],
        number: usize,
        fields: Fields,
    ) -> Flow<Next> {
        strand.set(handlers[number].bind, Value::Record(fields));
        Ok(Next::To(self.target(life, node, EdgeKind::Error(number as u32))?))
    }

    /// An event is published: it must have been seen.
    pub(crate) fn publish(&mut self, event: &str, fields: Fields) -> Flow<()> {
        if self.witness.is_some() {
            let key = (Name::from(event), canonical(&fields));
            match self.unpublished.get_mut(&key) {
                Some(left) if *left > 0 => *left -= 1,
                _ => return self.dead("the event was not published", event),
            }
        }
        self.story.emitted.push((Name::from(event), fields));
        Ok(())
    }
}
