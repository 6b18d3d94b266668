//! `@allow(CODE, because: "…", until: "2027-01-31")`: a warning that somebody has thought about.

use std::sync::Arc;

use jiff::civil::Date;
use wfl_source::{Code, Diagnostic, Files, Severity, Span, closest};
use wfl_syntax::ast::{Argument, Attribute, ExprKind, Field, Item, ItemKind, TextPart};

use crate::lint::{Lint, UnknownLint};

const NAME: &str = "allow";
const FORM: &str = "write `@allow(W0201, because: \"…\")`, and `until: \"2027-01-31\"` if it must end";

/// What a module allows, and where.
#[derive(Debug)]
pub(crate) struct Allows<'a> {
    files: &'a Files,
    allows: Vec<Allow>,
    /// Reports about the attributes themselves.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

#[derive(Debug)]
struct Allow {
    code: Code,
    /// The attribute.
    written: Span,
    /// The attribute and what it stands on.
    scope: Span,
    /// Whether the attribute is written as it should be.
    sound: bool,
    used: bool,
}

impl<'a> Allows<'a> {
    pub(crate) fn new(files: &'a Files) -> Allows<'a> {
        Allows { files, allows: Vec::new(), diagnostics: Vec::new() }
    }

    /// Reads the attributes of a module. Without `today` no allowance is over.
    pub(crate) fn read(&mut self, items: &[Arc<Item>], today: Option<Date>) {
        for item in items {
            self.attributes(&item.attributes, item.span, today);
            match &item.kind {
                ItemKind::Record(record) => self.fields(&record.fields, today),
                ItemKind::Enum(it) => {
                    for variant in &it.variants {
                        self.attributes(&variant.attributes, variant.span, today);
                        self.fields(&variant.fields, today);
                    }
                }
                ItemKind::Error(error) => self.fields(&error.fields, today),
                ItemKind::Event(event) => self.fields(&event.fields, today),
                ItemKind::Workflow(workflow) => self.fields(&workflow.head.parameters, today),
                ItemKind::Service(service) => {
                    for operation in &service.operations {
                        self.attributes(&operation.attributes, operation.span, today);
                        self.fields(&operation.head.parameters, today);
                    }
                }
                _ => {}
            }
        }
    }

    fn fields(&mut self, fields: &[Field], today: Option<Date>) {
        fields.iter().for_each(|field| self.attributes(&field.attributes, field.span, today));
    }

    fn attributes(&mut self, attributes: &[Attribute], on: Span, today: Option<Date>) {
        for attribute in attributes.iter().filter(|attribute| attribute.name.text == NAME) {
            let before = self.diagnostics.len();
            let read = Reading { attribute, today, diagnostics: &mut self.diagnostics }.read();
            let sound = self.diagnostics.len() == before;
            if let Some(code) = read {
                let (written, on) = (self.files.resolve(attribute.span), self.files.resolve(on));
                self.allows.push(Allow { code, written, scope: written.to(on), sound, used: false });
            }
        }
    }

    /// Removes the warnings that are allowed where they stand.
    pub(crate) fn suppress(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain(|diagnostic| {
            let place = diagnostic.primary().map(|label| label.span);
            let mut allowed = false;
            for allow in self.allows.iter_mut().filter(|allow| allow.code == diagnostic.code) {
                if place.is_some_and(|place| inside(place, allow.scope)) {
                    allow.used = true;
                    allowed = true;
                }
            }
            diagnostic.severity != Severity::Warning || !allowed
        });
    }

    /// Reports the attributes that nothing needed.
    pub(crate) fn report_unused(&mut self) {
        for allow in self.allows.iter().filter(|allow| allow.sound && !allow.used) {
            let title = format!("nothing here needs the allowance of `{}`", allow.code);
            let report = Diagnostic::new(Code::W0204, title, allow.written, "suppresses nothing")
                .note("the next such warning would pass unseen")
                .fix("remove `@allow`", allow.written, "", wfl_source::Applicability::Maybe);
            self.diagnostics.push(report);
        }
    }
}

fn inside(inner: Span, outer: Span) -> bool {
    inner.file == outer.file && outer.start <= inner.start && inner.end <= outer.end
}

/// One attribute while it is read.
struct Reading<'a> {
    attribute: &'a Attribute,
    today: Option<Date>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reading<'_> {
    /// The code that is allowed. An allowance that is over allows nothing; for other mistakes than that the
    /// warning stays suppressed, so that one mistake is one report.
    fn read(mut self) -> Option<Code> {
        let list = self.attribute.arguments.as_ref().map(|it| it.list.as_slice()).unwrap_or_default();
        let [first, rest @ ..] = list else {
            self.no_code(self.attribute.span);
            return None;
        };
        let code = self.code(first);
        let (mut reason, mut over) = (false, false);
        for (at, argument) in rest.iter().enumerate() {
            let name = argument.name.as_ref().map(|name| name.text.as_str()).unwrap_or_default();
            let again = rest[..at].iter().any(|it| it.name.as_ref().is_some_and(|it| it.text == name));
            match name {
                "because" | "until" if again => {
                    self.report(format!("`{name}` is given twice"), argument.span, "the second one");
                }
                "because" => {
                    reason = true;
                    self.because(argument);
                }
                "until" => over = self.is_over(argument, code),
                _ => self.unknown(argument, name),
            }
        }
        if !reason && code.is_some() {
            self.no_reason(self.attribute.span);
        }
        code.filter(|_| !over)
    }

    fn report(&mut self, title: impl Into<String>, span: Span, message: &str) -> &mut Diagnostic {
        let at = self.diagnostics.len();
        self.diagnostics.push(Diagnostic::new(Code::E0227, title, span, message));
        &mut self.diagnostics[at]
    }

    fn no_code(&mut self, span: Span) {
        self.report("`@allow` names one warning", span, "which one?").help = Some(FORM.to_owned());
    }

    fn code(&mut self, argument: &Argument) -> Option<Code> {
        let Argument { name: None, value, .. } = argument else {
            self.no_code(argument.span);
            return None;
        };
        let ExprKind::Name(name) = &value.kind else {
            self.no_code(argument.span);
            return None;
        };
        match name.text.parse::<Lint>() {
            Ok(Lint::One(code)) => return Some(code),
            Ok(Lint::All) => self.no_code(argument.span),
            Err(UnknownLint { problem, help }) => {
                self.report(problem, argument.span, "cannot be allowed").help = help;
            }
        }
        None
    }

    fn because(&mut self, argument: &Argument) {
        if text(argument).is_none_or(|reason| reason.trim().is_empty()) {
            self.no_reason(argument.span);
        }
    }

    fn no_reason(&mut self, span: Span) {
        let report = self.report("`@allow` gives no reason", span, "why may it stand?");
        report
            .notes
            .push("whoever reads this next year must know why the warning does not matter here".into());
        report.help = Some(FORM.to_owned());
    }

    fn is_over(&mut self, argument: &Argument, code: Option<Code>) -> bool {
        let Some(day) = text(argument).and_then(|text| text.parse::<Date>().ok()) else {
            let report = self.report("`until` takes a day", argument.value.span, "not a day");
            report.help = Some("write it as a text: `until: \"2027-01-31\"`".to_owned());
            return false;
        };
        let over = self.today.is_some_and(|today| today > day);
        if over {
            let what = code.map_or("the allowance".to_owned(), |code| format!("the allowance of `{code}`"));
            let report = self.report(format!("{what} ended on {day}"), argument.span, "in the past");
            report.help =
                Some("put right what was allowed, or give a new day if the reason still holds".to_owned());
        }
        over
    }

    fn unknown(&mut self, argument: &Argument, name: &str) {
        if name.is_empty() {
            self.report("`@allow` takes one code", argument.span, "not expected").help =
                Some(FORM.to_owned());
            return;
        }
        let meant = closest(name, ["because", "until"]).map(|meant| format!("did you mean `{meant}`?"));
        let report = self.report(format!("`@allow` has no `{name}`"), argument.span, "unknown");
        report.help = Some(meant.unwrap_or_else(|| FORM.to_owned()));
    }
}

/// A text without anything to fill in.
fn text(argument: &Argument) -> Option<&str> {
    match &argument.value.kind {
        ExprKind::Text(parts) => match parts.as_slice() {
            [TextPart::Literal(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}
