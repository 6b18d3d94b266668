//! Whether values that an instance holds are made in the old version as they are in the new one: by the same expressions, of
//! parts that have the same types. Plans do not say the types of `let`s and `yield`s.

use std::collections::BTreeSet;

use wfl_ir::{Caught, Expr, Name, Node, NodeKind, Plan, Type, TypeKind};

use crate::compat::carries;
use crate::graph::Pair;
use crate::slots::{Filler, visit};
use crate::texts::{Texts, caught_name};

/// The type of what a node comes to, where the plan says it.
pub(crate) fn result_type(plan: &Plan, node: &Node) -> Option<Type> {
    match &node.kind {
        NodeKind::Call(call) => plan.operations.get(call.operation as usize).map(|it| it.result.clone()),
        NodeKind::SubWorkflow(run) => run.gives.clone(),
        NodeKind::Await(awaited) => Some(awaited.ty.clone()),
        _ => None,
    }
}

/// The nodes that put a block's value into a slot, with the value.
pub(crate) fn sets(plan: &Plan, slot: u32) -> Vec<(u32, &Expr)> {
    let nodes = (0_u32..).zip(&plan.nodes);
    let sets = nodes.filter_map(|(at, node)| match &node.kind {
        NodeKind::Set { slot: to, value } if *to == slot => Some((at, value)),
        _ => None,
    });
    sets.collect()
}

impl Pair<'_> {
    /// Whether a value of the old version's type is one of the new version's type.
    pub(crate) fn carries(&self, old: &Type, new: &Type) -> bool {
        carries(self.old.plan.library(), old, self.new.plan.library(), new)
    }

    /// The old node for a new one.
    pub(crate) fn old_of(&self, new: u32) -> Option<(u32, &Node)> {
        let old = self.matching.to_old(new)?;
        Some((old, &self.old.plan.nodes[old as usize]))
    }

    /// Whether a slot of the old plan holds what one of the new plan would.
    pub(crate) fn same_value(&self, old: u32, new: u32) -> bool {
        let (from, to) = (sets(self.old.plan, old), sets(self.new.plan, new));
        let keys = |texts: &Texts<'_>, all: &[(u32, &Expr)]| -> BTreeSet<String> {
            all.iter().map(|(_, value)| texts.expr(value).key).collect()
        };
        let same = keys(&self.old, &from).is_subset(&keys(&self.new, &to));
        same && to.iter().all(|(_, value)| self.parts_fit(value))
    }

    /// Whether items or branches give what they give in the new version.
    pub(crate) fn same_yields(&self, old: &Node, new: &Node) -> bool {
        let both = |was: Option<u32>, is: Option<u32>| match (was, is) {
            (Some(was), Some(is)) => self.same_value(was, is),
            // What nobody reads is not kept.
            (_, None) => true,
            (None, Some(_)) => false,
        };
        match (&old.kind, &new.kind) {
            (NodeKind::Map(was), NodeKind::Map(is)) => {
                both(was.value, is.value) && was.tolerated.is_some() == is.tolerated.is_some()
            }
            (NodeKind::Join(was), NodeKind::Join(is)) => {
                let policy = |plan: &Plan, fork: u32| match &plan.nodes[fork as usize].kind {
                    NodeKind::Fork(fork) => Some(fork.policy),
                    _ => None,
                };
                let pairs = was.values.iter().zip(&is.values);
                let mut values = pairs.map(|(was, is)| was.0 == is.0 && both(was.1, is.1));
                policy(self.old.plan, was.fork) == policy(self.new.plan, is.fork)
                    && was.values.len() == is.values.len()
                    && values.all(|same| same)
            }
            _ => true,
        }
    }

    /// Whether all that an expression of the new plan is made of has the type that it had in the old one.
    pub(crate) fn parts_fit(&self, expr: &Expr) -> bool {
        self.fit(expr, &mut BTreeSet::new())
    }

    fn fit(&self, expr: &Expr, seen: &mut BTreeSet<u32>) -> bool {
        let mut fits = true;
        visit(expr, &mut |part| {
            if let Expr::Field(base, name) = part
                && let Expr::Slot(slot) = **base
                && let Some(field) = self.field_fits(slot, name)
            {
                fits &= field;
                return false;
            }
            if let Expr::Slot(slot) = part {
                fits &= !seen.insert(*slot) || self.slot_fits(*slot, seen);
            }
            true
        });
        fits
    }

    /// Of a parameter only the field counts that is read; none if the slot is no parameter that is a record.
    fn field_fits(&self, slot: u32, name: &Name) -> Option<bool> {
        let param = self.new.plan.params.get(slot as usize)?;
        let was = self.old.plan.params.iter().find(|it| it.name == param.name)?;
        let is = field(self.new.plan, &param.ty, name)?;
        Some(field(self.old.plan, &was.ty, name).is_some_and(|was| self.carries(was, is)))
    }

    fn slot_fits(&self, slot: u32, seen: &mut BTreeSet<u32>) -> bool {
        let new = self.new.plan;
        let Some(first) = self.new.fillers.get(slot as usize).and_then(|all| all.first()) else {
            return true;
        };
        match *first {
            Filler::Param(at) => {
                let param = &new.params[at as usize];
                let was = self.old.plan.params.iter().find(|it| it.name == param.name);
                was.is_some_and(|was| self.carries(&was.ty, &param.ty))
            }
            Filler::Result(node) => self.old_of(node).is_some_and(|(_, was)| {
                let is = &new.nodes[node as usize];
                let types = result_type(self.old.plan, was).zip(result_type(new, is));
                types.is_none_or(|(was, is)| self.carries(&was, &is)) && self.same_yields(was, is)
            }),
            Filler::Bind(node, order) => {
                let bind = new.nodes[node as usize].binds.get(order as usize);
                bind.is_none_or(|bind| self.fit(&bind.value, seen))
            }
            Filler::Set(_) => sets(new, slot).iter().all(|(_, value)| self.fit(value, seen)),
            Filler::Caught(node, handler) => self.error_fits(node, handler),
            Filler::Item(node) => match &new.nodes[node as usize].kind {
                NodeKind::Map(map) => self.fit(&map.list, seen),
                _ => true,
            },
            Filler::Arm(node, ..) => match &new.nodes[node as usize].kind {
                NodeKind::Choice { subject, .. } => self.fit(subject, seen),
                _ => true,
            },
            Filler::Round(_) => true,
        }
    }

    /// Whether what a handler caught has the same fields.
    pub(crate) fn error_fits(&self, node: u32, handler: u32) -> bool {
        let (old, new) = (self.old.plan, self.new.plan);
        let caught = new.nodes[node as usize].kind.handlers().get(handler as usize).map(|it| it.on);
        let (Some(Caught::Error(is)), Some((_, was))) = (caught, self.old_of(node)) else { return true };
        let name = caught_name(new, Caught::Error(is));
        let same = was.kind.handlers().iter().find(|it| caught_name(old, it.on) == name);
        match same.map(|it| it.on) {
            Some(Caught::Error(was)) => self.carries(&Type::Named(was), &Type::Named(is)),
            _ => true,
        }
    }
}

/// The type of a field of a record.
fn field<'p>(plan: &'p Plan, ty: &Type, name: &Name) -> Option<&'p Type> {
    let Type::Named(index) = ty else { return None };
    match plan.types.get(*index as usize).map(|def| &def.kind) {
        Some(TypeKind::Record(fields)) => {
            fields.iter().find(|field| field.name == *name).map(|field| &field.ty)
        }
        _ => None,
    }
}
