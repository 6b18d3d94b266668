//! The sections about data: what is declassified and redacted, what is labelled, and where it leaves.

use wfl_compiler::audit::{Audit, Exit, Labelled, label_word};

use crate::audit::sheet::{ALARM, Cell, FAINT, HEAD, NOTICE, PLAIN, Sheet};
use crate::audit::words::{Names, held, listed, style};

pub(crate) fn declassifications(sheet: &mut Sheet, audit: &Audit) {
    sheet.section("Declassifications", audit.declassifications.len(), "no declassification");
    for it in &audit.declassifications {
        sheet.entry(&it.value, ALARM, Some(&it.place));
        sheet.fact("label", label_word(it.label), style(it.label), None);
        sheet.fact("because", &it.reason, PLAIN, None);
        sheet.fact("in", &held(it.within.as_ref()), PLAIN, None);
    }
}

pub(crate) fn redactions(sheet: &mut Sheet, audit: &Audit) {
    let none = "no redaction: no function hides a part of labelled data";
    sheet.section("Redactions", audit.redactions.len(), none);
    for it in &audit.redactions {
        sheet.entry(&it.call, HEAD, Some(&it.place));
        sheet.fact("label", label_word(it.label), style(it.label), None);
        sheet.fact("in", &held(it.within.as_ref()), PLAIN, None);
    }
}

pub(crate) fn labels(sheet: &mut Sheet, audit: &Audit) {
    sheet.section("Data labels", audit.labels.len(), "no labelled data");
    table(sheet, !audit.labels.is_empty());
    for it in &audit.labels {
        let cells = [label(label_word(it.label), style(it.label)), kind(it.kind)];
        sheet.row(&cells, (&declared(it), PLAIN), Some(&it.place));
    }
}

fn table(sheet: &mut Sheet, begins: bool) {
    if begins {
        sheet.blank();
    }
}

fn label<'t>(text: &'t str, style: &'static str) -> Cell<'t> {
    Cell { text, width: 10, style }
}

fn kind(text: &str) -> Cell<'_> {
    Cell { text, width: 11, style: FAINT }
}

/// `Customer.name: pii String`.
fn declared(it: &Labelled) -> String {
    let name = if it.name.is_empty() { String::new() } else { format!(".{}", it.name) };
    format!("{}{name}: {}", it.of.name, it.ty)
}

pub(crate) fn exits(sheet: &mut Sheet, names: &Names, audit: &Audit) {
    sheet.section("Where labelled data leaves", audit.exits.len(), "no labelled data leaves");
    table(sheet, !audit.exits.is_empty());
    for it in &audit.exits {
        let cells = [label(label_word(it.label), style(it.label)), kind(it.through)];
        sheet.row(&cells, (&left(names, it), PLAIN), Some(&it.place));
    }
}

/// `Rail.submit, creditor, from TransferFunds`.
fn left(names: &Names, it: &Exit) -> String {
    let mut text = it.name.clone();
    if !it.part.is_empty() {
        text.push_str(&format!(".{}", it.part));
    }
    match it.through {
        "task" => {
            let to = listed(it.to.iter().map(|to| to.role.as_str()));
            text.push_str(&format!(", to {to}, from {}", names.workflows(&it.from)));
        }
        "result" => {}
        "attribute" => text.push_str(", at most internal"),
        _ => text.push_str(&format!(", from {}", names.workflows(&it.from))),
    }
    text
}

pub(crate) fn allowances(sheet: &mut Sheet, audit: &Audit) {
    sheet.section(
        "Allowances",
        audit.allowances.len(),
        "no allowance: every warning is reported where it stands",
    );
    for it in &audit.allowances {
        sheet.entry(&format!("{} on {}", it.code, held(it.on.as_ref())), HEAD, Some(&it.place));
        sheet.fact("warning", it.title, PLAIN, None);
        sheet.fact("because", &it.reason, PLAIN, None);
        sheet.fact("until", it.until.as_deref().unwrap_or("without end"), PLAIN, None);
    }
    let none = "no warning is turned off in the manifest";
    sheet.section("Warnings turned off", audit.silenced.len(), none);
    table(sheet, !audit.silenced.is_empty());
    for it in &audit.silenced {
        let code = Cell { text: it.code, width: 10, style: NOTICE };
        sheet.row(&[code], (it.title, PLAIN), None);
    }
}
