//! From what was found to what is reported: mere consequences, what is allowed, and levels.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use wfl_analysis::Module;
use wfl_source::{Code, Diagnostic, FileId, Files};
use wfl_syntax::ast::{Item, ItemKind};

use crate::allow::Allows;
use crate::lint::Levels;

/// Syntax errors after which parts of the text may have been read otherwise than they were meant.
const MISREAD: [Code; 4] = [Code::E0101, Code::E0102, Code::E0103, Code::E0199];
/// Findings about single expressions, which stay true then; all others could be mere consequences.
const SURE: [Code; 7] =
    [Code::E0205, Code::E0206, Code::E0210, Code::E0212, Code::E0213, Code::E0214, Code::E0219];

/// What is judged.
pub(crate) struct Case<'a> {
    pub(crate) files: &'a Files,
    pub(crate) modules: &'a [Module<'a>],
    /// What is wrong with the form of the texts.
    pub(crate) syntax: &'a [Diagnostic],
    pub(crate) levels: Levels,
    pub(crate) today: Option<Date>,
}

impl Case<'_> {
    /// Adds the reports to those about the project itself. `findings` are those of the analysis.
    pub(crate) fn judge(&self, findings: Vec<Diagnostic>, reports: &mut Vec<Diagnostic>) {
        let misread = self.misread();
        let doubtful = |it: &Diagnostic| it.primary().is_some_and(|label| misread.contains(&label.span.file));
        reports.extend(findings.into_iter().filter(|it| !doubtful(it) || SURE.contains(&it.code)));
        reports.extend(self.syntax.iter().cloned());
        self.lint(reports);
    }

    /// The files with text that may have been read otherwise than it was meant, and those that import them.
    fn misread(&self) -> BTreeSet<FileId> {
        let wrong = self.syntax.iter().filter(|it| MISREAD.contains(&it.code));
        let wrong = wrong.filter_map(Diagnostic::primary).map(|label| label.span.file);
        let mut files = wrong.collect::<BTreeSet<_>>();
        let of_file = |module: &&Module<'_>| files.contains(&module.file);
        let mut paths =
            self.modules.iter().filter(of_file).map(|it| it.path.to_owned()).collect::<BTreeSet<_>>();
        let mut grown = !files.is_empty();
        while grown {
            grown = false;
            for module in self.modules.iter().filter(|module| module.own) {
                let imports = |item: &Arc<Item>| match &item.kind {
                    ItemKind::Import(import) => paths.contains(&import.path.dotted()),
                    _ => false,
                };
                if !files.contains(&module.file) && module.items.iter().any(imports) {
                    grown = true;
                    files.insert(module.file);
                    paths.insert(module.path.to_owned());
                }
            }
        }
        files
    }

    /// Takes away what is allowed, in the source and by the levels, and makes errors of what is denied.
    fn lint(&self, reports: &mut Vec<Diagnostic>) {
        let mut allows = Allows::new(self.files);
        for module in self.modules.iter().filter(|module| module.own) {
            allows.read(module.items, self.today);
        }
        allows.suppress(reports);
        // Where there are errors, not every warning was looked for.
        if !reports.iter().any(Diagnostic::is_error) {
            allows.report_unused();
        }
        allows.diagnostics.iter_mut().for_each(|report| self.files.resolve_report(report));
        reports.append(&mut allows.diagnostics);
        self.levels.apply(reports);
    }
}
