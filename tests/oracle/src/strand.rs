//! What one path through a plan carries with it: its values, its open scopes with what they owe, and what was before.

use std::sync::Arc;

use wfl_eval::Facts;
use wfl_ir::{Fields, Name, Plan, Value};

use crate::story::Event;

/// What is owed.
#[derive(Clone, Debug)]
pub(crate) enum Debt {
    /// The effect with this number.
    Effect(usize),
    /// One after the other: the last one is undone first.
    Sequence(Vec<Debt>),
    /// Side by side.
    Beside(Vec<Debt>),
}

/// An open compensation scope.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    debts: Vec<Debt>,
    /// Whether its debts are undone side by side.
    parallel: bool,
    /// Whether it was rolled back.
    pub(crate) rolled: bool,
}

impl Open {
    pub(crate) fn new(parallel: bool) -> Open {
        Open { debts: Vec::new(), parallel, rolled: false }
    }

    /// Takes what it owes.
    pub(crate) fn take(&mut self) -> Debt {
        let debts = std::mem::take(&mut self.debts);
        if self.parallel { Debt::Beside(debts) } else { Debt::Sequence(debts) }
    }
}

/// What may end a path from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stops {
    /// A cancellation or a deadline of the whole. Behind the point of no return it is refused.
    pub(crate) outside: bool,
    /// A branch or an item beside it, or a time limit around it.
    pub(crate) beside: bool,
}

/// A path under way.
#[derive(Clone, Debug)]
pub(crate) struct Strand {
    pub(crate) slots: Vec<Option<Value>>,
    /// The last events that were before all that follows.
    pub(crate) after: Vec<Event>,
    pub(crate) scopes: Vec<Open>,
    pub(crate) stops: Stops,
    /// The region that the path began in.
    pub(crate) region: u32,
    /// Whether its failure would only be counted.
    pub(crate) counted: bool,
    /// The shield that it is in, once something of it has begun.
    pub(crate) shield: Option<u32>,
}

impl Debt {
    /// Whether nothing is owed.
    pub(crate) fn is_nothing(&self) -> bool {
        match self {
            Debt::Effect(_) => false,
            Debt::Sequence(debts) | Debt::Beside(debts) => debts.iter().all(Debt::is_nothing),
        }
    }
}

impl Strand {
    pub(crate) fn new(
        slots: Vec<Option<Value>>,
        after: Vec<Event>,
        stops: Stops,
        region: u32,
        parallel: bool,
    ) -> Strand {
        Strand {
            slots,
            after,
            scopes: vec![Open::new(parallel)],
            stops,
            region,
            counted: false,
            shield: None,
        }
    }

    /// The nearest open scope.
    pub(crate) fn scope(&mut self) -> &mut Open {
        if self.scopes.is_empty() {
            self.scopes.push(Open::new(false));
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    pub(crate) fn owe(&mut self, debt: Debt) {
        self.scope().debts.push(debt);
    }

    /// Takes what all open scopes owe, the outermost first.
    pub(crate) fn take_debts(&mut self) -> Vec<Debt> {
        self.scopes.iter_mut().map(Open::take).collect()
    }

    pub(crate) fn set(&mut self, slot: Option<u32>, value: Value) {
        if let Some(slot) = slot {
            let slot = slot as usize;
            if self.slots.len() <= slot {
                self.slots.resize(slot + 1, None);
            }
            self.slots[slot] = Some(value);
        }
    }
}

/// An instance under way.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) plan: Arc<Plan>,
    pub(crate) facts: Facts,
    /// Whether the point of no return is behind.
    pub(crate) passed: bool,
}

/// An error on its way outwards, by its short name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raised {
    pub(crate) error: Name,
    pub(crate) fields: Fields,
}

impl Raised {
    pub(crate) fn new(error: &str, fields: Fields) -> Raised {
        Raised { error: Name::from(error), fields }
    }
}

/// How a path ends.
#[derive(Clone, Debug)]
pub(crate) enum Done {
    /// At its end.
    Reached,
    /// By `return`.
    Returned(Value),
    /// By an error that nothing on it took.
    Raised(Raised),
    /// By something from outside.
    Stopped,
    /// By `restart`.
    Restarted(Fields),
}

/// What follows on a node.
pub(crate) enum Next {
    /// Another node.
    To(u32),
    /// The end of the path.
    Ended(Done),
}

/// Why a way through the choices is none that was seen, or none at all.
#[derive(Clone, Debug)]
pub(crate) struct Dead {
    /// How many calls it explains until then.
    pub(crate) explained: usize,
    pub(crate) rule: &'static str,
    pub(crate) place: Name,
}

pub(crate) type Flow<T> = Result<T, Dead>;

/// Several events that are the last ones together.
pub(crate) fn union(of: impl IntoIterator<Item = Vec<Event>>) -> Vec<Event> {
    let mut all: Vec<Event> = of.into_iter().flatten().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// How an instance ends, before what follows from that.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Completed(Value),
    Failed(Raised),
    Stopped,
}

/// An instance that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Lived {
    pub(crate) end: End,
    /// What one that ended well owes.
    pub(crate) debts: Vec<Debt>,
    pub(crate) after: Vec<Event>,
    /// Whether it passed the point of no return.
    pub(crate) passed: bool,
}
