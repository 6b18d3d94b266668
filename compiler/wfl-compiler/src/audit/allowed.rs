//! Warnings that are not reported: where they stand, and everywhere.

use wfl_source::{Code, Severity};
use wfl_syntax::ast::{Attribute, ExprKind, Field, ItemKind, TextPart};

use crate::audit::model::{Allowance, Holder, Silenced};
use crate::audit::scene::{Scene, holder, operation_holder};
use crate::lint::Level;

/// All `@allow(…)`, in the order of places.
pub(crate) fn allowances(scene: &Scene<'_>) -> Vec<Allowance> {
    let mut found = Vec::new();
    for (_, item) in scene.own_items() {
        let of = holder(item);
        let mut note = |attributes: &[Attribute], on: Option<&Holder>| {
            let all = attributes.iter().filter(|attribute| attribute.name.text == "allow");
            found.extend(all.filter_map(|attribute| allowance(scene, attribute, on)));
        };
        note(&item.attributes, of.as_ref());
        let mut fields = |fields: &[Field], on: Option<&Holder>| {
            fields.iter().for_each(|field| {
                let part = |on: &Holder| format!("{}.{}", on.name, field.name.text);
                note(&field.attributes, on.map(|on| Holder { kind: "field", name: part(on) }).as_ref());
            });
        };
        match &item.kind {
            ItemKind::Record(it) => fields(&it.fields, of.as_ref()),
            ItemKind::Error(it) => fields(&it.fields, of.as_ref()),
            ItemKind::Event(it) => fields(&it.fields, of.as_ref()),
            ItemKind::Workflow(it) => fields(&it.head.parameters, of.as_ref()),
            ItemKind::Enum(it) => {
                for variant in &it.variants {
                    let on = Holder { kind: "enum", name: format!("{}.{}", it.name.text, variant.name.text) };
                    fields(&variant.fields, Some(&on));
                }
                for variant in &it.variants {
                    let on = Holder { kind: "enum", name: format!("{}.{}", it.name.text, variant.name.text) };
                    note(&variant.attributes, Some(&on));
                }
            }
            ItemKind::Service(it) => {
                for operation in &it.operations {
                    fields(&operation.head.parameters, Some(&operation_holder(it, operation)));
                }
                for operation in &it.operations {
                    note(&operation.attributes, Some(&operation_holder(it, operation)));
                }
            }
            _ => {}
        }
    }
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}

fn allowance(scene: &Scene<'_>, attribute: &Attribute, on: Option<&Holder>) -> Option<Allowance> {
    let arguments = attribute.arguments.as_ref()?.list.as_slice();
    let code = Code::parse(scene.text(arguments.first()?.value.span).as_str())?;
    let named = |wanted: &str| {
        let found = arguments.iter().find(|it| it.name.as_ref().is_some_and(|name| name.text == wanted))?;
        match &found.value.kind {
            ExprKind::Text(parts) => match parts.as_slice() {
                [TextPart::Literal(text)] => Some(text.clone()),
                _ => None,
            },
            _ => None,
        }
    };
    Some(Allowance {
        code: code.as_str(),
        title: code.title(),
        reason: named("because").unwrap_or_default(),
        until: named("until"),
        on: on.cloned(),
        place: scene.place(attribute.span),
    })
}

/// The warnings that the manifest turns off.
pub(crate) fn silenced(scene: &Scene<'_>) -> Vec<Silenced> {
    let warnings = Code::ALL.iter().filter(|code| code.severity() == Severity::Warning);
    let off = warnings.filter(|code| scene.project.manifest.lints.of(**code) == Level::Allow);
    off.map(|code| Silenced { code: code.as_str(), title: code.title() }).collect()
}
