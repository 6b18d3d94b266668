//! What is known of values before anything runs: where those of slots come from, what their types say about them.

use std::borrow::Cow;

use wfl_ir::flow::{Join, JoinPolicy};
use wfl_ir::{Binary, Builtin, Expr, NodeKind, Plan, Rule, Type, TypeKind, Value};
use wfl_lower::{substitute, visit};

/// How many `let`s are followed, one behind the other.
const DEEPEST: u32 = 16;

/// Where the value of a slot comes from.
#[derive(Clone, Debug, Default)]
struct Source<'p> {
    /// The only expression that it ever gets; none where there are several, or where it comes from outside.
    value: Option<Cow<'p, Expr>>,
    /// Its type, where the plan says it.
    ty: Option<&'p Type>,
    /// The rule of the parameter.
    rule: Option<&'p Rule>,
    /// How many things fill it.
    count: u32,
}

/// Where the values of all slots come from.
#[derive(Debug)]
pub(crate) struct Sources<'p> {
    plan: &'p Plan,
    slots: Vec<Source<'p>>,
}

impl<'p> Sources<'p> {
    pub(crate) fn of(plan: &'p Plan) -> Sources<'p> {
        let mut sources = Sources { plan, slots: vec![Source::default(); plan.slots as usize] };
        for (slot, param) in plan.params.iter().enumerate() {
            let source = Source { ty: Some(&param.ty), rule: param.rule.as_ref(), value: None, count: 0 };
            sources.fill(slot as u32, source);
        }
        for node in &plan.nodes {
            for bind in &node.binds {
                sources
                    .fill(bind.slot, Source { value: Some(Cow::Borrowed(&bind.value)), ..Source::default() });
            }
            let (slot, value, ty) = match &node.kind {
                NodeKind::Call(call) => {
                    let operation = plan.operations.get(call.operation as usize);
                    (call.result, None, operation.map(|it| &it.result))
                }
                NodeKind::Await(awaited) => (awaited.result, None, Some(&awaited.ty)),
                NodeKind::SubWorkflow(run) => (run.result, None, run.gives.as_ref()),
                NodeKind::Set { slot, value } => (Some(*slot), Some(Cow::Borrowed(value)), None),
                NodeKind::Join(join) => (join.result, joined(plan, join).map(Cow::Owned), None),
                _ => continue,
            };
            if let Some(slot) = slot {
                sources.fill(slot, Source { value, ty, ..Source::default() });
            }
        }
        sources
    }

    fn fill(&mut self, slot: u32, source: Source<'p>) {
        let Some(known) = self.slots.get_mut(slot as usize) else { return };
        *known = match known.count {
            0 => Source { count: 1, ..source },
            // What one of them says does not hold of the others, but they have one type.
            count => Source { value: None, rule: None, ty: known.ty.or(source.ty), count: count + 1 },
        };
    }

    /// An expression without the names that stand for others.
    pub(crate) fn expand(&self, expr: &Expr) -> Expr {
        self.expand_to(expr, DEEPEST)
    }

    fn expand_to(&self, expr: &Expr, depth: u32) -> Expr {
        substitute(expr, &|leaf| {
            let Expr::Slot(slot) = leaf else { return None };
            let value = self.slots.get(*slot as usize)?.value.as_deref().filter(|_| depth > 0)?;
            // What binds locals of its own stays a name.
            (!has_locals(value)).then(|| self.expand_to(value, depth - 1))
        })
    }

    /// The type of a value, where the plan says it.
    pub(crate) fn type_of(&self, expr: &Expr) -> Option<&'p Type> {
        match expr {
            Expr::Slot(slot) => {
                let source = self.slots.get(*slot as usize)?;
                source.ty.or_else(|| self.type_of(source.value.as_deref()?))
            }
            Expr::Field(base, name) => {
                let mut ty = self.type_of(base)?;
                while let Type::Named(number) = ty {
                    match &self.plan.types.get(*number as usize)?.kind {
                        TypeKind::Record(fields) => {
                            return fields.iter().find(|field| field.name == *name).map(|field| &field.ty);
                        }
                        TypeKind::Refined { base, .. } => ty = base,
                        _ => return None,
                    }
                }
                match ty {
                    Type::Record(fields) => fields.iter().find(|(it, _)| it == name).map(|(_, ty)| ty),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The rules that a value fulfils because of what it is declared to be.
    pub(crate) fn rules(&self, expr: &Expr) -> Vec<&'p Rule> {
        let mut rules = Vec::new();
        match expr {
            Expr::Slot(slot) => rules.extend(self.slots.get(*slot as usize).and_then(|source| source.rule)),
            Expr::Field(base, name) => {
                let base = self.type_of(base).map(|ty| self.unrefined(ty, &mut Vec::new()));
                if let Some(Type::Named(number)) = base
                    && let Some(TypeKind::Record(fields)) =
                        self.plan.types.get(*number as usize).map(|def| &def.kind)
                {
                    let field = fields.iter().find(|field| field.name == *name);
                    rules.extend(field.and_then(|field| field.rule.as_ref()));
                }
            }
            _ => {}
        }
        if let Some(ty) = self.type_of(expr) {
            self.unrefined(ty, &mut rules);
        }
        rules
    }

    /// What a refined type refines, with the rules on the way.
    fn unrefined(&self, mut ty: &'p Type, rules: &mut Vec<&'p Rule>) -> &'p Type {
        while let Type::Named(number) = ty
            && let Some(TypeKind::Refined { base, rule }) =
                self.plan.types.get(*number as usize).map(|def| &def.kind)
        {
            rules.extend(rule.as_ref());
            ty = base;
        }
        ty
    }

    /// The least and the greatest number of items of a list.
    pub(crate) fn length(&self, list: &Expr) -> (u64, Option<u64>) {
        self.length_to(&self.expand(list), DEEPEST)
    }

    fn length_to(&self, list: &Expr, depth: u32) -> (u64, Option<u64>) {
        let exactly = |count: usize| (count as u64, Some(count as u64));
        match list {
            Expr::List(items) => exactly(items.len()),
            Expr::Const(Value::List(items)) => exactly(items.len()),
            Expr::Call(builtin, args) if depth > 0 => self.length_of_call(*builtin, args, depth - 1),
            _ => {
                let rules = self.rules(list);
                let mut known = (0, None);
                rules.iter().for_each(|rule| limits(&rule.holds, &mut known));
                known
            }
        }
    }

    fn length_of_call(&self, builtin: Builtin, args: &[Expr], depth: u32) -> (u64, Option<u64>) {
        let Some(base) = args.first().map(|list| self.length_to(list, depth)) else { return (0, None) };
        let number = match args.get(1) {
            Some(Expr::Const(Value::Int(number))) => u64::try_from(*number).ok(),
            _ => None,
        };
        match builtin {
            Builtin::Map | Builtin::SortBy | Builtin::Sort | Builtin::Reverse => base,
            Builtin::Filter | Builtin::Drop => (0, base.1),
            Builtin::Distinct => (base.0.min(1), base.1),
            Builtin::Take => match number {
                Some(most) => (base.0.min(most), Some(base.1.map_or(most, |it| it.min(most)))),
                None => (0, base.1),
            },
            Builtin::Concat => {
                let other = args.get(1).map_or((0, None), |list| self.length_to(list, depth));
                let most = base.1.zip(other.1).map(|(one, other)| one.saturating_add(other));
                (base.0.saturating_add(other.0), most)
            }
            _ => (0, None),
        }
    }
}

/// Whether an expression reads one of some slots.
pub(crate) fn reads(expr: &Expr, of: impl Fn(u32) -> bool) -> bool {
    let mut found = false;
    visit(expr, &mut |part| found |= matches!(part, Expr::Slot(slot) if of(*slot)));
    found
}

/// Whether an expression reads locals, which mean something else in the middle of another expression.
pub(crate) fn has_locals(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |part| found |= matches!(part, Expr::Local(_)));
    found
}

/// The value of a join of all branches, over the slots of theirs.
fn joined(plan: &Plan, join: &Join) -> Option<Expr> {
    match &plan.nodes.get(join.fork as usize)?.kind {
        NodeKind::Fork(fork) if fork.policy == JoinPolicy::All => {}
        _ => return None,
    }
    let of = |slot: &Option<u32>| slot.map_or(Expr::Const(Value::Unit), Expr::Slot);
    Some(Expr::Record(join.values.iter().map(|(name, slot)| (name.clone(), of(slot))).collect()))
}

/// What a rule says about a length.
fn limits(rule: &Expr, known: &mut (u64, Option<u64>)) {
    let is_length =
        |expr: &Expr| matches!(expr, Expr::Call(Builtin::Length, args) if args.as_slice() == [Expr::Subject]);
    let number = |expr: &Expr| match expr {
        Expr::Const(Value::Int(number)) => u64::try_from(*number).ok(),
        _ => None,
    };
    let Expr::Binary(operator, left, right) = rule else { return };
    let mut least = |count: u64| known.0 = known.0.max(count);
    match (operator, is_length(left), is_length(right)) {
        (Binary::And, ..) => {
            limits(left, known);
            limits(right, known);
        }
        (Binary::Within, true, _) => {
            let ends = match &**right {
                Expr::List(ends) => {
                    ends.first().zip(ends.get(1)).map(|(from, to)| (number(from), number(to)))
                }
                _ => None,
            };
            let Some((from, to)) = ends else { return };
            from.into_iter().for_each(&mut least);
            most(known, to);
        }
        (Binary::Equal, true, _) => {
            number(right).into_iter().for_each(&mut least);
            most(known, number(right));
        }
        (Binary::LessOrEqual, true, _) => most(known, number(right)),
        (Binary::Less, true, _) => most(known, number(right).map(|it| it.saturating_sub(1))),
        (Binary::GreaterOrEqual, true, _) => number(right).into_iter().for_each(&mut least),
        (Binary::Greater, true, _) => {
            number(right).map(|it| it.saturating_add(1)).into_iter().for_each(&mut least)
        }
        (Binary::GreaterOrEqual, _, true) => most(known, number(left)),
        (Binary::LessOrEqual, _, true) => number(left).into_iter().for_each(&mut least),
        _ => {}
    }
}

fn most(known: &mut (u64, Option<u64>), count: Option<u64>) {
    known.1 = match (known.1, count) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}
