//! Blocks and statements.

use wfl_source::{Applicability, Code, Diagnostic, Edit, Fix, Span};

use crate::ast::{
    Action, Arguments, ArmBody, Block, Call, Else, Emit, Ensure, Handler, IfStatement, Jump, JumpKind, Let,
    Match, Operand, Order, Path, Run, Saga, Statement, Step, StepName,
};
use crate::grammar::Rule;
use crate::lowering::context::Lowering;
use crate::lowering::expr::{has_blocks, has_statement_body, is_block};
use crate::lowering::options::{Options, Place};
use crate::tree::Cursor;

impl Lowering<'_> {
    /// The block among the children; an empty one where it is missing.
    pub(crate) fn block_in(&mut self, node: Cursor<'_>) -> Block {
        match node.children().find(|child| matches!(child.rule(), Rule::block | Rule::body)) {
            Some(block) => self.block(block),
            None => Block { statements: Vec::new(), span: self.span(node).after() },
        }
    }

    pub(crate) fn block(&mut self, node: Cursor<'_>) -> Block {
        let span = self.span(node);
        let statements = self.deeper(1, span, |this| this.statements(node)).unwrap_or_default();
        Block { statements, span }
    }

    fn statements(&mut self, node: Cursor<'_>) -> Vec<Statement> {
        node.children().filter_map(|child| self.statement(child)).collect()
    }

    pub(crate) fn statement(&mut self, node: Cursor<'_>) -> Option<Statement> {
        let span = self.span(node);
        Some(match node.rule() {
            Rule::let_s => Statement::Let(self.let_statement(node)),
            Rule::step_s => Statement::Step(self.step(node)),
            Rule::if_x => Statement::If(self.if_statement(node)),
            Rule::match_x => Statement::Match(self.match_statement(node)),
            Rule::saga_s => Statement::Saga(self.saga(node)),
            Rule::emit_s => Statement::Emit(Emit { event: self.call_in(node), span }),
            Rule::ensure_s => Statement::Ensure(self.ensure(node)),
            Rule::parallel_s => Statement::Parallel(self.parallel(node)),
            Rule::foreach_s => Statement::Foreach(self.foreach(node)),
            Rule::repeat_s => Statement::Repeat(self.repeat(node)),
            Rule::await_s => Statement::Await(Box::new(self.await_construct(node))),
            Rule::wait_s => Statement::Wait(self.wait(node)),
            Rule::shield_s => Statement::Shield(self.shield(node)),
            _ => return self.jump(node).map(Statement::Jump),
        })
    }

    fn let_statement(&mut self, node: Cursor<'_>) -> Let {
        let annotation = node.has(Rule::typ).then(|| self.type_in(node));
        let value = self.operand_in(node).unwrap_or_else(|| Operand::Expr(self.expr_in(node)));
        Let { name: self.name_in(node), annotation, value, span: self.span(node) }
    }

    /// The value of a statement, if there is one among the children.
    fn operand_in(&mut self, node: Cursor<'_>) -> Option<Operand> {
        node.children().find_map(|child| match child.rule() {
            Rule::saga_s => Some(Operand::Saga(Box::new(self.saga(child)))),
            Rule::parallel_s => Some(Operand::Parallel(Box::new(self.parallel(child)))),
            Rule::foreach_s => Some(Operand::Foreach(Box::new(self.foreach(child)))),
            Rule::repeat_s => Some(Operand::Repeat(Box::new(self.repeat(child)))),
            Rule::await_s => Some(Operand::Await(Box::new(self.await_construct(child)))),
            Rule::expr | Rule::miss_expr => Some(self.operand(child)),
            _ => None,
        })
    }

    // An `if` or `match` with blocks is an operand only if it is all of the expression.
    fn operand(&mut self, node: Cursor<'_>) -> Operand {
        match sole_construct(node) {
            Some(construct) if construct.rule() == Rule::if_x && has_blocks(construct) => {
                Operand::If(Box::new(self.if_statement(construct)))
            }
            Some(construct)
                if construct.children().any(|arm| arm.rule() == Rule::arm && has_statement_body(arm)) =>
            {
                Operand::Match(Box::new(self.match_statement(construct)))
            }
            _ => Operand::Expr(self.expr(node)),
        }
    }

    fn step(&mut self, node: Cursor<'_>) -> Step {
        let name = match node.child(Rule::under) {
            Some(under) => StepName::Anonymous(self.span(under)),
            None => StepName::Named(self.name_in(node)),
        };
        let options = match node.child(Rule::step_opts) {
            Some(options) => self.options(options, Place::Step),
            None => Default::default(),
        };
        Step {
            pivot: node.child(Rule::kw_pivot).map(|word| self.span(word)),
            name,
            run: self.run(node, &options),
            call: self.call_in(node.child(Rule::run_c).unwrap_or(node)),
            timeouts: options.timeouts,
            retry: options.retry,
            heartbeat: options.heartbeat,
            handlers: options.handlers,
            span: self.span(node),
        }
    }

    fn run(&mut self, node: Cursor<'_>, options: &Options) -> Option<Run> {
        let Some(run) = node.child(Rule::run_c) else {
            if let Some((_, place)) = options.when_cancelled {
                let title = "`when cancelled` does not belong to the call of an operation";
                let help =
                    "it says what becomes of a child: `step … = run Workflow(…) { when cancelled await }`";
                self.report(Diagnostic::new(Code::E0102, title, place, "no child is started").help(help));
            }
            return None;
        };
        Some(Run {
            keyword: self.keyword(run, Rule::kw_run),
            detached: run.child(Rule::kw_detached).map(|word| self.span(word)),
            when_cancelled: options.when_cancelled.map(|(policy, _)| policy),
        })
    }

    /// The call among the children; one without a path where it is missing.
    pub(crate) fn call_in(&mut self, node: Cursor<'_>) -> Call {
        match node.child(Rule::call) {
            Some(call) => self.call(call),
            None => {
                let span = self.span(node).after();
                let arguments = Arguments { list: Vec::new(), span };
                Call { path: Path { segments: Vec::new(), span }, arguments, span }
            }
        }
    }

    fn call(&mut self, node: Cursor<'_>) -> Call {
        let path = self.path_in(node);
        let arguments = match node.child(Rule::args) {
            Some(arguments) => self.arguments(arguments),
            None => Arguments { list: Vec::new(), span: path.span.after() },
        };
        Call { path, arguments, span: self.span(node) }
    }

    pub(crate) fn handler(&mut self, node: Cursor<'_>) -> Handler {
        let binding = node.has(Rule::kw_as).then(|| self.names_in(node).last()).flatten();
        Handler { error: self.path_in(node), binding, action: self.action_in(node), span: self.span(node) }
    }

    pub(crate) fn action_in(&mut self, node: Cursor<'_>) -> Action {
        for child in node.children() {
            if child.rule() == Rule::block {
                return Action::Block(self.block(child));
            }
            if let Some(jump) = self.jump(child) {
                return Action::Jump(jump);
            }
        }
        Action::Missing(self.span(node).after())
    }

    fn jump(&mut self, node: Cursor<'_>) -> Option<Jump> {
        let kind = match node.rule() {
            Rule::use_s => JumpKind::Use(self.expr_in(node)),
            Rule::return_s => JumpKind::Return(self.operand_in(node)),
            Rule::fail_s => JumpKind::Fail(self.expr_in(node)),
            Rule::yield_s => JumpKind::Yield(self.operand_in(node)),
            Rule::rollback_s => JumpKind::Rollback,
            Rule::commit_s => JumpKind::Commit,
            Rule::restart_s => JumpKind::Restart(match node.child(Rule::args) {
                Some(arguments) => self.arguments(arguments),
                None => Arguments { list: Vec::new(), span: self.span(node).after() },
            }),
            _ => return None,
        };
        Some(Jump { kind, span: self.span(node) })
    }

    fn if_statement(&mut self, node: Cursor<'_>) -> IfStatement {
        let span = self.span(node);
        let keyword = self.keyword(node, Rule::kw_if);
        let then = node.children().find(|child| matches!(child.rule(), Rule::bad_then | Rule::kw_then));
        if let Some(then) = then {
            self.statement_with_then(node, then);
        }
        let mut blocks = node.children().filter(|child| is_block(child.rule()));
        let then = match then.filter(|then| then.rule() == Rule::kw_then) {
            // Its value has no use.
            Some(then) => Block { statements: Vec::new(), span: self.span(then) },
            None => blocks.next().map(|block| self.block(block)).unwrap_or_else(|| self.block_in(node)),
        };
        let otherwise = match (blocks.next(), node.child(Rule::if_x)) {
            (Some(block), _) => Some(Else::Block(self.block(block))),
            (None, Some(chained)) => {
                self.deeper(1, span, |this| Else::If(Box::new(this.if_statement(chained))))
            }
            (None, None) => None,
        };
        IfStatement { condition: self.expr_in(node), then, otherwise, keyword, span }
    }

    fn statement_with_then(&mut self, node: Cursor<'_>, then: Cursor<'_>) {
        let place = self.span(then);
        let diagnostic =
            Diagnostic::new(Code::E0109, "`if … then …` is an expression", place, "a statement needs `{`");
        let mut diagnostic = diagnostic.help("write `if condition { … } else { … }`");
        if let Some(edits) = self.braces_for_then(node) {
            let title = "write braces".to_owned();
            diagnostic.fixes.push(Fix { title, edits, applicability: Applicability::Safe });
        }
        self.report(diagnostic);
    }

    /// Puts braces around the statements behind `then` and `else`; `None` where there is a value.
    fn braces_for_then(&self, node: Cursor<'_>) -> Option<Vec<Edit>> {
        let mut parts = node.children().skip_while(|part| part.rule() != Rule::bad_then);
        let mut then = Some(self.span(parts.next()?));
        let mut edits = Vec::new();
        let mut put = |span: Span, text: &str| edits.push(Edit { span, replacement: text.to_owned() });
        for part in parts {
            let place = self.span(part);
            let start = Span::new(place.file, place.start, place.start);
            match (part.rule(), then.take()) {
                (Rule::block, Some(word)) => put(Span::new(word.file, word.start, place.start), ""),
                (Rule::lone, Some(word)) => {
                    put(word, "{");
                    put(place.after(), " }");
                }
                (Rule::lone, None) => {
                    put(start, "{ ");
                    put(place.after(), " }");
                }
                (Rule::kw_else | Rule::block | Rule::if_x, _) => {}
                _ => return None,
            }
        }
        Some(edits)
    }

    fn match_statement(&mut self, node: Cursor<'_>) -> Match<ArmBody> {
        self.match_with(node, |this, arm| {
            for child in arm.children() {
                if child.rule() == Rule::block {
                    return ArmBody::Block(this.block(child));
                }
                if let Some(jump) = this.jump(child) {
                    return ArmBody::Jump(jump);
                }
            }
            ArmBody::Expr(this.last_expr(arm))
        })
    }

    fn saga(&mut self, node: Cursor<'_>) -> Saga {
        let span = self.span(node);
        let keyword = self.keyword(node, Rule::kw_saga);
        let compensating = node.child(Rule::compensating).map(|order| match order.child(Rule::order_word) {
            Some(word) if word.text() == "parallel" => Order::Parallel,
            _ => Order::Sequential,
        });
        let (body, handlers) = self.own_block(node);
        let name = node.child(Rule::ident).map(|name| self.name(name));
        Saga { name, compensating, body, handlers, keyword, span }
    }

    fn ensure(&mut self, node: Cursor<'_>) -> Ensure {
        let otherwise = node.has(Rule::kw_else).then(|| self.action_in(node));
        Ensure { condition: self.expr_in(node), otherwise, span: self.span(node) }
    }
}

/// The `if` or `match` that is the whole expression.
fn sole_construct(expr: Cursor<'_>) -> Option<Cursor<'_>> {
    let mut parts = expr.children();
    let (postfix, rest) = (parts.next()?, parts.next());
    let mut pieces = postfix.children();
    let (construct, suffix) = (pieces.next()?, pieces.next());
    let whole = rest.is_none() && suffix.is_none();
    (whole && matches!(construct.rule(), Rule::if_x | Rule::match_x)).then_some(construct)
}
