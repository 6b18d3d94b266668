//! Where sensitive data leaves workflows: to services, events, people, callers and the search.

use std::collections::{BTreeMap, BTreeSet};

use wfl_analysis::hir::{Statement, each_statement};
use wfl_ir::{Label, TypeKind};
use wfl_source::Span;
use wfl_syntax::ast::{Field, ItemKind};

use crate::audit::labels::{Labels, field_parts, parts};
use crate::audit::model::{Approval, Exit, Operation, Place};
use crate::audit::scene::Scene;

/// All exits: the most sensitive first, then in the order of places.
pub(crate) fn exits(
    scene: &Scene<'_>,
    labels: &Labels<'_>,
    operations: &[Operation],
    approvals: &[Approval],
) -> Vec<Exit> {
    let mut found = to_services(operations);
    found.extend(to_people(approvals));
    let mut finder = Finder { scene, found };
    finder.published();
    finder.raised();
    finder.returned(labels);
    let mut found = finder.found;
    found.sort_by(|one, other| {
        let part = |it: &Exit| (it.place.clone(), it.part.clone());
        other.label.cmp(&one.label).then_with(|| part(one).cmp(&part(other)))
    });
    found
}

fn to_services(operations: &[Operation]) -> Vec<Exit> {
    let mut found = Vec::new();
    for operation in operations.iter().filter(|it| !it.uses.is_empty()) {
        let from: BTreeSet<&String> = operation.uses.iter().map(|it| &it.workflow).collect();
        for parameter in operation.parameters.iter().filter(|it| !it.accepts.is_public()) {
            found.push(Exit {
                label: parameter.accepts,
                through: "operation",
                name: operation.name.clone(),
                part: parameter.name.clone(),
                to: Vec::new(),
                from: from.iter().map(|it| (*it).clone()).collect(),
                place: operation.place.clone(),
            });
        }
    }
    found
}

fn to_people(approvals: &[Approval]) -> Vec<Exit> {
    let mut found = Vec::new();
    for task in approvals {
        let to = [&task.role].into_iter().chain(task.escalations.iter().map(|it| &it.to));
        let to = to.cloned().collect::<Vec<_>>();
        let title = task.title.iter().map(|title| ("title", title));
        let shows = task.shows.iter().map(|shown| (shown.name.as_str(), shown));
        for (part, shown) in title.chain(shows).filter(|(_, shown)| !shown.label.is_public()) {
            found.push(Exit {
                label: shown.label,
                through: "task",
                name: task.task.clone(),
                part: part.to_owned(),
                to: to.clone(),
                from: vec![task.workflow.clone()],
                place: task.place.clone(),
            });
        }
    }
    found
}

struct Finder<'s, 'a> {
    scene: &'s Scene<'a>,
    found: Vec<Exit>,
}

/// The workflows that something leaves from, by the number of its type.
type From = BTreeMap<u32, BTreeSet<String>>;

impl Finder<'_, '_> {
    fn published(&mut self) {
        let mut from = From::new();
        for (_, workflow) in self.scene.own_workflows() {
            each_statement(&workflow.body, &mut |statement| {
                if let Statement::Emit { event, .. } = statement {
                    from.entry(*event).or_default().insert(workflow.name.to_string());
                }
            });
        }
        self.named("event", &from);
    }

    fn raised(&mut self) {
        let mut from = From::new();
        for (_, workflow) in self.scene.own_workflows() {
            for error in &workflow.raises {
                from.entry(*error).or_default().insert(workflow.name.to_string());
            }
        }
        self.named("error", &from);
    }

    /// The sensitive parts of events or errors.
    fn named(&mut self, through: &'static str, from: &From) {
        let types = &self.scene.program().types;
        for (number, from) in from {
            let Some(def) = types.get(*number as usize) else { continue };
            let (TypeKind::Event(fields) | TypeKind::Error(fields)) = &def.kind else { continue };
            for field in fields {
                for (part, label) in field_parts(types, "", field) {
                    let place = self.declared(through, &def.name, &field.name);
                    self.found.push(Exit {
                        label,
                        through,
                        name: def.short_name().to_owned(),
                        part,
                        to: Vec::new(),
                        from: from.iter().cloned().collect(),
                        place,
                    });
                }
            }
        }
    }

    /// Where a field of an event or an error is declared.
    fn declared(&self, through: &str, name: &str, field: &str) -> Place {
        let span = self.scene.project.sources.iter().find_map(|source| {
            let short = name.strip_prefix(source.path)?.strip_prefix('.')?;
            source.tree.items.iter().find_map(|item| match &item.kind {
                ItemKind::Event(it) if through == "event" && it.name.text == short => {
                    Some(field_span(&it.fields, field).unwrap_or(it.name.span))
                }
                ItemKind::Error(it) if through == "error" && it.name.text == short => {
                    Some(field_span(&it.fields, field).unwrap_or(it.name.span))
                }
                _ => None,
            })
        });
        self.scene.place(span.unwrap_or_default())
    }

    /// Results, and what instances can be searched by.
    fn returned(&mut self, labels: &Labels<'_>) {
        let scene = self.scene;
        for (written, workflow) in scene.own_workflows() {
            let head = &written.ast.head;
            let exit = |label: Label, through: &'static str, part: String, span: Span| Exit {
                label,
                through,
                name: workflow.short_name.to_string(),
                part,
                to: Vec::new(),
                from: vec![workflow.name.to_string()],
                place: scene.place(span),
            };
            let own = labels.of(written.source.path, &head.result);
            if !own.is_public() {
                self.found.push(exit(own, "result", String::new(), head.result.span));
            }
            let inner = parts(&scene.program().types, "", &workflow.result);
            for (part, label) in inner.into_iter().filter(|(_, label)| *label > own) {
                self.found.push(exit(label, "result", part, head.result.span));
            }
            // What instances are searched by is never more than internal; how much less, only its value says.
            let attributes = written.ast.attributes.iter().flat_map(|it| &it.list);
            for attribute in attributes {
                let name = attribute.name.as_ref().map(|name| name.text.clone()).unwrap_or_default();
                self.found.push(exit(Label::Internal, "attribute", name, attribute.span));
            }
        }
    }
}

fn field_span(fields: &[Field], name: &str) -> Option<Span> {
    fields.iter().find(|field| field.name.text == name).map(|field| field.name.span)
}
