//! `if` and `match` as statements.

use std::collections::BTreeSet;

use wfl_ir::{Binary, Expr, Label, Pattern, Value};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, ArmBody, BinaryOp, Else, ExprKind, IfStatement, Match, Operand};

use crate::body::flow::Flow;
use crate::body::state::Body;
use crate::expr::Binds;
use crate::hir::{Arm, Block, Choice, Statement, Target, each_statement};

impl Body<'_, '_> {
    pub(crate) fn if_statement(&mut self, parts: &IfStatement, target: Option<Target>) -> Statement {
        let names = self.cx.names.len();
        let ((subject, pattern, guard), label) = self.condition(&parts.condition);
        let before = self.flow;
        let known = self.cx.learn(&parts.condition);
        let then = self.block(&parts.then);
        self.cx.forget(known);
        self.release(names);
        let after_then = std::mem::replace(&mut self.flow, before);
        let otherwise = match &parts.otherwise {
            Some(Else::Block(block)) => self.block(block),
            Some(Else::If(chained)) => vec![self.if_statement(chained, None)],
            None => Block::new(),
        };
        let after_otherwise = std::mem::replace(&mut self.flow, Flow::dead());
        self.flow = after_then.join(after_otherwise);
        let span = parts.condition.span;
        let arms = vec![
            Arm { pattern, guard, body: then, span },
            Arm { pattern: Pattern::Any, guard: None, body: otherwise, span },
        ];
        self.check_telling(label, &arms, span);
        Statement::Choice(Choice { target, subject, arms, span })
    }

    /// `c` is a choice between `true` and the rest; one with `e is P` in it is one over `e`, so that the names of
    /// `P` are slots and can be read in the block.
    fn condition(&mut self, condition: &ast::Expr) -> ((Expr, Pattern, Option<Expr>), Label) {
        let mut parts = Vec::new();
        conjuncts(condition, &mut parts);
        let (mut tested, mut guards) = (Vec::new(), Vec::new());
        for part in parts {
            let ExprKind::Is { value, pattern } = &part.kind else {
                guards.push(part);
                continue;
            };
            let reports = self.cx.session.count();
            let subject = self.cx.alone(|cx| cx.check(value, None));
            // A value that needs what another pattern binds can only be looked at behind it.
            if self.cx.session.count() > reports && !tested.is_empty() {
                self.cx.session.truncate(reports);
                guards.push(part);
            } else {
                tested.push((subject, pattern));
            }
        }
        if tested.is_empty() {
            let condition = self.cx.check_condition(condition);
            return ((condition.expr, Pattern::Literal(Value::Bool(true)), None), condition.label);
        }
        let (mut patterns, mut label) = (Vec::new(), Label::Public);
        for (subject, pattern) in &tested {
            label = label.max(subject.label);
            patterns.push(self.cx.pattern(pattern, &subject.ty, subject.label, Binds::Slots));
        }
        let guards = guards.into_iter().map(|part| {
            let guard = self.cx.check_condition(part);
            label = label.max(guard.label);
            guard.expr
        });
        let guards = guards.collect::<Vec<_>>().into_iter();
        let guard = guards.reduce(|left, right| Expr::Binary(Binary::And, Box::new(left), Box::new(right)));
        let mut subjects = tested.into_iter().map(|(subject, _)| subject.expr).collect::<Vec<_>>();
        if let ([_], [_]) = (subjects.as_slice(), patterns.as_slice())
            && let (Some(subject), Some(pattern)) = (subjects.pop(), patterns.pop())
        {
            return ((subject, pattern, guard), label);
        }
        ((Expr::List(subjects), Pattern::Tuple(patterns), guard), label)
    }

    pub(crate) fn match_statement(&mut self, parts: &Match<ArmBody>, target: Option<Target>) -> Statement {
        let subject = self.cx.scrutinee(&parts.scrutinee);
        let before = self.flow;
        let mut after = Flow::dead();
        let (mut arms, mut sound, mut label) = (Vec::new(), true, subject.label);
        for arm in &parts.arms {
            self.flow = before;
            let names = self.cx.names.len();
            let reports = self.cx.session.count();
            let pattern = self.cx.pattern(&arm.pattern, &subject.ty, subject.label, Binds::Slots);
            sound &= self.cx.session.count() == reports;
            let guard = arm.guard.as_ref().map(|guard| self.cx.check_condition(guard));
            label = guard.iter().fold(label, |label, guard| label.max(guard.label));
            let guard = guard.map(|guard| guard.expr);
            let body = self.arm_body(&arm.body, target.is_some());
            self.release(names);
            let flow = std::mem::replace(&mut self.flow, Flow::dead());
            after = after.join(flow);
            arms.push(Arm { pattern, guard, body, span: arm.pattern.span });
        }
        self.flow = after;
        let patterns = arms.iter().map(|arm| (&arm.pattern, arm.guard.is_some())).collect::<Vec<_>>();
        let spans = parts.arms.iter().map(|arm| arm.pattern.span).collect::<Vec<_>>();
        // A pattern that was reported says nothing about what is left.
        if sound {
            self.cx.check_arms(&subject.ty, &patterns, &spans, parts.keyword);
        }
        self.check_telling(label, &arms, parts.scrutinee.span);
        let span = parts.scrutinee.span;
        Statement::Choice(Choice { target, subject: subject.expr, arms, span })
    }

    /// What is published in one case only tells which case it was.
    fn check_telling(&mut self, label: Label, arms: &[Arm], span: Span) {
        if label < Label::Secret {
            return;
        }
        let published = arms.iter().map(|arm| {
            let mut events = BTreeSet::new();
            each_statement(&arm.body, &mut |statement| {
                if let Statement::Emit { event, .. } = statement {
                    events.insert(*event);
                }
            });
            events
        });
        let published = published.collect::<Vec<_>>();
        let everywhere = |event: &u32| published.iter().all(|events| events.contains(event));
        let Some(event) = published.iter().flatten().copied().find(|event| !everywhere(event)) else {
            return;
        };
        let name = self.cx.tables.type_name(event);
        let title = format!("that `{name}` is published tells a secret");
        let diagnostic = Diagnostic::new(Code::W0510, title, span, "decides about it, and is `secret`");
        self.report(
            diagnostic
                .note("whoever sees that the event is there, or is not, learns what the condition was")
                .help("publish it in every case, or decide by something that may be known"),
        );
    }

    fn arm_body(&mut self, body: &ArmBody, gives_value: bool) -> Block {
        let mut block = Block::new();
        match body {
            ArmBody::Block(inner) => block = self.block(inner),
            ArmBody::Jump(jump) => self.jump(jump, &mut block),
            ArmBody::Expr(expr) if gives_value => {
                self.yield_value(Some(&Operand::Expr(expr.clone())), expr.span, &mut block);
            }
            ArmBody::Expr(expr) => {
                if !matches!(expr.kind, ExprKind::Missing) {
                    let title = "this value is not used";
                    let diagnostic =
                        Diagnostic::new(Code::E0221, title, expr.span, "a statement is needed here");
                    self.report(diagnostic.help("write a jump such as `return …`, or a block; to use the value write `let x = match …`"));
                }
            }
        }
        block
    }
}

/// The operands of `a && b && c`.
fn conjuncts<'e>(expr: &'e ast::Expr, parts: &mut Vec<&'e ast::Expr>) {
    match &expr.kind {
        ExprKind::Binary { op: BinaryOp::And, left, right, .. } => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        _ => parts.push(expr),
    }
}
