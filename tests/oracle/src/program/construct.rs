//! Draws constructs: sagas, branches, items, rounds, waits, children.

use crate::program::expression::{length, number};
use crate::program::generate::{Child, Generator, Place};
use crate::program::service::ERRORS;
use crate::program::tree::Statement;

impl Generator {
    /// A block that ends with a value.
    fn valued(&mut self, place: &mut Place, most: u32) -> Vec<Statement> {
        let mut body = self.body(place, most);
        body.push(Statement::line(format!("yield {}", number(&mut self.random, &place.known))));
        body
    }

    pub(crate) fn saga(&mut self, place: &mut Place) -> Statement {
        let (name, mut inner) = (self.fresh("g"), place.inner());
        inner.own_scope = true;
        let body = self.valued(&mut inner, 4);
        let parallel = if self.chance(50) { " compensating parallel" } else { "" };
        let outside = Place { behind_pivot: inner.behind_pivot, ..place.clone() };
        let mut tail = String::new();
        // Errors that cannot happen must not be handled, so that only those of the body's steps are.
        let text = written(&body);
        for (error, _) in ERRORS {
            if self.may_leave(&text, error) && self.chance(40) {
                let value = number(&mut self.random, &outside.known);
                let action = match self.random.below(4) {
                    0 if outside.may_return && outside.own_scope => {
                        format!("{{ rollback return 300 + {value} }}")
                    }
                    _ => format!("yield 40 + {value}"),
                };
                tail.push_str(&format!(" on {error} -> {action}"));
            }
        }
        place.behind_pivot = inner.behind_pivot;
        place.known.push(name.clone());
        Statement::line(format!("let {name} = saga x{name}{parallel} {{"))
            .named(&name)
            .block(body, format!("{tail} }}"))
    }

    /// Whether an error of a step leaves a block, as far as its text tells.
    fn may_leave(&self, text: &str, error: &str) -> bool {
        text.lines().any(|line| {
            let raises = self
                .operations
                .iter()
                .any(|it| line.contains(&format!("{}(", it.name)) && it.raises.contains(&error));
            raises && !line.contains(&format!("on {error} ")) || line.trim() == format!("fail {error}")
        })
    }

    pub(crate) fn parallel(&mut self, place: &mut Place) -> Statement {
        let name = self.fresh("p");
        let count = 2 + self.random.below(2);
        let kind = self.random.below(5);
        let mut branches = Vec::new();
        for number in 0..count {
            let mut inner = Place { may_return: false, own_scope: false, may_pivot: false, ..place.inner() };
            let letter = ["a", "b", "c"][number as usize];
            branches.push((letter, self.valued(&mut inner, 3)));
        }
        let within = if !place.behind_pivot && self.chance(25) {
            format!(" within {}", length(&mut self.random))
        } else {
            String::new()
        };
        let text: String = branches.iter().map(|(_, body)| written(body)).collect();
        let (head, tail) = match kind {
            0 | 1 => (format!("join all{within}"), self.all_handlers(place, &text)),
            2 => (format!("join all on failure finish{within}"), self.all_handlers(place, &text)),
            3 => (format!("join any{within}"), format!(" on shortfall -> {}", self.action(place, true))),
            _ => {
                let needed = 1 + self.random.below(count);
                let value = "use [0]".to_owned();
                (format!("join {needed} of {count}{within}"), format!(" on shortfall as got -> {value}"))
            }
        };
        place.known.push(match kind {
            0..=2 => {
                branches.iter().map(|(letter, _)| format!("{name}.{letter}")).collect::<Vec<_>>().join(" + ")
            }
            3 => name.clone(),
            _ => format!("{name}.sum()"),
        });
        let mut statement = Statement::line(format!("let {name} = parallel {head} {{")).named(&name);
        let last = branches.len() - 1;
        for (at, (letter, body)) in branches.into_iter().enumerate() {
            let tail = if at == last { format!("}}{tail} }}") } else { "}".to_owned() };
            statement.head.push_str(&if at == 0 { format!(" branch {letter} {{") } else { String::new() });
            let tail = if at < last { format!("{tail} branch {} {{", ["b", "c"][at]) } else { tail };
            statement = statement.block(body, tail);
        }
        statement
    }

    /// Handlers of a join of all, which leave: a record of all values is too much for them.
    fn all_handlers(&mut self, place: &Place, text: &str) -> String {
        let mut tail = String::new();
        if !place.may_return || !place.own_scope || place.behind_pivot {
            return tail;
        }
        for (error, _) in ERRORS {
            if self.may_leave(text, error) && self.chance(35) {
                let value = number(&mut self.random, &place.known);
                tail.push_str(&format!(" on {error} -> {{ rollback return 400 + {value} }}"));
            }
        }
        tail
    }

    pub(crate) fn foreach(&mut self, place: &mut Place) -> Statement {
        let (name, item) = (self.fresh("f"), self.fresh("i"));
        let count = 1 + self.random.below(3);
        let mut numbers: Vec<String> = (0..count).map(|at| (at + 1).to_string()).collect();
        let keyed = self.chance(40);
        if keyed && !place.behind_pivot && self.chance(12) {
            numbers.push("1".to_owned());
        }
        let tolerant = !place.behind_pivot && self.chance(45);
        let mut inner = Place { may_return: false, own_scope: true, may_pivot: false, ..place.inner() };
        inner.suffix = format!("{}-{{{item}}}", place.suffix);
        inner.known.push(item.clone());
        let body = self.valued(&mut inner, 3);
        let mut head = format!("let {name} = foreach {item} in [{}]", numbers.join(", "));
        if keyed {
            head.push_str(&format!(" keyed by {item}"));
        }
        if self.chance(60) {
            head.push_str(&format!(" limit {} concurrent", 1 + self.random.below(2)));
        }
        if tolerant {
            head.push_str(&format!(" tolerate {}%", [0, 34, 50, 67][self.random.below(4) as usize]));
        }
        let mut tail = String::new();
        if place.may_return && place.own_scope && !place.behind_pivot && self.chance(40) {
            if tolerant {
                tail.push_str(" on TooManyFailures as t -> { rollback return 500 + t.failed }");
            } else {
                tail.push_str(&self.all_handlers(place, &written(&body)));
            }
        }
        place.known.push(match tolerant {
            true => format!("{name}.ok.sum() + 10 * {name}.errors.count()"),
            false => format!("{name}.sum()"),
        });
        Statement::line(format!("{head} {{")).named(&name).block(body, format!("{tail} }}"))
    }

    pub(crate) fn repeat(&mut self, place: &mut Place) -> Statement {
        let (name, round) = (self.fresh("r"), self.fresh("c"));
        let mut inner = Place { may_pivot: false, ..place.inner() };
        inner.suffix = format!("{}-{{{round}}}", place.suffix);
        inner.known.push(round.clone());
        let mut body = vec![Statement::line(format!("let {round} = round")).named(&round)];
        body.extend(self.valued(&mut inner, 2));
        let every =
            if self.chance(40) { format!(" every {}", length(&mut self.random)) } else { String::new() };
        let until =
            if self.chance(60) { format!(" until value > {}", self.random.below(9)) } else { String::new() };
        place.known.push(name.clone());
        let head = format!("let {name} = repeat up to {}{every}{until} {{", 1 + self.random.below(3));
        Statement::line(head).named(&name).block(body, "}")
    }

    pub(crate) fn signal(&mut self, place: &mut Place) -> Statement {
        let name = self.fresh("m");
        let value = number(&mut self.random, &place.known);
        let timeout = length(&mut self.random);
        let options = match self.random.below(4) {
            0 if !place.behind_pivot && !self.deadline => String::new(),
            1 => format!(" {{ where signal > 3 timeout {timeout} -> use {value} }}"),
            2 if !place.behind_pivot => format!(" {{ timeout {timeout} }}"),
            _ => format!(" {{ timeout {timeout} -> use {value} }}"),
        };
        place.known.push(name.clone());
        Statement::line(format!("let {name} = await signal go(Int){options}")).named(&name)
    }

    pub(crate) fn human(&mut self, place: &mut Place) -> Statement {
        let name = self.fresh("q");
        let timeout = if self.chance(60) || self.deadline {
            format!(" timeout {} -> use false", length(&mut self.random))
        } else {
            String::new()
        };
        let approvals = if self.chance(50) { " approvals 2 of 3 on Disagreed -> use false" } else { "" };
        place.known.push(format!("(if {name} then 1 else 2)"));
        let head =
            format!("let {name} = await human Ask{name}(Bool) {{ role \"clerk\"{approvals}{timeout} }}");
        Statement::line(head).named(&name)
    }

    /// A shield. Behind the point of no return all errors in it are handled in it.
    pub(crate) fn shield(&mut self, place: &mut Place) -> Statement {
        let mut inner = Place { may_return: false, may_pivot: false, own_scope: false, ..place.inner() };
        let mut body = Vec::new();
        for _ in 0..2 + self.random.below(2) {
            match self.random.below(10) {
                0 | 1 => body.push(Statement::line(format!("wait {}", length(&mut self.random)))),
                2 | 3 if self.left > 0 => {
                    // No children in there: their time limits are not those of others.
                    let children = std::mem::take(&mut self.children);
                    body.extend(self.body(&mut inner, 1));
                    self.children = children;
                }
                _ => {
                    let operation = self.pick_operation();
                    body.push(self.step_with(&mut inner, &operation, 60));
                }
            }
        }
        Statement::line("shield {").block(body, "}")
    }

    pub(crate) fn run(&mut self, place: &mut Place) -> Statement {
        let Some(child) = self.random.pick(&self.children).cloned() else { return self.step(place) };
        let Child { name: child, has_pivot } = child;
        let (name, value) = (self.fresh("s"), number(&mut self.random, &place.known));
        let call = format!("run {child}(id: \"{}-{name}\", n: 0)", place.suffix);
        if place.behind_pivot {
            return self.step(place);
        }
        if self.chance(15) {
            return Statement::line(format!("step {name} = {call} detached")).named(&name);
        }
        if has_pivot && (self.has_pivot || !place.may_pivot) {
            return self.step(place);
        }
        // A sibling that may fail so would keep most steps from standing beside it.
        let mut options = format!(" on KeyInUse -> use {value}");
        if self.chance(25) {
            options.push_str(&format!(" timeout {} on Timeout -> use {value}", length(&mut self.random)));
        }
        match self.random.below(6) {
            0 => options.push_str(" when cancelled await"),
            1 if !has_pivot => options.push_str(" when cancelled abandon"),
            _ => {}
        }
        for (error, _) in ERRORS {
            if self.chance(25) {
                options.push_str(&format!(" on {error} -> {}", self.action(place, true)));
            }
        }
        let options = format!(" {{{options} }}");
        place.known.push(name.clone());
        let pivot = if has_pivot { "pivot " } else { "" };
        if has_pivot {
            (self.has_pivot, place.behind_pivot) = (true, true);
        }
        Statement::line(format!("{pivot}step {name} = {call}{options}")).named(&name)
    }
}

impl Generator {
    /// Items that each run a child with a point of no return. Nothing may be owed outside, so it stands first.
    pub(crate) fn batch(&mut self, place: &mut Place) -> Option<Statement> {
        let child = self.children.iter().rfind(|it| it.has_pivot)?.clone();
        if !self.chance(35) {
            return None;
        }
        let (name, item, step) = (self.fresh("f"), self.fresh("i"), self.fresh("s"));
        let limit = if self.chance(50) { " limit 1 concurrent" } else { "" };
        let handlers = if self.chance(70) { " on Denied -> use 50 on Broken -> use 60" } else { "" };
        let call = format!("run {}(id: \"{}-{{{item}}}-{step}\", n: 0)", child.name, place.suffix);
        let body = vec![
            Statement::line(format!("step {step} = {call} {{ on KeyInUse -> use 70{handlers} }}"))
                .named(&step),
            Statement::line(format!("yield {step}")),
        ];
        place.known.push(format!("{name}.sum()"));
        (self.has_pivot, place.behind_pivot) = (true, true);
        let head = format!("let {name} = foreach {item} in [1, 2]{limit} {{");
        Some(Statement::line(head).named(&name).block(body, "}"))
    }
}

/// The text of statements.
fn written(body: &[Statement]) -> String {
    let program = crate::program::tree::Program {
        declarations: String::new(),
        workflows: vec![(String::new(), body.to_vec())],
    };
    program.text()
}
