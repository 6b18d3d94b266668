//! Retry policies and time limits.

use wfl_ir::{Duration, Retry, Value};
use wfl_source::{Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, ExprKind};

use crate::expr::Checker;
use crate::names::Space;
use crate::tables::{Body, Thing};
use crate::ty::Ty;

/// The time that all attempts of a step may take where nothing is said.
pub(crate) const DEFAULT_TOTAL: Duration = Duration::from_secs(15 * 60);
/// The time that one attempt may take where nothing is said.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_INITIAL: Duration = Duration::from_millis(200);
const DEFAULT_CAP: Duration = Duration::from_secs(30);

/// A time limit: how long, where it is written, and what it is called.
pub(crate) type Limit = (Duration, Span, &'static str);

/// A limit that is written.
pub(crate) fn limit_of(
    time: Option<Duration>,
    expr: &Option<ast::Expr>,
    what: &'static str,
) -> Option<Limit> {
    time.zip(expr.as_ref()).map(|(time, expr)| (time, expr.span, what))
}

impl Checker<'_, '_> {
    /// Reports a limit that is over only after one that holds as well.
    pub(crate) fn check_within(&mut self, inner: Option<Limit>, outer: Option<Limit>) {
        let (Some((time, span, what)), Some((end, place, limit))) = (inner, outer) else { return };
        if time <= end {
            return;
        }
        let title = format!("{what} is longer than {limit}");
        let diagnostic = Diagnostic::new(Code::W0207, title, span, "never reached");
        self.session.report(diagnostic.label(place, "over before").help("which of the two is meant?"));
    }

    /// The policy that an expression behind `retry` names; reports when it names none.
    pub(crate) fn retry(&mut self, expr: &ast::Expr) -> Option<Retry> {
        let ExprKind::Call { callee, arguments } = &expr.kind else {
            return self.no_policy(expr);
        };
        let path = match &callee.kind {
            ExprKind::Name(name) => ast::Path { segments: vec![name.clone()], span: name.span },
            ExprKind::Member { base, name, optional: false } => match &base.kind {
                ExprKind::Name(alias) => {
                    ast::Path { segments: vec![alias.clone(), name.clone()], span: callee.span }
                }
                _ => return self.no_policy(expr),
            },
            _ => return self.no_policy(expr),
        };
        let name = path.last()?;
        let found = self.tables.find_path(self.session, self.module, Space::Function, &path);
        let policy = |thing| match thing {
            Thing::Function(function) => {
                let info = &self.tables.declared_functions[function as usize];
                (info.body == Body::Policy).then_some(info.name.as_str())
            }
            _ => None,
        };
        match found.and_then(policy) {
            Some("exponential") => self.exponential(arguments),
            Some("forever") => self.forever(arguments),
            _ => self.unknown_policy(name),
        }
    }

    fn no_policy(&mut self, expr: &ast::Expr) -> Option<Retry> {
        if !matches!(expr.kind, ExprKind::Missing) {
            let diagnostic =
                Diagnostic::new(Code::E0205, "`retry` needs a policy", expr.span, "not a policy");
            self.session.report(
                diagnostic.help("write `exponential(initial: 200ms, attempts: 5)` or `forever(every: 30s)`"),
            );
        }
        None
    }

    fn unknown_policy(&mut self, name: &ast::Name) -> Option<Retry> {
        let title = format!("there is no retry policy `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::E0201, title, name.span, "unknown");
        let policies = ["exponential", "forever"];
        self.session.report(match (self.tables.home(&name.text), closest(&name.text, policies)) {
            (Some(home), _) => diagnostic.help(format!("import it: `import {home} ({})`", name.text)),
            (None, Some(meant)) => diagnostic.help(format!("did you mean `{meant}`?")),
            (None, None) => diagnostic.help("`std.retry` has `exponential` and `forever`"),
        });
        None
    }

    fn exponential(&mut self, arguments: &ast::Arguments) -> Option<Retry> {
        let [initial, cap, attempts] =
            self.policy_arguments("exponential", ["initial", "cap", "attempts"], arguments);
        let initial = self.policy_duration(initial, "`initial`").unwrap_or(DEFAULT_INITIAL);
        let cap = self.policy_duration(cap, "`cap`").unwrap_or(DEFAULT_CAP.max(initial));
        let attempts = attempts.and_then(|expr| match self.constant(expr, &Ty::Int, "`attempts`")? {
            Value::Int(count) if (1..=1_000_000).contains(&count) => Some(count as u32),
            _ => {
                self.session.error(
                    Code::E0214,
                    "`attempts` must be at least 1",
                    expr.span,
                    "no such number of attempts",
                );
                None
            }
        });
        Some(Retry::Exponential { initial, cap, attempts })
    }

    fn forever(&mut self, arguments: &ast::Arguments) -> Option<Retry> {
        let [every] = self.policy_arguments("forever", ["every"], arguments);
        let Some(every) = every else {
            let diagnostic =
                Diagnostic::new(Code::E0207, "`forever` lacks `every`", arguments.span, "missing: `every`");
            self.session.report(diagnostic.help("write `forever(every: 30s)`"));
            return None;
        };
        self.constant_duration(every, "`every`").map(|every| Retry::Forever { every })
    }

    fn policy_duration(&mut self, expr: Option<&ast::Expr>, what: &str) -> Option<Duration> {
        expr.and_then(|expr| self.constant_duration(expr, what))
    }

    fn policy_arguments<'e, const N: usize>(
        &mut self,
        policy: &str,
        names: [&str; N],
        arguments: &'e ast::Arguments,
    ) -> [Option<&'e ast::Expr>; N] {
        let mut found = [None; N];
        for argument in &arguments.list {
            let Some(name) = &argument.name else {
                let list = names.map(|name| format!("{name}: …")).join(", ");
                let title = format!("the arguments of `{policy}` need names");
                let diagnostic = Diagnostic::new(Code::E0210, title, argument.span, "which one is this?");
                self.session.report(diagnostic.help(format!("write `{policy}({list})`")));
                continue;
            };
            match names.iter().position(|known| *known == name.text) {
                Some(at) if found[at].is_none() => found[at] = Some(&argument.value),
                Some(_) => self.given_twice(&format!("`{}`", name.text), argument.span),
                None => {
                    let title = format!("`{policy}` has no `{}`", name.text);
                    let diagnostic = Diagnostic::new(Code::E0208, title, name.span, "unknown");
                    self.session.report(match closest(&name.text, names) {
                        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
                        None => diagnostic,
                    });
                }
            }
        }
        found
    }
}
