//! Draws a program.

use wfl_sim::Random;

use crate::program::service::{Operation, services};
use crate::program::tree::{Program, Statement};

/// A workflow that may be run as a child, and what stands in it.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) has_pivot: bool,
}

/// A program under construction.
pub(crate) struct Generator {
    pub(crate) random: Random,
    pub(crate) operations: Vec<Operation>,
    /// The number of the last name.
    pub(crate) names: u32,
    /// How many statements may still be drawn.
    pub(crate) left: u32,
    /// Children that may be run.
    pub(crate) children: Vec<Child>,
    /// Whether a pivot stands in what was drawn of the workflow at hand.
    pub(crate) has_pivot: bool,
    /// Whether the workflow at hand has a deadline, so that nothing may be waited for without an end.
    pub(crate) deadline: bool,
}

/// What is known at a place, and what may stand there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Numbers in sight.
    pub(crate) known: Vec<String>,
    /// Whether a `return` may stand there: not in branches and items.
    pub(crate) may_return: bool,
    /// Whether the nearest scope belongs to this path alone.
    pub(crate) own_scope: bool,
    /// Whether a pivot may stand there.
    pub(crate) may_pivot: bool,
    /// Whether the point of no return is behind: what follows must not fail.
    pub(crate) behind_pivot: bool,
    /// What tells apart the items and rounds around: a part of every key.
    pub(crate) suffix: String,
    /// How many constructs are around.
    pub(crate) depth: u32,
}

impl Place {
    /// The inside of a construct.
    pub(crate) fn inner(&self) -> Place {
        Place { depth: self.depth + 1, ..self.clone() }
    }
}

/// The program of a seed.
pub fn program(seed: u64) -> Program {
    let mut random = Random::new(seed);
    let (declarations, operations) = services(&mut random);
    let (left, children) = (0, Vec::new());
    let mut generator =
        Generator { random, operations, names: 0, left, children, has_pivot: false, deadline: false };
    let mut workflows = Vec::new();
    for number in 0..generator.random.below(3) {
        let name = format!("Child{number}");
        let statements = 2 + generator.random.below(5) as u32;
        let workflow = generator.workflow(&name, statements, false);
        workflows.push(workflow);
        let has_pivot = generator.has_pivot;
        generator.children.push(Child { name, has_pivot });
    }
    let statements = 3 + generator.random.below(14) as u32;
    let deadline = generator.random.below(4) == 0;
    workflows.push(generator.workflow("Main", statements, deadline));
    Program { declarations, workflows }
}

impl Generator {
    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, of_hundred: u64) -> bool {
        self.random.below(100) < of_hundred
    }

    pub(crate) fn fresh(&mut self, letter: &str) -> String {
        self.names += 1;
        format!("{letter}{}", self.names)
    }

    fn workflow(&mut self, name: &str, statements: u32, deadline: bool) -> (String, Vec<Statement>) {
        self.left = statements;
        self.has_pivot = false;
        self.deadline = deadline;
        let place = Place {
            known: vec!["n".to_owned()],
            may_return: true,
            own_scope: true,
            may_pivot: true,
            behind_pivot: false,
            suffix: "{workflow.key}-{n}".to_owned(),
            depth: 0,
        };
        let mut known = place.clone();
        let mut body: Vec<Statement> = self.batch(&mut known).into_iter().collect();
        body.extend(self.body(&mut known, u32::MAX));
        if name == "Main" && !self.has_pivot && self.chance(12) {
            let again = vec![Statement::line("commit"), Statement::line("restart(id: id, n: n + 1)")];
            body.push(Statement::line("if n < 3 {").block(again, "}"));
        }
        let value = crate::program::expression::number(&mut self.random, &known.known);
        let all: Vec<String> = known.known.iter().skip(1).cloned().collect();
        let sum = if all.is_empty() { value } else { all.join(" + ") };
        body.push(Statement::line(format!("return {sum}")));
        let limit = ["5m", "3h", "2d", "30d"][self.random.below(4) as usize];
        let deadline = if deadline { format!("\n  deadline {limit}") } else { String::new() };
        let head = format!(
            "workflow {name}(id: String, n: Int) -> Int\n  version 1\n  key id{deadline}\n  raises Denied, Broken, Timeout, \
             DuplicateKey, TooManyFailures, KeyInUse, Disagreed"
        );
        (head, body)
    }

    /// Statements, as many as are left and not more than so many. The place learns what they declare.
    pub(crate) fn body(&mut self, place: &mut Place, most: u32) -> Vec<Statement> {
        let mut body = Vec::new();
        let most = if most == u32::MAX { most } else { 1 + self.random.below(u64::from(most)) as u32 };
        for _ in 0..most {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            body.extend(self.statement(place));
        }
        body
    }
}
