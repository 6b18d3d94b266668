//! The constants that a plan compares with, and what it compares: where the path of a workflow turns.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::{Binary, Decimal, Expr, Name, NodeKind, Pattern, Plan, Value};

use crate::visit::{of_plan, of_rules, reads, visit};

/// What is compared, as far as that can be told: the name of a field, a parameter, or an operation whose result it is.
type Hint = Option<Name>;

/// What the values of slots are about.
type Origins = BTreeMap<u32, BTreeSet<Hint>>;

/// The constants of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants {
    numbers: BTreeMap<Hint, BTreeSet<(i128, u32)>>,
    texts: BTreeMap<Hint, BTreeSet<Name>>,
    /// What is compared with something that is no constant.
    spread: BTreeSet<Name>,
    /// Fields and parameters that something reads.
    mentioned: BTreeSet<Name>,
    /// Numbers and texts of rules, for values that have to fulfil them.
    ruled: BTreeSet<(i128, u32)>,
}

impl Constants {
    /// Together with those of a plan.
    pub(crate) fn with(self, plan: &Plan) -> Constants {
        let mut constants = self;
        let origins = origins(plan);
        of_plan(plan, &mut |expr| constants.see(expr, &origins));
        for node in &plan.nodes {
            if let NodeKind::Choice { subject, arms } = &node.kind {
                let of = hints(subject, &origins);
                arms.iter().for_each(|arm| constants.pattern(&arm.pattern, &of));
            }
        }
        let mut read = BTreeSet::new();
        plan.nodes.iter().for_each(|node| read.extend(reads(node)));
        for (slot, param) in plan.params.iter().enumerate() {
            if read.contains(&(slot as u32)) {
                constants.mentioned.insert(param.name.clone());
            }
        }
        of_rules(plan, &mut |expr| {
            if let Expr::Const(value) = expr {
                constants.ruled.extend(number(value));
            }
        });
        constants
    }

    fn see(&mut self, expr: &Expr, origins: &Origins) {
        match expr {
            Expr::Field(_, name) | Expr::OptionalField(_, name) => {
                self.mentioned.insert(name.clone());
            }
            Expr::Binary(
                Binary::Equal
                | Binary::NotEqual
                | Binary::Less
                | Binary::LessOrEqual
                | Binary::Greater
                | Binary::GreaterOrEqual
                | Binary::In
                | Binary::Within,
                left,
                right,
            ) => {
                let (mut left_values, mut right_values) = (Vec::new(), Vec::new());
                constant_in(left, &mut left_values);
                constant_in(right, &mut right_values);
                let (of_left, of_right) = (hints(left, origins), hints(right, origins));
                if left_values.is_empty() && right_values.is_empty() {
                    self.spread.extend(of_left.into_iter().chain(of_right).flatten());
                    return;
                }
                right_values.iter().for_each(|value| self.add(&of_left, value));
                left_values.iter().for_each(|value| self.add(&of_right, value));
            }
            Expr::Match(subject, arms) => {
                let of = hints(subject, origins);
                arms.iter().for_each(|arm| self.pattern(&arm.pattern, &of));
            }
            Expr::Is(subject, pattern) => self.pattern(pattern, &hints(subject, origins)),
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &Pattern, of: &BTreeSet<Hint>) {
        match pattern {
            Pattern::Literal(value) => self.add(of, value),
            Pattern::Variant(_, fields) => {
                self.mentioned.extend(fields.iter().map(|(name, _)| name.clone()));
                let of = |name: &Name| BTreeSet::from([Some(name.clone())]);
                fields.iter().for_each(|(name, inner)| self.pattern(inner, &of(name)));
            }
            Pattern::Tuple(parts) => parts.iter().for_each(|part| self.pattern(part, of)),
            Pattern::Present(inner) => self.pattern(inner, of),
            Pattern::Any | Pattern::Bind(_) | Pattern::Absent => {}
        }
    }

    fn add(&mut self, of: &BTreeSet<Hint>, value: &Value) {
        for hint in of {
            if let Some(number) = number(value) {
                self.numbers.entry(hint.clone()).or_default().insert(number);
            }
            if let Value::String(text) = value {
                self.texts.entry(hint.clone()).or_default().insert(text.clone());
            }
        }
    }

    /// The numbers that something with one of these names is compared with, and their neighbours. What cannot be told
    /// from what it is compared with counts for everything.
    pub(crate) fn numbers(&self, names: &[Name], step: i128, places: u32) -> Vec<Decimal> {
        let scaled = |(coefficient, scale): &(i128, u32)| {
            let missing = 10_i128.checked_pow(places.saturating_sub(*scale))?;
            coefficient.checked_mul(missing).filter(|_| *scale <= places)
        };
        let meant = self.hinted(&self.numbers, names);
        let mut found: BTreeSet<i128> = BTreeSet::new();
        for constant in meant.filter_map(scaled) {
            found.extend([constant - step, constant, constant + step]);
        }
        if names.iter().any(|name| self.spread.contains(name)) {
            found.extend([0, 1_000_000 * step]);
        }
        found.into_iter().filter_map(|coefficient| Decimal::new(coefficient, places).ok()).collect()
    }

    /// Whether something reads fields or parameters of this name. What nothing reads makes no difference.
    pub(crate) fn is_read(&self, name: &Name) -> bool {
        self.mentioned.contains(name)
    }

    /// The numbers of rules.
    pub(crate) fn of_rules(&self) -> impl Iterator<Item = Decimal> {
        self.ruled.iter().filter_map(|(coefficient, scale)| Decimal::new(*coefficient, *scale).ok())
    }

    /// The texts that something with one of these names is compared with.
    pub(crate) fn texts(&self, names: &[Name]) -> Vec<Name> {
        self.hinted(&self.texts, names).cloned().collect()
    }

    fn hinted<'c, T: Ord>(
        &'c self,
        of: &'c BTreeMap<Hint, BTreeSet<T>>,
        names: &'c [Name],
    ) -> impl Iterator<Item = &'c T> {
        let meant = |hint: &Hint| hint.as_ref().is_none_or(|hint| names.contains(hint));
        of.iter().filter(move |(hint, _)| meant(hint)).flat_map(|(_, values)| values)
    }
}

/// Where the values of slots come from.
fn origins(plan: &Plan) -> Origins {
    let mut origins = Origins::new();
    for (slot, param) in plan.params.iter().enumerate() {
        origins.entry(slot as u32).or_default().insert(Some(param.name.clone()));
    }
    for node in &plan.nodes {
        for bind in &node.binds {
            let of = hints(&bind.value, &origins);
            origins.entry(bind.slot).or_default().extend(of);
        }
        let (slot, of) = match &node.kind {
            NodeKind::Call(call) => {
                let operation = plan.operations[call.operation as usize].qualified();
                (call.result, BTreeSet::from([Some(Name::from(operation))]))
            }
            NodeKind::Set { slot, value } => (Some(*slot), hints(value, &origins)),
            NodeKind::Await(awaited) => (awaited.result, BTreeSet::from([Some(node.id.clone())])),
            NodeKind::Map(map) => (Some(map.item), hints(&map.list, &origins)),
            NodeKind::Join(join) => {
                let slots = join.values.iter().filter_map(|(_, slot)| slot.as_ref());
                (join.result, slots.filter_map(|slot| origins.get(slot)).flatten().cloned().collect())
            }
            _ => (None, BTreeSet::new()),
        };
        if let Some(slot) = slot {
            origins.entry(slot).or_default().extend(of);
        }
    }
    origins
}

/// What an expression is about: the fields, parameters and results that enter it. Nothing at all where that cannot be
/// told.
fn hints(expr: &Expr, origins: &Origins) -> BTreeSet<Hint> {
    let of_slot = |slot: &u32| origins.get(slot).cloned().unwrap_or_default();
    match expr {
        Expr::Const(_) => BTreeSet::new(),
        // `amount` of money is the money itself, for those who look for a number.
        Expr::Field(base, name) if matches!(name.as_str(), "amount" | "currency") => {
            let mut of = hints(base, origins);
            of.insert(Some(name.clone()));
            of
        }
        Expr::Field(_, name) | Expr::OptionalField(_, name) => BTreeSet::from([Some(name.clone())]),
        Expr::Slot(slot) => of_slot(slot),
        Expr::Call(..)
        | Expr::Binary(..)
        | Expr::If(..)
        | Expr::Unary(..)
        | Expr::List(_)
        | Expr::Apply(..) => {
            let mut of = BTreeSet::new();
            visit(expr, &mut |inner| match inner {
                Expr::Field(_, name) | Expr::OptionalField(_, name) => {
                    of.insert(Some(name.clone()));
                }
                Expr::Slot(slot) => of.extend(of_slot(slot)),
                _ => {}
            });
            of
        }
        Expr::Checked(_, inner) | Expr::Money(_, inner) => hints(inner, origins),
        _ => BTreeSet::from([None]),
    }
}

fn constant_in(expr: &Expr, found: &mut Vec<Value>) {
    match expr {
        Expr::Const(Value::List(items)) => found.extend(items.iter().cloned()),
        Expr::Const(value) => found.push(value.clone()),
        Expr::List(items) => items.iter().for_each(|item| constant_in(item, found)),
        _ => {}
    }
}

fn number(value: &Value) -> Option<(i128, u32)> {
    let of = |decimal: &Decimal| decimal.units(decimal.scale()).map(|units| (units, decimal.scale()));
    match value {
        Value::Int(number) => Some((i128::from(*number), 0)),
        Value::Decimal(decimal) => of(decimal),
        Value::Money(money) => of(&money.amount),
        _ => None,
    }
}
