//! What the source says about declared things: documentation and `@deprecated`, which plans do not hold.

use std::collections::BTreeMap;

use wfl_ir::schema::{Deprecated, Guide, Notes};
use wfl_ir::{Name, Plan, TypeKind};
use wfl_syntax::ast::{self, ExprKind, ItemKind, TextPart};

/// Names of different kinds of things may be the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Space {
    Type,
    Error,
    Event,
    Workflow,
}

/// The notes of a whole program, by the full names of things.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remarks {
    notes: BTreeMap<(Space, String), Notes>,
    /// What `@was` says of workflows.
    old_names: BTreeMap<String, String>,
}

impl Remarks {
    /// Reads a module.
    pub(crate) fn read(&mut self, path: &str, file: &ast::File) {
        for item in &file.items {
            let (space, name, parts) = match &item.kind {
                ItemKind::Record(it) => (Space::Type, &it.name, fields(&it.fields)),
                ItemKind::Enum(it) => (Space::Type, &it.name, it.variants.iter().map(variant).collect()),
                ItemKind::Type(it) => (Space::Type, &it.name, BTreeMap::new()),
                ItemKind::Error(it) => (Space::Error, &it.name, fields(&it.fields)),
                ItemKind::Event(it) => (Space::Event, &it.name, fields(&it.fields)),
                ItemKind::Workflow(it) => (Space::Workflow, &it.head.name, fields(&it.head.parameters)),
                _ => continue,
            };
            if let (Space::Workflow, Some(old)) = (space, only_text(&item.attributes, "was")) {
                self.old_names.insert(format!("{path}.{}", name.text), old.to_owned());
            }
            let notes = Notes { parts, ..notes(&item.docs, &item.attributes) };
            self.notes.insert((space, format!("{path}.{}", name.text)), notes);
        }
    }

    /// The name that a workflow had before.
    pub(crate) fn old_name(&self, workflow: &str) -> Option<String> {
        self.old_names.get(workflow).cloned()
    }

    /// The notes that belong to a plan.
    pub(crate) fn guide(&self, plan: &Plan) -> Guide {
        let find =
            |space, name: &Name| self.notes.get(&(space, name.to_string())).cloned().unwrap_or_default();
        let types = plan.types.iter().map(|def| match def.kind {
            TypeKind::Error(_) => find(Space::Error, &def.name),
            TypeKind::Event(_) => find(Space::Event, &def.name),
            _ => find(Space::Type, &def.name),
        });
        Guide { workflow: find(Space::Workflow, &plan.workflow), types: types.collect() }
    }
}

fn notes(docs: &[ast::Doc], attributes: &[ast::Attribute]) -> Notes {
    Notes { docs: text(docs), deprecated: deprecated(attributes), parts: BTreeMap::new() }
}

fn fields(fields: &[ast::Field]) -> BTreeMap<Name, Notes> {
    let field = |it: &ast::Field| (Name::from(it.name.text.as_str()), notes(&it.docs, &it.attributes));
    fields.iter().map(field).filter(|(_, notes)| *notes != Notes::default()).collect()
}

fn variant(variant: &ast::Variant) -> (Name, Notes) {
    let notes = notes(&variant.docs, &variant.attributes);
    (Name::from(variant.name.text.as_str()), Notes { parts: fields(&variant.fields), ..notes })
}

/// Lines of documentation as one text.
pub(crate) fn text(docs: &[ast::Doc]) -> String {
    docs.iter().map(|doc| doc.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// What `@deprecated` says, if it is there.
pub(crate) fn deprecated(attributes: &[ast::Attribute]) -> Option<Deprecated> {
    let attribute = attributes.iter().find(|attribute| attribute.name.text == "deprecated")?;
    let arguments = attribute.arguments.as_ref().map(|it| it.list.as_slice()).unwrap_or_default();
    let named = |wanted: &str| {
        let is_it = |it: &&ast::Argument| it.name.as_ref().is_some_and(|name| name.text == wanted);
        arguments.iter().find(is_it).and_then(|it| plain_text(&it.value)).map(str::to_owned)
    };
    Some(Deprecated { since: named("since"), instead: named("use") })
}

/// The only text that an attribute of this name takes.
pub(crate) fn only_text<'a>(attributes: &'a [ast::Attribute], name: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.name.text == name)?;
    match attribute.arguments.as_ref()?.list.as_slice() {
        [argument] => plain_text(&argument.value),
        _ => None,
    }
}

fn plain_text(expr: &ast::Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Text(parts) => match parts.as_slice() {
            [TextPart::Literal(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}
