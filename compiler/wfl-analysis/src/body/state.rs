//! The state of checking one body.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::{Caught, Label, Name};
use wfl_source::{Applicability, Code, Diagnostic, Span};
use wfl_syntax::ast;

use crate::body::flow::Flow;
use crate::expr::Checker;
use crate::hir::Target;
use crate::retry::Limit;
use crate::tables::{FieldInfo, WorkflowInfo};
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

impl Recovery {
    pub(crate) fn new(target: Target, slot: u32, ty: Ty, label: Label) -> Recovery {
        Recovery { target, slot, ty, label, exits: Vec::new() }
    }
}

/// A construct whose handlers take errors of what is inside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catcher {
    /// What its handlers take.
    pub(crate) handles: Vec<Caught>,
    /// Whether a failure inside is no error of the whole: a branch of several, an item of a tolerant `foreach`.
    pub(crate) absorbs: bool,
    /// The errors that came here.
    pub(crate) happened: BTreeSet<u32>,
}

/// What a jump out of a body would leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Frame {
    /// A compensation scope.
    Saga,
    Branch,
    /// The body of a `foreach`, which is a compensation scope of its own.
    Item,
    /// The body of a `repeat`.
    Round,
}

/// A handler that ends without saying what the step's value is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FallThrough {
    /// The step's result among the names in sight.
    pub(crate) binding: usize,
    pub(crate) handler: Span,
}

/// Checks the body of one workflow.
pub(crate) struct Body<'s, 'f> {
    pub(crate) cx: Checker<'s, 'f>,
    /// The workflow's name, quoted.
    pub(crate) name: String,
    pub(crate) params: &'s [FieldInfo],
    pub(crate) head: &'s ast::CallableHead,
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
    pub(crate) catchers: Vec<Catcher>,
    pub(crate) frames: Vec<Frame>,
    /// The names of steps and constructs that a running instance remembers, one map per open scope.
    scopes: Vec<BTreeMap<Name, u32>>,
    /// The names of the steps of each open block.
    pub(crate) blocks: Vec<BTreeMap<Name, Span>>,
    /// The channels and tasks so far, with the types of what comes in.
    pub(crate) channels: Vec<(Name, Ty, Label)>,
    pub(crate) tasks: Vec<(Name, Ty)>,
    /// How long the whole may take.
    pub(crate) deadline: Option<Limit>,
    next_target: u32,
}

impl<'s, 'f> Body<'s, 'f> {
    pub(crate) fn new(cx: Checker<'s, 'f>, info: &'s WorkflowInfo) -> Self {
        Self {
            cx,
            name: format!("`{}`", info.name),
            params: &info.params,
            head: &info.source.head,
            result: info.result.clone(),
            result_label: info.result_label,
            raises: info.raises.clone(),
            raised: BTreeSet::new(),
            flow: Flow::start(),
            targets: Vec::new(),
            recoveries: Vec::new(),
            fall_throughs: Vec::new(),
            catchers: Vec::new(),
            frames: Vec::new(),
            scopes: vec![BTreeMap::new()],
            blocks: vec![BTreeMap::new()],
            channels: Vec::new(),
            tasks: Vec::new(),
            deadline: None,
            next_target: 0,
        }
    }

    /// An error comes up here: whether a handler around takes it, or a construct that bears failures, or the callers.
    pub(crate) fn raise(&mut self, error: u32) -> bool {
        let timeout = self.cx.tables.predeclared("Timeout") == Some(error);
        for catcher in self.catchers.iter_mut().rev() {
            catcher.happened.insert(error);
            let takes = |caught: &Caught| match caught {
                Caught::Any => true,
                Caught::Timeout => timeout,
                Caught::Error(handled) => *handled == error,
                _ => false,
            };
            if catcher.absorbs || catcher.handles.iter().any(takes) {
                return true;
            }
        }
        let listed = self.raises.iter().any(|(listed, _)| *listed == error);
        if listed {
            self.raised.insert(error);
        }
        listed
    }

    /// Lets the head of the workflow list errors.
    pub(crate) fn list_in_head(&self, diagnostic: Diagnostic, errors: &[Name]) -> Diagnostic {
        let names = errors.join(", ");
        let title = format!("let the workflow raise {}", if errors.len() == 1 { &names } else { "them" });
        match self.head.raises.last() {
            Some(last) => {
                diagnostic.fix(title, last.span.after(), format!(", {names}"), Applicability::Maybe)
            }
            None => {
                let place = self.head.result.span.after();
                diagnostic.fix(title, place, format!("\n  raises {names}"), Applicability::Maybe)
            }
        }
    }

    /// Checks `inside` as a scope of names: a saga, a branch, the body of a loop.
    pub(crate) fn scope<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.scopes.push(BTreeMap::new());
        let checked = inside(self);
        self.scopes.pop();
        checked
    }

    pub(crate) fn next_target(&mut self) -> Target {
        self.next_target += 1;
        Target(self.next_target - 1)
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.cx.session.report(diagnostic);
    }

    /// Takes the name of a step or construct and gives the name under which a running instance remembers it. A
    /// name stands once in its block; where blocks side by side have it too, the later ones are numbered.
    pub(crate) fn take_name(&mut self, name: &Name, span: Span) -> Name {
        let block = self.blocks.last_mut();
        if let Some(earlier) = block.and_then(|block| block.insert(name.clone(), span)) {
            let title = format!("the name `{name}` is taken twice in this block");
            let diagnostic = Diagnostic::new(Code::E0304, title, span, "the second one");
            let diagnostic = diagnostic
                .label(earlier, "the first one")
                .note("the name is what a running instance remembers, so it must be unique in its block");
            self.report(match name.strip_prefix('_') {
                Some(operation) => diagnostic.help(format!("give it a name: `step {operation}2 = …`")),
                None => diagnostic,
            });
        }
        let Some(scope) = self.scopes.last_mut() else { return name.clone() };
        let count = scope.entry(name.clone()).or_default();
        *count += 1;
        match *count {
            1 => name.clone(),
            count => Name::from(format!("{name}#{count}")),
        }
    }

    /// A name for a construct that has none: that of the value it gives, or its keyword.
    pub(crate) fn construct_name(&mut self, value: Option<&str>, keyword: &str) -> Name {
        let name = Name::from(value.unwrap_or(keyword));
        let Some(scope) = self.scopes.last_mut() else { return name };
        let count = scope.entry(name.clone()).or_default();
        *count += 1;
        match *count {
            1 => name,
            count => Name::from(format!("{name}#{count}")),
        }
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
