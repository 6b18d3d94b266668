//! Signatures laid out as text with links.

use wfl_ir::{Type, TypeDef, TypeKind};
use wfl_source::{Files, Span};
use wfl_syntax::ast::{self, CallableHead};

use crate::book::names::{Names, Space};
use crate::book::text::{Look, Target, Text};

/// The widest line of a signature.
const WIDEST: usize = 88;

/// Writes what one module declares.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) files: &'a Files,
    pub(crate) names: &'a Names,
    pub(crate) module: &'a str,
}

impl Writer<'_> {
    /// The source under a span on one line.
    pub(crate) fn source(&self, span: Span) -> String {
        self.files.text_of(span).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn code(&self, span: Span) -> Text {
        Text::of(Look::Code, self.source(span))
    }

    pub(crate) fn find(&self, space: Space, path: &ast::Path) -> Option<Target> {
        let path: Vec<&str> = path.segments.iter().map(|name| name.text.as_str()).collect();
        self.names.find(self.module, space, &path)
    }

    /// Errors, each linked.
    pub(crate) fn errors(&self, paths: &[ast::Path]) -> Text {
        let error = |path: &ast::Path| {
            let mut text = Text::default();
            text.link(path.dotted(), self.find(Space::Error, path));
            text
        };
        Text::join(paths.iter().map(error), ", ")
    }

    pub(crate) fn ty(&self, ty: &ast::TypeExpr) -> Text {
        let mut text = Text::default();
        if let Some(label) = ty.label {
            text.add(Look::Label, label.word());
            text.add(Look::Plain, " ");
        }
        match &ty.kind {
            ast::TypeKind::Missing => text.add(Look::Plain, "…"),
            ast::TypeKind::Named { path, arguments } => {
                // The error of a `Result` is an error or a type.
                let target = self.find(Space::Type, path).or_else(|| self.find(Space::Error, path));
                text.link(path.dotted(), target);
                if !arguments.is_empty() {
                    text.add(Look::Plain, "<");
                    text.append(Text::join(arguments.iter().map(|it| self.ty(it)), ", "));
                    text.add(Look::Plain, ">");
                }
            }
            ast::TypeKind::Function { parameters, result } => {
                text.add(Look::Keyword, "fn");
                text.add(Look::Plain, "(");
                text.append(Text::join(parameters.iter().map(|it| self.ty(it)), ", "));
                text.add(Look::Plain, ") -> ");
                text.append(self.ty(result));
            }
        }
        if ty.optional {
            text.add(Look::Plain, "?");
        }
        text
    }

    /// A type with the rule behind it.
    pub(crate) fn ruled(&self, ty: &ast::TypeExpr, rule: Option<&ast::Expr>) -> Text {
        let mut text = self.ty(ty);
        if let Some(rule) = rule {
            text.add(Look::Keyword, " where ");
            text.append(self.code(rule.span));
        }
        text
    }

    fn field(&self, field: &ast::Field) -> Text {
        let mut text = Text::of(Look::Plain, format!("{}: ", field.name.text));
        text.append(self.ruled(&field.ty, field.rule.as_ref()));
        text
    }

    /// `(a: A, b: B)` on one line behind so many characters, if it fits; nothing for no fields.
    pub(crate) fn carried(&self, fields: &[ast::Field], before: usize) -> Text {
        if fields.is_empty() { Text::default() } else { self.parameters(fields, before) }
    }

    fn parameters(&self, fields: &[ast::Field], before: usize) -> Text {
        let all: Vec<Text> = fields.iter().map(|field| self.field(field)).collect();
        let width: usize = all.iter().map(|text| text.width() + 2).sum();
        let mut text = Text::of(Look::Plain, "(");
        if before + width <= WIDEST {
            text.append(Text::join(all, ", "));
        } else {
            for field in all {
                text.add(Look::Plain, "\n  ");
                text.append(field);
                text.add(Look::Plain, ",");
            }
            text.add(Look::Plain, "\n");
        }
        text.add(Look::Plain, ")");
        text
    }

    /// `keyword Name`.
    pub(crate) fn head(&self, keyword: &str, name: &ast::Name) -> Text {
        let mut text = Text::of(Look::Keyword, keyword);
        text.add(Look::Plain, " ");
        text.add(Look::Name, name.text.as_str());
        text
    }

    /// `keyword Name(parameters) -> Result`.
    pub(crate) fn callable(&self, keyword: &str, head: &CallableHead) -> Text {
        self.with_parameters(self.head(keyword, &head.name), &head.parameters, &head.result)
    }

    pub(crate) fn function(&self, function: &ast::Function) -> Text {
        let mut text = self.head("fn", &function.name);
        if !function.type_parameters.is_empty() {
            let one = |it: &ast::TypeParameter| match &it.bound {
                Some(bound) => format!("{}: {}", it.name.text, bound.text),
                None => it.name.text.clone(),
            };
            let all: Vec<String> = function.type_parameters.iter().map(one).collect();
            text.add(Look::Plain, format!("<{}>", all.join(", ")));
        }
        self.with_parameters(text, &function.parameters, &function.result)
    }

    fn with_parameters(&self, mut text: Text, fields: &[ast::Field], result: &ast::TypeExpr) -> Text {
        let result = self.ty(result);
        text.append(self.parameters(fields, text.width() + result.width() + 4));
        text.add(Look::Plain, " -> ");
        text.append(result);
        text
    }

    /// `keyword Name { … }` with a line for each part.
    pub(crate) fn block(&self, keyword: &str, name: &ast::Name, parts: Vec<Text>) -> Text {
        let mut text = self.head(keyword, name);
        text.add(Look::Plain, " {");
        for part in &parts {
            text.add(Look::Plain, "\n  ");
            text.append(part.clone());
        }
        text.add(Look::Plain, if parts.is_empty() { "}" } else { "\n}" });
        text
    }

    pub(crate) fn fields(&self, fields: &[ast::Field]) -> Vec<Text> {
        fields.iter().map(|field| self.field(field)).collect()
    }

    pub(crate) fn variants(&self, variants: &[ast::Variant]) -> Vec<Text> {
        let variant = |it: &ast::Variant| {
            let mut text = Text::of(Look::Plain, it.name.text.as_str());
            text.append(self.carried(&it.fields, 4 + it.name.text.len()));
            text
        };
        variants.iter().map(variant).collect()
    }

    /// `type Name = Base where rule`.
    pub(crate) fn refined(&self, it: &ast::TypeDecl) -> Text {
        let mut text = self.head("type", &it.name);
        text.add(Look::Plain, " = ");
        text.append(self.ty(&it.base));
        if let Some(rule) = &it.rule {
            let rule = self.code(rule.span);
            let fits = text.width() + rule.width() + 7 <= WIDEST;
            text.add(Look::Keyword, if fits { " where " } else { "\n  where " });
            text.append(rule);
        }
        text
    }

    /// A type of a plan.
    pub(crate) fn planned(&self, types: &[TypeDef], ty: &Type) -> Text {
        let of = |name: &str, parts: &[&Type]| {
            let mut text = Text::default();
            text.link(name, None);
            text.add(Look::Plain, "<");
            text.append(Text::join(parts.iter().map(|it| self.planned(types, it)), ", "));
            text.add(Look::Plain, ">");
            text
        };
        let mut text = Text::default();
        match ty {
            Type::Optional(inner) => {
                text.append(self.planned(types, inner));
                text.add(Look::Plain, "?");
            }
            Type::List(inner) => return of("List", &[inner]),
            Type::Set(inner) => return of("Set", &[inner]),
            Type::Map(key, value) => return of("Map", &[key, value]),
            Type::Result(value, error) => return of("Result", &[value, error]),
            Type::Record(fields) => {
                text.add(Look::Plain, "(");
                let field = |(name, ty): &(wfl_ir::Name, Type)| {
                    let mut text = Text::of(Look::Plain, format!("{name}: "));
                    text.append(self.planned(types, ty));
                    text
                };
                text.append(Text::join(fields.iter().map(field), ", "));
                text.add(Look::Plain, ")");
            }
            Type::Named(index) => match types.get(*index as usize) {
                Some(def) => text.link(def.short_name(), self.target(def)),
                None => text.add(Look::Plain, "…"),
            },
            Type::Money(Some(currency)) => text.link(format!("Money<{currency}>"), None),
            scalar => text.link(format!("{scalar:?}").replace("(None)", ""), None),
        }
        text
    }

    /// Where a type, an error or an event of a plan is documented.
    pub(crate) fn target(&self, def: &TypeDef) -> Option<Target> {
        let space = match def.kind {
            TypeKind::Error(_) => Space::Error,
            TypeKind::Event(_) => Space::Event,
            _ => Space::Type,
        };
        self.names.full(space, &def.name)
    }
}
