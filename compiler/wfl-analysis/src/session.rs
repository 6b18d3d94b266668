//! What grows while a part of a program is analysed: reports, and which imports were needed.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::Label;
use wfl_source::{Code, Diagnostic, Files, Span};

use crate::hir::{Declassified, Redacted};

/// What was found, besides the typed form.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Found {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Numbers of modules and of their imports.
    pub(crate) used_imports: BTreeSet<(usize, usize)>,
    pub(crate) declassified: Vec<Declassified>,
    pub(crate) redacted: Vec<Redacted>,
}

impl Found {
    /// Adds what was found later.
    pub(crate) fn add(&mut self, later: Found) {
        self.diagnostics.extend(later.diagnostics);
        self.used_imports.extend(later.used_imports);
        self.declassified.extend(later.declassified);
        self.redacted.extend(later.redacted);
    }
}

/// The growing part of an analysis.
pub(crate) struct Session<'a> {
    files: &'a Files,
    found: Found,
    /// Whether constants are held against the rules of their types.
    pub(crate) rules_hold: bool,
    roles: &'a BTreeMap<String, Label>,
}

/// What people may see whose role says nothing else.
const CLEARANCE: Label = Label::Internal;

impl<'a> Session<'a> {
    /// `roles` are those with a clearance of their own.
    pub(crate) fn new(files: &'a Files, roles: &'a BTreeMap<String, Label>) -> Self {
        Self { files, found: Found::default(), rules_hold: true, roles }
    }

    /// Notes sensitive data that may be seen after all.
    pub(crate) fn declassified(&mut self, what: Declassified) {
        self.found.declassified.push(what);
    }

    /// Notes sensitive data of which only a part is seen.
    pub(crate) fn redacted(&mut self, what: Redacted) {
        self.found.redacted.push(what);
    }

    /// The most sensitive data that people of a role may see; of a role that is computed, the least is taken.
    pub(crate) fn clearance(&self, role: Option<&str>) -> Label {
        role.and_then(|role| self.roles.get(role)).copied().unwrap_or(CLEARANCE)
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.found.diagnostics.push(diagnostic);
    }

    /// Reports with a title and one label, which is what most findings need.
    pub(crate) fn error(
        &mut self,
        code: Code,
        title: impl Into<String>,
        span: Span,
        message: impl Into<String>,
    ) {
        self.report(Diagnostic::new(code, title, span, message));
    }

    /// The text under a span on one line, so that laying it out anew changes no plan.
    pub(crate) fn text(&self, span: Span) -> String {
        self.files.text_of(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn use_import(&mut self, module: usize, import: usize) {
        self.found.used_imports.insert((module, import));
    }

    /// How many reports there are; see [`Session::recode`].
    pub(crate) fn count(&self) -> usize {
        self.found.diagnostics.len()
    }

    /// Gives the reports made since there were `count` a code of their own, where they speak of types or fields.
    pub(crate) fn recode(&mut self, count: usize, code: Code) {
        for diagnostic in &mut self.found.diagnostics[count..] {
            let general =
                [Code::E0205, Code::E0206, Code::E0207, Code::E0208, Code::E0209, Code::E0210, Code::E0213];
            if general.contains(&diagnostic.code) {
                diagnostic.code = code;
            }
        }
    }

    /// Drops the reports that were made since there were `count`.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.found.diagnostics.truncate(count);
    }

    /// What was found until now; nothing is left.
    pub(crate) fn take(&mut self) -> Found {
        std::mem::take(&mut self.found)
    }
}
