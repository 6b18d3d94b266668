//! What grows while a program is analysed: reports, and which imports were needed.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::Label;
use wfl_source::{Code, Diagnostic, FileId, Files, Span};

use crate::hir::Declassified;

/// The growing part of an analysis.
pub(crate) struct Session<'a> {
    files: &'a Files,
    diagnostics: Vec<Diagnostic>,
    used_imports: BTreeSet<(usize, usize)>,
    declassified: Vec<Declassified>,
    roles: &'a BTreeMap<String, Label>,
}

/// What people may see whose role says nothing else.
const CLEARANCE: Label = Label::Internal;

impl<'a> Session<'a> {
    /// `roles` are those with a clearance of their own.
    pub(crate) fn new(files: &'a Files, roles: &'a BTreeMap<String, Label>) -> Self {
        let (diagnostics, used_imports, declassified) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self { files, diagnostics, used_imports, declassified, roles }
    }

    /// Notes sensitive data that may be seen after all.
    pub(crate) fn declassified(&mut self, what: Declassified) {
        self.declassified.push(what);
    }

    /// All of that, in the order in which it was found.
    pub(crate) fn take_declassified(&mut self) -> Vec<Declassified> {
        std::mem::take(&mut self.declassified)
    }

    /// The most sensitive data that people of a role may see; of a role that is computed, the least is taken.
    pub(crate) fn clearance(&self, role: Option<&str>) -> Label {
        role.and_then(|role| self.roles.get(role)).copied().unwrap_or(CLEARANCE)
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
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
        self.used_imports.insert((module, import));
    }

    pub(crate) fn is_used(&self, module: usize, import: usize) -> bool {
        self.used_imports.contains(&(module, import))
    }

    /// How many reports there are; see [`Session::recode`].
    pub(crate) fn count(&self) -> usize {
        self.diagnostics.len()
    }

    /// Gives the reports made since there were `count` a code of their own, where they speak of types or fields.
    pub(crate) fn recode(&mut self, count: usize, code: Code) {
        for diagnostic in &mut self.diagnostics[count..] {
            let general =
                [Code::E0205, Code::E0206, Code::E0207, Code::E0208, Code::E0209, Code::E0210, Code::E0213];
            if general.contains(&diagnostic.code) {
                diagnostic.code = code;
            }
        }
    }

    /// Drops the reports that were made since there were `count`.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.diagnostics.truncate(count);
    }

    /// Drops reports about names of a file whose import was reported.
    pub(crate) fn forgive(&mut self, file: FileId, broken: &BTreeSet<String>) {
        if broken.is_empty() {
            return;
        }
        let unknown = [Code::E0201, Code::E0203, Code::E0211, Code::E0218, Code::E0222];
        let files = self.files;
        self.diagnostics.retain(|diagnostic| {
            let Some(label) = diagnostic.primary().filter(|label| label.span.file == file) else {
                return true;
            };
            let text = files.text_of(label.span);
            let end = text.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(text.len());
            !(unknown.contains(&diagnostic.code) && broken.contains(&text[..end]))
        });
    }

    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
