//! The sections about people: what they are asked, and which calls need them.

use wfl_compiler::audit::{Approval, Asked, Audit, Policy, Rule, Shown, label_word};

use crate::audit::sheet::{FAINT, HEAD, PLAIN, Sheet};
use crate::audit::words::{Names, people, style};

pub(crate) fn approvals(sheet: &mut Sheet, names: &Names, audit: &Audit) {
    sheet.section("Approvals by people", audit.approvals.len(), "no approval: no workflow asks a person");
    for approval in &audit.approvals {
        let name = format!("{} of {}", approval.task, names.workflow(&approval.workflow));
        sheet.entry(&name, HEAD, Some(&approval.place));
        if approval.step != approval.task {
            sheet.fact("step", &approval.step, PLAIN, None);
        }
        sheet.fact("role", &asked(&approval.role), PLAIN, None);
        sheet.fact("approvals", &people(approval.approvals, approval.of), PLAIN, None);
        sheet.fact("answer", &approval.answer.ty, PLAIN, None);
        shows(sheet, approval);
        sheet.fact("reminded", &every(approval.remind.as_deref()), PLAIN, None);
        escalations(sheet, approval);
        let timeout = approval.timeout.as_deref().unwrap_or("none, it waits without end");
        sheet.fact("timeout", timeout, PLAIN, None);
    }
}

fn asked(it: &Asked) -> String {
    format!("{}, cleared for {}", it.role, label_word(it.clearance))
}

fn every(pause: Option<&str>) -> String {
    pause.map_or("never".to_owned(), |pause| format!("every {pause}"))
}

fn shows(sheet: &mut Sheet, approval: &Approval) {
    if let Some(title) = &approval.title {
        sheet.fact("title", &shown(title), style(title.label), None);
    }
    for (at, it) in approval.shows.iter().enumerate() {
        sheet.fact(if at == 0 { "shows" } else { "" }, &shown(it), style(it.label), None);
    }
    if approval.shows.is_empty() {
        sheet.fact("shows", "nothing", FAINT, None);
    }
}

/// `ssn: mask_last4(app.ssn) (pii)`.
fn shown(it: &Shown) -> String {
    let name = if it.name.is_empty() { String::new() } else { format!("{}: ", it.name) };
    let label = if it.label.is_public() { String::new() } else { format!(" ({})", label_word(it.label)) };
    format!("{name}{}{label}", it.value)
}

fn escalations(sheet: &mut Sheet, approval: &Approval) {
    for (at, it) in approval.escalations.iter().enumerate() {
        let text = format!("after {} to {}", it.after, asked(&it.to));
        sheet.fact(if at == 0 { "escalated" } else { "" }, &text, PLAIN, None);
    }
    if approval.escalations.is_empty() {
        sheet.fact("escalated", "never", PLAIN, None);
    }
}

pub(crate) fn policies(sheet: &mut Sheet, names: &Names, audit: &Audit) {
    sheet.section("Policies", audit.policies.len(), "no policy");
    for Policy { title, rules, place } in &audit.policies {
        sheet.entry(title, HEAD, Some(place));
        for it in rules {
            rule(sheet, names, it);
        }
        if rules.is_empty() {
            sheet.fact("rules", "none", FAINT, None);
        }
    }
}

fn rule(sheet: &mut Sheet, names: &Names, it: &Rule) {
    let condition = it.condition.as_ref().map(|condition| format!(" where {condition}")).unwrap_or_default();
    sheet.fact("rule", &format!("call {}{condition}", it.target), PLAIN, Some(&it.place));
    let needs = match it.approvals {
        1 => format!("1 approval by {}", it.role),
        count => format!("{count} approvals by {}", it.role),
    };
    sheet.fact("  requires", &needs, PLAIN, None);
    sheet.fact("  about", &it.operations.join(", "), PLAIN, None);
    for (at, call) in it.calls.iter().enumerate() {
        let name = if at == 0 { "  calls" } else { "" };
        let text = format!("{} of {}: {}", call.step, names.workflow(&call.workflow), call.operation);
        sheet.fact(name, &text, PLAIN, Some(&call.place));
    }
    if it.calls.is_empty() {
        sheet.fact("  calls", "none", FAINT, None);
    }
}
