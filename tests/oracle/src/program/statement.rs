//! Draws statements: steps with their handlers, choices, and what settles debts.

use crate::program::expression::{condition, length, number};
use crate::program::generate::{Generator, Place};
use crate::program::service::{ERRORS, Operation};
use crate::program::tree::Statement;

impl Generator {
    pub(crate) fn statement(&mut self, place: &mut Place) -> Vec<Statement> {
        let deep = place.depth >= 3 || place.behind_pivot && place.depth >= 1;
        let kind = if deep { self.random.below(60) } else { self.random.below(110) };
        match kind {
            0..=40 => vec![self.step(place)],
            41..=44 => vec![Statement::line(format!("wait {}", length(&mut self.random)))],
            45..=48 => self.emit(place),
            49..=53 => vec![self.signal(place)],
            54..=55 => vec![self.human(place)],
            56..=57 => {
                vec![Statement::line(format!("ensure {} >= 0", number(&mut self.random, &place.known)))]
            }
            58..=59 => self.settle(place),
            60..=66 => vec![self.choice(place)],
            67..=75 => vec![self.saga(place)],
            76..=85 => vec![self.parallel(place)],
            86..=92 => vec![self.foreach(place)],
            93..=97 => vec![self.repeat(place)],
            98..=99 => vec![self.shield(place)],
            100..=105 => vec![self.run(place)],
            _ => vec![self.pivot(place)],
        }
    }

    fn emit(&mut self, place: &Place) -> Vec<Statement> {
        let number = number(&mut self.random, &place.known);
        let name = self.fresh("e");
        vec![Statement::line(format!("emit Noted(text: \"{name} {}{{{number}}}\")", place.suffix))]
    }

    /// What a handler does about an error: gives a value, or leaves.
    pub(crate) fn action(&mut self, place: &Place, value: bool) -> String {
        let number = number(&mut self.random, &place.known);
        let leaves = place.may_return && place.own_scope && !place.behind_pivot && self.chance(35);
        if leaves {
            let settles = if self.chance(75) { "rollback" } else { "commit" };
            return match self.random.below(4) {
                0 => format!("{{ rollback fail {} }}", ERRORS[self.random.below(2) as usize].1),
                _ => format!("{{ {settles} return 100 + {number} }}"),
            };
        }
        if value {
            format!("use 20 + {number}")
        } else {
            format!("{{ emit Noted(text: \"h {}\") }}", place.suffix)
        }
    }

    /// Handlers of some of these errors, or of all.
    pub(crate) fn handlers(
        &mut self,
        place: &Place,
        errors: &[&str],
        of_hundred: u64,
        value: bool,
    ) -> String {
        let mut text = String::new();
        for error in errors {
            if place.behind_pivot || self.chance(of_hundred) {
                let action = self.action(place, value);
                text.push_str(&format!(" on {error} -> {action}"));
            }
        }
        text
    }

    pub(crate) fn pick_operation(&mut self) -> Operation {
        let all: u64 = self.operations.iter().map(|operation| operation.weight).sum();
        let mut at = self.random.below(all);
        for operation in &self.operations {
            if at < operation.weight {
                return operation.clone();
            }
            at -= operation.weight;
        }
        self.operations[0].clone()
    }

    pub(crate) fn step(&mut self, place: &mut Place) -> Statement {
        let mut operation = self.pick_operation();
        // What stays done seldom stands where its path may be broken off: most such programs are refused.
        while !place.may_return && ["Bank.note", "Rail.fax"].contains(&operation.name) && self.chance(80) {
            operation = self.pick_operation();
        }
        self.step_with(place, &operation, 45)
    }

    /// A call whose declared errors are handled in so many of a hundred cases.
    pub(crate) fn step_with(&mut self, place: &mut Place, operation: &Operation, handled: u64) -> Statement {
        let name = self.fresh("s");
        let numeric = operation.number == Some("$");
        let mut options = self.handlers(place, &operation.raises, handled, numeric);
        if place.behind_pivot && operation.name != "Rail.fax" {
            options.push_str(" retry forever(every: 30s)");
        } else if operation.hasty || operation.name == "Rail.fax" {
            // What may be used up is taken now and then; else it waits for a person.
            for error in ["Timeout", "Unavailable"] {
                if place.behind_pivot || operation.hasty && self.chance(60) {
                    let action = if numeric { "use 30".to_owned() } else { "{ }".to_owned() };
                    options.push_str(&format!(" on {error} -> {action}"));
                }
            }
        }
        let call = format!("{}(key: \"{}-{name}\")", operation.name, place.suffix);
        let options = if options.is_empty() { options } else { format!(" {{{options} }}") };
        if let Some(number) = operation.number {
            place.known.push(number.replace('$', &name));
        }
        Statement::line(format!("step {name} = {call}{options}")).named(&name)
    }

    /// Settles what is owed, in the middle of everything.
    fn settle(&mut self, place: &mut Place) -> Vec<Statement> {
        if !place.own_scope || place.behind_pivot {
            return vec![self.step(place)];
        }
        match self.random.below(3) {
            0 => vec![Statement::line("commit")],
            1 if place.may_return => {
                let value = number(&mut self.random, &place.known);
                let settles = if self.chance(60) { "rollback" } else { "commit" };
                let leave = vec![Statement::line(settles), Statement::line(format!("return 200 + {value}"))];
                vec![
                    Statement::line(format!("if {} {{", condition(&mut self.random, &place.known)))
                        .block(leave, "}"),
                ]
            }
            _ => {
                let (_, error) = ERRORS[self.random.below(2) as usize];
                let leave = vec![Statement::line("rollback"), Statement::line(format!("fail {error}"))];
                vec![
                    Statement::line(format!("if {} {{", condition(&mut self.random, &place.known)))
                        .block(leave, "}"),
                ]
            }
        }
    }

    fn choice(&mut self, place: &mut Place) -> Statement {
        let condition = condition(&mut self.random, &place.known);
        let (mut then, mut otherwise) = (place.inner(), place.inner());
        // What is behind the point of no return must not depend on the way.
        (then.may_pivot, otherwise.may_pivot) = (false, false);
        let (mut one, mut other) = (self.body(&mut then, 3), self.body(&mut otherwise, 2));
        if self.chance(50) {
            return Statement::line(format!("if {condition} {{")).block(one, "} else {").block(other, "}");
        }
        let name = self.fresh("v");
        one.push(Statement::line(format!("yield {}", number(&mut self.random, &then.known))));
        other.push(Statement::line(format!("yield {}", number(&mut self.random, &otherwise.known))));
        place.known.push(name.clone());
        let head = format!("let {name} = if {condition} {{");
        Statement::line(head).named(&name).block(one, "} else {").block(other, "}")
    }

    fn pivot(&mut self, place: &mut Place) -> Statement {
        let Some(send) = self.operations.iter().find(|it| it.name == "Rail.send").cloned() else {
            return self.step(place);
        };
        if !place.may_pivot || place.behind_pivot || self.has_pivot || self.chance(30) {
            return self.step(place);
        }
        let mut step = self.step_with(place, &send, 45);
        step.head = format!("pivot {}", step.head);
        self.has_pivot = true;
        place.behind_pivot = true;
        step
    }
}
