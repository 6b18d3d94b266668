//! Values as they are written in a program.

use std::collections::BTreeSet;

use wfl_ir::{Decimal, Field, Fields, Library, Name, Type, TypeKind, Value};

/// Writes values, and remembers what has to be imported for them: module paths and names.
pub(crate) struct Literals<'p> {
    library: Library<'p>,
    pub(crate) imports: BTreeSet<(String, String)>,
}

impl<'p> Literals<'p> {
    pub(crate) fn new(library: Library<'p>) -> Literals<'p> {
        Literals { library, imports: BTreeSet::new() }
    }

    /// Values of other types than those of this library.
    pub(crate) fn turn_to(&mut self, library: Library<'p>) {
        self.library = library;
    }

    /// Remembers a name that is used; gives it without its module.
    pub(crate) fn import(&mut self, full: &str) -> String {
        match full.rsplit_once('.') {
            Some((module, name)) => {
                self.imports.insert((module.to_owned(), name.to_owned()));
                name.to_owned()
            }
            None => full.to_owned(),
        }
    }

    /// A value of a type. None for what no program can write.
    pub(crate) fn write(&mut self, ty: &Type, value: &Value) -> Option<String> {
        Some(match (ty, value) {
            (Type::Optional(_), Value::None) => "none".to_owned(),
            (Type::Optional(inner), value) => self.write(inner, value)?,
            (_, Value::None) => "none".to_owned(),
            (_, Value::Unit) => "unit".to_owned(),
            (_, Value::Bool(truth)) => truth.to_string(),
            (_, Value::Int(number)) => number.to_string(),
            (_, Value::Decimal(number)) => decimal(*number),
            (_, Value::Money(money)) => {
                format!("{}({})", money.currency, money.amount.to_places(money.currency.places()))
            }
            (_, Value::String(text)) => quoted(text),
            (_, Value::Uuid(_)) => format!("uuid({})", quoted(&value.to_string())),
            (_, Value::Timestamp(_)) => format!("timestamp({})", quoted(&value.to_string())),
            (_, Value::Date(_)) => format!("date({})", quoted(&value.to_string())),
            (_, Value::Duration(_)) => value.to_string(),
            (Type::List(item), Value::List(items)) => {
                let items: Option<Vec<String>> = items.iter().map(|value| self.write(item, value)).collect();
                format!("[{}]", items?.join(", "))
            }
            (Type::Record(of), Value::Record(fields)) => {
                let mut parts = Vec::new();
                for (name, ty) in of {
                    let value = fields.get(name).cloned().unwrap_or_default();
                    parts.push(format!("{name}: {}", self.write(ty, &value)?));
                }
                format!("({})", parts.join(", "))
            }
            (Type::Named(index), value) => return self.named(*index, value),
            _ => return None,
        })
    }

    fn named(&mut self, index: u32, value: &Value) -> Option<String> {
        let def = self.library.def(index)?;
        match (&def.kind, value) {
            (TypeKind::Record(of), Value::Record(fields)) => {
                let name = self.import(&def.name);
                Some(format!("{name}{}", self.arguments(of, fields)?))
            }
            (TypeKind::Enum(variants), Value::Variant(name, fields)) => {
                let variant = variants.iter().find(|variant| variant.name == *name)?;
                Some(format!("{name}{}", self.arguments(&variant.fields, fields)?))
            }
            (TypeKind::Refined { base, .. }, value) => self.write(base, value),
            _ => None,
        }
    }

    /// An error with its fields.
    pub(crate) fn error(&mut self, index: u32, fields: &Fields) -> Option<String> {
        let def = self.library.def(index)?;
        let TypeKind::Error(of) = &def.kind else { return None };
        let name = self.import(&def.name);
        Some(format!("{name}{}", self.arguments(of, fields)?))
    }

    fn arguments(&mut self, of: &[Field], fields: &Fields) -> Option<String> {
        if of.is_empty() {
            return Some(String::new());
        }
        let mut parts = Vec::new();
        for field in of {
            let value = fields.get(&field.name).cloned().unwrap_or_default();
            parts.push(format!("{}: {}", field.name, self.write(&field.ty, &value)?));
        }
        Some(format!("({})", parts.join(", ")))
    }
}

fn decimal(number: Decimal) -> String {
    number.to_places(number.scale().max(1))
}

/// A text between quotes. Braces would begin an interpolation.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' | '{' | '}' => {
                quoted.push('\\');
                quoted.push(letter);
            }
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// What a name is without its module.
pub(crate) fn short(name: &Name) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
