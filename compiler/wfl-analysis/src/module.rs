//! The modules that an analysis starts from, and the rings of their imports.

use std::sync::Arc;

use wfl_source::{Code, Diagnostic, FileId};
use wfl_syntax::ast;

use crate::session::Session;

/// A parsed module. Modules that are imported, those of `std` included, must be among those that are analysed.
#[derive(Clone, Copy, Debug)]
pub struct Module<'a> {
    /// The path that follows from where the file lies: `payments.transfer`.
    pub path: &'a str,
    /// The file.
    pub file: FileId,
    /// Its items.
    pub items: &'a [Arc<ast::Item>],
    /// Whether it belongs to the program itself; the lints pass over other modules.
    pub own: bool,
}

impl<'a> Module<'a> {
    /// The path behind `module`, if the file says it.
    fn written_path(&self) -> Option<&'a ast::Path> {
        self.items.iter().find_map(|item| match &item.kind {
            ast::ItemKind::Module(path) => Some(path),
            _ => None,
        })
    }

    /// The imports in order.
    pub(crate) fn imports(&self) -> impl Iterator<Item = &'a ast::Import> {
        self.items.iter().filter_map(|item| match &item.kind {
            ast::ItemKind::Import(import) => Some(import),
            _ => None,
        })
    }
}

/// Reports `module` lines that do not fit the file's place.
pub(crate) fn check_names(session: &mut Session<'_>, modules: &[Module<'_>]) {
    for module in modules {
        let Some(written) = module.written_path() else { continue };
        if written.is_missing() || written.dotted() == module.path {
            continue;
        }
        let title = format!("this file is the module `{}`", module.path);
        let diagnostic =
            Diagnostic::new(Code::E0801, title, written.span, "does not fit where the file lies");
        session.report(
            diagnostic
                .note("the path of a module is the path of its file below the project's source folder")
                .fix(
                    format!("write `{}`", module.path),
                    written.span,
                    module.path,
                    wfl_source::Applicability::Maybe,
                ),
        );
    }
}

/// Reports each ring of imports once, drawn.
pub(crate) fn check_rings(session: &mut Session<'_>, modules: &[Module<'_>]) {
    let mut state = vec![Visit::New; modules.len()];
    for start in 0..modules.len() {
        visit(session, modules, start, &mut Vec::new(), &mut state);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    New,
    Open,
    Done,
}

fn visit(
    session: &mut Session<'_>,
    modules: &[Module<'_>],
    at: usize,
    trail: &mut Vec<usize>,
    state: &mut Vec<Visit>,
) {
    if state[at] != Visit::New {
        return;
    }
    state[at] = Visit::Open;
    trail.push(at);
    for import in modules[at].imports() {
        let path = import.path.dotted();
        let Some(target) = modules.iter().position(|module| module.path == path) else { continue };
        match state[target] {
            Visit::Open => report_ring(session, modules, trail, target, import),
            _ => visit(session, modules, target, trail, state),
        }
    }
    trail.pop();
    state[at] = Visit::Done;
}

fn report_ring(
    session: &mut Session<'_>,
    modules: &[Module<'_>],
    trail: &[usize],
    target: usize,
    import: &ast::Import,
) {
    let start = trail.iter().position(|module| *module == target).unwrap_or_default();
    let ring = trail[start..].iter().chain([&target]).map(|module| modules[*module].path);
    let ring = ring.collect::<Vec<_>>().join(" → ");
    let title = "modules import each other in a ring";
    let mut diagnostic = Diagnostic::new(Code::E0803, title, import.path.span, "closes the ring");
    for pair in trail[start..].windows(2) {
        let (from, to) = (modules[pair[0]], modules[pair[1]].path);
        if let Some(import) = from.imports().find(|import| import.path.dotted() == to) {
            diagnostic = diagnostic.label(import.path.span, format!("`{}` imports `{to}`", from.path));
        }
    }
    session.report(diagnostic.note(ring).help("move what both need into a module of its own"));
}
