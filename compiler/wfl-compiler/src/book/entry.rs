//! Entries out of declarations.

use wfl_ir::flow::AwaitKind;
use wfl_ir::{NodeKind, Plan};
use wfl_syntax::ast::{self, EffectKind, Item, ItemKind};

use crate::book::model::{Entry, Kind, Part};
use crate::book::names::Space;
use crate::book::text::{Look, Target, Text};
use crate::book::write::Writer;
use crate::graph;
use crate::notes::{deprecated, only_text, text as docs_of};

type Facts = Vec<(&'static str, Text)>;

/// The entry about a declaration; none for what is not documented. `plan` gives the plan of a workflow.
pub(crate) fn entry<'p>(
    writer: Writer<'_>,
    item: &Item,
    plan: impl Fn(&str) -> Option<&'p Plan>,
) -> Option<Entry> {
    let fields = |fields: &[ast::Field]| parts(writer, fields);
    let mut entry = match &item.kind {
        ItemKind::Record(it) => {
            let signature = writer.block("record", &it.name, writer.fields(&it.fields));
            Entry { parts: fields(&it.fields), ..plain(Kind::Record, "record", &it.name, signature) }
        }
        ItemKind::Enum(it) => {
            let signature = writer.block("enum", &it.name, writer.variants(&it.variants));
            let variants = it.variants.iter().map(|variant| variant_part(writer, variant));
            Entry { parts: variants.collect(), ..plain(Kind::Enum, "enum", &it.name, signature) }
        }
        ItemKind::Type(it) => plain(Kind::Type, "type", &it.name, writer.refined(it)),
        ItemKind::Alias(it) => {
            let mut signature = writer.head("alias", &it.name);
            signature.add(Look::Plain, " = ");
            signature.append(writer.ty(&it.ty));
            plain(Kind::Type, "type", &it.name, signature)
        }
        ItemKind::Error(it) => {
            let mut signature = writer.head("error", &it.name);
            signature.append(writer.carried(&it.fields, signature.width()));
            Entry { parts: fields(&it.fields), ..plain(Kind::Error, "error", &it.name, signature) }
        }
        ItemKind::Event(it) => {
            let mut signature = writer.head("event", &it.name);
            signature.append(writer.carried(&it.fields, signature.width()));
            Entry { parts: fields(&it.fields), ..plain(Kind::Event, "event", &it.name, signature) }
        }
        ItemKind::Service(it) => {
            let operations = it.operations.iter().map(|operation| self::operation(writer, it, operation));
            let signature = writer.head("service", &it.name);
            Entry { inner: operations.collect(), ..plain(Kind::Service, "service", &it.name, signature) }
        }
        ItemKind::Workflow(it) => workflow(writer, item, it, plan(&it.head.name.text)),
        ItemKind::Function(it) => {
            let signature = writer.function(it);
            Entry { parts: fields(&it.parameters), ..plain(Kind::Function, "fn", &it.name, signature) }
        }
        _ => return None,
    };
    entry.docs = docs_of(&item.docs);
    entry.deprecated = deprecated(&item.attributes);
    Some(entry)
}

fn plain(kind: Kind, word: &str, name: &ast::Name, signature: Text) -> Entry {
    Entry {
        kind,
        name: name.text.clone(),
        anchor: format!("{word}.{}", name.text),
        signature,
        docs: String::new(),
        deprecated: None,
        facts: Vec::new(),
        parts: Vec::new(),
        graph: None,
        inner: Vec::new(),
    }
}

fn parts(writer: Writer<'_>, fields: &[ast::Field]) -> Vec<Part> {
    let part = |field: &ast::Field| Part {
        name: field.name.text.clone(),
        shape: writer.ruled(&field.ty, field.rule.as_ref()),
        docs: docs_of(&field.docs),
        deprecated: deprecated(&field.attributes),
        parts: Vec::new(),
    };
    fields.iter().map(part).collect()
}

fn variant_part(writer: Writer<'_>, variant: &ast::Variant) -> Part {
    Part {
        name: variant.name.text.clone(),
        shape: writer.carried(&variant.fields, 0),
        docs: docs_of(&variant.docs),
        deprecated: deprecated(&variant.attributes),
        parts: parts(writer, &variant.fields).into_iter().filter(|part| !part.docs.is_empty()).collect(),
    }
}

fn operation(writer: Writer<'_>, service: &ast::Service, it: &ast::Operation) -> Entry {
    let signature = writer.callable("operation", &it.head);
    let name = format!("{}.{}", service.name.text, it.head.name.text);
    let mut entry = plain(Kind::Operation, "service", &it.head.name, signature);
    entry.anchor = format!("service.{name}");
    entry.name = name;
    entry.docs = docs_of(&it.docs);
    entry.deprecated = deprecated(&it.attributes);
    entry.parts = parts(writer, &it.head.parameters);
    entry.facts = contract(writer, service, it);
    entry
}

/// What an operation promises.
fn contract(writer: Writer<'_>, service: &ast::Service, it: &ast::Operation) -> Facts {
    let mut facts = Facts::new();
    if let Some(effect) = &it.effect {
        facts.push(("effect", self::effect(writer, service, effect)));
    }
    let called = |call: &ast::Call| self::call(writer, service, call);
    if let Some(idempotent) = &it.idempotent {
        let mut text = writer.code(idempotent.key.span);
        if let Some(window) = &idempotent.window {
            text.add(Look::Plain, " for ");
            text.append(writer.code(window.span));
        }
        facts.push(("idempotent by", text));
    }
    if let Some(confirm) = &it.confirm {
        let mut text = called(&confirm.call);
        if let Some(after) = &confirm.after {
            text.add(Look::Plain, " after ");
            text.append(writer.code(after.span));
        }
        facts.push(("confirm with", text));
    }
    if it.at_most_once.is_some() {
        facts.push(("attempts", Text::of(Look::Plain, "at most once")));
    }
    if !it.head.raises.is_empty() {
        facts.push(("raises", writer.errors(&it.head.raises)));
    }
    let times = [
        ("timeout", &it.timeouts.attempt),
        ("timeout queue", &it.timeouts.queue),
        ("timeout total", &it.timeouts.total),
        ("heartbeat", &it.heartbeat),
        ("retry", &it.retry),
        ("undo retry", &it.undo_retry),
    ];
    facts.extend(times.iter().filter_map(|(name, expr)| Some((*name, writer.code(expr.as_ref()?.span)))));
    for (name, keys) in [("reads", &it.reads), ("writes", &it.writes)] {
        if !keys.is_empty() {
            facts.push((name, Text::join(keys.iter().map(|key| writer.code(key.span)), ", ")));
        }
    }
    if let Some(label) = it.accepts {
        facts.push(("accepts", Text::of(Look::Label, label.word())));
    }
    facts.extend(only_text(&it.attributes, "label").map(|label| ("label", Text::of(Look::Code, label))));
    facts.extend(runbook(&it.attributes));
    facts
}

fn effect(writer: Writer<'_>, service: &ast::Service, effect: &ast::Effect) -> Text {
    let word = |text: &str| Text::of(Look::Keyword, text);
    match &effect.kind {
        EffectKind::Missing => Text::of(Look::Plain, "…"),
        EffectKind::Read => word("read"),
        EffectKind::Write => word("write"),
        EffectKind::Irreversible => word("irreversible"),
        EffectKind::Compensable(undo) => {
            let mut text = word("compensable");
            text.add(Look::Plain, " by ");
            text.append(call(writer, service, undo));
            text
        }
    }
}

/// A call of another operation of the service.
fn call(writer: Writer<'_>, service: &ast::Service, call: &ast::Call) -> Text {
    let name = call.path.last().map(|name| name.text.as_str()).unwrap_or_default();
    let is_here = service.operations.iter().any(|operation| operation.head.name.text == name);
    let here = format!("service.{}.{name}", service.name.text);
    let link = is_here.then(|| Target { module: writer.module.to_owned(), anchor: here });
    let mut text = Text::default();
    text.link(call.path.dotted(), link);
    text.append(writer.code(call.arguments.span));
    text
}

fn runbook(attributes: &[ast::Attribute]) -> Option<(&'static str, Text)> {
    only_text(attributes, "runbook").map(|address| ("runbook", Text::of(Look::Plain, address)))
}

fn workflow(writer: Writer<'_>, item: &Item, it: &ast::Workflow, plan: Option<&Plan>) -> Entry {
    let mut entry = plain(Kind::Workflow, "workflow", &it.head.name, writer.callable("workflow", &it.head));
    entry.parts = parts(writer, &it.head.parameters);
    let facts = &mut entry.facts;
    if let Some(owner) = only_text(&item.attributes, "owner") {
        facts.push(("owner", Text::of(Look::Plain, owner)));
    }
    let clauses = [
        ("version", &it.version),
        ("key", &it.key),
        ("deadline", &it.deadline),
        ("compensation deadline", &it.compensation_deadline),
        ("priority", &it.priority),
    ];
    facts.extend(clauses.iter().filter_map(|(name, expr)| Some((*name, writer.code(expr.as_ref()?.span)))));
    if let Some(limit) = &it.limit {
        facts.push(("limit", Text::of(Look::Code, writer.source(limit.span).trim_start_matches("limit "))));
    }
    if let Some(attributes) = &it.attributes {
        facts.push(("attributes", writer.code(attributes.span)));
    }
    if !it.head.raises.is_empty() {
        facts.push(("raises", writer.errors(&it.head.raises)));
    }
    if let Some(plan) = plan {
        facts.extend(flow(writer, plan));
        entry.graph = Some(graph::svg(plan));
    }
    entry.facts.extend(runbook(&item.attributes));
    entry
}

/// What a workflow waits for, publishes and starts.
fn flow(writer: Writer<'_>, plan: &Plan) -> Facts {
    let (mut signals, mut tasks, mut events, mut starts) = (vec![], vec![], vec![], vec![]);
    let put = |to: &mut Vec<Text>, text: Text| {
        if !to.contains(&text) {
            to.push(text);
        }
    };
    for node in &plan.nodes {
        match &node.kind {
            NodeKind::Await(awaited) => {
                let (to, name) = match &awaited.kind {
                    AwaitKind::Signal { channel, .. } => (&mut signals, channel),
                    AwaitKind::Human(task) => (&mut tasks, &task.name),
                };
                let mut text = Text::of(Look::Code, name.as_str());
                text.add(Look::Plain, ": ");
                text.append(writer.planned(&plan.types, &awaited.ty));
                put(to, text);
            }
            NodeKind::Emit { event, .. } => {
                if let Some(def) = plan.types.get(*event as usize) {
                    let mut text = Text::default();
                    text.link(def.short_name(), writer.target(def));
                    put(&mut events, text);
                }
            }
            NodeKind::SubWorkflow(run) => {
                let short = run.workflow.rsplit('.').next().unwrap_or(&run.workflow);
                let mut text = Text::default();
                text.link(short, writer.names.full(Space::Type, &run.workflow));
                put(&mut starts, text);
            }
            _ => {}
        }
    }
    let calls = plan.operations.iter().map(|operation| {
        let mut text = Text::default();
        text.link(operation.qualified(), writer.names.operation(&operation.service, &operation.name));
        text
    });
    let calls = calls.collect();
    let all =
        [("signals", signals), ("tasks", tasks), ("events", events), ("starts", starts), ("calls", calls)];
    all.into_iter()
        .filter(|(_, all)| !all.is_empty())
        .map(|(name, all)| (name, Text::join(all, ", ")))
        .collect()
}
