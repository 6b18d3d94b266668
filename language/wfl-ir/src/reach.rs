//! What expressions point at: every slot, local, type and function of an expression must be there, and calls must
//! not nest without end.

use crate::expr::{Binary, Expr, MatchArm, Part, Pattern};
use crate::function::{Function, Library};
use crate::types::Type;

/// How deep the evaluation of an expression may nest, the functions that it calls included.
pub const MAX_LEVELS: u32 = 256;

/// What expressions of one place may point at.
#[derive(Clone, Copy)]
pub(crate) struct Reach<'a> {
    pub(crate) library: Library<'a>,
    /// How deep each function nests, its callees included.
    pub(crate) levels: &'a [u32],
    pub(crate) slots: u32,
}

/// What is known of an expression: the locals that are bound when it is true, and how deep it nests.
struct Known {
    locals: u32,
    levels: u32,
}

impl Reach<'_> {
    /// Tests an expression over so many locals.
    pub(crate) fn test(self, expr: &Expr, locals: u32) -> Result<(), String> {
        self.levels_of(expr, locals).map(|_| ())
    }

    /// As [`Reach::test`]; gives how deep it nests.
    fn levels_of(self, expr: &Expr, locals: u32) -> Result<u32, String> {
        let levels = self.known(expr, locals)?.levels;
        if levels > MAX_LEVELS {
            return Err(format!("an expression nests deeper than {MAX_LEVELS} levels"));
        }
        Ok(levels)
    }

    /// What binds here mirrors the evaluator: `is` binds for what follows on the true side of `&&` and `if`, arms
    /// and lambdas for their own value, and everything else lets go of what its parts bound.
    fn known(self, expr: &Expr, locals: u32) -> Result<Known, String> {
        let mut levels = 0;
        let mut part = |expr: &Expr, locals: u32| -> Result<u32, String> {
            let known = self.known(expr, locals)?;
            levels = levels.max(known.levels);
            Ok(known.locals)
        };
        let mut bound = locals;
        match expr {
            Expr::Const(_) | Expr::Subject | Expr::Workflow(_) => {}
            Expr::Slot(slot) => self.slot(*slot)?,
            Expr::Local(local) if *local >= locals => return Err(format!("local {local} is not there")),
            Expr::Local(_) => {}
            Expr::Field(base, _) | Expr::OptionalField(base, _) | Expr::Money(_, base) => {
                part(base, locals)?;
            }
            Expr::Unary(_, operand) => drop(part(operand, locals)?),
            Expr::Checked(ty, value) => {
                self.ty(ty)?;
                part(value, locals)?;
            }
            Expr::Record(fields) | Expr::Variant(_, fields) => {
                fields.iter().try_for_each(|(_, value)| part(value, locals).map(drop))?;
            }
            Expr::List(items) => items.iter().try_for_each(|item| part(item, locals).map(drop))?,
            Expr::Binary(Binary::And, a, b) => {
                let open = part(a, locals)?;
                bound = part(b, open)?;
            }
            Expr::Binary(_, a, b) => {
                part(a, locals)?;
                part(b, locals)?;
            }
            Expr::If(condition, then, other) => {
                let open = part(condition, locals)?;
                part(then, open)?;
                part(other, locals)?;
            }
            Expr::Match(subject, arms) => {
                part(subject, locals)?;
                arms.iter().try_for_each(|arm| self.arm(arm, locals, &mut part))?;
            }
            Expr::Is(value, pattern) => bound = part(value, locals)? + binds(pattern),
            Expr::Call(_, arguments) => arguments.iter().try_for_each(|argument| match argument {
                Expr::Lambda { params, body } => part(body, locals.saturating_add(*params)).map(drop),
                value => part(value, locals).map(drop),
            })?,
            Expr::Interpolate(parts) => parts.iter().try_for_each(|piece| match piece {
                Part::Text(_) => Ok(()),
                Part::Show(value) => part(value, locals).map(drop),
            })?,
            Expr::Lambda { .. } => return Err("a lambda stands outside of a call".into()),
            Expr::Apply(index, arguments) => {
                arguments.iter().try_for_each(|argument| part(argument, locals).map(drop))?;
                levels = levels.max(self.callee(*index, arguments.len())?);
            }
        }
        Ok(Known { locals: bound, levels: levels + 1 })
    }

    fn arm(
        self,
        arm: &MatchArm,
        locals: u32,
        part: &mut dyn FnMut(&Expr, u32) -> Result<u32, String>,
    ) -> Result<(), String> {
        let open = locals + binds(&arm.pattern);
        if let Some(guard) = &arm.guard {
            part(guard, open)?;
        }
        part(&arm.value, open).map(drop)
    }

    fn callee(self, index: u32, arguments: usize) -> Result<u32, String> {
        let there = self.library.functions.get(index as usize).zip(self.levels.get(index as usize));
        let (function, levels) = there.ok_or_else(|| format!("function {index} is not there"))?;
        if function.params.len() == arguments {
            Ok(*levels)
        } else {
            Err(format!("{} does not take {arguments} arguments", function.name))
        }
    }

    /// Tests a slot.
    pub(crate) fn slot(self, slot: u32) -> Result<(), String> {
        if slot < self.slots { Ok(()) } else { Err(format!("slot {slot} is not there")) }
    }

    /// Tests the slots that a pattern of a statement binds.
    pub(crate) fn pattern(self, pattern: &Pattern) -> Result<(), String> {
        match pattern {
            Pattern::Bind(slot) => self.slot(*slot),
            Pattern::Present(inner) => self.pattern(inner),
            Pattern::Tuple(items) => items.iter().try_for_each(|item| self.pattern(item)),
            Pattern::Variant(_, fields) => fields.iter().try_for_each(|(_, field)| self.pattern(field)),
            Pattern::Any | Pattern::Literal(_) | Pattern::Absent => Ok(()),
        }
    }

    /// Tests the named types in a type.
    pub(crate) fn ty(self, ty: &Type) -> Result<(), String> {
        match ty {
            Type::Named(index) if self.library.def(*index).is_none() => {
                Err(format!("type {index} is not there"))
            }
            Type::Optional(inner) | Type::List(inner) | Type::Set(inner) => self.ty(inner),
            Type::Map(one, other) | Type::Result(one, other) => self.ty(one).and_then(|()| self.ty(other)),
            Type::Record(fields) => fields.iter().try_for_each(|(_, ty)| self.ty(ty)),
            _ => Ok(()),
        }
    }
}

/// How deep each function nests. An error when one points at what is not there or does not stand before it.
pub(crate) fn levels_of_functions(library: Library<'_>) -> Result<Vec<u32>, String> {
    let mut levels = Vec::new();
    for (index, function) in library.functions.iter().enumerate() {
        let earlier = Library { functions: &library.functions[..index], ..library };
        let reach = Reach { library: earlier, levels: &levels, slots: 0 };
        let found = function_levels(reach, function).map_err(|what| format!("{}: {what}", function.name))?;
        levels.push(found);
    }
    Ok(levels)
}

fn function_levels(reach: Reach<'_>, function: &Function) -> Result<u32, String> {
    function.params.iter().try_for_each(|param| reach.ty(&param.ty))?;
    reach.ty(&function.result)?;
    let rules = function.params.iter().filter_map(|param| param.rule.as_ref());
    rules.map(|rule| &rule.holds).try_for_each(|holds| reach.test(holds, 0))?;
    reach.levels_of(&function.body, function.params.len() as u32)
}

/// How many locals a pattern binds.
fn binds(pattern: &Pattern) -> u32 {
    match pattern {
        Pattern::Bind(_) => 1,
        Pattern::Present(inner) => binds(inner),
        Pattern::Tuple(items) => items.iter().map(binds).sum(),
        Pattern::Variant(_, fields) => fields.iter().map(|(_, field)| binds(field)).sum(),
        Pattern::Any | Pattern::Literal(_) | Pattern::Absent => 0,
    }
}
