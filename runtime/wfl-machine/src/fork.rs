//! `parallel`: branches begin, end, fail, lose; the join says when the whole has ended.

use wfl_ir::flow::{Fork, Join, JoinPolicy};
use wfl_ir::{EdgeKind, Fields, List, Name, NodeKind, Value};

use crate::fact::Fact;
use crate::fold::Fold;
use crate::ledger::{Entry, Group, Owed, Suspension};
use crate::planted::{Bug, planted};
use crate::strand::{Branch, Doing, Forked, Left, Raised, Strand};

impl Fold<'_> {
    /// All branches begin.
    pub(crate) fn fork(&mut self, index: u32, fork: &Fork) -> Result<Option<u32>, Suspension> {
        let due = match &fork.within {
            Some(within) => Some(self.now().plus(self.eval_duration(within)?)),
            None => None,
        };
        self.facts.push(Fact::Forked { step: self.name(index), branches: fork.branches.len() as u32 });
        let (parent, path, base) = (self.current, self.path(), self.node(index).scope);
        let branch = |fold: &mut Self, (number, region): (usize, &u32)| {
            let strand = Strand {
                path: path.clone(),
                ..Strand::new(*region, Some((parent, index)), number as u32, base)
            };
            Branch::Live(fold.start_strand(strand, fold.plan.target(index, EdgeKind::Branch(number as u32))))
        };
        let branches = fork.branches.iter().enumerate().map(|it| branch(self, it)).collect();
        let forked = Forked { branches, due, verdict: None, stopping: false };
        self.strand().doing = Doing::Fork(index, Box::new(forked));
        Ok(None)
    }

    fn forked(&mut self) -> Option<(u32, &mut Forked)> {
        match self.strand().activity_mut() {
            Doing::Fork(index, forked) => Some((*index, forked)),
            _ => None,
        }
    }

    /// The current strand, a branch, has come to the join.
    pub(crate) fn branch_done(&mut self) -> Option<u32> {
        let id = self.current;
        let strand = self.strand();
        let (parent, number) = (strand.parent, strand.index);
        let ledger = std::mem::take(&mut strand.ledger);
        let stays = strand.trail.iter().any(|passed| passed.stays);
        let (parent, node) = parent?;
        self.switch(parent);
        self.state.strands.remove(&id);
        if stays {
            self.pass(node, true);
        }
        let (_, forked) = self.forked()?;
        if let Some(branch) = forked.branches.get_mut(number as usize) {
            *branch = Branch::Done(ledger);
        }
        self.fork_on()
    }

    /// The current strand has raised an error that nothing in it takes: what waits for it learns of it at once.
    pub(crate) fn told_of_failure(&mut self, raised: Raised) {
        let here = self.current;
        let Some((parent, node)) = self.state.strands.get(&here).and_then(|strand| strand.parent) else {
            // It is over already, and has been told.
            return;
        };
        self.switch(parent);
        match &self.node(node).kind {
            NodeKind::Fork(fork) if fork.policy == JoinPolicy::All => {
                self.fork_fails(raised, !fork.finish);
            }
            NodeKind::Map(map) if map.tolerated.is_none() => self.map_fails(raised),
            _ => {}
        }
        self.switch(here);
    }

    /// The whole will end with an error once all branches are settled. The first error counts.
    fn fork_fails(&mut self, raised: Raised, at_once: bool) {
        let Some((_, forked)) = self.forked() else { return };
        forked.verdict.get_or_insert(raised);
        if at_once {
            self.settle_branches("a branch failed");
        }
    }

    /// All branches undo what they did, those too that have ended well.
    fn settle_branches(&mut self, reason: &str) {
        let here = self.current;
        let Some((index, forked)) = self.forked() else { return };
        let live = forked.live();
        let mut revived = Vec::new();
        for (number, branch) in forked.branches.iter_mut().enumerate() {
            if let Branch::Done(ledger) = branch {
                let ledger = std::mem::take(ledger);
                *branch = Branch::Gone;
                revived.push((number, ledger));
            }
        }
        let mut again = Vec::new();
        for (number, ledger) in revived.into_iter().filter(|(_, ledger)| !ledger.is_empty()) {
            let id =
                self.revive(self.branch_group(index, number, ledger), Some((here, index)), number as u32);
            if let Some((_, forked)) = self.forked() {
                forked.branches[number] = Branch::Live(id);
            }
            again.push(id);
        }
        for id in live.into_iter().chain(again).rev() {
            self.stop(id, reason);
        }
    }

    fn branch_group(&self, index: u32, number: usize, ledger: Vec<Entry>) -> Group {
        let region = self.fork_kind(index).and_then(|(fork, _)| fork.branches.get(number)).copied();
        Group { region: region.unwrap_or(0), path: self.path(), scope: self.node(index).scope, ledger }
    }

    /// A branch is over without a value, and owes nothing.
    pub(crate) fn branch_left(&mut self, number: u32, left: Left) -> Option<u32> {
        let (index, forked) = self.forked()?;
        if let Some(branch) = forked.branches.get_mut(number as usize) {
            *branch = Branch::Gone;
        }
        if let (Left::Failed(raised), Some((fork, _))) = (left, self.fork_kind(index))
            && fork.policy == JoinPolicy::All
        {
            let at_once = !fork.finish;
            self.fork_fails(raised, at_once);
        }
        self.fork_on()
    }

    /// Its time is up.
    pub(crate) fn join_timed_out(&mut self) -> Option<u32> {
        let (index, forked) = self.forked()?;
        forked.due = None;
        let (done, decided) = (forked.done() as u32, forked.verdict.is_some() || forked.stopping);
        let fork = self.fork_kind(index)?.0;
        if decided || done as usize >= needed(fork) {
            return None;
        }
        let policy = fork.policy;
        let raised = match policy {
            JoinPolicy::All => Raised::Timeout,
            JoinPolicy::Any | JoinPolicy::Quorum(_) => Raised::Shortfall(done),
        };
        self.fork_fails(raised, true);
        self.fork_on()
    }

    /// What is around it is undone: so are its branches first.
    pub(crate) fn wind_down_fork(&mut self) {
        if let Some((_, forked)) = self.forked() {
            forked.stopping = true;
        }
        self.settle_branches("what is around it is undone");
        if self.forked().is_some_and(|(_, forked)| forked.live().is_empty()) {
            *self.strand().activity_mut() = Doing::Idle;
        }
    }

    /// Looks whether the whole has ended. Gives the node behind it.
    pub(crate) fn fork_on(&mut self) -> Option<u32> {
        let (index, forked) = self.forked()?;
        let (live, done) = (forked.live().len(), forked.done());
        if forked.stopping {
            if live == 0 {
                *self.strand().activity_mut() = Doing::Idle;
                return self.unwind_on();
            }
            return None;
        }
        if let Some(raised) = forked.verdict.clone() {
            if live > 0 {
                return None;
            }
            if done > 0 {
                self.settle_branches("a branch failed");
            }
            if self.forked().is_some_and(|(_, forked)| !forked.live().is_empty()) {
                return None;
            }
            return self.fork_failed(index, raised);
        }
        let (fork, _) = self.fork_kind(index)?;
        let needed = needed(fork);
        if done >= needed {
            let live = self.forked()?.1.live();
            if !self.is_one_in_shield(&live) {
                return self.joined(index);
            }
            // The winners are known. What is in a shield comes to its end first, and the others begin nothing more.
            live.into_iter().rev().for_each(|id| self.stop(id, "it is not needed any more"));
            return None;
        }
        if live + done < needed {
            self.fork_fails(Raised::Shortfall(done as u32), true);
            return self.fork_on();
        }
        None
    }

    fn fork_failed(&mut self, index: u32, raised: Raised) -> Option<u32> {
        self.strand().doing = Doing::Idle;
        let join = self.fork_kind(index).map_or(index, |(fork, _)| fork.join);
        self.raise_at(join, raised)
    }

    /// The whole has ended well: its value, what it owes, and what lost.
    fn joined(&mut self, index: u32) -> Option<u32> {
        let Doing::Fork(_, forked) = std::mem::replace(&mut self.strand().doing, Doing::Idle) else {
            return None;
        };
        let (fork, join) = self.fork_kind(index)?;
        let (mut values, mut groups, mut losers) = (Vec::new(), Vec::new(), Vec::new());
        for (number, branch) in forked.branches.into_iter().enumerate() {
            match branch {
                Branch::Done(ledger) => {
                    values.push(self.branch_value(join, number));
                    if !ledger.is_empty() {
                        groups.push(self.branch_group(index, number, ledger));
                    }
                }
                Branch::Live(id) => losers.push(id),
                Branch::Gone => {}
            }
        }
        self.facts.push(Fact::Joined {
            step: self.name(index),
            ended: values.len() as u32,
            lost: losers.len() as u32,
        });
        if let Some(slot) = join.result {
            let value = match fork.policy {
                JoinPolicy::All => Value::Record(Fields::new(values)),
                JoinPolicy::Any => values.into_iter().next().map_or(Value::Unit, |(_, value)| value),
                JoinPolicy::Quorum(_) => {
                    Value::List(values.into_iter().map(|(_, value)| value).collect::<List>())
                }
            };
            self.set_slot(slot, value);
        }
        let scope = self.node(index).scope;
        if !groups.is_empty() && !planted(Bug::BranchesOweNothing) {
            self.strand().ledger.push(Entry { scope, owed: Owed::Beside(groups, None) });
        }
        if !losers.is_empty() {
            self.strand().ledger.push(Entry { scope, owed: Owed::Losers(losers.clone()) });
        }
        if planted(Bug::LosersForgotten) {
            losers.iter().for_each(|id| {
                self.state.strands.remove(id);
            });
        }
        self.lose(losers);
        self.fold_trail(index, u32::MAX);
        self.plan.target(fork.join, EdgeKind::Order)
    }

    fn branch_value(&self, join: &Join, number: usize) -> (Name, Value) {
        match &join.values[number] {
            (name, Some(slot)) => (name.clone(), self.slot(*slot)),
            (name, None) => (name.clone(), Value::Unit),
        }
    }

    /// Branches that are not needed any more undo themselves, whatever else becomes of the instance.
    fn lose(&mut self, losers: Vec<u32>) {
        for id in losers {
            if let Some(strand) = self.state.strands.get_mut(&id) {
                strand.parent = None;
            }
            self.stop(id, "it is not needed any more");
        }
    }

    /// Whether the current strand is a branch of which not all are needed: a failure of a read is one branch less.
    pub(crate) fn may_fail(&self) -> bool {
        let parent = self.state.strands.get(&self.current).and_then(|strand| strand.parent);
        parent.is_some_and(|(_, node)| match &self.node(node).kind {
            NodeKind::Fork(fork) => fork.policy != JoinPolicy::All,
            _ => false,
        })
    }
}

/// How many branches have to end well.
fn needed(fork: &Fork) -> usize {
    match fork.policy {
        JoinPolicy::All => fork.branches.len(),
        JoinPolicy::Any => 1,
        JoinPolicy::Quorum(needed) => needed as usize,
    }
}
