//! Walks over expressions and over everything of a workflow that holds expressions.

use wfl_analysis::hir::{Await, AwaitKind, Statement};
use wfl_ir::{Expr, Part, Pattern, Type};

/// Calls `visit` for an expression and for each one inside of it.
pub fn visit(expr: &Expr, on: &mut dyn FnMut(&Expr)) {
    on(expr);
    match expr {
        Expr::Const(_) | Expr::Slot(_) | Expr::Local(_) | Expr::Subject | Expr::Workflow(_) => {}
        Expr::Field(base, _)
        | Expr::OptionalField(base, _)
        | Expr::Money(_, base)
        | Expr::Checked(_, base)
        | Expr::Unary(_, base)
        | Expr::Is(base, _) => visit(base, on),
        Expr::Record(fields) | Expr::Variant(_, fields) => {
            fields.iter().for_each(|(_, value)| visit(value, on))
        }
        Expr::Lambda { body, .. } => visit(body, on),
        Expr::List(items) | Expr::Call(_, items) | Expr::Apply(_, items) => {
            items.iter().for_each(|item| visit(item, on))
        }
        Expr::Binary(_, left, right) => {
            visit(left, on);
            visit(right, on);
        }
        Expr::If(condition, then, otherwise) => {
            visit(condition, on);
            visit(then, on);
            visit(otherwise, on);
        }
        Expr::Match(subject, arms) => {
            visit(subject, on);
            for arm in arms {
                arm.guard.iter().for_each(|guard| visit(guard, on));
                visit(&arm.value, on);
            }
        }
        Expr::Interpolate(parts) => parts.iter().for_each(|part| match part {
            Part::Show(expr) => visit(expr, on),
            Part::Text(_) => {}
        }),
    }
}

/// New numbers for types and slots.
pub(crate) trait Numbers {
    /// The new number of a named type.
    fn type_number(&self, index: u32) -> u32;
    /// The new number of a slot.
    fn slot_number(&self, slot: u32) -> u32;
    /// The new number of a function.
    fn function_number(&self, index: u32) -> u32;
    /// What stands for a slot, a local or the subject; none for itself.
    fn stands_for(&self, _leaf: &Expr) -> Option<Expr> {
        None
    }
}

/// The expression with other expressions for some of its slots and locals, and for the subject.
pub fn substitute(expr: &Expr, leaves: &dyn Fn(&Expr) -> Option<Expr>) -> Expr {
    renumber(expr, &Substitution { leaves })
}

struct Substitution<'s> {
    leaves: &'s dyn Fn(&Expr) -> Option<Expr>,
}

impl Numbers for Substitution<'_> {
    fn type_number(&self, index: u32) -> u32 {
        index
    }

    fn slot_number(&self, slot: u32) -> u32 {
        slot
    }

    fn function_number(&self, index: u32) -> u32 {
        index
    }

    fn stands_for(&self, leaf: &Expr) -> Option<Expr> {
        (self.leaves)(leaf)
    }
}

/// The expression with other numbers for its named types and slots.
pub(crate) fn renumber(expr: &Expr, number: &dyn Numbers) -> Expr {
    let again = |expr: &Expr| renumber(expr, number);
    let boxed = |expr: &Expr| Box::new(renumber(expr, number));
    let fields = |fields: &[(wfl_ir::Name, Expr)]| {
        fields.iter().map(|(name, value)| (name.clone(), again(value))).collect::<Vec<_>>()
    };
    match expr {
        Expr::Const(_) | Expr::Workflow(_) => expr.clone(),
        Expr::Local(_) | Expr::Subject => number.stands_for(expr).unwrap_or_else(|| expr.clone()),
        Expr::Slot(slot) => number.stands_for(expr).unwrap_or_else(|| Expr::Slot(number.slot_number(*slot))),
        Expr::Field(base, name) => Expr::Field(boxed(base), name.clone()),
        Expr::OptionalField(base, name) => Expr::OptionalField(boxed(base), name.clone()),
        Expr::Record(list) => Expr::Record(fields(list)),
        Expr::Variant(name, list) => Expr::Variant(name.clone(), fields(list)),
        Expr::List(items) => Expr::List(items.iter().map(again).collect()),
        Expr::Money(currency, amount) => Expr::Money(*currency, boxed(amount)),
        Expr::Checked(ty, value) => Expr::Checked(renumber_type(ty, number), boxed(value)),
        Expr::Unary(op, operand) => Expr::Unary(*op, boxed(operand)),
        Expr::Binary(op, left, right) => Expr::Binary(*op, boxed(left), boxed(right)),
        Expr::If(condition, then, otherwise) => Expr::If(boxed(condition), boxed(then), boxed(otherwise)),
        Expr::Match(subject, arms) => {
            let arm = |arm: &wfl_ir::MatchArm| wfl_ir::MatchArm {
                pattern: arm.pattern.clone(),
                guard: arm.guard.as_ref().map(again),
                value: again(&arm.value),
            };
            Expr::Match(boxed(subject), arms.iter().map(arm).collect())
        }
        Expr::Is(value, pattern) => Expr::Is(boxed(value), pattern.clone()),
        Expr::Call(function, arguments) => Expr::Call(*function, arguments.iter().map(again).collect()),
        Expr::Lambda { params, body } => Expr::Lambda { params: *params, body: boxed(body) },
        Expr::Apply(function, arguments) => {
            Expr::Apply(number.function_number(*function), arguments.iter().map(again).collect())
        }
        Expr::Interpolate(parts) => {
            let part = |part: &Part| match part {
                Part::Text(text) => Part::Text(text.clone()),
                Part::Show(expr) => Part::Show(again(expr)),
            };
            Expr::Interpolate(parts.iter().map(part).collect())
        }
    }
}

/// The type with other numbers for its named types.
pub(crate) fn renumber_type(ty: &Type, number: &dyn Numbers) -> Type {
    match ty {
        Type::Named(index) => Type::Named(number.type_number(*index)),
        Type::Optional(inner) => Type::Optional(Box::new(renumber_type(inner, number))),
        Type::List(inner) => Type::List(Box::new(renumber_type(inner, number))),
        Type::Set(inner) => Type::Set(Box::new(renumber_type(inner, number))),
        Type::Map(key, value) => {
            Type::Map(Box::new(renumber_type(key, number)), Box::new(renumber_type(value, number)))
        }
        Type::Result(value, error) => {
            Type::Result(Box::new(renumber_type(value, number)), Box::new(renumber_type(error, number)))
        }
        Type::Record(fields) => {
            Type::Record(fields.iter().map(|(name, ty)| (name.clone(), renumber_type(ty, number))).collect())
        }
        plain => plain.clone(),
    }
}

/// The pattern of a `match` statement with other numbers for its slots.
pub(crate) fn renumber_pattern(pattern: &Pattern, number: &dyn Numbers) -> Pattern {
    match pattern {
        Pattern::Bind(slot) => Pattern::Bind(number.slot_number(*slot)),
        Pattern::Present(inner) => Pattern::Present(Box::new(renumber_pattern(inner, number))),
        Pattern::Tuple(items) => {
            Pattern::Tuple(items.iter().map(|item| renumber_pattern(item, number)).collect())
        }
        Pattern::Variant(name, fields) => {
            let field =
                |(name, pattern): &(wfl_ir::Name, Pattern)| (name.clone(), renumber_pattern(pattern, number));
            Pattern::Variant(name.clone(), fields.iter().map(field).collect())
        }
        plain => plain.clone(),
    }
}

/// The slots that a pattern of a `match` statement binds.
pub(crate) fn bound_slots(pattern: &Pattern, on: &mut dyn FnMut(u32)) {
    match pattern {
        Pattern::Bind(slot) => on(*slot),
        Pattern::Present(inner) => bound_slots(inner, on),
        Pattern::Tuple(items) => items.iter().for_each(|item| bound_slots(item, on)),
        Pattern::Variant(_, fields) => fields.iter().for_each(|(_, pattern)| bound_slots(pattern, on)),
        _ => {}
    }
}

/// The numbers of the named types in a type.
pub(crate) fn named_types(ty: &Type, on: &mut dyn FnMut(u32)) {
    match ty {
        Type::Named(index) => on(*index),
        Type::Optional(inner) | Type::List(inner) | Type::Set(inner) => named_types(inner, on),
        Type::Map(one, other) | Type::Result(one, other) => {
            named_types(one, on);
            named_types(other, on);
        }
        Type::Record(fields) => fields.iter().for_each(|(_, ty)| named_types(ty, on)),
        _ => {}
    }
}

/// Calls `on` for each outermost expression that a statement holds by itself.
pub(crate) fn expressions(statement: &Statement, on: &mut dyn FnMut(&Expr)) {
    match statement {
        Statement::Let { value, .. } | Statement::Return { value, .. } => on(value),
        Statement::Step(step) => step.args.iter().for_each(|(_, value)| on(value)),
        Statement::Choice(choice) => {
            on(&choice.subject);
            choice.arms.iter().filter_map(|arm| arm.guard.as_ref()).for_each(on);
        }
        Statement::Emit { fields, .. } | Statement::Fail { fields, .. } => {
            fields.iter().for_each(|(_, value)| on(value));
        }
        Statement::Ensure { condition, .. } => on(condition),
        Statement::Leave { set: Some((_, value)), .. } => on(value),
        Statement::Run(run) => run.args.iter().for_each(|(_, value)| on(value)),
        Statement::Restart { args, .. } => args.iter().for_each(|(_, value)| on(value)),
        Statement::Wait { time, .. } => on(time),
        Statement::Parallel(parallel) => parallel.within.iter().for_each(on),
        Statement::Foreach(foreach) => {
            on(&foreach.list);
            foreach.key.iter().for_each(on);
        }
        Statement::Repeat(repeat) => repeat.every.iter().chain(&repeat.until).for_each(on),
        Statement::Await(awaited) => await_expressions(awaited, on),
        Statement::Leave { set: None, .. }
        | Statement::Saga(_)
        | Statement::Shield(_)
        | Statement::Rollback(_)
        | Statement::Commit(_) => {}
    }
}

fn await_expressions(awaited: &Await, on: &mut dyn FnMut(&Expr)) {
    if let Some((every, reminder)) = &awaited.remind {
        on(every);
        reminder.iter().flat_map(|reminder| &reminder.args).for_each(|(_, value)| on(value));
    }
    awaited.timeout.iter().for_each(|(after, _)| on(after));
    match &awaited.kind {
        AwaitKind::Signal { condition, .. } => condition.iter().for_each(on),
        AwaitKind::Human(task) => {
            on(&task.role);
            task.title.iter().for_each(&mut *on);
            task.show.iter().for_each(|(shown, _)| on(shown));
            task.escalations.iter().for_each(|(after, to)| {
                on(after);
                on(to);
            });
        }
    }
}
