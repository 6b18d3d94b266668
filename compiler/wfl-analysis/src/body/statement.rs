//! Blocks and the simple statements.

use wfl_ir::{Expr, Label};
use wfl_source::{Code, Diagnostic, closest};
use wfl_syntax::ast::{self, Operand};

use crate::body::construct::Place;
use crate::body::flow::Flow;
use crate::body::state::Body;
use crate::hir::{Block, Statement, Target};
use crate::names::Space;
use crate::signature::Resolver;
use crate::tables::Thing;
use crate::ty::Ty;

impl Body<'_, '_> {
    /// Checks a block. Its names are not seen outside of it.
    pub(crate) fn block(&mut self, source: &ast::Block) -> Block {
        let (names, known) = (self.cx.names.len(), self.cx.known());
        self.blocks.push(Default::default());
        let mut block = Block::new();
        for (at, statement) in source.statements.iter().enumerate() {
            if !self.flow.live {
                let span = statement.span();
                let diagnostic = Diagnostic::new(
                    Code::E0301,
                    "this is never reached",
                    span,
                    "what stands before it leaves",
                );
                self.report(diagnostic);
                self.pass_over(&source.statements[at..]);
                break;
            }
            self.statement(statement, &mut block);
        }
        self.blocks.pop();
        self.cx.forget(known);
        self.release(names);
        block
    }

    /// Checks statements that are never reached without a word, so that what they name counts as used.
    fn pass_over(&mut self, statements: &[ast::Statement]) {
        let (reports, names) = (self.cx.session.count(), self.cx.names.len());
        let mut nowhere = Block::new();
        for statement in statements {
            self.flow.live = true;
            self.statement(statement, &mut nowhere);
        }
        self.cx.session.truncate(reports);
        self.cx.names[names..].iter_mut().for_each(|binding| binding.used = true);
        self.flow.live = false;
    }

    fn statement(&mut self, statement: &ast::Statement, block: &mut Block) {
        match statement {
            ast::Statement::Let(it) => self.let_statement(it, block),
            ast::Statement::Step(it) => self.step(it, block),
            ast::Statement::If(it) => block.push(self.if_statement(it, None)),
            ast::Statement::Match(it) => block.push(self.match_statement(it, None)),
            ast::Statement::Saga(it) => {
                let target = self.open(None, None);
                let place = self.no_place(target);
                let saga = self.saga(it, place);
                block.push(saga);
                self.close("saga", it.keyword);
            }
            ast::Statement::Parallel(it) => {
                let target = self.next_target();
                let place = self.no_place(target);
                let (parallel, _) = self.parallel(it, place);
                block.push(parallel);
            }
            ast::Statement::Foreach(it) => {
                let target = self.next_target();
                let place = self.no_place(target);
                let (foreach, _) = self.foreach(it, place);
                block.push(foreach);
            }
            ast::Statement::Repeat(it) => {
                let target = self.next_target();
                let place = self.no_place(target);
                let (repeat, _) = self.repeat(it, place);
                block.push(repeat);
            }
            ast::Statement::Await(it) => {
                let target = self.next_target();
                let place = self.no_place(target);
                let (awaited, _) = self.await_for(it, place);
                block.push(awaited);
            }
            ast::Statement::Wait(it) => block.push(self.wait(it)),
            ast::Statement::Shield(it) => {
                let body = self.block(&it.body);
                block.push(Statement::Shield(body));
            }
            ast::Statement::Emit(it) => self.emit(it, block),
            ast::Statement::Ensure(it) => self.ensure(it, block),
            ast::Statement::Jump(it) => self.jump(it, block),
        }
    }

    /// The place of a construct whose value nobody takes.
    fn no_place(&mut self, target: Target) -> Place<'static> {
        Place { slot: self.cx.new_slot(), target, wanted: false, name: None }
    }

    fn let_statement(&mut self, source: &ast::Let, block: &mut Block) {
        let annotation = source.annotation.as_ref().map(|annotation| {
            let (session, tables, module) = (&mut *self.cx.session, self.cx.tables, self.cx.module);
            Resolver::new(session, tables, module).typ(annotation)
        });
        let hint = annotation.as_ref().map(|(ty, _)| ty);
        let slot;
        let (ty, label) = match &source.value {
            Operand::Expr(expr) => {
                let typed = match hint {
                    Some(hint) => self.cx.check_as(expr, hint),
                    None => self.cx.alone(|cx| cx.check(expr, None)),
                };
                slot = self.cx.new_slot();
                block.push(Statement::Let { slot, value: typed.expr });
                (typed.ty, typed.label)
            }
            operand => {
                slot = self.cx.new_slot();
                let worth = self.construct(operand, slot, hint, Some(source.name.text.as_str()), block);
                match hint {
                    Some(hint) if !self.cx.tables.fits(&worth.0, hint) => {
                        self.cx.misfit(&worth.0, hint, operand.span());
                        (Ty::Unknown, worth.1)
                    }
                    _ => worth,
                }
            }
        };
        if annotation.is_none()
            && let Some((what, form)) = open_type(&ty, &source.value)
        {
            let title = format!("the type of `{}` is not known", source.name.text);
            let diagnostic = Diagnostic::new(Code::E0215, title, source.name.span, what);
            self.report(diagnostic.help(format!("write `let {}: {form}`", source.name.text)));
        }
        let (ty, label) = match annotation {
            Some((written, marked)) => (written.marked_like(&ty), marked.max(label)),
            None => (ty, label),
        };
        let ty = self.cx.of_bounded_size(ty, source.name.span);
        self.cx.bind(&source.name, Expr::Slot(slot), ty, label, Some(Code::W0202));
    }

    fn emit(&mut self, emit: &ast::Emit, block: &mut Block) {
        let path = &emit.event.path;
        if path.is_missing() {
            return;
        }
        let found = self.cx.tables.find_path(self.cx.session, self.cx.module, Space::Event, path);
        let Some(Thing::Type(event)) = found else {
            let name = path.dotted();
            let diagnostic =
                Diagnostic::new(Code::E0201, format!("there is no event `{name}`"), path.span, "unknown");
            let known = self.cx.tables.visible(self.cx.module, Space::Event).map(|(name, _)| name);
            let diagnostic = match closest(&name, known) {
                Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
                None => diagnostic.help(format!("declare it: `event {name}(…)`")),
            };
            return self.report(diagnostic);
        };
        let tables = self.cx.tables;
        let owner = format!("`{}`", tables.type_name(event));
        let known = tables.fields(event).unwrap_or_default();
        let fields = self.cx.fields(&owner, known, &emit.event.arguments, Label::Public);
        block.push(Statement::Emit { event, fields, span: emit.span });
    }

    fn ensure(&mut self, ensure: &ast::Ensure, block: &mut Block) {
        let condition = self.cx.check_condition(&ensure.condition).expr;
        let text = wfl_ir::Name::from(self.cx.session.text(ensure.condition.span));
        let otherwise = ensure.otherwise.as_ref().map(|action| self.action(action));
        if otherwise.is_some() && self.flow.live {
            let title = "what stands behind `else` must leave";
            let diagnostic =
                Diagnostic::new(Code::E0302, title, ensure.span, "goes on although the condition fails");
            self.report(diagnostic.help("end it with `return …`, `fail …` or `yield …`"));
        }
        self.flow = Flow::start();
        // It holds for all that follows in the block and inside of it.
        self.cx.learn(&ensure.condition);
        block.push(Statement::Ensure { condition, text, otherwise, span: ensure.span });
    }
}

/// What is asked about a value that does not say its type, and how it would be said.
fn open_type(ty: &Ty, value: &Operand) -> Option<(&'static str, &'static str)> {
    match (ty, value) {
        (Ty::Optional(inner), _) if inner.is_unknown() => Some(("`none` of what?", "Type? = none")),
        (Ty::List(item), Operand::Expr(expr)) if item.is_unknown() => match &expr.kind {
            ast::ExprKind::List(items) if items.is_empty() => Some(("a list of what?", "List<Type> = []")),
            _ => None,
        },
        _ => None,
    }
}
