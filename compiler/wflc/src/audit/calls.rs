//! The sections about operations: what cannot be undone, all effects by grade, and each operation.

use wfl_compiler::audit::{Audit, Effect, Operation, label_word};

use crate::audit::sheet::{ALARM, Cell, FAINT, HEAD, NOTICE, PLAIN, Sheet};
use crate::audit::words::{Names, accepted, confirm_text, repeated};

pub(crate) fn irreversible(sheet: &mut Sheet, names: &Names, audit: &Audit) {
    sheet.section("Irreversible operations", audit.summary.irreversible, "no irreversible operation");
    for operation in audit.operations.iter().filter(|it| it.effect == Effect::Irreversible) {
        sheet.entry(&operation.name, ALARM, Some(&operation.place));
        if let Some(key) = &operation.idempotent {
            sheet.fact("key", &format!("{}, known for {}", key.key, key.window), PLAIN, None);
        }
        if let Some(confirm) = &operation.confirm {
            let text = confirm_text(&confirm.call.text, confirm.after.as_deref());
            sheet.fact("confirmed", &format!("by {text}"), PLAIN, None);
        }
        groups(sheet, operation);
        for (at, rule) in operation.rules.iter().enumerate() {
            let name = if at == 0 { "policy" } else { "" };
            sheet.fact(name, &format!("\"{}\"", rule.policy), PLAIN, Some(&rule.place));
        }
        if operation.rules.is_empty() {
            sheet.fact("policy", "none speaks about it", NOTICE, None);
        }
        data(sheet, operation);
        time(sheet, operation);
        uses(sheet, names, operation);
    }
}

/// What is never undone comes first.
pub(crate) fn effects(sheet: &mut Sheet, audit: &Audit) {
    sheet.section("Effects", audit.operations.len(), "no operation");
    if audit.operations.is_empty() {
        return;
    }
    sheet.blank();
    let once = |it: &&Operation| it.effect == Effect::Write && it.at_most_once;
    let of = |effect: Effect| move |it: &&Operation| it.effect == effect && !once(it);
    let name = |it: &Operation| it.name.clone();
    let undone = |it: &Operation| match &it.undo {
        Some(undo) => format!("{} by {}", it.name, undo.operation),
        None => it.name.clone(),
    };
    let all = &audit.operations;
    let list = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let grades = [
        (
            "irreversible",
            "cannot be undone",
            list(all.iter().filter(of(Effect::Irreversible)).map(name).collect()),
        ),
        ("at most once", "never undone, one attempt", list(all.iter().filter(once).map(name).collect())),
        ("write", "never undone", list(all.iter().filter(of(Effect::Write)).map(name).collect())),
        (
            "compensable",
            "undone by another",
            list(all.iter().filter(of(Effect::Compensable)).map(undone).collect()),
        ),
        ("read", "changes nothing", list(all.iter().filter(of(Effect::Read)).map(name).collect())),
    ];
    for (grade, means, list) in grades {
        let style = if list == "none" { FAINT } else { PLAIN };
        let grade = Cell { text: grade, width: 15, style: HEAD };
        sheet.row(&[grade, Cell { text: means, width: 28, style: FAINT }], (&list, style), None);
    }
}

pub(crate) fn external(sheet: &mut Sheet, names: &Names, audit: &Audit) {
    sheet.section("External operations", audit.operations.len(), "no external operation");
    for operation in &audit.operations {
        sheet.entry(&operation.name, HEAD, Some(&operation.place));
        match (operation.effect, &operation.undo) {
            (Effect::Irreversible, _) => {
                // All else about it stands in the section above.
                sheet.fact("effect", "irreversible, see above", ALARM, None);
                continue;
            }
            (Effect::Compensable, Some(undo)) => {
                sheet.fact("effect", &format!("compensable by {}", undo.text), PLAIN, None);
            }
            (Effect::Read, _) => sheet.fact("effect", "read", PLAIN, None),
            _ => sheet.fact("effect", "write, never undone", PLAIN, None),
        }
        sheet.fact("repeated", &repeated(operation), PLAIN, None);
        groups(sheet, operation);
        for rule in &operation.rules {
            sheet.fact("policy", &format!("\"{}\"", rule.policy), PLAIN, Some(&rule.place));
        }
        data(sheet, operation);
        time(sheet, operation);
        uses(sheet, names, operation);
    }
}

fn groups(sheet: &mut Sheet, operation: &Operation) {
    if !operation.groups.is_empty() {
        let all = operation.groups.iter().map(|group| format!("@{group}")).collect::<Vec<_>>();
        sheet.fact("group", &all.join(", "), PLAIN, None);
    }
}

fn data(sheet: &mut Sheet, operation: &Operation) {
    sheet.fact("accepts", &accepted(&operation.parameters), PLAIN, None);
    if !operation.result.label.is_public() {
        sheet.fact("answers", &format!("{} data", label_word(operation.result.label)), PLAIN, None);
    }
}

fn time(sheet: &mut Sheet, operation: &Operation) {
    let text = match &operation.total {
        Some(total) => format!("{}, {total} in all", operation.timeout),
        None => format!("{}, without end in all", operation.timeout),
    };
    sheet.fact("timeout", &text, PLAIN, None);
}

fn uses(sheet: &mut Sheet, names: &Names, operation: &Operation) {
    for (at, it) in operation.uses.iter().enumerate() {
        let name = if at == 0 { "called by" } else { "" };
        sheet.fact(name, &names.used(it), PLAIN, Some(&it.place));
    }
    if operation.uses.is_empty() {
        sheet.fact("called by", "no workflow", FAINT, None);
    }
}
