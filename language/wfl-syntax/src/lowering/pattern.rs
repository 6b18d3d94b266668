//! Patterns, as written in `match` and as read from the right side of `is`.

use wfl_source::{Code, Diagnostic};

use crate::ast::{Argument, Expr, ExprKind, FieldPattern, Name, Path, Pattern, PatternKind, TextPart};
use crate::grammar::Rule;
use crate::lowering::context::Lowering;
use crate::tree::Cursor;

impl Lowering<'_> {
    pub(crate) fn pattern(&mut self, node: Cursor<'_>, nested: bool) -> Pattern {
        let span = self.span(node);
        let kind =
            self.deeper(1, span, |this| this.pattern_kind(node, nested)).unwrap_or(PatternKind::Missing);
        Pattern { kind, span }
    }

    fn pattern_kind(&mut self, node: Cursor<'_>, nested: bool) -> PatternKind {
        let Some(first) = node.children().next() else { return PatternKind::Missing };
        let span = self.span(first);
        match first.rule() {
            Rule::under => PatternKind::Wildcard,
            Rule::pat_tuple => {
                let parts = first.children().filter(|child| child.rule() == Rule::pattern);
                PatternKind::Tuple(parts.map(|part| self.pattern(part, true)).collect())
            }
            Rule::number | Rule::constant => self.literal_pattern(first),
            Rule::string | Rule::raw_string => {
                let text = self.plain_text(first);
                let kind = ExprKind::Text(vec![TextPart::Literal(text)]);
                PatternKind::Literal(Box::new(Expr { kind, span }))
            }
            Rule::pat_name => {
                let path = self.path(first);
                let fields = node.child(Rule::pat_args).map(|arguments| self.field_patterns(arguments));
                named(path, fields, nested)
            }
            _ => PatternKind::Missing,
        }
    }

    fn literal_pattern(&mut self, node: Cursor<'_>) -> PatternKind {
        let span = self.span(node);
        let kind = match node.rule() {
            Rule::number => self.number(node),
            _ => constant(node.text()),
        };
        PatternKind::Literal(Box::new(Expr { kind, span }))
    }

    fn field_patterns(&mut self, arguments: Cursor<'_>) -> Vec<FieldPattern> {
        let fields = arguments.children().filter(|child| child.rule() == Rule::pat_arg);
        fields.map(|field| self.field_pattern(field)).collect()
    }

    fn field_pattern(&mut self, field: Cursor<'_>) -> FieldPattern {
        let name = field.child(Rule::word).map(|word| self.name(word));
        let pattern = match field.child(Rule::pattern) {
            Some(pattern) => self.pattern(pattern, true),
            None => Pattern { kind: PatternKind::Missing, span: self.span(field).after() },
        };
        with_short_name(name, pattern)
    }

    /// Reads an expression as the pattern that it looks like.
    pub(crate) fn pattern_of(&mut self, expr: Expr, nested: bool) -> Pattern {
        let span = expr.span;
        let kind = match expr.kind {
            ExprKind::Name(name) => named(Path { span: name.span, segments: vec![name] }, None, nested),
            ExprKind::Call { callee, arguments } => match path_of(&callee) {
                Some(path) => {
                    let fields = arguments.list.into_iter().map(|argument| self.field_pattern_of(argument));
                    named(path, Some(fields.collect()), nested)
                }
                None => self.no_pattern(&callee),
            },
            ExprKind::Member { .. } => match path_of(&expr) {
                Some(path) => named(path, None, nested),
                None => self.no_pattern(&expr),
            },
            ExprKind::Int(_)
            | ExprKind::Decimal(_)
            | ExprKind::Duration(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Unit => PatternKind::Literal(Box::new(expr)),
            ExprKind::Text(ref parts) if parts.iter().all(|part| matches!(part, TextPart::Literal(_))) => {
                PatternKind::Literal(Box::new(expr))
            }
            ExprKind::Missing => PatternKind::Missing,
            ExprKind::Tuple(parts) => {
                PatternKind::Tuple(parts.into_iter().map(|part| self.pattern_of(part, true)).collect())
            }
            _ => self.no_pattern(&expr),
        };
        Pattern { kind, span }
    }

    fn field_pattern_of(&mut self, argument: Argument) -> FieldPattern {
        let pattern = self.pattern_of(argument.value, true);
        with_short_name(argument.name, pattern)
    }

    fn no_pattern(&mut self, expr: &Expr) -> PatternKind {
        let diagnostic =
            Diagnostic::new(Code::E0108, "`is` needs a pattern on its right", expr.span, "not a pattern");
        self.report(
            diagnostic.help("write a variant such as `Failed` or `Failed(reason: r)`, or compare by `==`"),
        );
        PatternKind::Missing
    }
}

pub(crate) fn constant(text: &str) -> ExprKind {
    match text {
        "true" => ExprKind::Bool(true),
        "false" => ExprKind::Bool(false),
        "unit" => ExprKind::Unit,
        _ => ExprKind::None,
    }
}

// Inside a variant a lower-case word names the value; a capital begins a variant everywhere.
fn named(path: Path, fields: Option<Vec<FieldPattern>>, nested: bool) -> PatternKind {
    match path.segments.as_slice() {
        [name]
            if nested
                && fields.is_none()
                && !name.text.starts_with(|first: char| first.is_ascii_uppercase()) =>
        {
            PatternKind::Binding(name.clone())
        }
        _ => PatternKind::Variant { path, fields },
    }
}

fn with_short_name(name: Option<Name>, pattern: Pattern) -> FieldPattern {
    let short = match (&name, &pattern.kind) {
        (None, PatternKind::Binding(binding)) => Some(binding.clone()),
        _ => name,
    };
    FieldPattern { name: short, pattern }
}

fn path_of(expr: &Expr) -> Option<Path> {
    match &expr.kind {
        ExprKind::Name(name) => Some(Path { segments: vec![name.clone()], span: name.span }),
        ExprKind::Member { base, name, optional: false } => {
            let mut path = path_of(base)?;
            path.segments.push(name.clone());
            path.span = path.span.to(name.span);
            Some(path)
        }
        _ => None,
    }
}
