//! What is known of earlier versions of workflows, for the `migrate` blocks that lead from them.

use std::sync::Arc;

use wfl_ir::{Field, Label, Name, Type, TypeDef, TypeKind};
use wfl_source::Span;

use crate::tables::{FieldInfo, Shape, Tables, TypeInfo, VariantInfo};
use crate::ty::{Member, Ty, from_ir};

/// An earlier version of a workflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OldVersion {
    /// The workflow of now that it became: module path and name.
    pub workflow: Name,
    /// The version.
    pub version: u32,
    /// Its types.
    pub types: Vec<OldType>,
    /// What it took.
    pub params: Vec<Field>,
    /// The names of its steps.
    pub steps: Vec<String>,
}

/// A type of an earlier version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OldType {
    /// What it was.
    pub def: TypeDef,
    /// The type of now that it is still the same as: module path and name.
    pub same: Option<Name>,
    /// The type of now that takes all of its values.
    pub becomes: Option<Name>,
}

/// What is known of one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Old {
    workflow: u32,
    version: u32,
    /// The type of `old`.
    pub(crate) input: Ty,
    /// The names of its steps.
    pub(crate) steps: Vec<String>,
}

/// What is known of all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Olds(Vec<Old>);

impl Olds {
    /// Adds the types of the versions to the tables, under names that no program can write.
    pub(crate) fn add(tables: &mut Tables, versions: &[OldVersion]) -> Olds {
        let mut olds = Olds::default();
        for version in versions {
            let full = |at: usize| {
                format!("{}.{}", tables.modules[tables.workflows[at].module].path, tables.workflows[at].name)
            };
            let Some(workflow) =
                (0..tables.workflows.len()).find(|at| version.workflow == full(*at).as_str())
            else {
                continue;
            };
            let numbers = add_types(tables, version, workflow);
            let input = input(tables, version, &numbers);
            let (workflow, steps) = (workflow as u32, version.steps.clone());
            olds.0.push(Old { workflow, version: version.version, input, steps });
        }
        olds
    }

    /// What is known of a version of a workflow.
    pub(crate) fn of(&self, workflow: u32, version: u32) -> Option<&Old> {
        self.0.iter().find(|old| old.workflow == workflow && old.version == version)
    }
}

/// Of a single record `old` is the record itself, as `input` names its fields; otherwise a record of the parameters.
fn input(tables: &Tables, version: &OldVersion, numbers: &[u32]) -> Ty {
    if let [only] = version.params.as_slice() {
        let ty = renumbered(&only.ty, numbers);
        if let Ty::Named(index) = tables.base(&ty)
            && matches!(tables.types[*index as usize].shape, Shape::Record(_))
        {
            return Ty::Named(*index);
        }
    }
    let member = |field: &Field| Member {
        name: field.name.clone(),
        ty: renumbered(&field.ty, numbers),
        label: field.label,
    };
    Ty::Record(version.params.iter().map(member).collect())
}

/// Gives the number in the tables of each type of the version.
fn add_types(tables: &mut Tables, version: &OldVersion, workflow: usize) -> Vec<u32> {
    let number_of = |tables: &Tables, name: &Name, kind: &TypeKind| {
        let same = |def: &TypeDef| {
            def.name == *name && std::mem::discriminant(&def.kind) == std::mem::discriminant(kind)
        };
        tables.defs.iter().position(same).map(|at| at as u32)
    };
    let mut numbers = Vec::new();
    let mut next = tables.types.len() as u32;
    for old in &version.types {
        let same = old.same.as_ref().and_then(|name| number_of(tables, name, &old.def.kind));
        numbers.push(same.unwrap_or(next));
        next += u32::from(same.is_none());
    }
    let (module, item) = (tables.workflows[workflow].module, Arc::clone(&tables.workflows[workflow].item));
    let mut defs = tables.defs.to_vec();
    for (old, number) in version.types.iter().zip(&numbers) {
        if *number < tables.types.len() as u32 {
            continue;
        }
        if let Some(now) = old.becomes.as_ref().and_then(|name| number_of(tables, name, &old.def.kind)) {
            tables.carried.insert((*number, now));
        }
        let name = Name::from(format!("{} of version {}", old.def.short_name(), version.version));
        tables.types.push(TypeInfo {
            number: tables.workflows[workflow].number,
            module,
            name: name.clone(),
            span: tables.workflows[workflow].source.head.name.span,
            // Fields and parameters have the labels that they had.
            label: Label::Public,
            shape: shape(&old.def.kind, &numbers),
            item: Arc::clone(&item),
        });
        defs.push(TypeDef { name, kind: old.def.kind.clone() });
    }
    tables.defs = Arc::new(defs);
    numbers
}

/// Rules are left out: values of an old version have fulfilled theirs.
fn shape(kind: &TypeKind, numbers: &[u32]) -> Shape {
    let field = |field: &Field| FieldInfo {
        name: field.name.clone(),
        ty: renumbered(&field.ty, numbers),
        label: field.label,
        rule: None,
        span: Span::default(),
    };
    let fields = |fields: &[Field]| fields.iter().map(field).collect::<Vec<_>>();
    match kind {
        TypeKind::Record(it) => Shape::Record(fields(it)),
        TypeKind::Error(it) => Shape::Error(fields(it)),
        TypeKind::Event(it) => Shape::Event(fields(it)),
        TypeKind::Enum(variants) => {
            let variant =
                |it: &wfl_ir::Variant| VariantInfo { name: it.name.clone(), fields: fields(&it.fields) };
            Shape::Enum(variants.iter().map(variant).collect())
        }
        TypeKind::Refined { base, .. } => Shape::Refined { base: renumbered(base, numbers), rule: None },
    }
}

fn renumbered(ty: &Type, numbers: &[u32]) -> Ty {
    again(from_ir(ty), numbers)
}

fn again(ty: Ty, numbers: &[u32]) -> Ty {
    let boxed = |ty: Box<Ty>| Box::new(again(*ty, numbers));
    match ty {
        Ty::Named(index) => numbers.get(index as usize).map_or(Ty::Unknown, |number| Ty::Named(*number)),
        Ty::Optional(inner) => Ty::Optional(boxed(inner)),
        Ty::List(inner) => Ty::List(boxed(inner)),
        Ty::Set(inner) => Ty::Set(boxed(inner)),
        Ty::Map(key, value) => Ty::Map(boxed(key), boxed(value)),
        Ty::Result(value, error) => Ty::Result(boxed(value), boxed(error)),
        Ty::Record(members) => {
            let member = |it: Member| Member { ty: again(it.ty, numbers), ..it };
            Ty::Record(members.into_iter().map(member).collect())
        }
        plain => plain,
    }
}
