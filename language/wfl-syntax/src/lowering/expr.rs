//! Expressions: precedence climbing over the flat list that the grammar gives.

use std::iter::Peekable;
use std::vec::IntoIter;

use wfl_source::{Code, Diagnostic, Span};

use crate::ast::{
    Argument, Arguments, Arm, BinaryOp, Expr, ExprKind, If, Match, Pattern, PatternKind, TextPart, UnaryOp,
};
use crate::grammar::Rule;
use crate::lowering::context::Lowering;
use crate::lowering::pattern::constant;
use crate::tree::Cursor;

/// An operator as it stands between two operands.
#[derive(Clone, Copy)]
enum Infix {
    Binary(BinaryOp),
    Is,
    /// Of another language; reported by the scan of the tree.
    Foreign,
}

type Rest = Peekable<IntoIter<(Infix, Span, Expr)>>;

impl Infix {
    fn read(text: &str) -> Infix {
        Infix::Binary(match text {
            "||" | "or" => BinaryOp::Or,
            "&&" | "and" => BinaryOp::And,
            "==" | "===" | "=" => BinaryOp::Equal,
            "!=" => BinaryOp::NotEqual,
            "<" => BinaryOp::Less,
            "<=" => BinaryOp::LessOrEqual,
            ">" => BinaryOp::Greater,
            ">=" => BinaryOp::GreaterOrEqual,
            "in" => BinaryOp::In,
            "??" => BinaryOp::Default,
            ".." => BinaryOp::Range,
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Subtract,
            "*" => BinaryOp::Multiply,
            "/" => BinaryOp::Divide,
            "is" => return Infix::Is,
            _ => return Infix::Foreign,
        })
    }

    /// How strongly the operator binds; 3 compares and does not chain.
    fn strength(self) -> u8 {
        match self {
            Infix::Binary(BinaryOp::Or) => 1,
            Infix::Binary(BinaryOp::And) => 2,
            Infix::Binary(BinaryOp::Default) => 4,
            Infix::Binary(BinaryOp::Range) => 5,
            Infix::Binary(BinaryOp::Add | BinaryOp::Subtract) => 6,
            Infix::Binary(BinaryOp::Multiply | BinaryOp::Divide) | Infix::Foreign => 7,
            Infix::Binary(_) | Infix::Is => 3,
        }
    }
}

/// The operator that a comparison in a test uses.
pub(crate) fn comparison(text: &str) -> Option<BinaryOp> {
    match Infix::read(text) {
        Infix::Binary(op) if (BinaryOp::Equal..=BinaryOp::GreaterOrEqual).contains(&op) => Some(op),
        _ => None,
    }
}

fn missing(span: Span) -> Expr {
    Expr { kind: ExprKind::Missing, span }
}

impl Lowering<'_> {
    /// All expressions among the children, a missing one included.
    pub(crate) fn exprs_in(&mut self, node: Cursor<'_>) -> Vec<Expr> {
        let exprs = node.children().filter(|child| matches!(child.rule(), Rule::expr | Rule::miss_expr));
        exprs.map(|expr| self.expr(expr)).collect()
    }

    /// The first expression among the children.
    pub(crate) fn expr_in(&mut self, node: Cursor<'_>) -> Expr {
        match node.children().find(|child| matches!(child.rule(), Rule::expr | Rule::miss_expr)) {
            Some(expr) => self.expr(expr),
            None => missing(self.span(node).after()),
        }
    }

    pub(crate) fn expr(&mut self, node: Cursor<'_>) -> Expr {
        let span = self.span(node);
        if node.rule() != Rule::expr {
            return missing(span);
        }
        let operators = node.children().filter(|child| matches!(child.rule(), Rule::bin_op | Rule::unary_op));
        let levels = 1 + operators.count() as u32;
        self.deeper(levels, span, |this| this.flat(node)).unwrap_or_else(|| missing(span))
    }

    fn flat(&mut self, node: Cursor<'_>) -> Expr {
        let mut first = None;
        let mut rest = Vec::new();
        let mut infix = None;
        let mut prefixes = Vec::new();
        for child in node.children() {
            match child.rule() {
                Rule::bin_op => infix = Some((Infix::read(child.text()), self.span(child))),
                Rule::unary_op => prefixes.push((child.text(), self.span(child))),
                _ => {
                    let operand = self.operand_of(child, &mut prefixes);
                    match infix.take() {
                        Some((operator, span)) => rest.push((operator, span, operand)),
                        None => first = Some(operand),
                    }
                }
            }
        }
        let Some(first) = first else { return missing(self.span(node)) };
        let mut rest = rest.into_iter().peekable();
        self.climb(first, &mut rest, 0)
    }

    fn operand_of(&mut self, node: Cursor<'_>, prefixes: &mut Vec<(&str, Span)>) -> Expr {
        let operand = match node.rule() {
            Rule::postfix => self.postfix(node),
            _ => missing(self.span(node)),
        };
        prefixes.drain(..).rev().fold(operand, |operand, (text, span)| {
            let op = if text == "-" { UnaryOp::Negate } else { UnaryOp::Not };
            let span = span.to(operand.span);
            Expr { kind: ExprKind::Unary { op, operand: Box::new(operand) }, span }
        })
    }

    fn climb(&mut self, mut left: Expr, rest: &mut Rest, floor: u8) -> Expr {
        let mut compared = false;
        while let Some((infix, op_span, mut right)) = rest.next_if(|(infix, _, _)| infix.strength() > floor) {
            let strength = infix.strength();
            // `??` groups to the right: the default of a default.
            let right_floor = if strength == 4 { strength - 1 } else { strength };
            while rest.peek().is_some_and(|(next, _, _)| next.strength() > right_floor) {
                right = self.climb(right, rest, right_floor);
            }
            left = match strength == 3 && std::mem::replace(&mut compared, true) {
                true => self.chained_comparison(infix, op_span, left, right),
                false => self.infix(infix, op_span, left, right),
            };
        }
        left
    }

    fn infix(&mut self, infix: Infix, op_span: Span, left: Expr, right: Expr) -> Expr {
        let span = left.span.to(right.span);
        let kind = match infix {
            Infix::Binary(op) => {
                ExprKind::Binary { op, op_span, left: Box::new(left), right: Box::new(right) }
            }
            Infix::Is => {
                let pattern = Box::new(self.pattern_of(right, false));
                ExprKind::Is { value: Box::new(left), pattern }
            }
            Infix::Foreign => ExprKind::Missing,
        };
        Expr { kind, span }
    }

    // Read as `left && … < right`, so that no more is said about it than this.
    fn chained_comparison(&mut self, infix: Infix, op_span: Span, left: Expr, right: Expr) -> Expr {
        let diagnostic =
            Diagnostic::new(Code::E0107, "comparisons do not chain", op_span, "a second comparison");
        self.report(
            diagnostic.help("join two comparisons by `&&`: `a < b && b < c`; for a range write `b in a..c`"),
        );
        let second = self.infix(infix, op_span, missing(left.span.after()), right);
        self.infix(Infix::Binary(BinaryOp::And), op_span, left, second)
    }

    fn postfix(&mut self, node: Cursor<'_>) -> Expr {
        let suffixes = |rule| matches!(rule, Rule::member | Rule::index | Rule::args | Rule::brace_args);
        let levels = node.children().filter(|child| suffixes(child.rule())).count() as u32;
        let span = self.span(node);
        let lowered = self.deeper(levels, span, |this| {
            let mut children = node.children().peekable();
            let Some(first) = children.next() else { return missing(span) };
            let mut expr = match children.next_if(|next| next.rule() == Rule::lambda_body) {
                Some(body) => this.lambda(vec![first], body, span),
                None => this.primary(first),
            };
            for suffix in children {
                expr = this.suffix(expr, suffix);
            }
            expr
        });
        lowered.unwrap_or_else(|| missing(span))
    }

    fn suffix(&mut self, base: Expr, node: Cursor<'_>) -> Expr {
        let span = base.span.to(self.span(node));
        let base = Box::new(base);
        let kind = match node.rule() {
            Rule::member => {
                let name = self.name_in(node);
                ExprKind::Member { base, name, optional: node.text().starts_with('?') }
            }
            Rule::index => ExprKind::Index { base, index: Box::new(self.expr_in(node)) },
            _ => ExprKind::Call { callee: base, arguments: self.arguments(node) },
        };
        Expr { kind, span }
    }

    pub(crate) fn arguments(&mut self, node: Cursor<'_>) -> Arguments {
        let arguments = node.children().filter(|child| child.rule() == Rule::arg);
        let list = arguments.map(|argument| self.argument(argument)).collect();
        Arguments { list, span: self.span(node) }
    }

    fn argument(&mut self, node: Cursor<'_>) -> Argument {
        let name = node.child(Rule::word).map(|word| self.name(word));
        Argument { name, value: self.expr_in(node), span: self.span(node) }
    }

    fn primary(&mut self, node: Cursor<'_>) -> Expr {
        let span = self.span(node);
        let kind = match node.rule() {
            // Reported by the scan of the tree.
            Rule::ident if is_null(node.text()) => ExprKind::None,
            Rule::ident | Rule::bad_ref => ExprKind::Name(self.name(node)),
            Rule::number => self.number(node),
            Rule::constant => constant(node.text()),
            Rule::string | Rule::raw_string => ExprKind::Text(self.text_parts(node)),
            Rule::list => {
                let arguments = self.arguments(node).list;
                ExprKind::List(arguments.into_iter().map(|argument| argument.value).collect())
            }
            Rule::tuple => return self.tuple(node),
            Rule::lambda => {
                let parameters = node.children().filter(|child| child.rule() == Rule::ident).collect();
                return match node.child(Rule::lambda_body) {
                    Some(body) => self.lambda(parameters, body, span),
                    None => missing(span),
                };
            }
            Rule::if_x => return self.if_expr(node),
            Rule::match_x => return self.match_expr(node),
            _ => ExprKind::Missing,
        };
        Expr { kind, span }
    }

    // `(a)` only groups; `(a, b)` is a tuple; `(a: 1)` and `()` build a record.
    fn tuple(&mut self, node: Cursor<'_>) -> Expr {
        let mut arguments = self.arguments(node);
        let span = arguments.span;
        match arguments.list.as_slice() {
            [Argument { name: None, .. }] => match arguments.list.pop() {
                Some(inner) => Expr { kind: inner.value.kind, span },
                None => missing(span),
            },
            [Argument { name: None, .. }, ..] if arguments.list.iter().all(|it| it.name.is_none()) => {
                let parts = arguments.list.into_iter().map(|argument| argument.value).collect();
                Expr { kind: ExprKind::Tuple(parts), span }
            }
            _ => Expr { kind: ExprKind::Record(arguments), span },
        }
    }

    fn text_parts(&mut self, node: Cursor<'_>) -> Vec<TextPart> {
        let mut parts = Vec::new();
        for part in node.children() {
            if part.rule() == Rule::interp {
                parts.push(TextPart::Interpolation(self.expr_in(part)));
            } else if let Some(literal) = self.literal_part(part) {
                parts.push(literal);
            }
        }
        parts
    }

    fn lambda(&mut self, parameters: Vec<Cursor<'_>>, body: Cursor<'_>, span: Span) -> Expr {
        let parameters = parameters.into_iter().map(|word| self.name(word)).collect();
        let body = Box::new(self.expr_in(body));
        Expr { kind: ExprKind::Lambda { parameters, body }, span }
    }

    fn if_expr(&mut self, node: Cursor<'_>) -> Expr {
        let span = self.span(node);
        if has_blocks(node) {
            return self.statement_in_expression(node, "if");
        }
        let mut exprs = self.exprs_in(node).into_iter();
        let mut next = || exprs.next().unwrap_or_else(|| missing(span.after()));
        let parts = If { condition: next(), then: next(), otherwise: next() };
        Expr { kind: ExprKind::If(Box::new(parts)), span }
    }

    pub(crate) fn match_expr(&mut self, node: Cursor<'_>) -> Expr {
        let span = self.span(node);
        let statement = node.children().find(|arm| arm.rule() == Rule::arm && has_statement_body(*arm));
        if statement.is_some() {
            return self.statement_in_expression(node, "match");
        }
        let matched = self.match_with(node, |this, arm| this.last_expr(arm));
        Expr { kind: ExprKind::Match(Box::new(matched)), span }
    }

    /// The value of an arm, which stands behind its guard.
    pub(crate) fn last_expr(&mut self, arm: Cursor<'_>) -> Expr {
        let exprs = arm.children().filter(|child| matches!(child.rule(), Rule::expr | Rule::miss_expr));
        match exprs.last() {
            Some(body) => self.expr(body),
            None => missing(self.span(arm).after()),
        }
    }

    /// Lowers a match whose bodies `body` reads.
    pub(crate) fn match_with<Body>(
        &mut self,
        node: Cursor<'_>,
        mut body: impl FnMut(&mut Self, Cursor<'_>) -> Body,
    ) -> Match<Body> {
        let span = self.span(node);
        let keyword = node.child(Rule::kw_match).map_or(span, |word| self.span(word));
        let scrutinee = self.expr_in(node);
        let mut arms = Vec::new();
        for arm in node.children().filter(|child| child.rule() == Rule::arm) {
            let pattern = match arm.child(Rule::pattern) {
                Some(pattern) => self.pattern(pattern, false),
                None => Pattern { kind: PatternKind::Missing, span: self.span(arm) },
            };
            let guard = arm.has(Rule::kw_if).then(|| self.expr_in(arm));
            arms.push(Arm { pattern, guard, body: body(self, arm), span: self.span(arm) });
        }
        Match { scrutinee, arms, keyword, span }
    }

    fn statement_in_expression(&mut self, node: Cursor<'_>, word: &str) -> Expr {
        let span = self.span(node);
        let place = node.children().next().map_or(span, |keyword| self.span(keyword));
        let title = format!("`{word}` with blocks cannot stand inside an expression");
        let help = match word {
            "if" => {
                "write `if a then b else c`, or name the value first: `let x = if a { yield b } else { yield c }`"
            }
            _ => "give each arm a value, or name the whole first: `let x = match … { … }`",
        };
        self.report(Diagnostic::new(Code::E0109, title, place, "expressions have no statements").help(help));
        missing(span)
    }
}

/// Whether an `if` has blocks, or statements where blocks belong.
pub(crate) fn has_blocks(node: Cursor<'_>) -> bool {
    node.children().any(|child| is_block(child.rule()))
}

/// Whether this is a block of an `if`, or a statement where one belongs.
pub(crate) fn is_block(rule: Rule) -> bool {
    matches!(rule, Rule::block | Rule::lone)
}

/// Whether the body of an arm is a block or a jump.
pub(crate) fn has_statement_body(arm: Cursor<'_>) -> bool {
    arm.children().any(|child| {
        let rule = child.rule();
        matches!(rule, Rule::block | Rule::use_s | Rule::return_s | Rule::fail_s | Rule::yield_s)
            || matches!(rule, Rule::rollback_s | Rule::commit_s | Rule::restart_s)
    })
}

/// What other languages call the value that is not there.
pub(crate) fn is_null(word: &str) -> bool {
    matches!(word, "null" | "nil" | "undefined" | "None")
}
