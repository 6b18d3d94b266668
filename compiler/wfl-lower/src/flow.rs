//! Constructs that run several paths, wait, or start other workflows, to nodes and regions.

use wfl_analysis::hir::{self, Await, AwaitKind, Foreach, Join, Parallel, Repeat, Run};
use wfl_ir::flow;
use wfl_ir::{EdgeKind, Handler, NodeKind, RegionKind};

use crate::graph::Loose;
use crate::names::names_in;
use crate::statement::Lowering;
use crate::walk::Numbers;

impl Lowering<'_, '_> {
    pub(crate) fn handlers(&self, handlers: &[hir::Handler]) -> Vec<Handler> {
        let handler = |handler: &hir::Handler| Handler {
            on: self.link.caught(&handler.on),
            bind: handler.bind.map(|slot| self.link.slot_number(slot)),
        };
        handlers.iter().map(handler).collect()
    }

    /// Lowers the blocks of handlers behind a node; gives their loose ends.
    pub(crate) fn handler_blocks(
        &mut self,
        node: petgraph::graph::NodeIndex<u32>,
        handlers: &[hir::Handler],
    ) -> Vec<Loose> {
        let mut ends = Vec::new();
        let outside = std::mem::replace(&mut self.graph.origin.in_handler, true);
        for (number, handler) in handlers.iter().enumerate() {
            self.graph.ends = vec![(node, EdgeKind::Error(number as u32))];
            self.inner(&handler.body);
            ends.append(&mut self.graph.ends);
        }
        self.graph.origin.in_handler = outside;
        ends
    }

    pub(crate) fn result(&self, slot: u32) -> Option<u32> {
        self.link.is_read(slot).then(|| self.link.slot_number(slot))
    }

    pub(crate) fn parallel(&mut self, parallel: &Parallel) {
        let policy = match parallel.join {
            Join::All => flow::JoinPolicy::All,
            Join::Any => flow::JoinPolicy::Any,
            Join::Quorum(needed) => flow::JoinPolicy::Quorum(needed),
        };
        let (finish, branches) = (parallel.finish, Vec::new());
        let within = parallel.within.as_ref().map(|limit| self.link.expr(limit));
        let kind = flow::Fork { join: 0, policy, branches, finish, within };
        let fork = self.graph.add_named(&parallel.name, NodeKind::Fork(Box::new(kind)));
        let mut ends: Vec<Loose> = vec![(fork, EdgeKind::Order)];
        let mut regions = Vec::new();
        self.graph.open(&parallel.name, Default::default());
        for (number, branch) in parallel.branches.iter().enumerate() {
            self.graph.can_leave(branch.target);
            self.graph.open(&branch.name, names_in(&branch.body));
            regions.push(self.graph.new_region(RegionKind::Branch).0);
            self.graph.ends = vec![(fork, EdgeKind::Branch(number as u32))];
            self.inner(&branch.body);
            let mut branch_ends = std::mem::take(&mut self.graph.ends);
            branch_ends.append(&mut self.graph.take_left(branch.target));
            // A branch without a node of its own still is an edge from the fork.
            ends.append(&mut branch_ends);
            self.graph.close();
        }
        self.graph.ends = ends;
        let value = |branch: &hir::Branch| {
            let filled = self.link.is_filled(branch.slot) && self.link.is_read(branch.slot);
            (branch.name.clone(), filled.then(|| self.link.slot_number(branch.slot)))
        };
        let join = flow::Join {
            fork: fork.index() as u32,
            values: parallel.branches.iter().map(value).collect(),
            result: self.result(parallel.slot),
            handlers: self.handlers(&parallel.handlers),
        };
        let join = self.graph.add_named("join", NodeKind::Join(Box::new(join)));
        self.graph.close();
        if let NodeKind::Fork(kind) = &mut self.graph.graph[fork].kind {
            (kind.join, kind.branches) = (join.index() as u32, regions);
        }
        let mut ends = vec![(join, EdgeKind::Order)];
        ends.append(&mut self.handler_blocks(join, &parallel.handlers));
        ends.append(&mut self.graph.take_left(parallel.target));
        self.graph.meet(ends);
    }

    pub(crate) fn foreach(&mut self, foreach: &Foreach) {
        let link = self.link;
        let filled = link.is_filled(foreach.body_slot) && link.is_read(foreach.body_slot);
        let kind = flow::Map {
            region: 0,
            scope: 0,
            list: link.expr(&foreach.list),
            item: link.slot_number(foreach.item),
            key: foreach.key.as_ref().map(|key| link.expr(key)),
            limit: foreach.limit,
            rate: foreach.rate,
            tolerated: foreach.tolerated,
            value: filled.then(|| link.slot_number(foreach.body_slot)),
            result: self.result(foreach.slot),
            handlers: self.handlers(&foreach.handlers),
        };
        let node = self.graph.add_named(&foreach.name, NodeKind::Map(Box::new(kind)));
        self.graph.can_leave(foreach.body_target);
        self.graph.open(&foreach.name, names_in(&foreach.body));
        let scope = self.graph.new_scope(false);
        let (first, end) = link.slot_range(&foreach.frame);
        let (region, _) = self.graph.new_region(RegionKind::Item { first, end });
        self.region_body(node, &foreach.body, foreach.body_target, region);
        if let NodeKind::Map(kind) = &mut self.graph.graph[node].kind {
            (kind.region, kind.scope) = (region, scope);
        }
        let mut ends = vec![(node, EdgeKind::Order)];
        ends.append(&mut self.handler_blocks(node, &foreach.handlers));
        ends.append(&mut self.graph.take_left(foreach.target));
        self.graph.meet(ends);
    }

    /// Lowers the body of a map or loop, whose part of the path is open, and closes it.
    fn region_body(
        &mut self,
        node: petgraph::graph::NodeIndex<u32>,
        body: &hir::Block,
        target: hir::Target,
        region: u32,
    ) {
        self.graph.ends = vec![(node, EdgeKind::Body)];
        self.inner(body);
        let left = self.graph.take_left(target);
        self.graph.ends.extend(left);
        if !self.graph.ends.is_empty() {
            self.graph.add("end", NodeKind::End { region });
            self.graph.ends.clear();
        }
        self.graph.close();
    }

    pub(crate) fn repeat(&mut self, repeat: &Repeat) {
        let kind = flow::Loop {
            region: 0,
            times: repeat.times,
            every: repeat.every.as_ref().map(|every| self.link.expr(every)),
            until: repeat.until.as_ref().map(|until| self.link.expr(until)),
            round: self.result(repeat.round),
        };
        let node = self.graph.add_named(&repeat.name, NodeKind::Loop(Box::new(kind)));
        self.graph.can_leave(repeat.target);
        self.graph.open(&repeat.name, names_in(&repeat.body));
        let (first, end) = self.link.slot_range(&repeat.frame);
        let (region, _) = self.graph.new_region(RegionKind::Round { first, end });
        self.region_body(node, &repeat.body, repeat.target, region);
        if let NodeKind::Loop(kind) = &mut self.graph.graph[node].kind {
            kind.region = region;
        }
        self.graph.meet(vec![(node, EdgeKind::Order)]);
    }

    pub(crate) fn awaited(&mut self, awaited: &Await) {
        let link = self.link;
        let remind = awaited.remind.as_ref().map(|(every, reminder)| flow::Remind {
            every: link.expr(every),
            using: reminder
                .as_ref()
                .map(|reminder| (link.operation_number(reminder.operation), link.args(&reminder.args))),
        });
        let kind = flow::Await {
            kind: self.await_kind(&awaited.kind),
            ty: link.ty(&awaited.ty),
            result: self.result(awaited.slot),
            timeout: awaited.timeout.as_ref().map(|(after, _)| link.expr(after)),
            remind,
            handlers: self.handlers(&awaited.handlers),
        };
        let node = self.graph.add_named(&awaited.name, NodeKind::Await(Box::new(kind)));
        let mut ends = vec![(node, EdgeKind::Order)];
        if let Some((_, Some(late))) = &awaited.timeout {
            self.graph.ends = vec![(node, EdgeKind::Timeout)];
            let outside = std::mem::replace(&mut self.graph.origin.in_handler, true);
            self.inner(late);
            self.graph.origin.in_handler = outside;
            ends.append(&mut self.graph.ends);
        }
        ends.append(&mut self.handler_blocks(node, &awaited.handlers));
        ends.append(&mut self.graph.take_left(awaited.target));
        self.graph.meet(ends);
    }

    fn await_kind(&self, kind: &AwaitKind) -> flow::AwaitKind {
        let link = self.link;
        match kind {
            AwaitKind::Signal { channel, condition } => flow::AwaitKind::Signal {
                channel: channel.clone(),
                condition: condition.as_ref().map(|condition| link.expr(condition)),
            },
            AwaitKind::Human(task) => {
                let escalations = task.escalations.iter();
                flow::AwaitKind::Human(Box::new(flow::Task {
                    name: task.name.clone(),
                    role: link.expr(&task.role),
                    approvals: task.approvals,
                    most: task.most,
                    title: task.title.as_ref().map(|title| link.expr(title)),
                    show: task.show.as_ref().map(|(shown, ty)| (link.expr(shown), link.ty(ty))),
                    escalations: escalations.map(|(after, to)| (link.expr(after), link.expr(to))).collect(),
                }))
            }
        }
    }

    pub(crate) fn run(&mut self, run: &Run) {
        let callee = &self.program.workflows[run.workflow as usize];
        let Some(plan) = self.children.get(&run.workflow).copied() else {
            self.orphans.push(callee.name.to_string());
            return;
        };
        self.graph.origin.callee = Some(run.workflow);
        let kind = flow::SubWorkflow {
            workflow: callee.name.clone(),
            plan,
            args: self.link.args(&run.args),
            result: self.result(run.slot),
            gives: self.result(run.slot).filter(|_| !run.detached).map(|_| self.link.ty(&callee.result)),
            detached: run.detached,
            pivot: run.pivot.is_some(),
            when_cancelled: match run.when_cancelled {
                hir::ParentCancel::Cancel => flow::ParentCancel::Cancel,
                hir::ParentCancel::Await => flow::ParentCancel::Await,
                hir::ParentCancel::Abandon => flow::ParentCancel::Abandon,
            },
            timeout: run.timeout,
            handlers: self.handlers(&run.handlers),
        };
        let node = self.graph.add_named(&run.name, NodeKind::SubWorkflow(Box::new(kind)));
        let mut ends = vec![(node, EdgeKind::Order)];
        ends.append(&mut self.handler_blocks(node, &run.handlers));
        ends.append(&mut self.graph.take_left(run.target));
        self.graph.meet(ends);
    }

    pub(crate) fn shield(&mut self, body: &hir::Block) {
        let (_, outer) = self.graph.new_region(RegionKind::Shield);
        self.inner(body);
        self.graph.set_region(outer);
    }
}
