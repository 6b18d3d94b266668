//! `parallel`: what may become of branches that run side by side.

use std::sync::Arc;

use wfl_ir::flow::{Fork, Join, JoinPolicy};
use wfl_ir::{Caught, EdgeKind, Fields, Name, NodeKind, Value};

use crate::interpret::reference::Reference;
use crate::interpret::until::Until;
use crate::strand::{Debt, Done, Flow, Life, Next, Raised, Stops, Strand, union};

/// How a branch has ended, and what it owes.
struct Ended {
    done: Done,
    strand: Strand,
}

/// What a branch is to a join that needs only some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Wins,
    Fails,
    Loses,
}

impl Reference<'_> {
    pub(crate) fn fork(&mut self, life: &mut Life, strand: &mut Strand, at: u32) -> Flow<Next> {
        let plan = Arc::clone(&life.plan);
        let NodeKind::Fork(fork) = &plan.nodes[at as usize].kind else { return self.dead("no fork", "") };
        let NodeKind::Join(join) = &plan.nodes[fork.join as usize].kind else {
            return self.dead("no join", "");
        };
        if self.may_stop(life, strand) && self.choice.of(2) == 1 {
            return self.all_stopped(life, strand, at, fork);
        }
        match fork.policy {
            JoinPolicy::All => self.join_all(life, strand, at, fork, join),
            JoinPolicy::Any => self.join_some(life, strand, at, fork, join, 1),
            JoinPolicy::Quorum(needed) => self.join_some(life, strand, at, fork, join, needed as usize),
        }
    }

    fn branch(
        &mut self,
        life: &mut Life,
        strand: &Strand,
        at: u32,
        fork: &Fork,
        number: usize,
        stops: Stops,
    ) -> Flow<Ended> {
        let from = self.target(life, at, EdgeKind::Branch(number as u32))?;
        let region = fork.branches[number];
        let scope = life.plan.nodes[at as usize].scope as usize;
        let parallel = life.plan.scopes[scope].parallel_undo;
        let mut branch = Strand::new(strand.slots.clone(), strand.after.clone(), stops, region, parallel);
        branch.counted = fork.policy != JoinPolicy::All;
        let done = self.walk(life, &mut branch, from, Until::Join(fork.join))?;
        if matches!(done, Done::Returned(_) | Done::Restarted(_)) {
            return self.dead("a branch left the workflow", "");
        }
        Ok(Ended { done, strand: branch })
    }

    /// The whole is ended from outside while branches are under way. One whose last call was on its way looks as if it
    /// had reached its end.
    fn all_stopped(&mut self, life: &mut Life, strand: &mut Strand, at: u32, fork: &Fork) -> Flow<Next> {
        let stops = self.around(life, strand);
        let mut ends = Vec::new();
        for number in 0..fork.branches.len() {
            let mut ended = self.branch(life, strand, at, fork, number, stops)?;
            let failed = matches!(ended.done, Done::Raised(_)) && ended.strand.shield.is_none();
            if failed && fork.policy == JoinPolicy::All && !fork.finish {
                return self.dead("a branch failed first", "");
            }
            self.stop_strand(&mut ended.strand, &ended.done)?;
            ends.push(ended.strand.after);
        }
        // A scope that undoes side by side does not wait for what is under way in it.
        if !life.plan.scopes[life.plan.nodes[at as usize].scope as usize].parallel_undo {
            strand.after = union(ends);
        }
        Ok(Next::Ended(Done::Stopped))
    }

    fn join_all(
        &mut self,
        life: &mut Life,
        strand: &mut Strand,
        at: u32,
        fork: &Fork,
        join: &Join,
    ) -> Flow<Next> {
        let count = fork.branches.len() as u32;
        let timed = u32::from(fork.within.is_some());
        let scenario = self.choice.of(1 + count + timed);
        let first = scenario.checked_sub(1).map(|first| first as usize);
        let around = self.around(life, strand);
        let mut ends = Vec::new();
        let mut failed: Option<Raised> = None;
        for number in 0..fork.branches.len() {
            // All of them go on until one has failed, or time is up; with `finish` failures stop nobody.
            let is_first = first == Some(number);
            let time_up = scenario == count + 1;
            let beside = first.is_some() && !is_first && (time_up || !fork.finish);
            let stops = Stops { beside: around.beside || beside, ..around };
            let ended =
                self.branch(life, strand, at, fork, number, if beside { stops } else { Stops::default() })?;
            match &ended.done {
                Done::Raised(raised) if is_first => failed = Some(raised.clone()),
                _ if is_first => return self.dead("the branch does not fail", ""),
                // What is in a shield goes on, and may fail there.
                Done::Raised(_) if time_up && ended.strand.shield.is_some() => {}
                Done::Raised(_) if first.is_none() || time_up => return self.dead("a branch fails", ""),
                _ => {}
            }
            ends.push(ended);
        }
        if first.is_none() {
            return self.all_joined(life, strand, fork, join, ends);
        }
        strand.after = self.undo_branches(ends)?;
        let raised = failed.unwrap_or_else(|| Raised::new("Timeout", Fields::default()));
        self.raise(life, strand, fork.join, &join.handlers, raised)
    }

    fn undo_branches(&mut self, ends: Vec<Ended>) -> Flow<Vec<crate::story::Event>> {
        let mut after = Vec::new();
        for mut ended in ends {
            self.undo_strand(&mut ended.strand)?;
            after.push(ended.strand.after);
        }
        Ok(union(after))
    }

    /// All branches have ended well.
    fn all_joined(
        &mut self,
        life: &Life,
        strand: &mut Strand,
        fork: &Fork,
        join: &Join,
        ends: Vec<Ended>,
    ) -> Flow<Next> {
        let (mut values, mut debts, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for (ended, (name, slot)) in ends.into_iter().zip(&join.values) {
            let Ended { mut strand, .. } = ended;
            values.push((name.clone(), value_of(&strand, *slot)));
            debts.push(Debt::Sequence(strand.take_debts()));
            after.push(strand.after);
        }
        strand.after = union(after);
        strand.owe(Debt::Beside(debts));
        strand.set(join.result, Value::record(values));
        self.goes_on(life, fork.join)
    }

    fn join_some(
        &mut self,
        life: &mut Life,
        strand: &mut Strand,
        at: u32,
        fork: &Fork,
        join: &Join,
        needed: usize,
    ) -> Flow<Next> {
        let spare = fork.branches.len() - needed;
        let around = self.around(life, strand);
        let mut ends: Vec<(Role, Ended)> = Vec::new();
        for number in 0..fork.branches.len() {
            let role = [Role::Wins, Role::Fails, Role::Loses][self.choice.of(3) as usize];
            let count = |wanted: Role| ends.iter().filter(|(role, _)| *role == wanted).count();
            if role == Role::Wins && count(Role::Wins) == needed
                || role == Role::Fails && count(Role::Fails) > spare
            {
                return self.dead("too many branches won or failed", "");
            }
            let stops = match role {
                Role::Loses => Stops { beside: true, ..around },
                _ => Stops::default(),
            };
            let ended = self.branch(life, strand, at, fork, number, stops)?;
            match (&ended.done, role) {
                // What is in a shield goes on, and may fail there.
                (Done::Raised(_), Role::Loses) if ended.strand.shield.is_some() => {}
                (Done::Reached, Role::Wins | Role::Loses)
                | (Done::Raised(_), Role::Fails)
                | (Done::Stopped, Role::Loses) => {}
                _ => return self.dead("the branch ends otherwise", ""),
            }
            ends.push((role, ended));
        }
        let count = |wanted: Role| ends.iter().filter(|(role, _)| *role == wanted).count();
        let (won, failed, lost) = (count(Role::Wins), count(Role::Fails), count(Role::Loses));
        if won == needed && failed <= spare {
            return self.some_joined(life, strand, fork, join, ends);
        }
        let too_few = failed == spare + 1;
        if !too_few && (fork.within.is_none() || lost == 0) {
            return self.dead("the join was not over", "");
        }
        strand.after = self.undo_branches(ends.into_iter().map(|(_, ended)| ended).collect())?;
        let shortfall = join.handlers.iter().position(|handler| handler.on == Caught::Shortfall);
        let Some(handler) = shortfall else { return self.dead("nothing handles a shortfall", "") };
        let fields = Fields::new([(Name::from("count"), Value::Int(won as i64))]);
        self.enter_handler(life, strand, fork.join, &join.handlers, handler, fields)
    }

    /// So many branches have won: what they did is owed, what the others did is undone meanwhile.
    fn some_joined(
        &mut self,
        life: &Life,
        strand: &mut Strand,
        fork: &Fork,
        join: &Join,
        ends: Vec<(Role, Ended)>,
    ) -> Flow<Next> {
        let (mut values, mut debts, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for ((role, mut ended), (_, slot)) in ends.into_iter().zip(&join.values) {
            if role != Role::Wins {
                self.undo_strand(&mut ended.strand)?;
                continue;
            }
            values.push(value_of(&ended.strand, *slot));
            debts.push(Debt::Sequence(ended.strand.take_debts()));
            after.push(ended.strand.after);
        }
        strand.after = union(after);
        strand.owe(Debt::Beside(debts));
        let value = match fork.policy {
            JoinPolicy::Any => values.into_iter().next().unwrap_or_default(),
            _ => Value::list(values),
        };
        strand.set(join.result, value);
        self.goes_on(life, fork.join)
    }
}

fn value_of(strand: &Strand, slot: Option<u32>) -> Value {
    slot.and_then(|slot| strand.slots.get(slot as usize).cloned().flatten()).unwrap_or(Value::Unit)
}
