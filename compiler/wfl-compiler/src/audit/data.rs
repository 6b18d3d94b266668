//! Where sensitive data is declared.

use wfl_analysis::hir::AwaitKind as Waits;
use wfl_analysis::hir::{Statement, each_statement};
use wfl_ir::Label;
use wfl_source::Span;
use wfl_syntax::ast::{self, Item, ItemKind};

use crate::audit::labels::Labels;
use crate::audit::model::{Holder, Labelled};
use crate::audit::scene::{Scene, Source, holder, operation_holder};

/// Everything that is declared with a label: the most sensitive first, then in the order of places.
pub(crate) fn labelled(scene: &Scene<'_>, labels: &Labels<'_>) -> Vec<Labelled> {
    let mut finder = Finder { scene, labels, found: Vec::new() };
    for (source, item) in scene.own_items() {
        finder.item(source, item);
    }
    finder.waits();
    let mut found = finder.found;
    found.sort_by(|one, other| (other.label, &one.place).cmp(&(one.label, &other.place)));
    found
}

struct Finder<'s, 'a> {
    scene: &'s Scene<'a>,
    labels: &'s Labels<'a>,
    found: Vec<Labelled>,
}

/// What is declared: its kind, what it belongs to, its name, and where that stands.
type What<'n> = (&'static str, Holder, &'n str, Span);

impl Finder<'_, '_> {
    fn note(&mut self, label: Label, (kind, of, name, span): What<'_>, ty: Span) {
        if !label.is_public() {
            let (name, ty, place) = (name.to_owned(), self.scene.text(ty), self.scene.place(span));
            self.found.push(Labelled { label, kind, of, name, ty, place });
        }
    }

    fn item(&mut self, source: Source<'_>, item: &Item) {
        let Some(of) = holder(item) else { return };
        match &item.kind {
            ItemKind::Record(it) => self.fields(source, &of, "field", &it.fields),
            ItemKind::Error(it) => self.fields(source, &of, "field", &it.fields),
            ItemKind::Event(it) => self.fields(source, &of, "field", &it.fields),
            ItemKind::Enum(it) => {
                for variant in &it.variants {
                    let name = format!("{}.{}", of.name, variant.name.text);
                    self.fields(source, &Holder { kind: of.kind, name }, "field", &variant.fields);
                }
            }
            ItemKind::Type(it) => self.typed(source, ("type", of, "", it.name.span), &it.base),
            ItemKind::Alias(it) => self.typed(source, ("type", of, "", it.name.span), &it.ty),
            ItemKind::Function(it) => {
                self.fields(source, &of, "parameter", &it.parameters);
                self.typed(source, ("result", of, "", it.result.span), &it.result);
            }
            ItemKind::Workflow(it) => {
                self.fields(source, &of, "parameter", &it.head.parameters);
                self.typed(source, ("result", of, "", it.head.result.span), &it.head.result);
            }
            ItemKind::Service(it) => {
                for operation in &it.operations {
                    let of = operation_holder(it, operation);
                    self.fields(source, &of, "parameter", &operation.head.parameters);
                    let result = &operation.head.result;
                    self.typed(source, ("result", of, "", result.span), result);
                }
            }
            _ => {}
        }
    }

    fn typed(&mut self, source: Source<'_>, what: What<'_>, ty: &ast::TypeExpr) {
        self.note(self.labels.of(source.path, ty), what, ty.span);
    }

    fn fields(&mut self, source: Source<'_>, of: &Holder, kind: &'static str, fields: &[ast::Field]) {
        for field in fields {
            let what = (kind, of.clone(), field.name.text.as_str(), field.name.span);
            self.typed(source, what, &field.ty);
        }
    }

    /// Messages and answers that workflows wait for.
    fn waits(&mut self) {
        let scene = self.scene;
        for (written, workflow) in scene.own_workflows() {
            each_statement(&workflow.body, &mut |statement| {
                if let Statement::Await(wait) = statement
                    && let Some(ast) = scene.syntax.awaits.get(&wait.span)
                    && let Some(ty) = &ast.ty
                {
                    let of = Holder { kind: "workflow", name: workflow.short_name.to_string() };
                    let kind = if matches!(wait.kind, Waits::Human(_)) { "answer" } else { "channel" };
                    self.typed(written.source, (kind, of, &ast.name.text, ast.name.span), ty);
                }
            });
        }
    }
}
