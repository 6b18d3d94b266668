//! A few values of a type that stand for all: so that each branch on them can be taken.
//!
//! The first one is the plainest. Numbers and texts that a plan compares with come with their neighbours, enums with all
//! variants, optionals with and without, lists in a few lengths. Of what has several parts, one part is varied at a time
//! where all combinations would be too many.

use wfl_eval::{check_rule, decode_fields, encode_fields, fits};
use wfl_ir::{
    Bytes, Currency, Date, Decimal, Duration, Field, Fields, Library, Map, Money, Name, Plan, Rule, Set,
    Timestamp, Type, TypeKind, Value, Variant,
};
use wfl_sim::Random;

use crate::constants::Constants;
use crate::pattern::{pattern_of, text_of};

/// The first instant of every run.
pub const START: i64 = 1_800_000_000_000_000;

/// How many values are tried where a rule has to be fulfilled.
const TRIES: usize = 64;

/// How deep types are followed that hold themselves.
const MAX_DEPTH: u32 = 5;

/// Finds values for the types of a plan.
pub(crate) struct Values<'p> {
    library: Library<'p>,
    constants: &'p Constants,
    /// How many values one type gives at most.
    most: usize,
    /// How long lists get.
    longest: usize,
}

/// What a value is for, and which of several like it: so that two of them differ.
struct Place<'n> {
    names: &'n [Name],
    nth: u32,
    depth: u32,
}

impl<'p> Values<'p> {
    pub(crate) fn new(plan: &'p Plan, constants: &'p Constants, most: usize, longest: usize) -> Values<'p> {
        Values { library: plan.library(), constants, most: most.max(1), longest }
    }

    /// Values of a type, the plainest first. `names` tell what they are for.
    pub(crate) fn of(&self, ty: &Type, names: &[Name]) -> Vec<Value> {
        self.draw(ty, &Place { names, nth: 0, depth: 0 }, self.most)
    }

    /// As [`Values::of`], for the nth of several things that are told apart.
    pub(crate) fn of_nth(&self, ty: &Type, names: &[Name], nth: u32) -> Vec<Value> {
        self.draw(ty, &Place { names, nth, depth: 0 }, self.most)
    }

    /// Values of the fields of an error, or of a message.
    pub(crate) fn of_fields(&self, fields: &[Field]) -> Vec<Fields> {
        self.fields(fields, &Place { names: &[], nth: 0, depth: 0 }, self.most)
    }

    /// Arguments that a plan takes.
    pub(crate) fn arguments(&self, plan: &Plan, most: usize) -> Vec<Fields> {
        let drawn = self.fields(&plan.params, &Place { names: &[], nth: 0, depth: 0 }, most);
        // As they come out of JSON: an absent optional is none.
        let read = |fields: Fields| {
            let json = encode_fields(plan.library(), &plan.params, &fields);
            decode_fields(plan.library(), &plan.params, &json).ok()
        };
        drawn.into_iter().filter_map(read).collect()
    }

    fn fields(&self, fields: &[Field], place: &Place<'_>, most: usize) -> Vec<Fields> {
        let parts: Vec<(Name, Vec<Value>)> =
            fields.iter().map(|field| (field.name.clone(), self.field(field, place))).collect();
        combine(&parts, most).into_iter().map(Fields::new).collect()
    }

    fn field(&self, field: &Field, place: &Place<'_>) -> Vec<Value> {
        let mut names = vec![field.name.clone()];
        // A money inside of a field is compared under the field's name.
        names.extend(place.names.iter().filter(|name| name.contains('.')).cloned());
        let inner = Place { names: &names, nth: place.nth, depth: place.depth + 1 };
        let mut found = match &field.rule {
            None => self.draw(&field.ty, &inner, self.most),
            Some(rule) => self.ruled(&field.ty, rule, &inner),
        };
        if !self.constants.is_read(&field.name) {
            found.truncate(1);
        }
        found
    }

    /// Values that fulfil a rule.
    fn ruled(&self, ty: &Type, rule: &Rule, place: &Place<'_>) -> Vec<Value> {
        let holds = |value: &Value| fits(self.library, &rule.holds, value).unwrap_or(false);
        let mut found: Vec<Value> = self.draw(ty, place, TRIES).into_iter().filter(holds).collect();
        if found.is_empty() {
            found = self.by_rule(ty, place).into_iter().filter(holds).collect();
        }
        spread(found, self.most)
    }

    /// Numbers around those that rules speak of.
    fn by_rule(&self, ty: &Type, place: &Place<'_>) -> Vec<Value> {
        let step = Decimal::new(1, 0).unwrap_or(Decimal::ZERO);
        let around = |it: Decimal| [it.checked_add(step), Ok(it), it.checked_sub(step)];
        let numbers = self.constants.of_rules().flat_map(around).flatten();
        let value = |number: Decimal| match self.base_of(ty) {
            Type::Int => number.to_i64().map(Value::Int),
            Type::Decimal => Some(Value::Decimal(number)),
            Type::Money(currency) => Some(money(currency, number)),
            _ => None,
        };
        let mut found: Vec<Value> = numbers.filter_map(value).collect();
        if found.is_empty() {
            let mut random = Random::new(u64::from(place.nth) + 1);
            found.extend((0..TRIES).filter_map(|_| wfl_sim::sample(self.library, ty, &mut random)));
        }
        found
    }

    fn base_of(&self, ty: &Type) -> Type {
        match ty {
            Type::Named(index) => match self.library.def(*index).map(|def| &def.kind) {
                Some(TypeKind::Refined { base, .. }) => self.base_of(base),
                _ => ty.clone(),
            },
            Type::Optional(inner) => self.base_of(inner),
            _ => ty.clone(),
        }
    }

    fn draw(&self, ty: &Type, place: &Place<'_>, most: usize) -> Vec<Value> {
        let nth = place.nth;
        let found = match ty {
            Type::Unit => vec![Value::Unit],
            Type::Bool => vec![Value::Bool(true), Value::Bool(false)],
            Type::Int => {
                self.numbers(0, 1 + i128::from(nth), place, &|number| number.to_i64().map(Value::Int))
            }
            Type::Decimal => self.numbers(2, 1 + i128::from(nth), place, &|it| Some(Value::Decimal(it))),
            Type::Money(currency) => {
                let places = currency.map_or(2, Currency::places);
                self.numbers(places, 100, place, &|amount| Some(money(*currency, amount)))
            }
            Type::String => self.texts(place),
            Type::Uuid => {
                let mut bytes = [0; 16];
                (bytes[6], bytes[8], bytes[15]) = (0x40, 0x80, nth as u8 + 1);
                vec![Value::Uuid(bytes)]
            }
            Type::Timestamp => {
                vec![Value::Timestamp(Timestamp(START + (1 + i64::from(nth)) * 3_600_000_000))]
            }
            Type::Duration => vec![Value::Duration(Duration::from_secs(60))],
            Type::Json => vec![Value::Json(Name::from("{\"answer\":42}"))],
            Type::Bytes => vec![Value::Bytes(Bytes::from(vec![nth as u8]))],
            Type::Date => Date::from_days(20_833 + i64::from(nth)).map(Value::Date).into_iter().collect(),
            Type::Optional(_) if place.depth > MAX_DEPTH => vec![Value::None],
            Type::Optional(inner) => {
                let mut found = self.draw(inner, place, most.saturating_sub(1).max(1));
                found.push(Value::None);
                found
            }
            Type::List(_) | Type::Set(_) | Type::Map(..) => self.collections(ty, place),
            Type::Record(fields) => {
                let inner = |name: &Name, ty: &Type| {
                    self.draw(
                        ty,
                        &Place { names: std::slice::from_ref(name), nth, depth: place.depth + 1 },
                        most,
                    )
                };
                let parts: Vec<_> = fields.iter().map(|(name, ty)| (name.clone(), inner(name, ty))).collect();
                combine(&parts, most).into_iter().map(Value::record).collect()
            }
            Type::Result(ok, _) => self.draw(ok, place, most).into_iter().map(Value::ok).collect(),
            Type::Named(index) => self.named(*index, ty, place, most),
        };
        spread(found, most)
    }

    /// Numbers, the plainest first.
    fn numbers(
        &self,
        places: u32,
        plain: i128,
        place: &Place<'_>,
        make: &dyn Fn(Decimal) -> Option<Value>,
    ) -> Vec<Value> {
        let step = 10_i128.pow(places);
        let mut found: Vec<Value> =
            Decimal::new(plain * step, places).ok().and_then(make).into_iter().collect();
        for number in self.constants.numbers(place.names, step, places) {
            let value = make(number);
            found.extend(value.filter(|value| !found.contains(value)));
        }
        found
    }

    fn texts(&self, place: &Place<'_>) -> Vec<Value> {
        let name = place.names.first().map_or("text", |name| name.rsplit(['.', '/']).next().unwrap_or(name));
        let plain = if place.nth == 0 { name.to_owned() } else { format!("{name}{}", place.nth + 1) };
        let constants = self.constants.texts(place.names).into_iter().map(Value::String);
        std::iter::once(Value::text(plain.as_str())).chain(constants).collect()
    }

    /// Collections in a few lengths: one item first.
    fn collections(&self, ty: &Type, place: &Place<'_>) -> Vec<Value> {
        let length_of =
            |length: &usize| *length <= self.longest && (place.depth <= MAX_DEPTH || *length == 0);
        let lengths = [1_usize, 2, 0, 3].into_iter().filter(length_of);
        let inner = |ty: &Type, nth: usize| {
            let inner = Place { names: place.names, nth: place.nth + nth as u32, depth: place.depth + 1 };
            self.draw(ty, &inner, 1).into_iter().next()
        };
        let collection = |length: usize| {
            let all = 0..length;
            Some(match ty {
                Type::List(item) => Value::list(all.map(|nth| inner(item, nth)).collect::<Option<Vec<_>>>()?),
                Type::Set(item) => {
                    Value::Set(Set::new(all.map(|nth| inner(item, nth)).collect::<Option<Vec<_>>>()?))
                }
                Type::Map(key, value) => {
                    let entry = |nth| Some((inner(key, nth)?, inner(value, nth)?));
                    Value::Map(Map::new(all.map(entry).collect::<Option<Vec<_>>>()?))
                }
                _ => return None,
            })
        };
        let mut found: Vec<Value> = lengths.filter_map(collection).collect();
        found.dedup();
        // What the one item is may decide too.
        if let Type::List(item) = ty
            && place.depth <= MAX_DEPTH
        {
            let deeper = Place { names: place.names, nth: place.nth, depth: place.depth + 1 };
            let others = self.draw(item, &deeper, self.most).into_iter().skip(1);
            found.extend(others.map(|value| Value::list([value])));
        }
        found
    }

    fn named(&self, index: u32, ty: &Type, place: &Place<'_>, most: usize) -> Vec<Value> {
        let Some(def) = self.library.def(index) else { return Vec::new() };
        let deeper = Place { names: place.names, nth: place.nth, depth: place.depth + 1 };
        match &def.kind {
            TypeKind::Record(fields) => {
                self.fields(fields, &deeper, most).into_iter().map(Value::Record).collect()
            }
            TypeKind::Error(fields) | TypeKind::Event(fields) => {
                let all = self.fields(fields, &deeper, most);
                all.into_iter().map(|fields| Value::Variant(def.short_name().into(), fields)).collect()
            }
            TypeKind::Enum(variants) => {
                // All variants in their plainest form come before other forms of them.
                let of = |variant: &Variant| {
                    let all = self.fields(&variant.fields, &deeper, most);
                    let name = variant.name.clone();
                    all.into_iter().map(|fields| Value::Variant(name.clone(), fields)).collect::<Vec<_>>()
                };
                let forms: Vec<Vec<Value>> = variants.iter().map(of).collect();
                let first = forms.iter().filter_map(|forms| forms.first().cloned());
                let rest = forms.iter().flat_map(|forms| forms.iter().skip(1).cloned());
                let most = most.max(if place.depth == 0 { variants.len() } else { 1 });
                first.chain(rest).take(most).collect()
            }
            TypeKind::Refined { base, rule } => self.refined(base, rule.as_ref(), ty, place, most),
        }
    }

    fn refined(
        &self,
        base: &Type,
        rule: Option<&Rule>,
        ty: &Type,
        place: &Place<'_>,
        most: usize,
    ) -> Vec<Value> {
        let holds = |value: &Value| check_rule(self.library, ty, value).is_ok_and(|broken| broken.is_none());
        let pattern = rule.and_then(|rule| pattern_of(&rule.holds));
        let text =
            pattern.and_then(|pattern| text_of(pattern, place.nth)).map(|text| Value::text(text.as_str()));
        let mut found: Vec<Value> =
            text.into_iter().chain(self.draw(base, place, most)).filter(holds).collect();
        if found.is_empty() {
            found = self.by_rule(ty, place).into_iter().filter(holds).take(1).collect();
        }
        found
    }
}

fn money(currency: Option<Currency>, amount: Decimal) -> Value {
    let currency = currency.or_else(|| "EUR".parse::<Currency>().ok());
    currency.map_or(Value::None, |currency| Value::Money(Money { amount, currency }))
}

/// So many of some values: the first, and others from near to far.
fn spread(values: Vec<Value>, most: usize) -> Vec<Value> {
    if values.len() <= most || most == 0 {
        return values;
    }
    let last = values.len() - 1;
    let at = |nth: usize| if most == 1 { 0 } else { nth * last / (most - 1) };
    (0..most).map(|nth| values[at(nth)].clone()).collect()
}

/// All combinations of parts; if they are too many, those that differ from the first in one part.
fn combine(parts: &[(Name, Vec<Value>)], most: usize) -> Vec<Vec<(Name, Value)>> {
    if parts.iter().any(|(_, values)| values.is_empty()) {
        return Vec::new();
    }
    let first: Vec<(Name, Value)> =
        parts.iter().map(|(name, values)| (name.clone(), values[0].clone())).collect();
    let count = parts.iter().try_fold(1_usize, |count, (_, values)| count.checked_mul(values.len()));
    if count.is_some_and(|count| count <= most) {
        return parts.iter().fold(vec![Vec::new()], |all, (name, values)| {
            let with = |so_far: &Vec<(Name, Value)>| {
                let extended = |value: &Value| [so_far.clone(), vec![(name.clone(), value.clone())]].concat();
                values.iter().map(extended).collect::<Vec<_>>()
            };
            all.iter().flat_map(with).collect()
        });
    }
    let mut all = vec![first.clone()];
    for nth in 1.. {
        let varied = parts.iter().enumerate().filter_map(|(at, (name, values))| {
            let mut one = first.clone();
            one[at] = (name.clone(), values.get(nth)?.clone());
            Some(one)
        });
        let before = all.len();
        all.extend(varied);
        if all.len() == before || all.len() >= most {
            break;
        }
    }
    all.truncate(most.max(1));
    all
}
