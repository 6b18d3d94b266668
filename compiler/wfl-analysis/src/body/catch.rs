//! Handlers: what they take, what they do, and errors that nothing takes.

use wfl_ir::{Caught, Expr, Label, Name};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, Action};

use crate::body::flow::Flow;
use crate::body::state::Body;
use crate::hir::{Block, Handler};
use crate::names::Space;
use crate::signature::find_error;
use crate::ty::{Member, Ty};

/// What may come out of a step or construct besides its value.
pub(crate) struct Outcomes {
    /// What it is, quoted or as `this saga`.
    pub(crate) owner: String,
    /// Business errors, and where they are declared for this owner.
    pub(crate) errors: Vec<(u32, Option<Span>)>,
    /// System errors and the like.
    pub(crate) others: Vec<Caught>,
}

/// Checked handlers.
pub(crate) struct Handled {
    pub(crate) handlers: Vec<Handler>,
    /// Those that end without saying what the value is.
    pub(crate) falling: Vec<Span>,
    /// The state behind those.
    pub(crate) after: Flow,
}

impl Body<'_, '_> {
    /// What each handler takes; nothing for one that was reported.
    /// The errors that the owner is known to raise may be named without an import.
    pub(crate) fn headers(
        &mut self,
        handlers: &[ast::Handler],
        known: &[(u32, Option<Span>)],
    ) -> Vec<Option<Caught>> {
        let mut found: Vec<Option<Caught>> = Vec::new();
        for handler in handlers {
            let caught = self.header(handler, known);
            let earlier = caught.as_ref().and_then(|caught| {
                let takes = |earlier: &Option<Caught>| {
                    earlier.as_ref() == Some(caught) || *earlier == Some(Caught::Any)
                };
                found.iter().position(takes)
            });
            if let Some(earlier) = earlier {
                let title = format!("`{}` is handled twice", handler.error.dotted());
                let diagnostic = Diagnostic::new(Code::E0403, title, handler.error.span, "never reached");
                self.report(diagnostic.label(handlers[earlier].error.span, "taken by this one already"));
                found.push(None);
                continue;
            }
            found.push(caught);
        }
        found
    }

    fn header(&mut self, handler: &ast::Handler, known: &[(u32, Option<Span>)]) -> Option<Caught> {
        let path = &handler.error;
        if path.is_missing() {
            return None;
        }
        let word = path.dotted();
        let declared = self.cx.tables.find_path(self.cx.session, self.cx.module, Space::Error, path);
        match (word.as_str(), declared) {
            ("Timeout", _) => return Some(Caught::Timeout),
            ("Unavailable", _) => return Some(Caught::Unavailable),
            ("Cancelled", _) => return Some(Caught::Cancelled),
            ("shortfall", None) => return Some(Caught::Shortfall),
            ("any", None) => {
                let title = "`on any` also takes errors that are added later";
                let diagnostic = Diagnostic::new(Code::W0410, title, path.span, "hides new errors");
                self.report(diagnostic.help("name the errors, so that a new one has to be thought about"));
                return Some(Caught::Any);
            }
            (word, None) => {
                let tables = self.cx.tables;
                let named = known.iter().find(|(error, _)| tables.type_name(*error) == word);
                if let Some((error, _)) = named {
                    return Some(Caught::Error(*error));
                }
            }
            _ => {}
        }
        find_error(self.cx.session, self.cx.tables, self.cx.module, path).map(Caught::Error)
    }

    /// Reports handlers of what cannot happen; they then take nothing.
    pub(crate) fn check_possible(
        &mut self,
        handlers: &[ast::Handler],
        caught: &mut [Option<Caught>],
        outcomes: &Outcomes,
    ) {
        for (handler, caught) in handlers.iter().zip(caught) {
            let possible = match caught {
                None | Some(Caught::Any) => true,
                Some(Caught::Error(error)) => outcomes.errors.iter().any(|(raised, _)| raised == error),
                Some(other) => outcomes.others.contains(other),
            };
            if !possible {
                self.impossible(&handler.error, outcomes);
                *caught = None;
            }
        }
    }

    fn impossible(&mut self, error: &ast::Path, outcomes: &Outcomes) {
        let title = format!("{} never raises `{}`", outcomes.owner, error.dotted());
        let diagnostic = Diagnostic::new(Code::E0402, title, error.span, "cannot happen here");
        let errors = outcomes.errors.iter().map(|(raised, _)| self.cx.tables.type_name(*raised).to_string());
        let mut names = errors.collect::<Vec<_>>();
        let always = outcomes.others.iter().filter_map(system_word);
        let always = always.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" and ");
        names.iter_mut().for_each(|name| *name = format!("`{name}`"));
        self.report(match (names.is_empty(), always.is_empty()) {
            (true, true) => diagnostic.help("it raises nothing that could be handled"),
            (true, false) => {
                diagnostic.help(format!("it raises no errors of its own; {always} can always be handled"))
            }
            (false, _) => diagnostic.help(format!("it raises {}", names.join(", "))),
        });
    }

    /// Checks what handlers do. Each begins where the owner began, with its effects undone or never there.
    pub(crate) fn handler_bodies(
        &mut self,
        handlers: &[ast::Handler],
        caught: &[Option<Caught>],
        before: &Flow,
    ) -> Handled {
        let mut handled = Handled { handlers: Vec::new(), falling: Vec::new(), after: Flow::dead() };
        for (handler, caught) in handlers.iter().zip(caught) {
            self.flow = *before;
            let names = self.cx.names.len();
            let bind = handler.binding.as_ref().map(|name| self.bind_error(name, caught.as_ref()));
            let body = self.action(&handler.action);
            self.release(names);
            if self.flow.live {
                handled.falling.push(handler.span);
            }
            let flow = std::mem::replace(&mut self.flow, Flow::dead());
            handled.after = std::mem::replace(&mut handled.after, Flow::dead()).join(flow);
            if let Some(on) = *caught {
                handled.handlers.push(Handler { on, bind, body });
            }
        }
        handled
    }

    fn bind_error(&mut self, name: &ast::Name, caught: Option<&Caught>) -> u32 {
        let slot = self.cx.new_slot();
        let ty = match caught {
            Some(Caught::Error(error)) => Ty::Named(*error),
            Some(Caught::Shortfall) => {
                Ty::Record(vec![Member { name: Name::from("count"), ty: Ty::Int, label: Label::Public }])
            }
            Some(_) => Ty::Record(Vec::new()),
            None => Ty::Unknown,
        };
        self.cx.bind(name, Expr::Slot(slot), ty, Label::Public, Some(Code::W0202));
        slot
    }

    /// Checks what a handler, a timeout or an `ensure` does.
    pub(crate) fn action(&mut self, action: &Action) -> Block {
        let mut block = Block::new();
        match action {
            Action::Block(inner) => block = self.block(inner),
            Action::Jump(jump) => self.jump(jump, &mut block),
            // Already reported; taken for an exit, so that nothing follows from it.
            Action::Missing(_) => self.flow = Flow::dead(),
        }
        block
    }

    /// Lets the errors of an owner come up that its own handlers do not take, and reports those that nothing takes.
    pub(crate) fn raise_unhandled(
        &mut self,
        outcomes: &Outcomes,
        caught: &[Option<Caught>],
        written: usize,
        place: Span,
    ) {
        // A handler that was reported may have been meant for any of them.
        if caught.iter().flatten().count() < written {
            return;
        }
        let handled = |error: u32| {
            caught.iter().flatten().any(|it| matches!(it, Caught::Any) || *it == Caught::Error(error))
        };
        let timeout = self.cx.tables.predeclared("Timeout");
        let mut open = Vec::new();
        for (error, span) in &outcomes.errors {
            let by_word = Some(*error) == timeout && caught.contains(&Some(Caught::Timeout));
            if !handled(*error) && !by_word && !self.raise(*error) {
                open.push((*error, *span));
            }
        }
        self.report_unhandled(&open, &outcomes.owner, place);
    }

    fn report_unhandled(&mut self, open: &[(u32, Option<Span>)], owner: &str, place: Span) {
        let tables = self.cx.tables;
        let Some((first, _)) = open.first() else { return };
        let first = tables.type_name(*first);
        let title = match open.len() {
            1 => format!("nothing handles `{first}`"),
            count => format!("nothing handles `{first}` and {} more", count - 1),
        };
        let mut diagnostic = Diagnostic::new(Code::E0401, title, place, format!("{owner} may raise it"));
        for (error, span) in open {
            if let Some(span) = span {
                diagnostic =
                    diagnostic.label(*span, format!("`{}` is listed here", tables.type_name(*error)));
            }
        }
        let names = open.iter().map(|(error, _)| tables.type_name(*error).clone()).collect::<Vec<_>>();
        let arms = names.iter().map(|name| format!("on {name} -> …")).collect::<Vec<_>>().join("; ");
        let diagnostic = diagnostic
            .note("a business error is an answer; the workflow must say what it does about it")
            .help(format!("add `{arms}`, or `raises {}` to the head of the workflow", names.join(", ")));
        self.report(self.list_in_head(diagnostic, &names));
    }
}

/// The word of something that is no declared error.
fn system_word(caught: &Caught) -> Option<&'static str> {
    Some(match caught {
        Caught::Timeout => "Timeout",
        Caught::Unavailable => "Unavailable",
        Caught::Shortfall => "shortfall",
        _ => return None,
    })
}
