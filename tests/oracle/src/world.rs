//! The world's answers: a function of the operation and its arguments, so that they do not depend on who asks when.

use wfl_ir::{Field, Fields, Name, Operation, Plan, Type, TypeKind, Value};
use wfl_sim::{Random, Reply, Script, Scripted};

/// Numbers in answers are below this, so that a program decides by them and no sum of them gets too big.
const NUMBERS: u64 = 10;

/// What services answer.
#[derive(Clone, Copy, Debug)]
pub struct World {
    seed: u64,
    /// How many of a hundred answers are declared errors, where an operation declares some.
    declines: u64,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64, declines: u64) -> World {
        World { seed, declines }
    }

    /// What an operation answers to these arguments, for ever.
    pub fn reply(&self, plan: &Plan, operation: &Operation, args: &Fields) -> Reply {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(operation.qualified().as_bytes());
        hasher.update(&Value::Record(args.clone()).canonical_bytes());
        let mut seed = [0; 8];
        seed.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        let mut random = Random::new(u64::from_le_bytes(seed));
        // By name, because each plan numbers its types by itself.
        let mut errors: Vec<(&str, u32)> =
            operation.raises.iter().map(|error| (plan.types[*error as usize].short_name(), *error)).collect();
        errors.sort_unstable();
        if random.below(100) < self.declines
            && let Some((_, error)) = random.pick(&errors)
            && let TypeKind::Error(fields) = &plan.types[*error as usize].kind
        {
            return Reply::Declares(*error, values(plan, fields, &mut random));
        }
        Reply::Returns(value(plan, &operation.result, &mut random))
    }

    /// The same answers for a simulation.
    pub fn script(self) -> Script {
        Script::new(move |plan, operation, effect| Scripted::Says(self.reply(plan, operation, &effect.args)))
    }
}

fn values(plan: &Plan, fields: &[Field], random: &mut Random) -> Fields {
    Fields::new(
        fields.iter().map(|field| (field.name.clone(), value(plan, &field.ty, random))).collect::<Vec<_>>(),
    )
}

fn value(plan: &Plan, ty: &Type, random: &mut Random) -> Value {
    match ty {
        Type::Bool => Value::Bool(random.below(2) == 1),
        Type::Int => Value::Int(random.below(NUMBERS) as i64),
        Type::String => Value::String(Name::from(format!("t{}", random.below(NUMBERS)))),
        Type::Optional(inner) if random.below(3) > 0 => value(plan, inner, random),
        Type::List(inner) => {
            Value::list((0..random.below(3)).map(|_| value(plan, inner, random)).collect::<Vec<_>>())
        }
        Type::Named(index) => match plan.types.get(*index as usize).map(|def| &def.kind) {
            Some(TypeKind::Record(fields)) => Value::Record(values(plan, fields, random)),
            Some(TypeKind::Enum(variants)) => match random.pick(variants) {
                Some(variant) => Value::Variant(variant.name.clone(), values(plan, &variant.fields, random)),
                None => Value::Unit,
            },
            _ => Value::None,
        },
        Type::Optional(_) => Value::None,
        _ => Value::Unit,
    }
}
