//! Errors on their way outwards: from what failed to the handler that takes it, or to the end of the strand.

use wfl_ir::{Caught, Fields, Handler, Name, NodeKind, TypeKind};

use crate::fact::Fact;
use crate::fold::{Fold, Ready};
use crate::ledger::Suspension;
use crate::planted::{Bug, planted};
use crate::strand::{BODY, Doing, Ending, Left, Raised, StrandId, Then};

impl Fold<'_> {
    /// An error that nothing at the node itself takes. It goes to the nearest saga around that handles it; else the
    /// strand ends with it. What it leaves is undone on the way.
    pub(crate) fn raise(&mut self, index: u32, raised: Raised, reason: String) -> Option<u32> {
        let base = self.strand().base;
        let scopes: Vec<u32> =
            self.plan.scopes_outward(self.node(index).scope).take_while(|scope| *scope != base).collect();
        for scope in scopes {
            let Some((enter, handler)) = self.handled_by_scope(scope, &raised) else { continue };
            return self.unwind(scope, Then::Catch(enter, handler, raised.fields()), reason);
        }
        if self.is_body() {
            return self.fail_body(index, raised, reason);
        }
        if planted(Bug::FailedLeavesDebts) {
            self.strand().ledger.clear();
        }
        let here = self.current;
        let next = self.unwind(base, Then::Leave(Left::Failed(raised.clone())), reason);
        // One that owes nothing is gone by now, and what waits for it is told of that.
        if self.state.strands.contains_key(&here) {
            let after = self.current;
            self.switch(here);
            self.told_of_failure(raised);
            self.switch(after);
        }
        next
    }

    /// The handler of a saga that takes an error.
    fn handled_by_scope(&self, scope: u32, raised: &Raised) -> Option<(u32, u32)> {
        let enters = self.plan.nodes.iter().enumerate();
        let (enter, handlers) = enters
            .filter_map(|(index, node)| match &node.kind {
                NodeKind::Enter { scope: entered, handlers } if *entered == scope => Some((index, handlers)),
                _ => None,
            })
            .next()?;
        handler_of(handlers, raised).map(|handler| (enter as u32, handler))
    }

    fn fail_body(&mut self, index: u32, raised: Raised, reason: String) -> Option<u32> {
        match self.typed(raised) {
            Raised::Declared(error, fields) => {
                self.unwind(0, Then::End(Ending::Failed(error, fields)), reason)
            }
            // The compiler has seen to it that such an error is handled.
            other => {
                self.stick(index, Suspension::Fault(format!("nothing takes the error {}", other.name(self))));
                None
            }
        }
    }

    /// The error by its type in the plan, if the plan knows it.
    pub(crate) fn typed(&self, raised: Raised) -> Raised {
        let (name, fields) = match &raised {
            Raised::Declared(..) => return raised,
            other => (other.name(self), other.fields()),
        };
        let known = self.plan.types.iter().position(|def| {
            matches!(def.kind, TypeKind::Error(_)) && (def.name == name || def.short_name() == name.as_str())
        });
        known.map_or(raised, |index| Raised::Declared(index as u32, fields))
    }

    /// An error of the plan's types. `Timeout` and `Unavailable` are themselves, also where the program lists them.
    pub(crate) fn declared(&self, error: u32, fields: Fields) -> Raised {
        match self.plan.types[error as usize].short_name() {
            "Timeout" => Raised::Timeout,
            "Unavailable" => Raised::Unavailable,
            _ => Raised::Declared(error, fields),
        }
    }

    /// An error of the language, by its short name.
    pub(crate) fn system_error(&self, name: &str, fields: Fields) -> Raised {
        self.typed(Raised::Foreign(Name::from(name), fields))
    }

    /// An error of a node whose own handlers come first.
    pub(crate) fn raise_at(&mut self, index: u32, raised: Raised) -> Option<u32> {
        let handler = handler_of(self.node(index).kind.handlers(), &raised);
        let (error, fields) = (raised.name(self), raised.fields());
        let step = self.name(index);
        let handled = handler.is_some();
        self.facts.push(Fact::StepFailed {
            step: step.clone(),
            error: error.clone(),
            fields: fields.clone(),
            handled,
        });
        match handler {
            Some(handler) => self.catch(index, handler, fields),
            None => self.raise(index, raised, format!("{step} failed with {error}")),
        }
    }

    /// The current strand is over without a value.
    pub(crate) fn leave(&mut self, left: Left) {
        let id = self.current;
        let Some(strand) = self.state.strands.get(&id) else { return };
        let (parent, index) = (strand.parent, strand.index);
        self.switch(parent.map_or(BODY, |(parent, _)| parent));
        self.state.strands.remove(&id);
        self.ready.push_back(match parent {
            Some((parent, _)) => Ready::Gone(parent, id, index, left),
            None => Ready::LoserGone,
        });
    }

    /// A strand is gone, and has undone what it did: its parent looks what that means.
    pub(crate) fn gone(&mut self, parent: StrandId, id: StrandId, index: u32, left: Left) -> Option<u32> {
        if !self.state.strands.contains_key(&parent) {
            return None;
        }
        self.switch(parent);
        // One that was detached since is none of its parent's business any more.
        if !self.strand().activity().strands().contains(&id) {
            return None;
        }
        match self.strand().activity() {
            Doing::Fork(..) => self.branch_left(index, left),
            Doing::Map(..) => self.item_left(index, left),
            Doing::Beside(_) => self.beside_left(id),
            _ => None,
        }
    }

    /// What lost has undone itself: whoever waited for that goes on.
    pub(crate) fn loser_gone(&mut self) {
        let waiting: Vec<u32> =
            self.state.strands.iter().filter(|(_, strand)| strand.unwinds()).map(|(id, _)| *id).collect();
        for id in waiting {
            self.switch(id);
            let next = self.unwind_on();
            self.ready.extend(next.map(|node| Ready::Go(id, node)));
        }
    }
}

/// The first handler that takes an error.
pub(crate) fn handler_of(handlers: &[Handler], raised: &Raised) -> Option<u32> {
    let takes = |caught: &Caught| match (caught, raised) {
        (Caught::Cancelled, Raised::Cancelled) => true,
        (_, Raised::Cancelled) => false,
        (Caught::Any, _) => true,
        (Caught::Error(a), Raised::Declared(b, _)) => a == b,
        (Caught::Timeout, Raised::Timeout) | (Caught::Unavailable, Raised::Unavailable) => true,
        (Caught::Shortfall, Raised::Shortfall(_)) => true,
        _ => false,
    };
    handlers.iter().position(|handler| takes(&handler.on)).map(|number| number as u32)
}

impl Raised {
    /// Its name, without a module.
    pub(crate) fn name(&self, fold: &Fold<'_>) -> Name {
        match self {
            Raised::Declared(error, _) => fold.plan.types[*error as usize].short_name().into(),
            Raised::Timeout => "Timeout".into(),
            Raised::Unavailable => "Unavailable".into(),
            Raised::Shortfall(_) => "shortfall".into(),
            Raised::Foreign(name, _) => name.clone(),
            Raised::Cancelled => "Cancelled".into(),
        }
    }

    /// Its fields.
    pub(crate) fn fields(&self) -> Fields {
        match self {
            Raised::Declared(_, fields) | Raised::Foreign(_, fields) => fields.clone(),
            Raised::Shortfall(count) => {
                Fields::new([(Name::from("count"), wfl_ir::Value::Int(i64::from(*count)))])
            }
            Raised::Timeout | Raised::Unavailable | Raised::Cancelled => Fields::default(),
        }
    }
}
