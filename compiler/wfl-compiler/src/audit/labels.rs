//! How sensitive types are, as they are written and in their parts.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::{Field, Label, Type, TypeDef, TypeKind};
use wfl_syntax::ast::{self, ItemKind, TypeExpr};

use crate::audit::scene::Scene;
use crate::book::names::{Names, Space};

/// How many names are followed from type to type: a ring of them has been reported, and must not be followed for ever.
const DEPTH: u32 = 64;

/// The labels of types that are written.
pub(crate) struct Labels<'a> {
    names: Names,
    /// What types and aliases stand for, by the place of their name.
    bases: BTreeMap<(&'a str, String), &'a TypeExpr>,
}

impl<'a> Labels<'a> {
    /// Reads all modules.
    pub(crate) fn new(scene: &Scene<'a>) -> Labels<'a> {
        let (mut names, mut bases) = (Names::default(), BTreeMap::new());
        for source in scene.project.sources {
            names.read(source.path, source.tree);
            for item in &source.tree.items {
                let (name, base) = match &item.kind {
                    ItemKind::Type(it) => (&it.name.text, &it.base),
                    ItemKind::Alias(it) => (&it.name.text, &it.ty),
                    _ => continue,
                };
                bases.insert((source.path, format!("type.{name}")), base);
            }
        }
        Labels { names, bases }
    }

    /// The label of the values of a type.
    pub(crate) fn of(&self, module: &str, ty: &TypeExpr) -> Label {
        self.within(module, ty, DEPTH)
    }

    fn within(&self, module: &str, ty: &TypeExpr, depth: u32) -> Label {
        let own = ty.label.map(word).unwrap_or_default();
        let ast::TypeKind::Named { path, arguments } = &ty.kind else { return own };
        if depth == 0 {
            return own;
        }
        let inner = arguments.iter().map(|it| self.within(module, it, depth - 1)).max().unwrap_or_default();
        let path = path.segments.iter().map(|name| name.text.as_str()).collect::<Vec<_>>();
        let meant = self.names.find(module, Space::Type, &path);
        let base = meant.and_then(|it| {
            let base = self.bases.get(&(it.module.as_str(), it.anchor.clone()))?;
            Some(self.within(&it.module, base, depth - 1))
        });
        own.max(inner).max(base.unwrap_or_default())
    }
}

/// A label of the syntax.
pub(crate) fn word(label: ast::Label) -> Label {
    match label {
        ast::Label::Internal => Label::Internal,
        ast::Label::Pii => Label::Pii,
        ast::Label::Pci => Label::Pci,
        ast::Label::Secret => Label::Secret,
    }
}

/// The parts of a value that are sensitive, each with its path from the value: `customer.name`, `items[].card`.
pub(crate) fn parts(types: &[TypeDef], path: &str, ty: &Type) -> Vec<(String, Label)> {
    let mut found = Vec::new();
    Parts { types, open: BTreeSet::new(), found: &mut found }.of(path, ty);
    found
}

/// The same of a field: its own label, and those of what is in it.
pub(crate) fn field_parts(types: &[TypeDef], path: &str, field: &Field) -> Vec<(String, Label)> {
    let path = join(path, &field.name);
    let own = (!field.label.is_public()).then(|| (path.clone(), field.label));
    // A part that is no more sensitive than the whole says nothing new.
    let inner = parts(types, &path, &field.ty).into_iter().filter(|(_, label)| *label > field.label);
    own.into_iter().chain(inner).collect()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

struct Parts<'a> {
    types: &'a [TypeDef],
    /// The types around, which are not gone into again.
    open: BTreeSet<u32>,
    found: &'a mut Vec<(String, Label)>,
}

impl Parts<'_> {
    fn of(&mut self, path: &str, ty: &Type) {
        match ty {
            Type::Optional(inner) => self.of(path, inner),
            Type::List(inner) | Type::Set(inner) => self.of(&format!("{path}[]"), inner),
            Type::Map(key, value) => {
                self.of(&format!("{path}[]"), key);
                self.of(&format!("{path}[]"), value);
            }
            Type::Result(value, error) => {
                self.of(path, value);
                self.of(path, error);
            }
            Type::Record(fields) => fields.iter().for_each(|(name, ty)| self.of(&join(path, name), ty)),
            Type::Named(index) if self.open.insert(*index) => {
                self.named(path, *index);
                self.open.remove(index);
            }
            _ => {}
        }
    }

    fn named(&mut self, path: &str, index: u32) {
        let types = self.types;
        match types.get(index as usize).map(|def| &def.kind) {
            Some(TypeKind::Record(fields) | TypeKind::Error(fields) | TypeKind::Event(fields)) => {
                self.fields(path, fields);
            }
            Some(TypeKind::Enum(variants)) => {
                for variant in variants {
                    self.fields(&join(path, &variant.name), &variant.fields);
                }
            }
            Some(TypeKind::Refined { base, .. }) => self.of(path, base),
            None => {}
        }
    }

    fn fields(&mut self, path: &str, fields: &[Field]) {
        for field in fields {
            let path = join(path, &field.name);
            if !field.label.is_public() {
                self.found.push((path.clone(), field.label));
            }
            let mut inner = Vec::new();
            std::mem::swap(&mut inner, self.found);
            self.of(&path, &field.ty);
            std::mem::swap(&mut inner, self.found);
            // As above: only what is more sensitive than the field that it is in.
            self.found.extend(inner.into_iter().filter(|(_, label)| *label > field.label));
        }
    }
}
