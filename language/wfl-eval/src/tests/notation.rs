//! Expressions as they are written, for tests: parsed by the real grammar, lowered without types.

use std::collections::BTreeSet;

use wfl_ir::{Binary, Builtin, Currency, Duration, Expr, Name, Part, Pattern, Unary, Value};
use wfl_source::FileId;
use wfl_syntax::ast::{self, BinaryOp, ExprKind, ItemKind, PatternKind, TextPart, UnaryOp};

/// What names stand for.
#[derive(Default)]
pub(super) struct Scope {
    /// The user functions, with the number of their parameters.
    pub(super) functions: Vec<(String, usize)>,
    /// Names whose parentheses build a record.
    pub(super) records: BTreeSet<String>,
    /// The first locals.
    pub(super) locals: Vec<String>,
}

/// The expression that a text is.
pub(super) fn read(text: &str, scope: &Scope) -> Expr {
    let parsed = wfl_syntax::parse(FileId(0), &format!("module m\ntype T = String where {text}\n"));
    let rule = parsed.file.items.iter().find_map(|item| match &item.kind {
        ItemKind::Type(declared) => declared.rule.clone(),
        _ => None,
    });
    let read = rule.unwrap_or_else(|| panic!("no expression: {text}"));
    let end = read.span.end as usize;
    assert_eq!(end, "module m\ntype T = String where ".len() + text.len(), "more than an expression: {text}");
    let mut reader = Reader { scope, locals: scope.locals.clone() };
    reader.expr(&read)
}

struct Reader<'a> {
    scope: &'a Scope,
    locals: Vec<String>,
}

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

fn capital(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
}

impl Reader<'_> {
    fn expr(&mut self, expr: &ast::Expr) -> Expr {
        match &expr.kind {
            ExprKind::Int(n) => Expr::Const(Value::Int(*n)),
            ExprKind::Decimal(digits) => Expr::Const(Value::Decimal(digits.parse().unwrap())),
            ExprKind::Duration(ms) => Expr::Const(Value::Duration(Duration::from_millis(*ms))),
            ExprKind::Bool(truth) => Expr::Const(Value::Bool(*truth)),
            ExprKind::None => Expr::Const(Value::None),
            ExprKind::Unit => Expr::Const(Value::Unit),
            ExprKind::Text(parts) => self.text(parts),
            ExprKind::Name(name) => self.name(&name.text),
            ExprKind::List(items) => Expr::List(items.iter().map(|item| self.alone(item)).collect()),
            ExprKind::Record(members) => Expr::Record(self.named(members)),
            ExprKind::Call { callee, arguments } => self.call(callee, arguments),
            ExprKind::Member { base, name, optional: false } => {
                Expr::Field(boxed(self.expr(base)), name.text.as_str().into())
            }
            ExprKind::Member { base, name, .. } => {
                Expr::OptionalField(boxed(self.expr(base)), name.text.as_str().into())
            }
            ExprKind::Index { base, index } => {
                Expr::Call(Builtin::Get, vec![self.alone(base), self.alone(index)])
            }
            ExprKind::Tuple(_) => unreachable!("several values are no value"),
            ExprKind::Lambda { parameters, body } => self.lambda(parameters, body),
            ExprKind::If(choice) => {
                let depth = self.locals.len();
                let condition = self.expr(&choice.condition);
                let then = self.expr(&choice.then);
                self.locals.truncate(depth);
                let otherwise = self.alone(&choice.otherwise);
                Expr::If(boxed(condition), boxed(then), boxed(otherwise))
            }
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                Expr::Unary(Unary::Not, boxed(self.alone(operand)))
            }
            ExprKind::Unary { operand, .. } => Expr::Unary(Unary::Negate, boxed(self.alone(operand))),
            ExprKind::Binary { op, left, right, .. } => self.binary(*op, left, right),
            ExprKind::Is { value, pattern } => {
                let value = self.expr(value);
                Expr::Is(boxed(value), self.pattern(pattern))
            }
            ExprKind::Match(choice) => {
                let subject = self.alone(&choice.scrutinee);
                let arms = choice.arms.iter().map(|arm| {
                    let depth = self.locals.len();
                    let pattern = self.pattern(&arm.pattern);
                    let guard = arm.guard.as_ref().map(|guard| self.alone(guard));
                    let value = self.expr(&arm.body);
                    self.locals.truncate(depth);
                    wfl_ir::MatchArm { pattern, guard, value }
                });
                Expr::Match(boxed(subject), arms.collect())
            }
            ExprKind::Missing => panic!("an expression is missing"),
        }
    }

    fn alone(&mut self, expr: &ast::Expr) -> Expr {
        let depth = self.locals.len();
        let read = self.expr(expr);
        self.locals.truncate(depth);
        read
    }

    fn text(&mut self, parts: &[TextPart]) -> Expr {
        match parts {
            [] => Expr::Const(Value::text("")),
            [TextPart::Literal(text)] => Expr::Const(Value::text(text.as_str())),
            _ => Expr::Interpolate(
                parts
                    .iter()
                    .map(|part| match part {
                        TextPart::Literal(text) => Part::Text(text.as_str().into()),
                        TextPart::Interpolation(expr) => Part::Show(self.alone(expr)),
                    })
                    .collect(),
            ),
        }
    }

    fn name(&self, name: &str) -> Expr {
        match self.locals.iter().rposition(|local| local == name) {
            Some(local) => Expr::Local(local as u32),
            None if name == "value" => Expr::Subject,
            None if capital(name) => Expr::Variant(name.into(), vec![]),
            None => panic!("`{name}` is not known"),
        }
    }

    fn named(&mut self, members: &ast::Arguments) -> Vec<(Name, Expr)> {
        let member = |member: &ast::Argument| {
            let name = member.name.as_ref().map_or("value", |name| &name.text).into();
            (name, self.alone(&member.value))
        };
        members.list.iter().map(member).collect()
    }

    fn call(&mut self, callee: &ast::Expr, arguments: &ast::Arguments) -> Expr {
        let (name, receiver) = match &callee.kind {
            ExprKind::Name(name) => (name.text.as_str(), None),
            ExprKind::Member { base, name, optional: false } => (name.text.as_str(), Some(self.alone(base))),
            other => panic!("{other:?} cannot be called"),
        };
        if let Ok(currency) = name.parse::<Currency>() {
            return Expr::Money(currency, boxed(self.alone(&arguments.list[0].value)));
        }
        if self.scope.records.contains(name) {
            return Expr::Record(self.named(arguments));
        }
        if capital(name) {
            return Expr::Variant(name.into(), self.named(arguments));
        }
        let mut given: Vec<Expr> = receiver.into_iter().collect();
        given.extend(arguments.list.iter().map(|argument| self.alone(&argument.value)));
        match self.scope.functions.iter().position(|(function, _)| function == name) {
            Some(index) => {
                given.resize(self.scope.functions[index].1, Expr::Const(Value::None));
                Expr::Apply(index as u32, given)
            }
            None => {
                let builtin = Builtin::from_name(name);
                Expr::Call(builtin.unwrap_or_else(|| panic!("`{name}` is not a function")), given)
            }
        }
    }

    fn lambda(&mut self, parameters: &[ast::Name], body: &ast::Expr) -> Expr {
        let depth = self.locals.len();
        self.locals.extend(parameters.iter().map(|parameter| parameter.text.clone()));
        let body = self.expr(body);
        self.locals.truncate(depth);
        Expr::Lambda { params: parameters.len() as u32, body: boxed(body) }
    }

    fn binary(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr) -> Expr {
        let op = match op {
            BinaryOp::Or => Binary::Or,
            BinaryOp::And => {
                let left = self.expr(left);
                return Expr::Binary(Binary::And, boxed(left), boxed(self.expr(right)));
            }
            BinaryOp::Equal => Binary::Equal,
            BinaryOp::NotEqual => Binary::NotEqual,
            BinaryOp::Less => Binary::Less,
            BinaryOp::LessOrEqual => Binary::LessOrEqual,
            BinaryOp::Greater => Binary::Greater,
            BinaryOp::GreaterOrEqual => Binary::GreaterOrEqual,
            BinaryOp::In => match &right.kind {
                ExprKind::Binary { op: BinaryOp::Range, left: from, right: to, .. } => {
                    let ends = Expr::List(vec![self.alone(from), self.alone(to)]);
                    return Expr::Binary(Binary::Within, boxed(self.alone(left)), boxed(ends));
                }
                _ => Binary::In,
            },
            BinaryOp::Default => Binary::Otherwise,
            BinaryOp::Range => panic!("a range stands behind `in`"),
            BinaryOp::Add => Binary::Add,
            BinaryOp::Subtract => Binary::Subtract,
            BinaryOp::Multiply => Binary::Multiply,
            BinaryOp::Divide => Binary::Divide,
        };
        Expr::Binary(op, boxed(self.alone(left)), boxed(self.alone(right)))
    }

    fn pattern(&mut self, pattern: &ast::Pattern) -> Pattern {
        match &pattern.kind {
            PatternKind::Wildcard => Pattern::Any,
            PatternKind::Binding(name) => {
                self.locals.push(name.text.clone());
                Pattern::Bind(self.locals.len() as u32 - 1)
            }
            PatternKind::Literal(literal) => match self.expr(literal) {
                Expr::Const(Value::None) => Pattern::Absent,
                Expr::Const(value) => Pattern::Literal(value),
                other => panic!("{other:?} is no literal"),
            },
            PatternKind::Variant { path, fields } => {
                let name = path.segments.last().unwrap().text.as_str();
                let mut fields = fields.iter().flatten().map(|field| {
                    let of = field.name.as_ref().map_or("value", |name| &name.text);
                    (Name::from(of), self.pattern(&field.pattern))
                });
                match name {
                    "Some" => Pattern::Present(Box::new(fields.next().unwrap().1)),
                    _ => Pattern::Variant(name.into(), fields.collect()),
                }
            }
            other => panic!("{other:?} is not read"),
        }
    }
}
