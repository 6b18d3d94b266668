//! The check that makes a plan safe to execute: every index, the order of the nodes, and what expressions point at.

use crate::declared::{Field, TypeKind};
use crate::expr::Expr;
use crate::flow::{Await, AwaitKind, Caught, Fork, Handler, Join, Map, RegionKind};
use crate::name::Name;
use crate::node::{EdgeKind, Node, NodeKind};
use crate::operation::{Effect, Operation};
use crate::plan::{Plan, PlanError};
use crate::reach::{Reach, levels_of_functions};
use crate::types::Type;

impl Plan {
    /// Tests every index, the order of the nodes and the edges that each kind of node needs.
    pub fn check(&self) -> Result<(), PlanError> {
        let wrong = |what: String| Err(PlanError::Inconsistent(what));
        if self.nodes.is_empty() || self.scopes.is_empty() || self.succ_off.len() != self.nodes.len() + 1 {
            return wrong("nodes, scopes or edge offsets are missing".into());
        }
        if self.succ_off.windows(2).any(|pair| pair[0] > pair[1])
            || self.succ_off.first() != Some(&0)
            || self.succ_off.last().map(|end| *end as usize) != Some(self.succ.len())
        {
            return wrong("the edge offsets do not grow to the number of edges".into());
        }
        for (index, scope) in self.scopes.iter().enumerate() {
            let sound = if index == 0 {
                scope.parent.is_none()
            } else {
                scope.parent.is_some_and(|p| (p as usize) < index)
            };
            if !sound {
                return wrong(format!("scope {} has no scope around it", scope.id));
            }
        }
        self.check_regions().or_else(wrong)?;
        if self.params.len() > self.slots as usize {
            return wrong("parameters without a slot".into());
        }
        let levels = levels_of_functions(self.library()).map_err(PlanError::Inconsistent)?;
        let reach = Reach { library: self.library(), levels: &levels, slots: self.slots };
        let mut ids = std::collections::BTreeSet::new();
        for (index, node) in self.nodes.iter().enumerate() {
            if !ids.insert(&node.id) {
                return wrong(format!("two nodes are named {}", node.id));
            }
            let sound = self.check_node(index as u32, node).and_then(|()| check_node_reach(reach, node));
            sound.or_else(|what| wrong(format!("node {}: {what}", node.id)))?;
        }
        reach.test(&self.key, 0).or_else(|what| wrong(format!("the key: {what}")))?;
        let found = self.attributes.iter().map(|(_, _, value)| value);
        let per = self.limit.iter().filter_map(|(_, per)| per.as_ref());
        let mut clauses = found.chain(per).chain(&self.priority);
        clauses.try_for_each(|expr| reach.test(expr, 0)).or_else(wrong)?;
        self.check_tables(reach).or_else(wrong)
    }

    /// Every region but the first lies in an earlier one, and has slots that are there.
    fn check_regions(&self) -> Result<(), String> {
        for (index, region) in self.regions.iter().enumerate() {
            let sound = match region.parent {
                None => index == 0 && region.kind == RegionKind::Body,
                Some(parent) => (parent as usize) < index && region.kind != RegionKind::Body,
            };
            let slots = match region.kind {
                RegionKind::Item { first, end } | RegionKind::Round { first, end } => {
                    first <= end && end <= self.slots
                }
                _ => true,
            };
            if !sound || !slots {
                return Err(format!("region {} has no place", region.id));
            }
        }
        Ok(())
    }

    fn has_region(&self, region: u32) -> bool {
        region == 0 || (region as usize) < self.regions.len()
    }

    fn check_node(&self, index: u32, node: &Node) -> Result<(), String> {
        if node.scope as usize >= self.scopes.len() {
            return Err("its scope is not there".into());
        }
        if !self.has_region(node.region) {
            return Err("its region is not there".into());
        }
        let known = |handler: &Handler| match handler.on {
            Caught::Error(error) => self.is_kind(error, |kind| matches!(kind, TypeKind::Error(_))),
            _ => true,
        };
        if !node.kind.handlers().iter().all(known) {
            return Err("an error that it handles is not there".into());
        }
        if let Some(edge) =
            self.successors(index).iter().find(|e| e.to <= index || e.to as usize >= self.nodes.len())
        {
            return Err(format!("an edge leads to node {}", edge.to));
        }
        let needs = |kind: EdgeKind| self.target(index, kind).map(|_| ()).ok_or(format!("no edge {kind:?}"));
        match &node.kind {
            NodeKind::Call(call) => {
                needs(EdgeKind::Order)?;
                let operation =
                    self.operations.get(call.operation as usize).ok_or("its operation is not there")?;
                let known = |name: &Name| operation.params.iter().any(|p| p.name == *name);
                if !call.args.iter().all(|(name, _)| known(name)) {
                    return Err("an argument has no parameter".into());
                }
                (0..call.handlers.len() as u32).try_for_each(|i| needs(EdgeKind::Error(i)))
            }
            NodeKind::Choice { arms, .. } => (0..arms.len() as u32).try_for_each(|i| needs(EdgeKind::Arm(i))),
            NodeKind::Enter { scope, .. } | NodeKind::Exit { scope }
                if *scope as usize >= self.scopes.len() =>
            {
                Err("its scope is not there".into())
            }
            NodeKind::Enter { handlers, .. } => {
                needs(EdgeKind::Order)?;
                (0..handlers.len() as u32).try_for_each(|i| needs(EdgeKind::Error(i)))
            }
            NodeKind::Emit { event, .. } if !self.is_kind(*event, |k| matches!(k, TypeKind::Event(_))) => {
                Err("its event is not there".into())
            }
            NodeKind::Fail { error, .. } if !self.is_kind(*error, |k| matches!(k, TypeKind::Error(_))) => {
                Err("its error is not there".into())
            }
            NodeKind::Return { .. } | NodeKind::Fail { .. } | NodeKind::Restart { .. } => Ok(()),
            NodeKind::End { region } if !self.has_region(*region) => Err("its region is not there".into()),
            NodeKind::End { .. } => Ok(()),
            kind => self.check_flow(index, kind),
        }
    }

    /// The nodes that run several paths, wait, or start other workflows.
    fn check_flow(&self, index: u32, kind: &NodeKind) -> Result<(), String> {
        let needs = |kind: EdgeKind| self.target(index, kind).map(|_| ()).ok_or(format!("no edge {kind:?}"));
        needs(EdgeKind::Order)?;
        let handlers = match kind {
            NodeKind::Fork(fork) => {
                self.check_fork(index, fork)?;
                (0..fork.branches.len() as u32).try_for_each(|i| needs(EdgeKind::Branch(i)))?;
                0
            }
            NodeKind::Join(join) => join.handlers.len(),
            NodeKind::Map(map) => {
                needs(EdgeKind::Body)?;
                if !self.has_region(map.region) || map.scope as usize >= self.scopes.len() {
                    return Err("its region is not there".into());
                }
                map.handlers.len()
            }
            NodeKind::Loop(rounds) => {
                needs(EdgeKind::Body)?;
                if !self.has_region(rounds.region) || rounds.times == 0 {
                    return Err("its rounds are not there".into());
                }
                0
            }
            NodeKind::Await(awaited) => {
                if let Some((operation, _)) = awaited.remind.as_ref().and_then(|remind| remind.using.as_ref())
                    && *operation as usize >= self.operations.len()
                {
                    return Err("its reminder is not there".into());
                }
                awaited.handlers.len()
            }
            NodeKind::SubWorkflow(run) => run.handlers.len(),
            _ => 0,
        };
        (0..handlers as u32).try_for_each(|i| needs(EdgeKind::Error(i)))
    }

    fn check_fork(&self, index: u32, fork: &Fork) -> Result<(), String> {
        let join = self.nodes.get(fork.join as usize).map(|node| &node.kind);
        let paired = matches!(join, Some(NodeKind::Join(join)) if join.fork == index && join.values.len() == fork.branches.len());
        let regions = fork.branches.iter().all(|region| self.has_region(*region) && *region > 0);
        match paired && regions {
            true => Ok(()),
            false => Err("its join or branches are not there".into()),
        }
    }

    fn is_kind(&self, index: u32, test: impl Fn(&TypeKind) -> bool) -> bool {
        self.types.get(index as usize).is_some_and(|def| test(&def.kind))
    }

    /// The type that a refined type restricts, if that is a named one.
    fn other_name_of(&self, index: u32) -> Option<u32> {
        let TypeKind::Refined { base, .. } = &self.types.get(index as usize)?.kind else { return None };
        let mut base = base;
        while let Type::Optional(inner) = base {
            base = inner;
        }
        if let Type::Named(index) = base { Some(*index) } else { None }
    }

    fn check_tables(&self, reach: Reach<'_>) -> Result<(), String> {
        let is_error = |index: &u32| self.is_kind(*index, |k| matches!(k, TypeKind::Error(_)));
        for operation in &self.operations {
            let there = |index: u32| (index as usize) < self.operations.len();
            let undo = match &operation.effect {
                Effect::Compensable { undo, .. } => there(*undo),
                _ => true,
            };
            let confirm = operation.confirm.as_ref().is_none_or(|confirm| there(confirm.operation));
            if !undo || !confirm || !operation.raises.iter().all(is_error) {
                return Err(format!(
                    "operation {} points at something that is not there",
                    operation.qualified()
                ));
            }
            check_operation_reach(reach, operation)
                .map_err(|what| format!("{}: {what}", operation.qualified()))?;
        }
        if !self.raises.iter().all(is_error) {
            return Err("a raised error is not there".into());
        }
        for index in 0..self.types.len() as u32 {
            // A type that is only another name must end in one that is more.
            let steps = std::iter::successors(Some(index), |index| self.other_name_of(*index));
            if steps.take(self.types.len() + 1).count() > self.types.len() {
                return Err(format!("type {index} stands for itself"));
            }
        }
        let fields = |fields: &[Field]| fields.iter().try_for_each(|field| check_field_reach(reach, field));
        fields(&self.params)?;
        reach.ty(&self.result)?;
        self.types.iter().try_for_each(|def| match &def.kind {
            TypeKind::Record(all) | TypeKind::Error(all) | TypeKind::Event(all) => fields(all),
            TypeKind::Enum(variants) => variants.iter().try_for_each(|variant| fields(&variant.fields)),
            TypeKind::Refined { base, rule } => {
                rule.iter().try_for_each(|rule| Reach { slots: 0, ..reach }.test(&rule.holds, 0))?;
                reach.ty(base)
            }
        })
    }
}

fn check_field_reach(reach: Reach<'_>, field: &Field) -> Result<(), String> {
    field.rule.iter().try_for_each(|rule| Reach { slots: 0, ..reach }.test(&rule.holds, 0))?;
    reach.ty(&field.ty)
}

/// An operation's expressions see its parameters, and those of its undoing also the result.
fn check_operation_reach(reach: Reach<'_>, operation: &Operation) -> Result<(), String> {
    operation.params.iter().try_for_each(|param| check_field_reach(reach, param))?;
    reach.ty(&operation.result)?;
    let reach = Reach { slots: 0, ..reach };
    let params = operation.params.len() as u32;
    if let Some(idempotency) = &operation.idempotent {
        reach.test(&idempotency.key, params)?;
    }
    if let Some(confirm) = &operation.confirm {
        confirm.args.iter().try_for_each(|(_, value)| reach.test(value, params))?;
    }
    match &operation.effect {
        Effect::Compensable { args, .. } => {
            args.iter().try_for_each(|(_, value)| reach.test(value, params + 1))
        }
        _ => Ok(()),
    }
}

fn check_node_reach(reach: Reach<'_>, node: &Node) -> Result<(), String> {
    let named = |values: &[(Name, Expr)]| values.iter().try_for_each(|(_, value)| reach.test(value, 0));
    node.binds.iter().try_for_each(|bind| {
        reach.slot(bind.slot)?;
        reach.test(&bind.value, 0)
    })?;
    match &node.kind {
        NodeKind::Call(call) => {
            named(&call.args)?;
            let handlers = call.handlers.iter().filter_map(|handler| handler.bind.as_ref());
            call.result.iter().chain(handlers).try_for_each(|slot| reach.slot(*slot))
        }
        NodeKind::Choice { subject, arms } => {
            reach.test(subject, 0)?;
            arms.iter().try_for_each(|arm| {
                reach.pattern(&arm.pattern)?;
                arm.guard.iter().try_for_each(|guard| reach.test(guard, 0))
            })
        }
        NodeKind::Set { slot, value } => reach.slot(*slot).and_then(|()| reach.test(value, 0)),
        NodeKind::Emit { fields, .. } | NodeKind::Fail { fields, .. } => named(fields),
        NodeKind::Ensure { condition, .. } => reach.test(condition, 0),
        NodeKind::Return { value } => reach.test(value, 0),
        NodeKind::Restart { args } => named(args),
        NodeKind::Timer { time, .. } => reach.test(time, 0),
        NodeKind::Enter { handlers, .. } => {
            handlers.iter().filter_map(|handler| handler.bind).try_for_each(|slot| reach.slot(slot))
        }
        NodeKind::Fork(fork) => fork.within.iter().try_for_each(|limit| reach.test(limit, 0)),
        NodeKind::Join(join) => check_join_reach(reach, join),
        NodeKind::Map(map) => check_map_reach(reach, map),
        NodeKind::Loop(rounds) => {
            rounds.round.iter().try_for_each(|slot| reach.slot(*slot))?;
            rounds.every.iter().chain(&rounds.until).try_for_each(|expr| reach.test(expr, 0))
        }
        NodeKind::Await(awaited) => check_await_reach(reach, awaited),
        NodeKind::SubWorkflow(run) => {
            named(&run.args)?;
            run.gives.iter().try_for_each(|ty| reach.ty(ty))?;
            let handlers = run.handlers.iter().filter_map(|handler| handler.bind.as_ref());
            run.result.iter().chain(handlers).try_for_each(|slot| reach.slot(*slot))
        }
        NodeKind::Merge
        | NodeKind::Exit { .. }
        | NodeKind::End { .. }
        | NodeKind::Rollback
        | NodeKind::Commit => Ok(()),
    }
}

fn check_join_reach(reach: Reach<'_>, join: &Join) -> Result<(), String> {
    let handlers = join.handlers.iter().filter_map(|handler| handler.bind.as_ref());
    let values = join.values.iter().filter_map(|(_, slot)| slot.as_ref());
    values.chain(&join.result).chain(handlers).try_for_each(|slot| reach.slot(*slot))
}

fn check_map_reach(reach: Reach<'_>, map: &Map) -> Result<(), String> {
    reach.test(&map.list, 0)?;
    map.key.iter().try_for_each(|key| reach.test(key, 0))?;
    let handlers = map.handlers.iter().filter_map(|handler| handler.bind.as_ref());
    let mut slots = [&map.item].into_iter().chain(&map.value).chain(&map.result).chain(handlers);
    slots.try_for_each(|slot| reach.slot(*slot))
}

fn check_await_reach(reach: Reach<'_>, awaited: &Await) -> Result<(), String> {
    reach.ty(&awaited.ty)?;
    awaited.timeout.iter().try_for_each(|timeout| reach.test(timeout, 0))?;
    if let Some(remind) = &awaited.remind {
        reach.test(&remind.every, 0)?;
        remind.using.iter().flat_map(|(_, args)| args).try_for_each(|(_, value)| reach.test(value, 0))?;
    }
    match &awaited.kind {
        AwaitKind::Signal { condition, .. } => {
            condition.iter().try_for_each(|condition| reach.test(condition, 1))?;
        }
        AwaitKind::Human(task) => {
            let escalations = task.escalations.iter().flat_map(|(after, to)| [after, to]);
            let shown = task.show.iter().map(|(shown, _)| shown);
            let mut exprs = [&task.role].into_iter().chain(&task.title).chain(shown).chain(escalations);
            exprs.try_for_each(|expr| reach.test(expr, 0))?;
        }
    }
    let handlers = awaited.handlers.iter().filter_map(|handler| handler.bind.as_ref());
    awaited.result.iter().chain(handlers).try_for_each(|slot| reach.slot(*slot))
}
