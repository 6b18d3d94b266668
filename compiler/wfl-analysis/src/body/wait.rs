//! Waiting: for a message, for a person, for a time.

use wfl_ir::{Caught, Expr, Label, Name};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast;

use crate::body::catch::Outcomes;
use crate::body::construct::Place;
use crate::body::flow::Flow;
use crate::body::state::{Body, Recovery};
use crate::contract::find_operation;
use crate::expr::Binding;
use crate::hir::{Await, AwaitKind, Reminder, Statement, Task};
use crate::signature::Resolver;
use crate::tables::{label, label_word};
use crate::ty::{Member, Ty, Typed};

impl Body<'_, '_> {
    pub(crate) fn wait(&mut self, wait: &ast::Wait) -> Statement {
        let ty = if wait.until { Ty::Timestamp } else { Ty::Duration };
        let time = self.cx.check_as(&wait.time, &ty).expr;
        self.check_wait(&time, wait.time.span, "this wait");
        Statement::Wait { until: wait.until, time, span: wait.span }
    }

    pub(crate) fn await_for(&mut self, source: &ast::Await, place: Place<'_>) -> (Statement, (Ty, Label)) {
        let name = match place.name {
            Some(name) => self.construct_name(Some(name), "await"),
            None => self.construct_name(Some(source.name.text.as_str()).filter(|it| !it.is_empty()), "await"),
        };
        let (ty, marked) = self.await_type(source);
        let kind = match source.kind {
            ast::AwaitKind::Human => self.human(source, &ty),
            _ => self.signal(source, &ty, marked),
        };
        let remind = source.remind.as_ref().map(|remind| self.remind(remind));
        let before = self.flow;
        let outcomes = self.await_outcomes(source);
        let mut caught = self.headers(&source.handlers, &outcomes.errors);
        self.check_possible(&source.handlers, &mut caught, &outcomes);
        self.recoveries.push(Recovery::new(place.target, place.slot, ty.clone(), marked));
        let mut late = Flow::dead();
        let timeout = source.timeout.as_ref().map(|timeout| {
            let after = self.cx.check_as(&timeout.after, &Ty::Duration).expr;
            self.check_wait(&after, timeout.after.span, "this `timeout`");
            self.flow = before;
            let action = timeout.action.as_ref().map(|action| self.action(action));
            if action.is_some() {
                late = std::mem::replace(&mut self.flow, Flow::dead());
            }
            (after, action)
        });
        let handled = self.handler_bodies(&source.handlers, &caught, &before);
        let exits = self.recoveries.pop().map(|recovery| recovery.exits).unwrap_or_default();
        self.flow = before;
        self.raise_unhandled(&outcomes, &caught, source.handlers.len(), source.keyword);
        let mut falling = handled.falling;
        falling.extend(source.timeout.as_ref().filter(|_| late.live).map(|timeout| timeout.span));
        self.check_falling(&falling, place.wanted, "await");
        self.go_on(handled.after.join(late), exits);
        let statement = Statement::Await(Box::new(Await {
            name,
            target: place.target,
            kind,
            ty: ty.to_ir(),
            slot: place.slot,
            remind,
            timeout,
            handlers: handled.handlers,
            span: source.keyword,
        }));
        (statement, (ty, marked))
    }

    fn await_type(&mut self, source: &ast::Await) -> (Ty, Label) {
        if let Some(ty) = &source.ty {
            let (session, tables, module) = (&mut *self.cx.session, self.cx.tables, self.cx.module);
            return Resolver::new(session, tables, module).typ(ty);
        }
        if !source.name.is_missing() {
            let name = &source.name.text;
            let title = format!("`{name}` does not say what comes in");
            let diagnostic = Diagnostic::new(Code::E0224, title, source.name.span, "of which type?");
            self.report(diagnostic.help(format!("write `{name}(Type)`")));
        }
        (Ty::Unknown, Label::Public)
    }

    /// What a wait may end with besides what is waited for.
    fn await_outcomes(&self, source: &ast::Await) -> Outcomes {
        let tables = self.cx.tables;
        let timed = source.timeout.as_ref().is_some_and(|timeout| timeout.action.is_none());
        let split = source.approvals.is_some();
        let mut errors = Vec::new();
        errors.extend(tables.predeclared("Timeout").filter(|_| timed).map(|error| (error, None)));
        errors.extend(tables.predeclared("Disagreed").filter(|_| split).map(|error| (error, None)));
        let mut others = vec![Caught::Cancelled];
        others.extend(timed.then_some(Caught::Timeout));
        Outcomes { owner: format!("`await {}`", source.name.text), errors, others }
    }

    fn signal(&mut self, source: &ast::Await, ty: &Ty, marked: Label) -> AwaitKind {
        let channel = Name::from(source.name.text.as_str());
        self.only_for_people(source);
        let condition = source.condition.as_ref().map(|condition| {
            self.cx.alone(|cx| {
                let place = Expr::Local(cx.locals);
                cx.locals += 1;
                let (name, ty, span) = ("signal".to_owned(), ty.clone(), condition.span);
                cx.names.push(Binding { name, place, ty, label: marked, span, used: true, unused: None });
                cx.check_as(condition, &Ty::Bool).expr
            })
        });
        let span = source.ty.as_ref().map_or(source.name.span, |ty| ty.span);
        let known = self.channels.iter().find(|(known, ..)| *known == channel).cloned();
        match known {
            Some((_, known, _)) if !self.cx.tables.fits(&known, ty) || !self.cx.tables.fits(ty, &known) => {
                let title = format!("the channel `{channel}` carries {}", self.cx.tables.show(&known));
                let message = format!("here it is {}", self.cx.tables.show(ty));
                self.report(Diagnostic::new(Code::E0205, title, span, message));
            }
            Some((_, _, label)) if label != marked => self.relabelled(&channel, (label, marked), span),
            Some(_) => {}
            None => self.channels.push((channel.clone(), ty.clone(), marked)),
        }
        AwaitKind::Signal { channel, condition }
    }

    // Whoever sends a message sends it to all who wait for it.
    fn relabelled(&mut self, channel: &Name, (known, marked): (Label, Label), span: Span) {
        let title = format!("the channel `{channel}` carries `{}` data", label_word(known.max(marked)));
        let message = format!("`{}` here, `{}` before", label_word(marked), label_word(known));
        let diagnostic = Diagnostic::new(Code::E0501, title, span, message);
        self.report(diagnostic.help("mark it in the same way wherever it is waited for"));
    }

    fn only_for_people(&mut self, source: &ast::Await) {
        let given = [
            ("role", source.role.as_ref().map(|it| it.span)),
            ("approvals", source.approvals.as_ref().map(|it| it.span)),
            ("title", source.title.as_ref().map(|it| it.span)),
            ("show", source.show.as_ref().map(|it| it.span)),
            ("escalate", source.escalations.first().map(|it| it.span)),
        ];
        for (word, span) in given {
            if let Some(span) = span {
                let title = format!("`{word}` does not belong to `await signal`");
                let diagnostic = Diagnostic::new(Code::E0102, title, span, "nobody is asked");
                self.report(diagnostic.help("people are asked by `await human Task(Type)`"));
            }
        }
    }

    fn human(&mut self, source: &ast::Await, ty: &Ty) -> AwaitKind {
        let task = Name::from(source.name.text.as_str());
        if let Some(condition) = &source.condition {
            let title = "`where` does not belong to `await human`";
            self.report(Diagnostic::new(Code::E0102, title, condition.span, "there is one answer"));
        }
        let role = match &source.role {
            Some(role) => self.cx.check_as(role, &Ty::String).expr,
            None => {
                let title = format!("`{task}` does not say who may answer");
                let diagnostic = Diagnostic::new(Code::E0224, title, source.name.span, "no `role`");
                self.report(diagnostic.help("add `role \"name\"`: only people with this role may answer"));
                Expr::Const(wfl_ir::Value::text(""))
            }
        };
        let approvals = source.approvals.as_ref();
        let needed = approvals.and_then(|it| self.count(&it.needed, "`approvals`")).unwrap_or(1);
        let most = approvals.and_then(|it| it.most.as_ref());
        let most = most.and_then(|most| self.count(most, "the number behind `of`")).unwrap_or(needed);
        if let (Some(approvals), true) = (approvals, most < needed) {
            let title = format!("{needed} of {most} people can never agree");
            self.report(Diagnostic::new(Code::E0214, title, approvals.span, "too many"));
        }
        let clearance = self.clearance(&role);
        let title = source.title.as_ref().map(|title| self.shown(title, Some(&Ty::String), clearance));
        let title_label = title.as_ref().map(|(title, _)| title.label).unwrap_or_default();
        let show = source.show.as_ref().map(|show| self.shown(show, None, clearance));
        let show_labels = show.as_ref().map(|(show, _)| self.labels_of(show)).unwrap_or_default();
        let shown = title.iter().chain(&show).flat_map(|(_, seen)| seen.iter().copied()).collect::<Vec<_>>();
        let escalations = source.escalations.iter().map(|escalate| self.escalation(escalate, &shown));
        let escalations = escalations.collect();
        if self.tasks.iter().all(|(known, _)| *known != task) {
            self.tasks.push((task.clone(), ty.clone()));
        }
        AwaitKind::Human(Box::new(Task {
            name: task,
            role,
            approvals: needed,
            most,
            title: title.map(|(title, _)| title.expr),
            show: show.map(|(show, _)| (show.expr, show.ty.to_ir())),
            title_label,
            show_labels,
            escalations,
        }))
    }

    /// What the people of a role may see.
    fn clearance(&self, role: &Expr) -> Label {
        self.cx.session.clearance(match role {
            Expr::Const(wfl_ir::Value::String(role)) => Some(role.as_str()),
            _ => None,
        })
    }

    /// Checks who is asked later. What is shown is shown to them, too.
    fn escalation(&mut self, escalate: &ast::Escalate, shown: &[(Label, Span)]) -> (Expr, Expr) {
        let after = self.cx.check_as(&escalate.after, &Ty::Duration).expr;
        let role = self.cx.check_as(&escalate.to, &Ty::String);
        if !role.ty.is_unknown() {
            let clearance = self.clearance(&role.expr);
            self.cx.check_shown_later(shown, clearance, escalate.to.span);
        }
        (after, role.expr)
    }

    /// Checks what people see: nothing above their clearance. What was not reported is given with its places, field by
    /// field where it has fields.
    fn shown(
        &mut self,
        expr: &ast::Expr,
        hint: Option<&Ty>,
        clearance: Label,
    ) -> (Typed, Vec<(Label, Span)>) {
        let typed = match hint {
            Some(hint) => self.cx.check_as(expr, hint),
            None => self.cx.alone(|cx| cx.check(expr, None)),
        };
        let marked = typed.label.max(self.cx.tables.label_within(&typed.ty));
        if self.cx.check_shown(marked, clearance, expr.span) {
            return (typed, Vec::new());
        }
        let seen = match (&expr.kind, &typed.ty) {
            (ast::ExprKind::Record(written), Ty::Record(members)) => {
                let of = |member: &Member| {
                    let named = |it: &&ast::Argument| {
                        it.name.as_ref().is_some_and(|name| member.name == name.text.as_str())
                    };
                    let place = written.list.iter().find(named).map_or(expr.span, |it| it.value.span);
                    (member.label.max(self.cx.tables.label_within(&member.ty)), place)
                };
                members.iter().map(of).collect()
            }
            _ => vec![(marked, expr.span)],
        };
        (typed, seen)
    }

    /// How sensitive the fields of what people see are; a value without fields has no name.
    fn labels_of(&self, show: &Typed) -> Vec<(Name, Label)> {
        let tables = self.cx.tables;
        let of = |name: &Name, label: Label, ty: &Ty| {
            (name.clone(), label.max(show.label).max(tables.label_within(ty)))
        };
        match &show.ty {
            Ty::Record(members) => members.iter().map(|it| of(&it.name, it.label, &it.ty)).collect(),
            Ty::Named(index) if tables.fields(*index).is_some() => {
                let fields = tables.fields(*index).unwrap_or_default();
                fields.iter().map(|it| of(&it.name, it.label, &it.ty)).collect()
            }
            ty => vec![of(&Name::from(""), Label::Public, ty)],
        }
    }

    fn remind(&mut self, remind: &ast::Remind) -> (Expr, Option<Reminder>) {
        let every = self.cx.check_as(&remind.every, &Ty::Duration).expr;
        let Some(call) = &remind.using else { return (every, None) };
        let found = find_operation(self.cx.session, self.cx.tables, self.cx.module, &call.path);
        let reminder = found.map(|operation| {
            let tables = self.cx.tables;
            let info = &tables.operations[operation as usize];
            let owner = format!("`{}`", tables.qualified(operation));
            let args = self.cx.fields(&owner, &info.params, &call.arguments, label(info.source.accepts));
            self.check_reminder(operation, call.path.span);
            Reminder { operation, args }
        });
        (every, reminder)
    }

    // A reminder goes out by itself, again and again; nobody handles its errors and nothing undoes it.
    fn check_reminder(&mut self, operation: u32, span: Span) {
        use crate::tables::EffectClass::{Compensable, Irreversible};
        let tables = self.cx.tables;
        let info = &tables.operations[operation as usize];
        let problem = match info.effect {
            Irreversible => "cannot be taken back",
            Compensable => "would have to be undone",
            _ if !info.raises.is_empty() => "may refuse with an error of its own",
            _ => return,
        };
        let title = format!("`{}` {problem}", tables.qualified(operation));
        let diagnostic = Diagnostic::new(Code::E0311, title, span, "used as a reminder here");
        self.report(
            diagnostic
                .help("remind by an operation with `effect write`, `idempotent by …` and without `raises`"),
        );
    }
}
