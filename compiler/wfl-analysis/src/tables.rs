//! All declarations of a program, and the look-up of names in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wfl_ir::{Builtin, Currency, Function, Label, Library, Name, Operation, Rule, TypeDef};
use wfl_source::Span;
use wfl_syntax::ast;

use crate::hir::Touches;
use crate::names::{Names, Space};
use crate::session::Session;
use crate::ty::{Member, Ty};

/// A field of a record, variant, error or event, or a parameter.
#[derive(Clone, Debug)]
pub(crate) struct FieldInfo {
    pub(crate) name: Name,
    pub(crate) ty: Ty,
    pub(crate) label: Label,
    pub(crate) rule: Option<Rule>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct VariantInfo {
    pub(crate) name: Name,
    pub(crate) fields: Vec<FieldInfo>,
}

/// What a named type is made of.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Record(Vec<FieldInfo>),
    Enum(Vec<VariantInfo>),
    Refined { base: Ty, rule: Option<Rule> },
    Error(Vec<FieldInfo>),
    Event(Vec<FieldInfo>),
}

#[derive(Clone, Debug)]
pub(crate) struct TypeInfo {
    /// The number of its item.
    pub(crate) number: u32,
    pub(crate) module: usize,
    pub(crate) name: Name,
    pub(crate) span: Span,
    /// How sensitive its values are by what it is made of; a record says it of each field instead.
    pub(crate) label: Label,
    pub(crate) shape: Shape,
    /// Its declaration.
    pub(crate) item: Arc<ast::Item>,
}

#[derive(Clone, Debug)]
pub(crate) struct ServiceInfo {
    /// The number of its item.
    pub(crate) number: u32,
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) operations: Vec<u32>,
}

/// What an operation does to the world, without the details.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EffectClass {
    Unknown,
    Read,
    Write,
    Compensable,
    Irreversible,
}

#[derive(Clone, Debug)]
pub(crate) struct OperationInfo {
    /// The number of its item.
    pub(crate) number: u32,
    pub(crate) module: usize,
    pub(crate) service: u32,
    pub(crate) name: Name,
    pub(crate) source: Arc<ast::Operation>,
    pub(crate) params: Vec<FieldInfo>,
    pub(crate) result: Ty,
    pub(crate) result_label: Label,
    /// Declared errors and where they are listed.
    pub(crate) raises: Vec<(u32, Span)>,
    pub(crate) effect: EffectClass,
}

#[derive(Clone, Debug)]
pub(crate) struct WorkflowInfo {
    /// The number of its item.
    pub(crate) number: u32,
    pub(crate) module: usize,
    pub(crate) name: Name,
    pub(crate) item: Arc<ast::Item>,
    pub(crate) source: Arc<ast::Workflow>,
    pub(crate) params: Vec<FieldInfo>,
    pub(crate) result: Ty,
    pub(crate) result_label: Label,
    pub(crate) raises: Vec<(u32, Span)>,
}

/// What the type given for a type parameter must be able to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bound {
    /// Anything.
    Free,
    /// Has an order.
    Ordered,
    /// Can tell items apart: in a set, as a key.
    Key,
    /// Can be added.
    Number,
}

/// How a function comes to its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Body {
    /// The evaluator knows it.
    Builtin(Builtin),
    /// An expression: a number of [`Tables::functions`].
    Expression(u32),
    /// A retry policy: it is no value.
    Policy,
    /// Neither, which was reported.
    None,
}

#[derive(Clone, Debug)]
pub(crate) struct FunctionInfo {
    /// The number of its item.
    pub(crate) number: u32,
    pub(crate) module: usize,
    pub(crate) name: Name,
    pub(crate) source: Arc<ast::Function>,
    pub(crate) bounds: Vec<Bound>,
    pub(crate) params: Vec<FieldInfo>,
    pub(crate) result: Ty,
    pub(crate) result_label: Label,
    pub(crate) body: Body,
    /// Whether the result carries no label of the arguments.
    pub(crate) redacts: bool,
    /// Whether it is called behind a dot only.
    pub(crate) method: bool,
    /// The next function of the same name, which takes other types.
    pub(crate) overload: Option<u32>,
}

/// Another name for a type.
#[derive(Clone, Debug)]
pub(crate) struct AliasInfo {
    /// The number of its item.
    pub(crate) number: u32,
    pub(crate) module: usize,
    pub(crate) source: Arc<ast::Alias>,
    pub(crate) worth: AliasWorth,
}

/// What an alias comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AliasWorth {
    Type,
    /// Itself.
    Ring,
    /// More than there is room for.
    TooMuch,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Thing {
    Type(u32),
    Service(u32),
    Workflow(u32),
    Function(u32),
    Alias(u32),
}

/// An imported name or alias, for the report about unused ones.
#[derive(Clone, Debug)]
pub(crate) struct ImportedName {
    pub(crate) name: String,
    pub(crate) span: Span,
    /// What has to go when it is not wanted: the name with its comma, or the whole import.
    pub(crate) removal: Span,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ModuleScope {
    pub(crate) path: String,
    pub(crate) own: Names<Thing>,
    pub(crate) imported: Names<(Thing, usize)>,
    /// Alias to module number and import number.
    pub(crate) aliases: BTreeMap<String, (usize, usize)>,
    pub(crate) imports: Vec<ImportedName>,
    /// Names whose import was reported: what they mean is not known, and their uses are not reported again.
    pub(crate) broken: BTreeSet<String>,
}

/// The declarations.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) modules: Vec<ModuleScope>,
    pub(crate) types: Vec<TypeInfo>,
    pub(crate) services: Vec<ServiceInfo>,
    pub(crate) operations: Vec<OperationInfo>,
    pub(crate) workflows: Vec<WorkflowInfo>,
    pub(crate) declared_functions: Vec<FunctionInfo>,
    pub(crate) aliases: Vec<AliasInfo>,
    /// The module whose names are known everywhere.
    pub(crate) prelude: Option<usize>,
    /// The functions that are expressions; complete once their pass is over.
    pub(crate) functions: Arc<Vec<Function>>,
    /// The functions that each of them calls.
    pub(crate) calls: Vec<BTreeSet<u32>>,
    /// How many of them there are.
    pub(crate) expressions: u32,
    /// The types in the IR's form; complete once all rules are checked.
    pub(crate) defs: Arc<Vec<TypeDef>>,
    /// The operations in the IR's form; complete once all contracts are checked.
    pub(crate) contracts: Arc<Vec<Operation>>,
    /// What each of them touches.
    pub(crate) touches: Arc<Vec<Touches>>,
    /// Types of old versions whose values are values of a type of now.
    pub(crate) carried: BTreeSet<(u32, u32)>,
}

impl Tables {
    /// What `name` means in a module; marks the import that it came by as used.
    pub(crate) fn find(
        &self,
        session: &mut Session<'_>,
        module: usize,
        space: Space,
        name: &str,
    ) -> Option<Thing> {
        let scope = &self.modules[module];
        if let Some(own) = scope.own.get(space, name) {
            return Some(own);
        }
        if let Some((thing, import)) = scope.imported.get(space, name) {
            session.use_import(module, import);
            return Some(thing);
        }
        self.modules.get(self.prelude?)?.own.get(space, name)
    }

    /// Whether values of a type, which is its own base, can be put in order.
    pub(crate) fn is_ordered(&self, base: &Ty) -> bool {
        base.is_number()
            || matches!(
                base,
                Ty::Money(Some(_)) | Ty::Duration | Ty::Timestamp | Ty::Date | Ty::String | Ty::Unknown
            )
    }

    /// What a function needs, in words: for overloads that are told apart by it.
    pub(crate) fn show_kind(&self, ty: &Ty) -> String {
        match ty {
            Ty::List(_) => "a list".to_owned(),
            Ty::Set(_) => "a set".to_owned(),
            Ty::Map(..) => "a map".to_owned(),
            Ty::String => "a text".to_owned(),
            Ty::Money(_) | Ty::MoneyOf(_) => "an amount of money".to_owned(),
            Ty::Param(_) => "a value".to_owned(),
            other => self.show(other),
        }
    }

    /// An error that is known without a declaration.
    pub(crate) fn predeclared(&self, error: &str) -> Option<u32> {
        match self.modules.get(self.prelude?)?.own.get(Space::Error, error)? {
            Thing::Type(index) => Some(index),
            _ => None,
        }
    }

    /// What expressions may refer to.
    pub(crate) fn library(&self) -> Library<'_> {
        Library { types: &self.defs, functions: &self.functions }
    }

    /// The label of the most sensitive part of a value, which it carries wherever it goes.
    pub(crate) fn label_within(&self, ty: &Ty) -> Label {
        self.most_sensitive(ty, &mut BTreeSet::new())
    }

    /// The label of what a test says about a value: it does not give the value away, but for a Bool in it, of which it
    /// says all. Of a secret nothing may be known.
    pub(crate) fn label_of_test(&self, label: Label, ty: &Ty) -> Label {
        match self.label_of_look(label, ty) {
            Label::Public => self.label_of_bools(ty, label, &mut BTreeSet::new()),
            secret => secret,
        }
    }

    /// The label of what is known by a test that no Bool in the value decides.
    pub(crate) fn label_of_look(&self, label: Label, ty: &Ty) -> Label {
        let label = label.max(self.label_within(ty));
        if label == Label::Secret { label } else { Label::Public }
    }

    /// Whether there are Bools in a value.
    pub(crate) fn has_bools(&self, ty: &Ty) -> bool {
        self.label_of_bools(ty, Label::Secret, &mut BTreeSet::new()) == Label::Secret
    }

    /// The label of the most sensitive Bool in a value that is so sensitive as a whole.
    fn label_of_bools(&self, ty: &Ty, label: Label, seen: &mut BTreeSet<(u32, Label)>) -> Label {
        let fields = |fields: &[FieldInfo], seen: &mut BTreeSet<(u32, Label)>| {
            let of = |field: &FieldInfo| self.label_of_bools(&field.ty, label.max(field.label), seen);
            fields.iter().map(of).max().unwrap_or_default()
        };
        match ty {
            // Json may be one.
            Ty::Bool | Ty::Json => label,
            Ty::Named(index) if seen.insert((*index, label)) => match &self.types[*index as usize].shape {
                Shape::Record(inner) | Shape::Error(inner) | Shape::Event(inner) => fields(inner, seen),
                Shape::Enum(variants) => {
                    variants.iter().map(|variant| fields(&variant.fields, seen)).max().unwrap_or_default()
                }
                Shape::Refined { base, .. } => self.label_of_bools(base, label, seen),
            },
            Ty::Optional(inner) | Ty::List(inner) | Ty::Set(inner) | Ty::Batch(inner, _) => {
                self.label_of_bools(inner, label, seen)
            }
            Ty::Map(a, b) | Ty::Result(a, b) => {
                self.label_of_bools(a, label, seen).max(self.label_of_bools(b, label, seen))
            }
            Ty::Record(members) => {
                let of = |it: &Member| self.label_of_bools(&it.ty, label.max(it.label), seen);
                members.iter().map(of).max().unwrap_or_default()
            }
            _ => Label::Public,
        }
    }

    fn most_sensitive(&self, ty: &Ty, seen: &mut BTreeSet<u32>) -> Label {
        let fields = |fields: &[FieldInfo], seen: &mut BTreeSet<u32>| {
            let label = |field: &FieldInfo| field.label.max(self.most_sensitive(&field.ty, seen));
            fields.iter().map(label).max().unwrap_or_default()
        };
        match ty {
            Ty::Named(index) if seen.insert(*index) => match &self.types[*index as usize].shape {
                Shape::Record(inner) | Shape::Error(inner) | Shape::Event(inner) => fields(inner, seen),
                Shape::Enum(variants) => {
                    variants.iter().map(|variant| fields(&variant.fields, seen)).max().unwrap_or_default()
                }
                Shape::Refined { base, .. } => self.most_sensitive(base, seen),
            },
            Ty::Optional(inner) | Ty::List(inner) | Ty::Set(inner) => self.most_sensitive(inner, seen),
            Ty::Batch(inner, keys) => self.most_sensitive(inner, seen).max(*keys),
            Ty::Map(a, b) | Ty::Result(a, b) => {
                self.most_sensitive(a, seen).max(self.most_sensitive(b, seen))
            }
            Ty::Record(members) => {
                let label = |member: &Member| member.label.max(self.most_sensitive(&member.ty, seen));
                members.iter().map(label).max().unwrap_or_default()
            }
            _ => Label::Public,
        }
    }

    /// Whether values of a type can tell items apart: in a set, as keys.
    pub(crate) fn is_key(&self, ty: &Ty) -> bool {
        match self.base(ty) {
            Ty::Unknown | Ty::Bool | Ty::Int | Ty::String | Ty::Uuid | Ty::Date | Ty::Timestamp => true,
            // Read from the source: variants are resolved later than the first types that name their enum.
            Ty::Named(index) => match &self.types[*index as usize].item.kind {
                ast::ItemKind::Enum(it) => it.variants.iter().all(|variant| variant.fields.is_empty()),
                _ => false,
            },
            _ => false,
        }
    }

    /// A declared function and all others of its name.
    pub(crate) fn overloads(&self, first: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(first), |at| self.declared_functions[*at as usize].overload)
    }

    /// The module that has to be imported for a function of this name.
    pub(crate) fn home(&self, function: &str) -> Option<&str> {
        let std = self.modules.iter().filter(|scope| scope.path.starts_with("std."));
        std.filter(|scope| scope.own.has(Space::Function, function)).map(|scope| scope.path.as_str()).next()
    }

    /// What a path of one name, or of an alias and a name, means.
    pub(crate) fn find_path(
        &self,
        session: &mut Session<'_>,
        module: usize,
        space: Space,
        path: &ast::Path,
    ) -> Option<Thing> {
        match path.segments.as_slice() {
            [name] => self.find(session, module, space, &name.text),
            [alias, name] => {
                let target = self.find_alias(session, module, &alias.text)?;
                self.modules[target].own.get(space, &name.text)
            }
            _ => None,
        }
    }

    /// The module behind an alias.
    pub(crate) fn find_alias(&self, session: &mut Session<'_>, module: usize, alias: &str) -> Option<usize> {
        let (target, import) = self.modules[module].aliases.get(alias)?;
        session.use_import(module, *import);
        Some(*target)
    }

    /// All names of a name space that a module sees.
    pub(crate) fn visible(&self, module: usize, space: Space) -> impl Iterator<Item = (&str, Thing)> {
        let scope = &self.modules[module];
        let imported = scope.imported.within(space).map(|(name, (thing, _))| (name, thing));
        let prelude = self.prelude.filter(|prelude| *prelude != module);
        let known = prelude.into_iter().flat_map(move |prelude| self.modules[prelude].own.within(space));
        scope.own.within(space).chain(imported).chain(known)
    }

    /// The fields of a record, error or event.
    pub(crate) fn fields(&self, index: u32) -> Option<&[FieldInfo]> {
        match &self.types.get(index as usize)?.shape {
            Shape::Record(fields) | Shape::Error(fields) | Shape::Event(fields) => Some(fields),
            _ => None,
        }
    }

    /// The variants of an enum.
    pub(crate) fn variants(&self, ty: &Ty) -> Option<&[VariantInfo]> {
        match ty {
            Ty::Named(index) => match &self.types.get(*index as usize)?.shape {
                Shape::Enum(variants) => Some(variants),
                _ => None,
            },
            _ => None,
        }
    }

    /// The type that refined types are made of in the end; other types are their own base.
    pub(crate) fn base<'t>(&'t self, ty: &'t Ty) -> &'t Ty {
        let mut ty = ty;
        // A ring of refined types has been reported; it must not hang the search.
        for _ in 0..self.types.len() {
            match ty {
                Ty::Named(index) => match self.types.get(*index as usize).map(|info| &info.shape) {
                    Some(Shape::Refined { base, .. }) => ty = base,
                    _ => return ty,
                },
                _ => return ty,
            }
        }
        &Ty::Unknown
    }

    /// Whether a value of `from` may stand where `to` is wanted.
    pub(crate) fn fits(&self, from: &Ty, to: &Ty) -> bool {
        match (from, to) {
            (Ty::Unknown, _) | (_, Ty::Unknown) => true,
            (Ty::Optional(from), Ty::Optional(to)) => self.fits(from, to),
            (Ty::Optional(_), _) => false,
            (from, Ty::Optional(to)) => self.fits(from, to),
            (Ty::Money(Some(_)), Ty::Money(None)) => true,
            (Ty::List(from), Ty::List(to)) | (Ty::Batch(from, _), Ty::Batch(to, _)) => self.fits(from, to),
            // The items of a set and the keys of a map are compared, so they must be of one type.
            (Ty::Set(from), Ty::Set(to)) => self.fits(from, to) && self.fits(to, from),
            (Ty::Map(key, value), Ty::Map(other, to)) => {
                self.fits(key, other) && self.fits(other, key) && self.fits(value, to)
            }
            (Ty::Result(ok, error), Ty::Result(to, other)) => self.fits(ok, to) && self.fits(error, other),
            (Ty::Tuple(from), Ty::Tuple(to)) => {
                from.len() == to.len() && from.iter().zip(to).all(|(from, to)| self.fits(from, to))
            }
            (Ty::Record(from), Ty::Record(to)) => {
                from.len() == to.len()
                    && from.iter().all(|a| to.iter().any(|b| a.name == b.name && self.fits(&a.ty, &b.ty)))
            }
            (Ty::Named(a), Ty::Named(b)) if a == b || self.carried.contains(&(*a, *b)) => true,
            (Ty::Named(index), to) => match self.types.get(*index as usize).map(|info| &info.shape) {
                Some(Shape::Refined { base, .. }) if base != from => self.fits(base, to),
                _ => false,
            },
            (from, to) => from == to,
        }
    }

    /// The type as one writes it.
    pub(crate) fn show(&self, ty: &Ty) -> String {
        let plain = match ty {
            Ty::Unknown => "?",
            Ty::Unit => "Unit",
            Ty::Bool => "Bool",
            Ty::Int => "Int",
            Ty::Decimal => "Decimal",
            Ty::String => "String",
            Ty::Uuid => "Uuid",
            Ty::Timestamp => "Timestamp",
            Ty::Duration => "Duration",
            Ty::Json => "Json",
            Ty::Bytes => "Bytes",
            Ty::Date => "Date",
            Ty::Money(None) => "Money",
            Ty::Money(Some(currency)) => return format!("Money<{currency}>"),
            Ty::Named(index) => return self.types[*index as usize].name.to_string(),
            Ty::Optional(inner) if inner.is_unknown() => "none",
            Ty::Optional(inner) => return format!("{}?", self.show(inner)),
            Ty::List(inner) => return format!("List<{}>", self.show(inner)),
            Ty::Set(inner) => return format!("Set<{}>", self.show(inner)),
            Ty::Batch(inner, _) => return format!("Batch<{}>", self.show(inner)),
            Ty::Map(key, value) => return format!("Map<{}, {}>", self.show(key), self.show(value)),
            Ty::Result(ok, error) => return format!("Result<{}, {}>", self.show(ok), self.show(error)),
            Ty::Tuple(items) => return format!("({})", self.show_all(items)),
            Ty::Param(number) => return format!("T{number}"),
            Ty::MoneyOf(_) => "Money",
            Ty::Function(params, result) => {
                return format!("fn({}) -> {}", self.show_all(params), self.show(result));
            }
            Ty::Record(members) => {
                let members =
                    members.iter().map(|member| format!("{}: {}", member.name, self.show(&member.ty)));
                return format!("({})", members.collect::<Vec<_>>().join(", "));
            }
        };
        plain.to_owned()
    }

    fn show_all(&self, types: &[Ty]) -> String {
        types.iter().map(|ty| self.show(ty)).collect::<Vec<_>>().join(", ")
    }

    /// `Service.operation`.
    pub(crate) fn qualified(&self, operation: u32) -> String {
        let operation = &self.operations[operation as usize];
        format!("{}.{}", self.services[operation.service as usize].name, operation.name)
    }

    pub(crate) fn type_name(&self, index: u32) -> &Name {
        &self.types[index as usize].name
    }
}

/// The currency that a word names.
pub(crate) fn currency(word: &str) -> Option<Currency> {
    word.parse().ok()
}

/// The IR's label of a label as written.
pub(crate) fn label(label: Option<ast::Label>) -> Label {
    match label {
        None => Label::Public,
        Some(ast::Label::Internal) => Label::Internal,
        Some(ast::Label::Pii) => Label::Pii,
        Some(ast::Label::Pci) => Label::Pci,
        Some(ast::Label::Secret) => Label::Secret,
    }
}

/// The word for a label.
pub(crate) fn label_word(label: Label) -> &'static str {
    match label {
        Label::Public => "public",
        Label::Internal => "internal",
        Label::Pii => "pii",
        Label::Pci => "pci",
        Label::Secret => "secret",
    }
}
