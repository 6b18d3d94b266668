//! What all of the lowering shares: places, names, paths, types, and the guard against deep nesting.

use wfl_source::{Code, Diagnostic, FileId, Span};

use crate::ast::{Label, Name, Path, TypeExpr, TypeKind};
use crate::grammar::Rule;
use crate::tree::Cursor;

/// How many constructs may lie inside each other, counting each operator and each `.name` of a chain.
/// Later phases walk the tree recursively and rely on it.
pub(crate) const DEPTH_LIMIT: u32 = 128;

/// Lowers the chunk that starts at byte `base` of `file`.
pub(crate) struct Lowering<'d> {
    file: FileId,
    base: u32,
    depth: u32,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'d> Lowering<'d> {
    pub(crate) fn new(file: FileId, base: u32, diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        Self { file, base, depth: 0, diagnostics }
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Runs `lower` without its reports: what it looks at was reported as a whole.
    pub(crate) fn quietly<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> T {
        let count = self.diagnostics.len();
        let lowered = lower(self);
        self.diagnostics.truncate(count);
        lowered
    }

    pub(crate) fn span(&self, node: Cursor<'_>) -> Span {
        let node = node.node();
        Span::new(self.file, self.base + node.start, self.base + node.end)
    }

    /// Runs `lower` as `levels` deeper; `None`, with a report, where that is too deep.
    pub(crate) fn deeper<T>(
        &mut self,
        levels: u32,
        place: Span,
        lower: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        if self.depth + levels > DEPTH_LIMIT {
            let message = format!("more than {DEPTH_LIMIT} levels inside each other");
            let known = self.diagnostics.last().is_some_and(|last| last.code == Code::E0199);
            if !known {
                let help = "name parts of it by `let`, or move them to a workflow of their own";
                self.report(
                    Diagnostic::new(Code::E0199, "this is nested too deeply", place, message).help(help),
                );
            }
            return None;
        }
        self.depth += levels;
        let lowered = lower(self);
        self.depth -= levels;
        Some(lowered)
    }

    /// The name of a construct: its first child that is a word, or an empty name where one is missing.
    pub(crate) fn name_in(&self, node: Cursor<'_>) -> Name {
        self.names_in(node).next().unwrap_or_else(|| self.no_name(self.span(node).after()))
    }

    pub(crate) fn names_in<'a>(&'a self, node: Cursor<'a>) -> impl Iterator<Item = Name> + 'a {
        let words = node.children().filter(|child| is_name(child.rule()));
        words.map(|word| self.name(word))
    }

    pub(crate) fn name(&self, word: Cursor<'_>) -> Name {
        Name { text: word.text().to_owned(), span: self.span(word) }
    }

    pub(crate) fn no_name(&self, span: Span) -> Name {
        Name { text: String::new(), span }
    }

    /// All paths among the children; a missing one is a path without segments.
    pub(crate) fn paths_in<'a>(&'a self, node: Cursor<'a>) -> impl Iterator<Item = Path> + 'a {
        let paths = node.children().filter(|child| matches!(child.rule(), Rule::path | Rule::miss_name));
        paths.map(|path| self.path(path))
    }

    pub(crate) fn path_in(&self, node: Cursor<'_>) -> Path {
        let found = self.paths_in(node).next();
        found.unwrap_or_else(|| Path { segments: Vec::new(), span: self.span(node).after() })
    }

    pub(crate) fn path(&self, path: Cursor<'_>) -> Path {
        Path { segments: self.names_in(path).collect(), span: self.span(path) }
    }

    pub(crate) fn type_in(&mut self, node: Cursor<'_>) -> TypeExpr {
        let found = node.children().find(|child| matches!(child.rule(), Rule::typ | Rule::miss_type));
        match found {
            Some(typ) => self.type_expr(typ),
            None => self.no_type(self.span(node).after()),
        }
    }

    fn no_type(&self, span: Span) -> TypeExpr {
        TypeExpr { label: None, kind: TypeKind::Missing, optional: false, span }
    }

    pub(crate) fn type_expr(&mut self, typ: Cursor<'_>) -> TypeExpr {
        let span = self.span(typ);
        if let Some(function) = typ.child(Rule::fn_type) {
            let kind = self.deeper(1, span, |this| this.function_type(function));
            return kind.map_or_else(
                || self.no_type(span),
                |kind| TypeExpr { label: None, kind, optional: false, span },
            );
        }
        let Some(type_name) = typ.child(Rule::type_name) else { return self.no_type(span) };
        let label = typ.child(Rule::label).and_then(|word| label(word.text()));
        let path = self.path(type_name);
        let arguments = self.deeper(1, span, |this| match typ.child(Rule::targs) {
            Some(arguments) => {
                let types =
                    arguments.children().filter(|it| matches!(it.rule(), Rule::typ | Rule::miss_type));
                types.map(|argument| this.type_expr(argument)).collect()
            }
            None => Vec::new(),
        });
        let Some(arguments) = arguments else { return self.no_type(span) };
        TypeExpr { label, kind: TypeKind::Named { path, arguments }, optional: typ.has(Rule::optional), span }
    }

    fn function_type(&mut self, node: Cursor<'_>) -> TypeKind {
        let types = node.children().filter(|it| matches!(it.rule(), Rule::typ | Rule::miss_type));
        let mut types: Vec<TypeExpr> = types.map(|it| self.type_expr(it)).collect();
        match types.pop() {
            Some(result) => TypeKind::Function { parameters: types, result: Box::new(result) },
            None => TypeKind::Missing,
        }
    }

    /// The place of a construct's keyword.
    pub(crate) fn keyword(&self, node: Cursor<'_>, rule: Rule) -> Span {
        node.child(rule).map_or_else(|| self.span(node), |word| self.span(word))
    }
}

/// A word that is a name, or stands for one, or the mark of a missing one.
fn is_name(rule: Rule) -> bool {
    let misnamed = matches!(rule, Rule::bad_name | Rule::bad_operation | Rule::bad_listed);
    misnamed || matches!(rule, Rule::ident | Rule::word | Rule::miss_name)
}

pub(crate) fn label(word: &str) -> Option<Label> {
    match word {
        "internal" => Some(Label::Internal),
        "pii" => Some(Label::Pii),
        "pci" => Some(Label::Pci),
        "secret" => Some(Label::Secret),
        _ => None,
    }
}
