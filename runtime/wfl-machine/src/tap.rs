//! What the machine does node by node, for tests that hold it against what was proved of a plan. Only with the feature
//! `planted`, and only while a thread listens; otherwise nothing is written down.

#[cfg(feature = "planted")]
use std::cell::RefCell;

use wfl_ir::Name;
use wfl_record::InstanceId;

use crate::fact::Fact;

/// Something that happened.
#[cfg(feature = "planted")]
#[derive(Clone, Debug)]
pub enum Tapped {
    /// A strand came to a node.
    Node {
        /// The instance.
        instance: InstanceId,
        /// The strand: a branch, an item, or the body.
        strand: u32,
        /// The strand that it is a part of.
        parent: Option<u32>,
        /// The node.
        node: u32,
        /// Its name, with the item.
        name: Name,
    },
    /// A fact.
    Fact {
        /// The instance.
        instance: InstanceId,
        /// Which.
        fact: Fact,
    },
}

#[cfg(feature = "planted")]
thread_local! {
    static HEARD: RefCell<Option<Vec<Tapped>>> = const { RefCell::new(None) };
    static TOLD: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// From now on what this thread folds is written down.
#[cfg(feature = "planted")]
pub fn listen() {
    HEARD.set(Some(Vec::new()));
}

/// What was written down; from now on nothing is.
#[cfg(feature = "planted")]
pub fn heard() -> Vec<Tapped> {
    HEARD.take().unwrap_or_default()
}

/// A fold begins.
#[cfg(feature = "planted")]
pub(crate) fn begin() {
    TOLD.set(0);
}

/// A strand comes to a node; these are the facts of the fold so far.
#[cfg(feature = "planted")]
pub(crate) fn node(
    instance: InstanceId,
    (strand, parent): (u32, Option<u32>),
    node: u32,
    name: impl FnOnce() -> Name,
    facts: &[Fact],
) {
    tell(instance, facts);
    HEARD.with_borrow_mut(|heard| {
        if let Some(heard) = heard {
            heard.push(Tapped::Node { instance, strand, parent, node, name: name() });
        }
    });
}

/// These are all facts of the fold so far.
#[cfg(feature = "planted")]
pub(crate) fn tell(instance: InstanceId, facts: &[Fact]) {
    HEARD.with_borrow_mut(|heard| {
        if let Some(heard) = heard {
            let new = facts.iter().skip(TOLD.replace(facts.len())).cloned();
            heard.extend(new.map(|fact| Tapped::Fact { instance, fact }));
        }
    });
}

#[cfg(not(feature = "planted"))]
pub(crate) const fn begin() {}

#[cfg(not(feature = "planted"))]
pub(crate) fn node(_: InstanceId, _: (u32, Option<u32>), _: u32, _: impl FnOnce() -> Name, _: &[Fact]) {}

#[cfg(not(feature = "planted"))]
pub(crate) const fn tell(_: InstanceId, _: &[Fact]) {}
