//! Names and phrases of a report.

use std::collections::BTreeMap;

use wfl_compiler::audit::{Audit, Effect, Holder, Idempotent, Operation, Parameter, Role, Use, label_word};
use wfl_ir::Label;

use crate::audit::sheet::{ALARM, CALM, NOTICE, PLAIN};

/// How workflows are called: by the name alone, if there is only one.
pub(crate) struct Names(BTreeMap<String, usize>);

impl Names {
    pub(crate) fn new(audit: &Audit) -> Names {
        let mut count = BTreeMap::new();
        for workflow in &audit.workflows {
            *count.entry(short(&workflow.name).to_owned()).or_default() += 1;
        }
        Names(count)
    }

    pub(crate) fn workflow<'n>(&self, full: &'n str) -> &'n str {
        let name = short(full);
        if self.0.get(name).is_some_and(|count| *count > 1) { full } else { name }
    }

    /// Several, each by its name.
    pub(crate) fn workflows(&self, all: &[String]) -> String {
        listed(all.iter().map(|name| self.workflow(name)))
    }

    /// As what, where and by whom an operation is reached.
    pub(crate) fn used(&self, it: &Use) -> String {
        let step = format!("{} of {}", it.step, self.workflow(&it.workflow));
        let of = it.of.as_deref().unwrap_or_default();
        match it.role {
            Role::Step if it.pivot => format!("pivot step {step}"),
            Role::Step => format!("step {step}"),
            Role::Undo => format!("undoes {of}, {step}"),
            Role::Confirmation => format!("asked about {of}, {step}"),
            Role::Reminder => format!("reminds, {step}"),
        }
    }
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// `A, B and C`.
pub(crate) fn listed<'n>(all: impl Iterator<Item = &'n str>) -> String {
    let all = all.collect::<Vec<_>>();
    match all.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

/// `workflow Pay`.
pub(crate) fn held(holder: Option<&Holder>) -> String {
    holder.map(|it| format!("{} {}", it.kind, it.name)).unwrap_or_default()
}

/// The style of a label.
pub(crate) fn style(label: Label) -> &'static str {
    match label {
        Label::Public => PLAIN,
        Label::Internal => CALM,
        Label::Pii => NOTICE,
        Label::Pci | Label::Secret => ALARM,
    }
}

/// `creditor pii, name pii`.
pub(crate) fn accepted(parameters: &[Parameter]) -> String {
    let sensitive = parameters.iter().filter(|it| !it.accepts.is_public());
    let all = sensitive.map(|it| format!("{} {}", it.name, label_word(it.accepts))).collect::<Vec<_>>();
    if all.is_empty() { "no labelled data".to_owned() } else { all.join(", ") }
}

/// What makes a second call harmless, or that nothing does.
pub(crate) fn repeated(operation: &Operation) -> String {
    if operation.effect == Effect::Read {
        return "at will".to_owned();
    }
    let mut all = Vec::new();
    all.extend(operation.idempotent.as_ref().map(key));
    if let Some(confirm) = &operation.confirm {
        all.push(format!("asked by {}", confirm_text(&confirm.call.text, confirm.after.as_deref())));
    }
    if operation.at_most_once {
        all.push("at most once".to_owned());
    }
    all.join("; ")
}

/// `lookup(reference: reference), after 30s`.
pub(crate) fn confirm_text(call: &str, after: Option<&str>) -> String {
    match after {
        Some(after) => format!("{call}, after {after}"),
        None => call.to_owned(),
    }
}

/// `under the key reference, known for 1d`.
fn key(it: &Idempotent) -> String {
    format!("under the key {}, known for {}", it.key, it.window)
}

/// `1 person`, `2 of 3 people`.
pub(crate) fn people(count: u32, of: u32) -> String {
    match (count, of) {
        (1, 1) => "1 person".to_owned(),
        (count, of) => format!("{count} of {of} people"),
    }
}
