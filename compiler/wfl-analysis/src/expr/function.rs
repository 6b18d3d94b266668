//! Calls of functions: those of `std`, which take any types that fit, and those of the program.

use wfl_ir::{Builtin, Decimal, Duration, Expr, Label, Money, Value};
use wfl_source::{Code, Diagnostic, Span};
use wfl_syntax::ast::{self, ExprKind};

use crate::expr::checker::Checker;
use crate::expr::generic::Bindings;
use crate::hir::Redacted;
use crate::tables::{Body, FunctionInfo};
use crate::ty::{Ty, Typed};

/// A function being called.
pub(crate) struct Callee<'n> {
    /// The first function of that name.
    pub(crate) function: u32,
    pub(crate) name: &'n str,
    /// The value in front of the dot and where it stands.
    pub(crate) receiver: Option<(Typed, Span)>,
    pub(crate) span: Span,
}

impl Checker<'_, '_> {
    /// Calls a function; a receiver is its first argument.
    pub(crate) fn function(&mut self, mut callee: Callee<'_>, arguments: &ast::Arguments) -> Typed {
        if let Some(named) = arguments.list.iter().find_map(|argument| argument.name.as_ref()) {
            let title = format!("the arguments of `{}` have no names", callee.name);
            self.session.error(Code::E0208, title, named.span, "give only the value");
        }
        let mut rest = arguments.list.iter().map(|argument| &argument.value);
        let overloaded = self.tables.declared_functions[callee.function as usize].overload.is_some();
        // Overloads are told apart by their first argument, which therefore is looked at before anything is wanted.
        if overloaded && callee.receiver.is_none() {
            let Some(first) = rest.next() else { return self.wrong_count(&callee, arguments, 0) };
            let typed = self.alone(|this| this.check(first, None));
            callee.receiver = Some((typed, first.span));
        }
        let rest = rest.collect::<Vec<_>>();
        let given = rest.len() + usize::from(callee.receiver.is_some());
        if callee.receiver.as_ref().is_some_and(|(receiver, _)| receiver.ty.is_unknown()) {
            rest.iter().for_each(|argument| self.look(argument));
            return Typed::unknown();
        }
        let Some(chosen) = self.choose_overload(&callee, given) else { return Typed::unknown() };
        let info = &self.tables.declared_functions[chosen as usize];
        let needed = info.params.iter().take_while(|param| !matches!(param.ty, Ty::Optional(_))).count();
        if given < needed || given > info.params.len() {
            rest.iter().for_each(|argument| self.look(argument));
            return self.wrong_count(&callee, arguments, chosen);
        }
        self.apply(&callee, chosen, &rest)
    }

    /// Checks an argument that has no place; small functions are passed over.
    fn look(&mut self, argument: &ast::Expr) {
        if !matches!(argument.kind, ExprKind::Lambda { .. }) {
            self.alone(|this| this.check(argument, None));
        }
    }

    /// The function of that name which takes the first argument; reports when there is none.
    fn choose_overload(&mut self, callee: &Callee<'_>, given: usize) -> Option<u32> {
        let tables = self.tables;
        let Some((receiver, span)) = &callee.receiver else { return Some(callee.function) };
        let takes = |info: &FunctionInfo| match info.params.first() {
            Some(param) => Bindings::new(&info.bounds).unify(tables, &param.ty, &receiver.ty),
            None => false,
        };
        let all = tables.overloads(callee.function).collect::<Vec<_>>();
        let fitting = all
            .iter()
            .copied()
            .filter(|at| takes(&tables.declared_functions[*at as usize]))
            .collect::<Vec<_>>();
        let by_count =
            fitting.iter().find(|at| tables.declared_functions[**at as usize].params.len() == given);
        if let Some(chosen) = by_count.or(fitting.first()) {
            return Some(*chosen);
        }
        let first = |at: &u32| tables.declared_functions[*at as usize].params.first().map(|param| &param.ty);
        let mut wanted = all.iter().filter_map(first).map(|ty| tables.show_kind(ty)).collect::<Vec<_>>();
        wanted.dedup();
        let title = format!("`{}` needs {}", callee.name, wanted.join(" or "));
        let message = format!("this is {}", tables.show(&receiver.ty));
        let diagnostic = Diagnostic::new(Code::E0205, title, *span, message);
        self.session.report(match receiver.ty {
            Ty::Optional(_) => diagnostic.help("give a default first: `(value ?? default)`"),
            _ => diagnostic,
        });
        None
    }

    fn wrong_count(&mut self, callee: &Callee<'_>, arguments: &ast::Arguments, chosen: u32) -> Typed {
        let chosen =
            if arguments.list.is_empty() && callee.receiver.is_none() { callee.function } else { chosen };
        let info = &self.tables.declared_functions[chosen as usize];
        let behind_dot = usize::from(callee.receiver.is_some() && arguments.list.len() < info.params.len());
        let needed = info.params.len() - behind_dot;
        let names = info.params.iter().map(|param| param.name.as_str()).collect::<Vec<_>>().join(", ");
        let plural = if needed == 1 { "" } else { "s" };
        let title =
            format!("`{}` takes {needed} argument{plural}, not {}", callee.name, arguments.list.len());
        let diagnostic = Diagnostic::new(Code::E0207, title, arguments.span, "does not fit");
        self.session.report(diagnostic.help(format!("it is `{}({names})`", info.name)));
        Typed::unknown()
    }

    fn apply(&mut self, callee: &Callee<'_>, chosen: u32, rest: &[&ast::Expr]) -> Typed {
        let tables = self.tables;
        let info = &tables.declared_functions[chosen as usize];
        let mut bindings = Bindings::new(&info.bounds);
        let (mut exprs, mut label, mut sound) = (Vec::new(), Label::Public, true);
        let (mut within, mut told) = (Label::Public, Label::Public);
        let mut rest = rest.iter();
        for (at, param) in info.params.iter().enumerate() {
            let (typed, span) = match (&callee.receiver, at) {
                (Some((receiver, span)), 0) => (receiver.clone(), *span),
                _ => match rest.next() {
                    Some(argument) => {
                        (self.argument(argument, &param.ty, &mut bindings, label), argument.span)
                    }
                    None => (Typed::constant(Value::None, Ty::Optional(Box::new(Ty::Unknown))), callee.span),
                },
            };
            sound &= self.settle(&typed, &param.ty, &mut bindings, span);
            // A parameter has a declared type, which says nothing of labels that only the value has.
            label = label.max(typed.label).max(typed.ty.above(&param.ty));
            within = within.max(tables.label_within(&typed.ty));
            told = told.max(self.told(info, &typed));
            exprs.push(typed.expr);
        }
        if !sound {
            return Typed::unknown();
        }
        if let Some((param, bound)) = bindings.broken_bound(tables) {
            return self.bound_broken(callee, &param, bound);
        }
        // What makes a text of a record, or JSON, gives its fields away; what only picks parts keeps their labels.
        if !info.result.has_parameter() && matches!(info.body, Body::Builtin(_)) && !takes_function(info) {
            label = label.max(within);
        }
        let ty = bindings.substitute(&info.result);
        let label = self.result_label(callee, info, (label, told));
        self.result(callee, chosen, exprs, ty, label)
    }

    /// Checks an argument against what is known of its parameter's type.
    fn argument(
        &mut self,
        argument: &ast::Expr,
        wanted: &Ty,
        bindings: &mut Bindings,
        label: Label,
    ) -> Typed {
        match (wanted, &argument.kind) {
            (Ty::Function(params, _), ExprKind::Lambda { parameters, body }) => {
                let params = params.iter().map(|ty| bindings.substitute(ty)).collect::<Vec<_>>();
                self.lambda(parameters, body, &params, label, argument.span)
            }
            (Ty::Function(params, _), _) => {
                let names = ["x", "y", "z"].into_iter().take(params.len()).collect::<Vec<_>>().join(", ");
                let head = if params.len() == 1 { names } else { format!("({names})") };
                let title = "a small function is needed here";
                let diagnostic = Diagnostic::new(Code::E0225, title, argument.span, "not a function");
                self.session.report(diagnostic.help(format!("write `{head} => …`")));
                Typed::unknown()
            }
            _ => {
                let hint = bindings.substitute(wanted);
                self.alone(|this| this.check(argument, Some(&hint).filter(|hint| !hint.is_unknown())))
            }
        }
    }

    fn lambda(
        &mut self,
        parameters: &[ast::Name],
        body: &ast::Expr,
        types: &[Ty],
        label: Label,
        span: Span,
    ) -> Typed {
        if parameters.len() != types.len() {
            let plural = if types.len() == 1 { "" } else { "s" };
            let title = format!("this function gets {} value{plural}, not {}", types.len(), parameters.len());
            self.session.error(Code::E0225, title, span, "takes another number of values");
            return Typed::unknown();
        }
        self.alone(|this| {
            for (name, ty) in parameters.iter().zip(types) {
                let place = Expr::Local(this.locals);
                this.locals += 1;
                this.bind(name, place, ty.clone(), label, Some(Code::W0202));
            }
            let typed = this.alone(|this| this.check(body, None));
            let body = Box::new(typed.expr);
            let expr = Expr::Lambda { params: types.len() as u32, body };
            Typed::new(expr, Ty::Function(types.to_vec(), Box::new(typed.ty)), typed.label)
        })
    }

    /// Fits a value into a parameter, which may tell what a type parameter is.
    fn settle(&mut self, typed: &Typed, wanted: &Ty, bindings: &mut Bindings, span: Span) -> bool {
        if typed.ty.is_unknown() {
            return false;
        }
        if let (Ty::Function(_, wanted), Ty::Function(_, found)) = (wanted, &typed.ty) {
            if found.is_unknown() {
                return false;
            }
            if bindings.unify(self.tables, wanted, found) {
                return true;
            }
            self.misfit(found, &bindings.substitute(wanted), span);
            return false;
        }
        if bindings.unify(self.tables, wanted, &typed.ty) {
            return true;
        }
        self.misfit(&typed.ty, &bindings.substitute(wanted), span);
        false
    }

    fn bound_broken(&mut self, callee: &Callee<'_>, ty: &Ty, needed: &str) -> Typed {
        let title = format!("`{}` needs {needed}", callee.name);
        let message = format!("{} is none", self.tables.show(ty));
        self.session.error(Code::E0205, title, callee.span, message);
        Typed::unknown()
    }

    /// What an argument tells if the function only tests its arguments, or counts: of a Bool all there is to know.
    fn told(&self, info: &FunctionInfo, argument: &Typed) -> Label {
        let (label, ty) = (argument.label, &argument.ty);
        match info.body {
            // It says of each item what the small function says of it.
            _ if takes_function(info) && !matches!(ty, Ty::Function(..)) => Label::Public,
            _ if matches!(ty, Ty::Function(..)) => label,
            Body::Builtin(builtin) if counts(builtin) => Label::Public,
            Body::Builtin(_) => self.tables.label_of_test(label, ty),
            // What it says of parts that are marked themselves, its result is marked for.
            _ if self.tables.has_bools(ty) => label,
            _ => Label::Public,
        }
    }

    /// The label of a result, of the labels of all arguments and of what a test of them would tell.
    fn result_label(&mut self, callee: &Callee<'_>, info: &FunctionInfo, labels: (Label, Label)) -> Label {
        let (label, told) = labels;
        if info.redacts {
            if label > info.result_label {
                let function = info.name.clone();
                self.session.redacted(Redacted { label, function, span: callee.span });
            }
            return info.result_label;
        }
        // What a test or a count says about a value does not give the value away; of a secret nothing may be known.
        let looks = info.result == Ty::Bool || matches!(info.body, Body::Builtin(builtin) if counts(builtin));
        let label = if looks && label < Label::Secret { told } else { label };
        label.max(info.result_label)
    }

    fn result(&mut self, callee: &Callee<'_>, chosen: u32, exprs: Vec<Expr>, ty: Ty, label: Label) -> Typed {
        let info = &self.tables.declared_functions[chosen as usize];
        match info.body {
            Body::Builtin(builtin) => {
                if builtin == Builtin::Matches && !self.check_pattern_text(exprs.get(1), callee.span) {
                    return Typed::unknown();
                }
                let mut exprs = exprs;
                // The sum of nothing is the zero of its type, which only the compiler knows.
                if builtin == Builtin::Sum
                    && let Some(zero) = zero_of(self.tables.base(&ty))
                {
                    exprs.push(Expr::Const(zero));
                }
                let typed = Typed::new(Expr::Call(builtin, exprs), ty, label);
                self.fold(typed, callee.span)
            }
            Body::Expression(number) => {
                self.called.insert(number);
                Typed::new(Expr::Apply(number, exprs), ty, label)
            }
            Body::Policy => {
                let title = format!("`{}` is a retry policy, not a value", callee.name);
                self.session.error(Code::E0221, title, callee.span, "belongs behind `retry`");
                Typed::unknown()
            }
            Body::None => Typed::unknown(),
        }
    }

    // A regular expression that is a constant, as nearly all are, is compiled right away.
    fn check_pattern_text(&mut self, pattern: Option<&Expr>, span: Span) -> bool {
        let Some(Expr::Const(pattern)) = pattern else { return true };
        match wfl_eval::call(Builtin::Matches, &[Value::text(""), pattern.clone()]) {
            Ok(_) => true,
            Err(fault) => {
                let title = "this is not a regular expression";
                let diagnostic = Diagnostic::new(Code::E0214, title, span, "cannot be read");
                self.session.report(diagnostic.note(fault.to_string()));
                false
            }
        }
    }
}

/// Whether a function says only how many there are.
fn counts(builtin: Builtin) -> bool {
    matches!(builtin, Builtin::Length | Builtin::Count | Builtin::IsEmpty)
}

/// Whether a function takes a small function, which says what of a value is used.
fn takes_function(info: &FunctionInfo) -> bool {
    info.params.iter().any(|param| matches!(param.ty, Ty::Function(..)))
}

/// Nothing, in a type whose values can be added.
fn zero_of(ty: &Ty) -> Option<Value> {
    Some(match ty {
        Ty::Int => Value::Int(0),
        Ty::Decimal => Value::Decimal(Decimal::ZERO),
        Ty::Duration => Value::Duration(Duration(0)),
        Ty::Money(Some(currency)) => Value::Money(Money { amount: Decimal::ZERO, currency: *currency }),
        _ => return None,
    })
}
