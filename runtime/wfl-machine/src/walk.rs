//! The walk over the graph: each strand goes from node to node until it has to wait for something.

use wfl_eval::bind;
use wfl_ir::flow::Loop;
use wfl_ir::{Arm, EdgeKind, Expr, Node, NodeKind, Pattern, RegionKind, Value};

use crate::fact::Fact;
use crate::fold::{Fold, Ready};
use crate::ledger::Suspension;
use crate::planted::{Bug, planted};
use crate::strand::{Doing, Ending, Left, Passed, StrandId, Then};
use crate::tap;

impl Fold<'_> {
    /// Goes on from a node of the current strand, and then with all that this made ready.
    pub(crate) fn run(&mut self, next: Option<u32>) {
        self.ready.extend(next.map(|node| Ready::Go(self.current, node)));
        while let Some(ready) = self.ready.pop_front() {
            let (strand, next) = match ready {
                Ready::Go(strand, node) => (strand, Some(node)),
                Ready::Gone(parent, id, index, left) => (parent, self.gone(parent, id, index, left)),
                Ready::LoserGone => {
                    self.loser_gone();
                    continue;
                }
                Ready::ShieldOver => {
                    self.shield_over();
                    continue;
                }
            };
            // Somebody may have stopped it since.
            let waits = self.state.strands.get(&strand).is_some_and(|strand| strand.doing == Doing::Idle);
            if let Some(node) = next.filter(|_| waits) {
                self.switch(strand);
                self.go(node);
            }
        }
    }

    /// The current strand goes on from a node for as long as nothing has to be waited for.
    fn go(&mut self, from: u32) {
        let (mine, mut at) = (self.current, Some(from));
        while let Some(index) = at {
            if self.current != mine {
                // It ended on the way, and its parent goes on.
                self.ready.push_back(Ready::Go(self.current, index));
                return;
            }
            at = self.visit(index).unwrap_or_else(|why| {
                self.stick(index, why);
                None
            });
        }
    }

    fn visit(&mut self, index: u32) -> Result<Option<u32>, Suspension> {
        self.fuel = self.fuel.saturating_sub(1);
        if self.fuel == 0 {
            return Err(Suspension::Fault("it goes on for too long without waiting for anything".into()));
        }
        if let Some(next) = self.before(index) {
            return Ok(next);
        }
        let parent = self.state.strands.get(&self.current).and_then(|strand| strand.parent).map(|(id, _)| id);
        tap::node(self.state.id, (self.current, parent), index, || self.name(index), &self.facts);
        let node = self.node(index);
        for bind in &node.binds {
            let value = self.eval(&bind.value)?;
            self.set_slot(bind.slot, value);
        }
        let next = self.plan.target(index, EdgeKind::Order);
        match &node.kind {
            NodeKind::Call(call) if self.is_kept(index) => {
                self.facts.push(Fact::Kept { step: self.name(index) });
                self.pass(index, !matches!(self.operation(call.operation).effect, wfl_ir::Effect::Read));
                Ok(next)
            }
            NodeKind::Call(call) => self.start_step(index, call).map(|()| None),
            NodeKind::Choice { subject, arms } => {
                let arm = self.choose(subject, arms)?;
                Ok(self.plan.target(index, EdgeKind::Arm(arm)))
            }
            NodeKind::Merge => Ok(next),
            NodeKind::Enter { scope, .. } => {
                self.state.rolled_back.remove(scope);
                Ok(next)
            }
            NodeKind::Set { slot, value } => {
                let value = self.eval(value)?;
                self.set_slot(*slot, value);
                Ok(next)
            }
            NodeKind::Emit { event, fields } => {
                let fields = self.eval_fields(fields)?;
                let event = self.plan.types[*event as usize].short_name().into();
                self.facts.push(Fact::Emitted { event, fields });
                Ok(next)
            }
            NodeKind::Ensure { condition, text } => match self.eval(condition)? {
                Value::Bool(true) => Ok(next),
                _ => match self.plan.target(index, EdgeKind::Else) {
                    Some(other) => Ok(Some(other)),
                    None => Err(Suspension::EnsureFailed(text.clone())),
                },
            },
            NodeKind::Exit { .. }
            | NodeKind::Rollback
            | NodeKind::Commit
            | NodeKind::Return { .. }
            | NodeKind::Fail { .. } => self.settle_or_leave(index, node),
            NodeKind::Fork(fork) => self.fork(index, fork),
            NodeKind::Join(_) => Ok(self.branch_done()),
            NodeKind::Map(map) => self.map(index, map),
            NodeKind::Loop(kind) => self.first_round(index, kind),
            NodeKind::End { region } => self.region_ends(*region),
            NodeKind::Await(awaited) => self.wait_for(index, awaited),
            NodeKind::Timer { until, time } => self.wait(index, *until, time),
            NodeKind::SubWorkflow(run) => self.run_child(index, run).map(|()| None),
            NodeKind::Restart { args } => self.restart(index, args),
        }
    }

    /// Nodes that settle what is owed, or leave.
    fn settle_or_leave(&mut self, index: u32, node: &Node) -> Result<Option<u32>, Suspension> {
        let next = self.plan.target(index, EdgeKind::Order);
        match &node.kind {
            NodeKind::Exit { scope } => {
                self.pass_outward(*scope);
                let parent = self.plan.scopes[*scope as usize].parent.unwrap_or(0);
                self.strand().scope = parent;
                Ok(next)
            }
            NodeKind::Rollback => {
                self.state.rolled_back.insert(node.scope);
                Ok(self.unwind(node.scope, Then::Continue(index), "rollback".into()))
            }
            NodeKind::Commit => {
                self.commit(node.scope);
                Ok(next)
            }
            NodeKind::Return { value } => {
                let value = self.eval(value)?;
                Ok(self.returns(node.scope, value))
            }
            NodeKind::Fail { error, fields } => {
                let fields = self.eval_fields(fields)?;
                let reason = format!("fail {}", self.plan.types[*error as usize].short_name());
                Ok(self.raise(index, self.declared(*error, fields), reason))
            }
            _ => Ok(next),
        }
    }

    /// What comes before a node: a deferred end, a pause, the end of what the path leaves. `Some` when the path does not
    /// go on to the node now.
    fn before(&mut self, index: u32) -> Option<Option<u32>> {
        if self.leaves_shield(index)
            && let Some(reason) = self.strand().stopped.take()
        {
            let base = self.strand().base;
            return Some(self.unwind(base, Then::Leave(Left::Stopped), reason));
        }
        if self.state.deferred.is_some()
            && let Some(next) = self.take_deferred(Some(index))
        {
            return Some(next);
        }
        if let Some(next) = self.tidied(index) {
            return Some(next);
        }
        let paused = self.state.paused.is_some() && !planted(Bug::PauseIgnored);
        if paused && self.strand().tidying.is_none() {
            self.strand().doing = Doing::Held(index);
            return Some(None);
        }
        let node = self.node(index);
        while let Some((looping, _)) = self.strand().rounds.last().copied() {
            let NodeKind::Loop(kind) = &self.node(looping).kind else { break };
            if self.region_in(node.region, kind.region) {
                break;
            }
            self.strand().rounds.pop();
        }
        if self.strand().scope != node.scope
            && let Some(next) = self.move_to_scope(index, node.scope)
        {
            return Some(next);
        }
        self.enter_shield(index);
        None
    }

    /// The path goes on in another scope. One `rollback` on the way out undoes all that it leaves.
    fn move_to_scope(&mut self, index: u32, scope: u32) -> Option<Option<u32>> {
        let from = self.strand().scope;
        let left: Vec<u32> =
            self.plan.scopes_outward(from).take_while(|left| !self.scope_in(scope, *left)).collect();
        let rolled_back = left.iter().any(|left| self.state.rolled_back.contains(left));
        if let Some(outermost) = left.last().filter(|_| rolled_back) {
            left.iter().for_each(|left| {
                self.state.rolled_back.remove(left);
            });
            if self.owed_in(*outermost) > 0 {
                let reason = "left after rollback".into();
                return Some(self.unwind(*outermost, Then::Go(index), reason));
            }
        }
        self.leave_scopes(scope);
        None
    }

    /// Remembers that a node was done, for going back.
    pub(crate) fn pass(&mut self, node: u32, stays: bool) {
        let strand = self.strand();
        let own = strand.ledger.last().and_then(crate::ledger::Entry::owner) == Some(node);
        let owed = strand.ledger.len() as u32 - u32::from(own);
        strand.trail.push(Passed { node, stays, owed });
    }

    fn is_kept(&mut self, index: u32) -> bool {
        !self.state.kept.is_empty() && self.state.kept.remove(&index)
    }

    /// `return`: commits what is owed, unless a scope that it leaves was rolled back.
    fn returns(&mut self, scope: u32, value: Value) -> Option<u32> {
        let ending = Ending::Completed(value);
        if self.plan.scopes_outward(scope).any(|s| self.state.rolled_back.contains(&s)) {
            return self.unwind(0, Then::End(ending), "return after rollback".into());
        }
        self.end(ending);
        None
    }

    fn choose(&mut self, subject: &Expr, arms: &[Arm]) -> Result<u32, Suspension> {
        let subject = self.eval(subject)?;
        for (index, arm) in arms.iter().enumerate() {
            if !self.fits(&arm.pattern, &subject) {
                continue;
            }
            let open = match &arm.guard {
                Some(guard) => self.eval(guard)? == Value::Bool(true),
                None => true,
            };
            if open {
                return Ok(index as u32);
            }
        }
        Err(Suspension::Fault("no arm of a match fits".into()))
    }

    /// Fits the value and puts what the pattern binds into slots.
    fn fits(&mut self, pattern: &Pattern, value: &Value) -> bool {
        let mut found = Vec::new();
        let fits = bind(pattern, value, &mut |slot, value| found.push((slot, value)));
        if fits {
            found.into_iter().for_each(|(slot, value)| self.set_slot(slot, value));
        }
        fits
    }

    fn first_round(&mut self, index: u32, kind: &Loop) -> Result<Option<u32>, Suspension> {
        self.strand().rounds.push((index, 0));
        self.begin_round(index, kind, 0)
    }

    /// A round begins with empty slots. What earlier rounds did is one thing from here on.
    pub(crate) fn begin_round(
        &mut self,
        index: u32,
        kind: &Loop,
        round: u32,
    ) -> Result<Option<u32>, Suspension> {
        if let RegionKind::Round { first, end } = self.plan.regions[kind.region as usize].kind
            && let Some(slots) = self.state.slots.get_mut(first as usize..end as usize)
        {
            slots.fill(None);
        }
        if let Some(slot) = kind.round {
            self.set_slot(slot, Value::Int(i64::from(round)));
        }
        self.fold_trail(index, kind.region);
        if let Some(last) = self.strand().rounds.last_mut() {
            *last = (index, round);
        }
        Ok(self.plan.target(index, EdgeKind::Body))
    }

    /// What was done in a region becomes one thing that was done.
    pub(crate) fn fold_trail(&mut self, index: u32, region: u32) {
        let plan = self.plan;
        let parent = |region: &u32| plan.regions.get(*region as usize).and_then(|region| region.parent);
        let inside = |node: u32| {
            let at = plan.nodes[node as usize].region;
            node == index || std::iter::successors(Some(at), parent).any(|at| at == region)
        };
        let trail = &mut self.strand().trail;
        let first = trail.iter().rposition(|passed| !inside(passed.node)).map_or(0, |at| at + 1);
        let folded = trail.split_off(first);
        if let Some(oldest) = folded.first() {
            let stays = folded.iter().any(|passed| passed.stays);
            trail.push(Passed { node: index, stays, owed: oldest.owed });
        }
    }

    /// The end of an item or of a round.
    fn region_ends(&mut self, region: u32) -> Result<Option<u32>, Suspension> {
        let RegionKind::Round { .. } = self.plan.regions[region as usize].kind else {
            return Ok(self.item_done());
        };
        let Some((index, round)) = self.strand().rounds.last().copied() else { return Ok(None) };
        let NodeKind::Loop(kind) = &self.node(index).kind else { return Ok(None) };
        let over = match &kind.until {
            Some(until) => self.eval(until)? == Value::Bool(true),
            None => false,
        };
        if over || round + 1 >= kind.times {
            self.fold_trail(index, kind.region);
            self.strand().rounds.pop();
            return Ok(self.plan.target(index, EdgeKind::Order));
        }
        match &kind.every {
            Some(every) => {
                let due = self.now().plus(self.eval_duration(every)?);
                self.strand().doing = Doing::Pause(index, due);
                Ok(None)
            }
            None => self.begin_round(index, kind, round + 1),
        }
    }

    /// A strand of its own begins with a node.
    pub(crate) fn start_strand(&mut self, strand: crate::strand::Strand, at: Option<u32>) -> StrandId {
        let id = self.state.next_strand;
        self.state.next_strand += 1;
        self.state.strands.insert(id, strand);
        self.ready.extend(at.map(|node| Ready::Go(id, node)));
        id
    }
}
