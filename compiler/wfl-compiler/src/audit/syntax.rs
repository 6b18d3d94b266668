//! Walks through syntax: all calls in expressions, and all waits.

use std::collections::BTreeMap;

use wfl_source::Span;
use wfl_syntax::ast::{
    Action, Argument, Arguments, ArmBody, Await, Block, EffectKind, Else, Expr, ExprKind, Field, Handler,
    IfStatement, Item, ItemKind, Jump, JumpKind, MigrationKind, Operand, Operation, Statement, TextPart,
};

/// Calls and waits, by their places.
#[derive(Debug, Default)]
pub(crate) struct Syntax<'a> {
    /// The arguments of calls, by the place of the call.
    pub(crate) calls: BTreeMap<Span, &'a [Argument]>,
    /// Waits, by the place of the word `await`.
    pub(crate) awaits: BTreeMap<Span, &'a Await>,
}

impl<'a> Syntax<'a> {
    /// Reads a declaration.
    pub(crate) fn item(&mut self, item: &'a Item) {
        match &item.kind {
            ItemKind::Record(it) => self.fields(&it.fields),
            ItemKind::Enum(it) => it.variants.iter().for_each(|variant| self.fields(&variant.fields)),
            ItemKind::Type(it) => self.optional(&it.rule),
            ItemKind::Error(it) => self.fields(&it.fields),
            ItemKind::Event(it) => self.fields(&it.fields),
            ItemKind::Service(it) => it.operations.iter().for_each(|operation| self.operation(operation)),
            ItemKind::Function(it) => {
                self.fields(&it.parameters);
                self.optional(&it.body);
            }
            ItemKind::Workflow(it) => {
                self.fields(&it.head.parameters);
                [&it.key, &it.priority].into_iter().for_each(|it| self.optional(it));
                it.attributes.iter().for_each(|it| self.arguments(it));
                it.limit.iter().for_each(|limit| self.optional(&limit.per));
                self.block(&it.body);
            }
            ItemKind::Migrate(it) => it.entries.iter().for_each(|entry| {
                if let MigrationKind::Input { value, .. } = &entry.kind {
                    self.expr(value);
                }
            }),
            ItemKind::Policy(it) => it.rules.iter().for_each(|rule| self.optional(&rule.condition)),
            ItemKind::Invariant(it) => self.expr(&it.condition),
            ItemKind::Module(_) | ItemKind::Import(_) | ItemKind::Alias(_) | ItemKind::Test(_) => {}
        }
    }

    fn operation(&mut self, it: &'a Operation) {
        self.fields(&it.head.parameters);
        it.idempotent.iter().for_each(|it| self.expr(&it.key));
        it.confirm.iter().for_each(|it| self.arguments(&it.call.arguments));
        if let Some(EffectKind::Compensable(undo)) = it.effect.as_ref().map(|it| &it.kind) {
            self.arguments(&undo.arguments);
        }
        it.reads.iter().chain(&it.writes).for_each(|key| self.expr(key));
    }

    fn fields(&mut self, fields: &'a [Field]) {
        fields.iter().for_each(|field| self.optional(&field.rule));
    }

    fn block(&mut self, block: &'a Block) {
        block.statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &'a Statement) {
        match statement {
            Statement::Let(it) => self.operand(&it.value),
            Statement::Step(it) => {
                self.arguments(&it.call.arguments);
                self.handlers(&it.handlers);
            }
            Statement::If(it) => self.choice(it),
            Statement::Match(it) => self.matched(it),
            Statement::Saga(it) => {
                self.block(&it.body);
                self.handlers(&it.handlers);
            }
            Statement::Parallel(it) => self.parallel(it),
            Statement::Foreach(it) => self.foreach(it),
            Statement::Repeat(it) => self.repeat(it),
            Statement::Await(it) => self.wait(it),
            Statement::Wait(it) => self.expr(&it.time),
            Statement::Shield(it) => self.block(&it.body),
            Statement::Emit(it) => self.arguments(&it.event.arguments),
            Statement::Ensure(it) => {
                self.expr(&it.condition);
                it.otherwise.iter().for_each(|action| self.action(action));
            }
            Statement::Jump(it) => self.jump(it),
        }
    }

    fn operand(&mut self, operand: &'a Operand) {
        match operand {
            Operand::Expr(it) => self.expr(it),
            Operand::Saga(it) => {
                self.block(&it.body);
                self.handlers(&it.handlers);
            }
            Operand::If(it) => self.choice(it),
            Operand::Match(it) => self.matched(it),
            Operand::Parallel(it) => self.parallel(it),
            Operand::Foreach(it) => self.foreach(it),
            Operand::Repeat(it) => self.repeat(it),
            Operand::Await(it) => self.wait(it),
        }
    }

    fn choice(&mut self, mut it: &'a IfStatement) {
        loop {
            self.expr(&it.condition);
            self.block(&it.then);
            match &it.otherwise {
                Some(Else::If(next)) => it = next,
                Some(Else::Block(block)) => return self.block(block),
                None => return,
            }
        }
    }

    fn matched(&mut self, it: &'a wfl_syntax::ast::Match<ArmBody>) {
        self.expr(&it.scrutinee);
        for arm in &it.arms {
            self.optional(&arm.guard);
            match &arm.body {
                ArmBody::Expr(it) => self.expr(it),
                ArmBody::Block(it) => self.block(it),
                ArmBody::Jump(it) => self.jump(it),
            }
        }
    }

    fn parallel(&mut self, it: &'a wfl_syntax::ast::Parallel) {
        self.optional(&it.within);
        it.branches.iter().for_each(|branch| self.block(&branch.body));
        self.handlers(&it.handlers);
    }

    fn foreach(&mut self, it: &'a wfl_syntax::ast::Foreach) {
        self.expr(&it.list);
        self.optional(&it.keyed);
        self.block(&it.body);
        self.handlers(&it.handlers);
    }

    fn repeat(&mut self, it: &'a wfl_syntax::ast::Repeat) {
        [&it.every, &it.until].into_iter().for_each(|it| self.optional(it));
        self.block(&it.body);
    }

    fn wait(&mut self, it: &'a Await) {
        self.awaits.insert(it.keyword, it);
        [&it.role, &it.title, &it.show, &it.condition].into_iter().for_each(|it| self.optional(it));
        it.remind.iter().for_each(|it| {
            self.expr(&it.every);
            it.using.iter().for_each(|call| self.arguments(&call.arguments));
        });
        it.escalations.iter().flat_map(|it| [&it.after, &it.to]).for_each(|it| self.expr(it));
        it.timeout.iter().for_each(|it| {
            self.expr(&it.after);
            it.action.iter().for_each(|action| self.action(action));
        });
        self.handlers(&it.handlers);
    }

    fn handlers(&mut self, handlers: &'a [Handler]) {
        handlers.iter().for_each(|handler| self.action(&handler.action));
    }

    fn action(&mut self, action: &'a Action) {
        match action {
            Action::Block(it) => self.block(it),
            Action::Jump(it) => self.jump(it),
            Action::Missing(_) => {}
        }
    }

    fn jump(&mut self, jump: &'a Jump) {
        match &jump.kind {
            JumpKind::Use(it) | JumpKind::Fail(it) => self.expr(it),
            JumpKind::Return(it) | JumpKind::Yield(it) => it.iter().for_each(|it| self.operand(it)),
            JumpKind::Restart(it) => self.arguments(it),
            JumpKind::Rollback | JumpKind::Commit => {}
        }
    }

    fn arguments(&mut self, arguments: &'a Arguments) {
        arguments.list.iter().for_each(|argument| self.expr(&argument.value));
    }

    fn optional(&mut self, expr: &'a Option<Expr>) {
        expr.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Text(parts) => parts.iter().for_each(|part| {
                if let TextPart::Interpolation(inner) = part {
                    self.expr(inner);
                }
            }),
            ExprKind::List(items) | ExprKind::Tuple(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Record(arguments) => self.arguments(arguments),
            ExprKind::Call { callee, arguments } => {
                self.calls.insert(expr.span, &arguments.list);
                self.expr(callee);
                self.arguments(arguments);
            }
            ExprKind::Member { base, .. } => self.expr(base),
            ExprKind::Index { base, index } => [base, index].into_iter().for_each(|it| self.expr(it)),
            ExprKind::Lambda { body, .. } => self.expr(body),
            ExprKind::If(it) => {
                [&it.condition, &it.then, &it.otherwise].into_iter().for_each(|it| self.expr(it));
            }
            ExprKind::Match(it) => {
                self.expr(&it.scrutinee);
                for arm in &it.arms {
                    self.optional(&arm.guard);
                    self.expr(&arm.body);
                }
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => [left, right].into_iter().for_each(|it| self.expr(it)),
            ExprKind::Is { value, .. } => self.expr(value),
            _ => {}
        }
    }
}
