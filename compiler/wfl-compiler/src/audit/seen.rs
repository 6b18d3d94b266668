//! Sensitive data that may be seen after all, wholly or in part.

use std::collections::BTreeMap;

use wfl_ir::Label;
use wfl_source::Span;

use crate::audit::model::{Declassification, Redaction};
use crate::audit::scene::Scene;

/// All `declassify(…)`, in the order of places.
pub(crate) fn declassifications(scene: &Scene<'_>) -> Vec<Declassification> {
    // A condition of a policy is looked at once for each operation that it is about.
    let found = scene.program().declassified.iter().map(|it| (it.span, it)).collect::<BTreeMap<Span, _>>();
    let found = found.values().map(|it| {
        let arguments = scene.syntax.calls.get(&it.span).copied().unwrap_or_default();
        Declassification {
            label: label(it.label),
            value: scene.text(arguments.first().map_or(it.span, |value| value.span)),
            reason: it.reason.clone(),
            within: scene.holder(it.span),
            place: scene.place(it.span),
        }
    });
    let mut found = found.collect::<Vec<_>>();
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}

/// All calls of functions that redact sensitive data, in the order of places.
pub(crate) fn redactions(scene: &Scene<'_>) -> Vec<Redaction> {
    let found = scene.program().redacted.iter().map(|it| (it.span, it)).collect::<BTreeMap<Span, _>>();
    let found = found.values().map(|it| Redaction {
        label: it.label,
        function: it.function.to_string(),
        call: scene.text(it.span),
        within: scene.holder(it.span),
        place: scene.place(it.span),
    });
    let mut found = found.collect::<Vec<_>>();
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}

fn label(word: &str) -> Label {
    let all = [Label::Internal, Label::Pii, Label::Pci, Label::Secret];
    all.into_iter().find(|label| label_word(*label) == word).unwrap_or_default()
}

/// The word for a label.
pub fn label_word(label: Label) -> &'static str {
    match label {
        Label::Public => "public",
        Label::Internal => "internal",
        Label::Pii => "pii",
        Label::Pci => "pci",
        Label::Secret => "secret",
    }
}
