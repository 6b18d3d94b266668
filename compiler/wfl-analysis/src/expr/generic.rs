//! Type parameters of the functions of `std`: what each stands for in one call.

use crate::tables::{Bound, Tables};
use crate::ty::{Member, Ty};

/// What the type parameters of a function stand for.
pub(crate) struct Bindings {
    bounds: Vec<Bound>,
    found: Vec<Option<Ty>>,
}

impl Bindings {
    pub(crate) fn new(bounds: &[Bound]) -> Bindings {
        Bindings { bounds: bounds.to_vec(), found: vec![None; bounds.len()] }
    }

    /// Whether a value of type `found` may stand where `wanted` is; learns what the parameters in `wanted` are.
    pub(crate) fn unify(&mut self, tables: &Tables, wanted: &Ty, found: &Ty) -> bool {
        let based = match wanted {
            Ty::Param(_) | Ty::Named(_) | Ty::Optional(_) => found,
            _ => tables.base(found),
        };
        match (wanted, based) {
            (_, Ty::Unknown) => true,
            (Ty::Param(number), _) => self.learn(tables, *number, found),
            (Ty::MoneyOf(number), Ty::Money(_)) => self.learn(tables, *number, based),
            (Ty::Optional(wanted), Ty::Optional(found)) => self.unify(tables, wanted, found),
            (Ty::Optional(wanted), found) => self.unify(tables, wanted, found),
            (Ty::List(wanted), Ty::List(found))
            | (Ty::Set(wanted), Ty::Set(found))
            | (Ty::Batch(wanted, _), Ty::Batch(found, _)) => self.unify(tables, wanted, found),
            (Ty::Map(key, value), Ty::Map(found_key, found_value)) => {
                self.unify(tables, key, found_key) && self.unify(tables, value, found_value)
            }
            (Ty::Result(ok, error), Ty::Result(found_ok, found_error)) => {
                self.unify(tables, ok, found_ok) && self.unify(tables, error, found_error)
            }
            (Ty::Record(wanted), Ty::Record(found)) => {
                wanted.len() == found.len()
                    && wanted.iter().all(|member| {
                        let same = found.iter().find(|other| other.name == member.name);
                        same.is_some_and(|other| self.unify(tables, &member.ty, &other.ty))
                    })
            }
            (wanted, _) => tables.fits(found, wanted),
        }
    }

    /// A parameter stands for the first type that it meets, or for a later one that takes both.
    fn learn(&mut self, tables: &Tables, number: u32, found: &Ty) -> bool {
        let Some(slot) = self.found.get_mut(number as usize) else { return false };
        match slot {
            Some(known) if !matches!(known, Ty::Unknown) => {
                let wider = match (tables.fits(found, known), tables.fits(known, found)) {
                    (true, _) => known.clone().marked_like(found),
                    (_, true) => found.clone().marked_like(known),
                    _ => return false,
                };
                *slot = Some(wider);
                true
            }
            _ => {
                *slot = Some(found.clone());
                true
            }
        }
    }

    /// A type with what its parameters stand for; what is not known yet fits everything.
    pub(crate) fn substitute(&self, ty: &Ty) -> Ty {
        let known = |number: &u32| self.found.get(*number as usize).cloned().flatten().unwrap_or(Ty::Unknown);
        let boxed = |ty: &Ty| Box::new(self.substitute(ty));
        match ty {
            Ty::Param(number) | Ty::MoneyOf(number) => known(number),
            Ty::Optional(inner) => self.substitute(inner).optional(),
            Ty::List(inner) => Ty::List(boxed(inner)),
            Ty::Set(inner) => Ty::Set(boxed(inner)),
            Ty::Batch(inner, keys) => Ty::Batch(boxed(inner), *keys),
            Ty::Map(key, value) => Ty::Map(boxed(key), boxed(value)),
            Ty::Result(ok, error) => Ty::Result(boxed(ok), boxed(error)),
            Ty::Record(members) => {
                let member = |member: &Member| Member { ty: self.substitute(&member.ty), ..member.clone() };
                Ty::Record(members.iter().map(member).collect())
            }
            other => other.clone(),
        }
    }

    /// A parameter that stands for a type which cannot do what is needed, and what that is.
    pub(crate) fn broken_bound(&self, tables: &Tables) -> Option<(Ty, &'static str)> {
        let pairs = self.found.iter().zip(&self.bounds);
        pairs.filter_map(|(found, bound)| Some((found.as_ref()?, *bound))).find_map(|(ty, bound)| {
            let base = tables.base(ty);
            let (fits, needed) = match bound {
                Bound::Free => (true, ""),
                Bound::Key => (tables.is_key(ty), "values that can tell items apart"),
                Bound::Ordered => (tables.is_ordered(base), "values that have an order"),
                Bound::Number => {
                    let fits =
                        base.is_number() || matches!(base, Ty::Money(Some(_)) | Ty::Duration | Ty::Unknown);
                    (fits, "numbers, amounts of one currency, or durations")
                }
            };
            (!fits).then(|| (ty.clone(), needed))
        })
    }
}
