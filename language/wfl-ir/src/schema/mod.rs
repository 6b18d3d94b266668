//! JSON Schema (draft 2020-12) of what a workflow takes and gives.
//!
//! What comes in is described as the border takes it: members that nobody declared are let pass. What goes out, results,
//! events and errors, has no others. A schema never refuses what the border takes; it may take what the border
//! refuses, where JSON Schema has no words for the rule:
//!
//! * rules that are no bound, length, choice or regular expression of the kind that ECMA-262 has too, and bounds other
//!   than zero of decimal numbers and money: they stand as text in `x-wfl-where`;
//! * whether a day, an instant or a length of time is one: that is what `format` says, which not every validator tests;
//! * whether an item of a set or a key of a map is the same as another one that is written otherwise;
//! * an integer that is written with places after the point, `1.0`, and an integer of more than 64 bits as a key;
//! * equality with integers of 2^53 and more, which many validators cannot tell from their neighbours;
//! * values that nest too deep.

mod notes;
mod portable;
mod keywords;
mod scalar;
mod rule;
mod builder;

use serde_json::{Value as Json, json};

use crate::declared::TypeKind;
use crate::flow::AwaitKind;
use crate::function::Library;
use crate::name::Name;
use crate::node::NodeKind;
use crate::plan::Plan;
use crate::schema::builder::{Builder, describe, unique_name};
use crate::schema::keywords::{Schema, schema};
use crate::types::Type;

pub use notes::{Deprecated, Guide, Notes};

/// The schemas of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Schemas<'a> {
    plan: &'a Plan,
    guide: &'a Guide,
}

/// The direction in which data goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// From outside: unknown members are let pass.
    In,
    /// To the outside: there are no others than those declared.
    Out,
}

/// The schema of a type by itself.
pub fn of_type(library: Library<'_>, ty: &Type, side: Side) -> Json {
    let guide = Guide::default();
    let mut builder = Builder::new(library, &guide, side == Side::Out);
    let body = builder.of(ty);
    builder.document("urn:wfl:type", body)
}

impl<'a> Schemas<'a> {
    /// The schemas of a plan, with what the source says about its types.
    pub fn new(plan: &'a Plan, guide: &'a Guide) -> Schemas<'a> {
        Schemas { plan, guide }
    }

    /// The input: an object with a member for each parameter.
    pub fn input(&self) -> Json {
        let notes = &self.guide.workflow;
        let mut builder = self.builder(Side::In);
        let fields = builder.fields(Schema::new(), &self.plan.params, notes);
        let mut body = self.titled("input");
        describe(&mut body, notes);
        body.extend(fields);
        builder.document(&self.id("input"), body)
    }

    /// The result.
    pub fn result(&self) -> Json {
        self.document("result", &self.plan.result, Side::Out)
    }

    /// The events that it publishes, by name.
    pub fn events(&self) -> Vec<(Name, Json)> {
        self.declared(|kind| matches!(kind, TypeKind::Event(_)))
    }

    /// The errors that it may end with or meets, by name.
    pub fn errors(&self) -> Vec<(Name, Json)> {
        self.declared(|kind| matches!(kind, TypeKind::Error(_)))
    }

    /// The messages of the channels that it listens to, by the names of the channels.
    pub fn signals(&self) -> Vec<(Name, Json)> {
        self.awaited("signal", |kind| match kind {
            AwaitKind::Signal { channel, .. } => Some(channel),
            AwaitKind::Human(_) => None,
        })
    }

    /// The answers of the people whom it asks, by the names of the tasks.
    pub fn tasks(&self) -> Vec<(Name, Json)> {
        self.awaited("task", |kind| match kind {
            AwaitKind::Human(task) => Some(&task.name),
            AwaitKind::Signal { .. } => None,
        })
    }

    fn builder(&self, side: Side) -> Builder<'a> {
        Builder::new(self.plan.library(), self.guide, side == Side::Out)
    }

    fn id(&self, part: &str) -> String {
        format!("urn:wfl:{}:{part}", self.plan.workflow)
    }

    fn titled(&self, part: &str) -> Schema {
        let short = self.plan.workflow.rsplit('.').next().unwrap_or(&self.plan.workflow);
        schema(json!({ "title": format!("{short}: {part}") }))
    }

    fn document(&self, part: &str, ty: &Type, side: Side) -> Json {
        let mut builder = self.builder(side);
        let mut body = self.titled(part);
        body.extend(builder.top(ty));
        builder.document(&self.id(part), body)
    }

    fn declared(&self, wanted: impl Fn(&TypeKind) -> bool) -> Vec<(Name, Json)> {
        let types = self.plan.types.iter().enumerate().filter(|(_, def)| wanted(&def.kind));
        let one = |(index, def): (usize, &crate::declared::TypeDef)| {
            let id = format!("urn:wfl:{}", unique_name(self.plan.library(), index as u32, def));
            let mut builder = self.builder(Side::Out);
            let body = builder.top(&Type::Named(index as u32));
            (def.name.clone(), builder.document(&id, body))
        };
        types.map(one).collect()
    }

    fn awaited<'p>(
        &'p self,
        what: &str,
        name: impl Fn(&'p AwaitKind) -> Option<&'p Name>,
    ) -> Vec<(Name, Json)> {
        let mut found: Vec<(Name, Json)> = Vec::new();
        for node in &self.plan.nodes {
            let NodeKind::Await(awaited) = &node.kind else { continue };
            let Some(name) = name(&awaited.kind) else { continue };
            if found.iter().all(|(known, _)| known != name) {
                let part = format!("{what}:{name}");
                let document = self.document(&part, &awaited.ty, Side::In);
                found.push((name.clone(), document));
            }
        }
        found
    }
}
