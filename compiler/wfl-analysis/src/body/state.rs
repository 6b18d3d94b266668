//! The state of checking one body.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::{Label, Name};
use wfl_source::{Code, Diagnostic, Span};

use crate::body::flow::Flow;
use crate::expr::Checker;
use crate::hir::Target;
use crate::ty::Ty;

/// A construct that is being checked.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) target: Target,
    /// Where its value goes; nowhere for a saga that is a statement.
    pub(crate) slot: Option<u32>,
    pub(crate) hint: Option<Ty>,
    /// Type and label of the values yielded so far.
    pub(crate) found: Option<(Ty, Label)>,
    /// The states in which it was left.
    pub(crate) exits: Vec<Flow>,
}

/// Where `use` leads to.
#[derive(Clone, Debug)]
pub(crate) struct Recovery {
    pub(crate) target: Target,
    pub(crate) slot: u32,
    pub(crate) ty: Ty,
    pub(crate) label: Label,
    /// The states in which a handler gave a value.
    pub(crate) exits: Vec<Flow>,
}

/// A handler that ends without saying what the step's value is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FallThrough {
    /// The step's result among the names in sight.
    pub(crate) binding: usize,
    pub(crate) handler: Span,
}

/// Checks the body of one workflow.
pub(crate) struct Body<'s, 'f, 'a> {
    pub(crate) cx: Checker<'s, 'f, 'a>,
    pub(crate) result: Ty,
    pub(crate) result_label: Label,
    /// The errors that the workflow may fail with.
    pub(crate) raises: Vec<(u32, Span)>,
    /// Those of them that something raises.
    pub(crate) raised: BTreeSet<u32>,
    pub(crate) flow: Flow,
    pub(crate) targets: Vec<Open>,
    pub(crate) recoveries: Vec<Recovery>,
    pub(crate) fall_throughs: Vec<FallThrough>,
    /// The names of steps and sagas, one map per open scope.
    pub(crate) step_names: Vec<BTreeMap<Name, Span>>,
    next_target: u32,
}

impl<'s, 'f, 'a> Body<'s, 'f, 'a> {
    pub(crate) fn new(
        cx: Checker<'s, 'f, 'a>,
        result: Ty,
        result_label: Label,
        raises: Vec<(u32, Span)>,
    ) -> Self {
        Self {
            cx,
            result,
            result_label,
            raises,
            raised: BTreeSet::new(),
            flow: Flow::start(),
            targets: Vec::new(),
            recoveries: Vec::new(),
            fall_throughs: Vec::new(),
            step_names: vec![BTreeMap::new()],
            next_target: 0,
        }
    }

    /// How many sagas are open.
    pub(crate) fn depth(&self) -> usize {
        self.step_names.len() - 1
    }

    pub(crate) fn new_target(&mut self) -> Target {
        self.next_target += 1;
        Target(self.next_target - 1)
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.cx.session.report(diagnostic);
    }

    /// Takes the name of a step or saga, which must be the only one of its scope: it is the identity under which
    /// a running instance remembers it.
    pub(crate) fn take_name(&mut self, name: &Name, span: Span) {
        let scope = self.step_names.last_mut();
        let Some(earlier) = scope.and_then(|scope| scope.insert(name.clone(), span)) else { return };
        let title = format!("the name `{name}` is taken twice in this scope");
        let diagnostic = Diagnostic::new(Code::E0304, title, span, "the second one");
        self.report(
            diagnostic
                .label(earlier, "the first one")
                .note("the name is what a running instance remembers, so it must be unique in its scope"),
        );
    }

    /// Takes names out of sight, and reports results that are read although a handler may leave them without value.
    pub(crate) fn release(&mut self, count: usize) {
        let ending = self.fall_throughs.iter().filter(|it| it.binding >= count).copied().collect::<Vec<_>>();
        self.fall_throughs.retain(|it| it.binding < count);
        for fall_through in ending {
            let Some(binding) = self.cx.names.get(fall_through.binding).filter(|binding| binding.used) else {
                continue;
            };
            let title = format!("this handler gives `{}` no value", binding.name);
            let diagnostic =
                Diagnostic::new(Code::E0302, title, fall_through.handler, "goes on without a value");
            let diagnostic = diagnostic.label(binding.span, "read later");
            self.report(diagnostic.help("end it with `use value`, `return …` or `fail …`"));
        }
        self.cx.release(count);
    }
}
