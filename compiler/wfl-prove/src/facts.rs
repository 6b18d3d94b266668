//! What may hold at a node: which steps may still be undone there, and which point of no return may lie behind.
//!
//! Forward, over all ways at once (Kildall, "A unified approach to global program optimization", POPL 1973). A fact holds at
//! a node if some way leads there on which it holds, so every fact has a path that shows it; see [`crate::path`].

use wfl_ir::{EdgeKind, NodeKind};

use crate::bits::{Bits, has, put, remove};
use crate::subject::Subject;
use crate::ways::{By, Way};

/// What may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fact {
    /// No point of no return lies behind.
    Free,
    /// The step at a node has ended well, can be undone, and nobody has said what is to become of it.
    Owed(u32),
    /// The point of no return at a node lies behind, and what it holds for is not over.
    Passed(u32),
}

/// What may hold, by node.
#[derive(Debug)]
pub(crate) struct Facts<'s> {
    subject: &'s Subject<'s>,
    facts: Vec<Fact>,
    /// By node: the number of the fact about it.
    numbers: Vec<Option<usize>>,
    /// All steps that may be owed, as a row.
    owed: Vec<u64>,
    before: Bits,
    /// By pivot, in the order of the facts: the outermost scope whose rest must go forward.
    reaches: Vec<(usize, u32)>,
}

const FREE: usize = 0;

impl<'s> Facts<'s> {
    pub(crate) fn of(subject: &'s Subject<'s>) -> Facts<'s> {
        let mut facts = vec![Fact::Free];
        let mut numbers = Vec::new();
        for (node, _) in subject.nodes() {
            let fact = match (subject.is_pivot(node), subject.owes(node)) {
                (true, _) => Some(Fact::Passed(node)),
                (false, true) => Some(Fact::Owed(node)),
                (false, false) => None,
            };
            numbers.push(fact.map(|_| facts.len()));
            facts.extend(fact);
        }
        let words = facts.len().div_ceil(64).max(1);
        let mut owed = vec![0; words];
        let owing = facts.iter().enumerate().filter(|(_, fact)| matches!(fact, Fact::Owed(_)));
        owing.for_each(|(number, _)| put(&mut owed, number));
        let before = Bits::new(subject.plan.nodes.len(), facts.len());
        let mut found = Facts { subject, facts, numbers, owed, before, reaches: Vec::new() };
        found.spread();
        found
    }

    /// Lets all facts go along all ways until nothing new comes up. Ways lead to greater nodes but for those of rounds.
    fn spread(&mut self) {
        let mut start = vec![0; self.owed.len()];
        put(&mut start, FREE);
        self.before.add(0, &start);
        let mut grown = true;
        while grown {
            grown = false;
            for node in 0..self.subject.plan.nodes.len() as u32 {
                if self.subject.is_pivot(node) {
                    self.reach(node);
                }
                for way in self.subject.ways.from(node) {
                    let after = self.after(way, self.before.row(node));
                    let new = self.before.add(way.to, &after);
                    grown |= new && way.to <= node;
                }
            }
        }
    }

    /// A pivot makes everything go forward in the outermost scope in which something may be owed.
    fn reach(&mut self, pivot: u32) {
        let scope = self.subject.node(pivot).scope;
        let owed = self.owed(pivot).map(|step| self.holder(step, pivot));
        let reach = owed.chain([scope]).min_by_key(|scope| self.subject.frames.depth(*scope));
        let Some(number) = self.numbers[pivot as usize] else { return };
        self.reaches.retain(|(known, _)| *known != number);
        self.reaches.push((number, reach.unwrap_or(scope)));
    }

    /// What may hold on a way, if this may hold where it begins.
    fn after(&self, way: Way, before: &[u64]) -> Vec<u64> {
        let mut row = before.to_vec();
        let succeeds = way.by == By::Edge(EdgeKind::Order) && way.from == way.at;
        match &self.subject.node(way.from).kind {
            NodeKind::Rollback => remove(&mut row, &self.owed),
            NodeKind::Commit => {
                remove(&mut row, &self.owed);
                self.release(&mut row, |_| true);
            }
            NodeKind::Exit { scope } => {
                self.release(&mut row, |reach| self.subject.frames.is_inside(reach, *scope));
            }
            NodeKind::Call(_) | NodeKind::SubWorkflow(_) if succeeds => self.succeed(way.from, &mut row),
            _ => {}
        }
        row
    }

    fn succeed(&self, node: u32, row: &mut [u64]) {
        let Some(number) = self.numbers[node as usize] else { return };
        if matches!(self.facts[number], Fact::Passed(_)) {
            remove(row, &self.owed);
            let mut free = vec![0; row.len()];
            put(&mut free, FREE);
            remove(row, &free);
            put(row, number);
        } else if has(row, FREE) {
            put(row, number);
        }
    }

    /// What a pivot holds for may be over.
    fn release(&self, row: &mut [u64], over: impl Fn(u32) -> bool) {
        let mut gone = vec![0; row.len()];
        for (number, _) in self.reaches.iter().filter(|(_, reach)| over(*reach)) {
            if has(row, *number) {
                put(&mut gone, *number);
                put(row, FREE);
            }
        }
        remove(row, &gone);
    }

    fn number(&self, fact: Fact) -> Option<usize> {
        match fact {
            Fact::Free => Some(FREE),
            Fact::Owed(node) | Fact::Passed(node) => self.numbers[node as usize],
        }
    }

    /// Whether something may hold where a node begins.
    pub(crate) fn holds(&self, node: u32, fact: Fact) -> bool {
        self.number(fact).is_some_and(|number| self.before.has(node, number))
    }

    /// Whether a fact that may hold where a way begins may hold on it.
    pub(crate) fn stays(&self, way: Way, fact: Fact) -> bool {
        let Some(number) = self.number(fact) else { return false };
        self.before.has(way.from, number) && has(&self.after(way, self.before.row(way.from)), number)
    }

    /// The steps that may be owed where a node begins, in the order of the plan.
    pub(crate) fn owed(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        self.facts.iter().enumerate().filter_map(move |(number, fact)| match fact {
            Fact::Owed(step) if self.before.has(node, number) => Some(*step),
            _ => None,
        })
    }

    /// The steps that may be owed on a way.
    pub(crate) fn owed_on(&self, way: Way) -> Vec<u32> {
        let row = self.after(way, self.before.row(way.from));
        let owed = self.facts.iter().enumerate().filter_map(|(number, fact)| match fact {
            Fact::Owed(step) if has(&row, number) => Some(*step),
            _ => None,
        });
        owed.collect()
    }

    /// The pivots that may lie behind where a node begins.
    pub(crate) fn passed(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        self.facts.iter().enumerate().filter_map(move |(number, fact)| match fact {
            Fact::Passed(pivot) if self.before.has(node, number) => Some(*pivot),
            _ => None,
        })
    }

    /// The outermost scope whose rest must go forward behind a pivot.
    pub(crate) fn reach_of(&self, pivot: u32) -> u32 {
        let number = self.numbers[pivot as usize];
        let known = self.reaches.iter().find(|(known, _)| Some(*known) == number);
        known.map_or_else(|| self.subject.node(pivot).scope, |(_, reach)| *reach)
    }

    /// The scope that holds what a step owes, seen from another node.
    pub(crate) fn holder(&self, step: u32, node: u32) -> u32 {
        let (of, seen) = (self.subject.node(step).scope, self.subject.node(node).scope);
        self.subject.frames.common(of, seen)
    }
}
