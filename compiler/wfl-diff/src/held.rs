//! Whether an instance of the old version holds what the rest of the new version reads.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::{NodeKind, Plan};

use crate::graph::Pair;
use crate::made::{result_type, sets};
use crate::slots::{Filler, reads, result};
use crate::texts::{caught_name, last, shortened};
use crate::types::show;

/// What is held at a position of the old plan.
pub(crate) struct Held<'h, 'a> {
    pub(crate) pair: &'h Pair<'a>,
    /// The position.
    pub(crate) at: u32,
    /// The slots that are filled there.
    pub(crate) filled: &'h BTreeSet<u32>,
    /// The slots of the old plan by what they hold.
    pub(crate) keys: &'h BTreeMap<String, u32>,
}

/// What is the matter with a slot.
pub(crate) enum Slot {
    /// The instance holds it.
    There,
    /// It can be computed from what the instance holds; why that is needed.
    Computed(String),
    /// It cannot be had; why.
    Missing(String),
}

impl Held<'_, '_> {
    /// Looks after a slot of the new plan.
    pub(crate) fn slot(&self, slot: u32) -> Slot {
        self.look(slot, &mut BTreeSet::new())
    }

    fn look(&self, slot: u32, seen: &mut BTreeSet<u32>) -> Slot {
        if !seen.insert(slot) {
            return Slot::There;
        }
        let fillers = self.pair.new.fillers.get(slot as usize);
        let Some(first) = fillers.and_then(|fillers| fillers.first()) else { return Slot::There };
        match *first {
            // What the input lacks is told once for all positions.
            Filler::Param(_) => Slot::There,
            Filler::Result(node) => self.result(node),
            Filler::Item(node) | Filler::Round(node) => match self.pair.old_of(node) {
                Some(_) => Slot::There,
                None => missing(self.node_name(node), "old instances never began it"),
            },
            Filler::Caught(node, handler) => self.caught(node, handler),
            Filler::Arm(..) => self.arm(slot),
            Filler::Bind(node, order) => self.bind(slot, (node, order), seen),
            Filler::Set(_) => self.value(slot),
        }
    }

    fn node_name(&self, new: u32) -> String {
        let node = &self.pair.new.plan.nodes[new as usize];
        match &node.kind {
            NodeKind::Join(join) => last(&self.pair.new.plan.nodes[join.fork as usize].id).to_owned(),
            _ => last(&node.id).to_owned(),
        }
    }

    /// Whether a slot of the old plan is filled here, or will be by a branch beside this one.
    fn is_filled(&self, slot: u32, by: u32) -> bool {
        self.filled.contains(&slot) || is_beside(self.pair.old.plan, by, self.at)
    }

    fn result(&self, node: u32) -> Slot {
        let name = self.node_name(node);
        let Some((old, was)) = self.pair.old_of(node) else {
            return missing(name, "old instances never ran it");
        };
        let Some(slot) = result(&was.kind) else {
            return missing(name, "the old version did not keep its result");
        };
        if !self.is_filled(slot, old) {
            return missing(name, "it has not run yet where the old version rests");
        }
        let (from, to) = (self.pair.old.plan, self.pair.new.plan);
        if !self.pair.same_yields(was, &to.nodes[node as usize]) {
            return missing(name, "it gives something else in the new version");
        }
        match (result_type(from, was), result_type(to, &to.nodes[node as usize])) {
            (Some(was), Some(is)) if !self.pair.carries(&was, &is) => {
                let (was, is) = (show(from.library(), &was), show(to.library(), &is));
                let why = match was == is {
                    true => format!("{was} is another type in the new version"),
                    false => format!("old instances hold {was}, not {is}"),
                };
                missing(name, &why)
            }
            _ => Slot::There,
        }
    }

    fn caught(&self, node: u32, handler: u32) -> Slot {
        let new = self.pair.new.plan;
        let caught = new.nodes[node as usize].kind.handlers().get(handler as usize).map(|it| it.on);
        let word = caught.map(|on| caught_name(new, on)).unwrap_or_default();
        let gone = || missing(word.clone(), "the old version did not keep it");
        let Some((old, was)) = self.pair.old_of(node) else { return gone() };
        let plan = self.pair.old.plan;
        let same = was.kind.handlers().iter().find(|it| caught_name(plan, it.on) == word);
        match same.and_then(|it| it.bind) {
            Some(slot) if !self.is_filled(slot, old) => gone(),
            Some(_) if self.pair.error_fits(node, handler) => Slot::There,
            Some(_) => missing(word.clone(), "its fields are others in the new version"),
            None => gone(),
        }
    }

    /// What an arm of a choice bound: the same part of the same value.
    fn arm(&self, slot: u32) -> Slot {
        let text = self.pair.new.slot(slot);
        match self.keys.get(&text.key) {
            Some(old) if self.filled.contains(old) => Slot::There,
            _ => missing(text.show, "the old version chose by something else"),
        }
    }

    /// A `let` depends on nothing but what it reads: it is computed anew where the old version had none. Where it had
    /// another one, the instance may have acted on that.
    fn bind(&self, slot: u32, (node, order): (u32, u32), seen: &mut BTreeSet<u32>) -> Slot {
        let text = self.pair.new.slot(slot);
        let new = self.pair.new.plan;
        let value = new.nodes[node as usize].binds.get(order as usize).map(|bind| &bind.value);
        if self.keys.get(&text.key).is_some_and(|it| self.filled.contains(it)) {
            return match value.is_none_or(|value| self.pair.parts_fit(value)) {
                true => Slot::There,
                false => missing(shortened(&text.show), "what it is made of has another type"),
            };
        }
        if let Some((_, was)) = self.pair.old_of(node)
            && let Some(bind) = was.binds.get(order as usize)
            && self.filled.contains(&bind.slot)
        {
            let show = shortened(&self.pair.old.slot(bind.slot).show);
            return missing(shortened(&text.show), &format!("old instances went on with {show}"));
        }
        let mut needed = Vec::new();
        value.into_iter().for_each(|value| reads(value, &mut |slot| needed.push(slot)));
        for slot in needed {
            if let Slot::Missing(why) = self.look(slot, seen) {
                return Slot::Missing(why);
            }
        }
        Slot::Computed(format!("`{}` is computed from what is known", shortened(&text.show)))
    }

    /// The value of a block: by the same `yield`s.
    fn value(&self, slot: u32) -> Slot {
        let show = self.pair.new.slot(slot).show;
        let was = sets(self.pair.new.plan, slot).iter().find_map(|(at, _)| {
            let (old, node) = self.pair.old_of(*at)?;
            match &node.kind {
                NodeKind::Set { slot, .. } => Some((old, *slot)),
                _ => None,
            }
        });
        let Some((by, was)) = was else {
            return missing(show, "old instances have no such value");
        };
        if !self.is_filled(was, by) {
            return missing(show, "it is not there yet where the old version rests");
        }
        match self.pair.same_value(was, slot) {
            true => Slot::There,
            false => missing(show, "its `yield`s give something else in the new version"),
        }
    }
}

fn missing(what: String, why: &str) -> Slot {
    Slot::Missing(format!("`{what}` is read later, and {why}"))
}

/// The regions around a node, itself first.
pub(crate) fn regions(plan: &Plan, node: u32) -> Vec<u32> {
    let parent = |region: &u32| plan.regions.get(*region as usize).and_then(|it| it.parent);
    std::iter::successors(Some(plan.nodes[node as usize].region), parent).collect()
}

/// Whether two nodes lie in different branches of one `parallel`.
fn is_beside(plan: &Plan, one: u32, other: u32) -> bool {
    let (one, other) = (regions(plan, one), regions(plan, other));
    plan.nodes.iter().any(|node| match &node.kind {
        NodeKind::Fork(fork) => {
            let of = |chain: &[u32]| fork.branches.iter().find(|branch| chain.contains(branch)).copied();
            matches!((of(&one), of(&other)), (Some(one), Some(other)) if one != other)
        }
        _ => false,
    })
}
