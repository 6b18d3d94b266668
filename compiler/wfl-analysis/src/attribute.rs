//! Attributes: which there are, where they stand, and what they take.

use wfl_source::{Code, Diagnostic, closest};
use wfl_syntax::ast::{self, ExprKind, ItemKind, TextPart};

use crate::pass::Passes;
use crate::session::Session;

/// An attribute: its name and how it is written.
const ATTRIBUTES: [(&str, &str); 6] = [
    ("allow", "@allow(W0202, because: \"…\")"),
    ("deprecated", "@deprecated(since: \"2\", use: \"other\")"),
    ("label", "@label(\"money_out\")"),
    ("owner", "@owner(\"team\")"),
    ("runbook", "@runbook(\"https://…\")"),
    ("was", "@was(\"old_name\")"),
];
/// Attributes of `std`: about functions that the compiler treats in a way of their own.
const STANDARD: [&str; 2] = ["method", "redacts"];

/// Checks the attributes of all declarations.
pub(crate) fn check(passes: &mut Passes<'_>) {
    let mut number = 0;
    for module in passes.given.modules {
        let standard = module.path.starts_with("std.");
        for item in module.items {
            passes.item(number, |session| {
                each(item, &mut |attributes| {
                    for attribute in attributes {
                        if !(standard && STANDARD.contains(&attribute.name.text.as_str())) {
                            check_one(session, attribute);
                        }
                    }
                });
            });
            number += 1;
        }
    }
}

fn each(item: &ast::Item, on: &mut dyn FnMut(&[ast::Attribute])) {
    on(&item.attributes);
    let mut fields = |fields: &[ast::Field]| fields.iter().for_each(|field| on(&field.attributes));
    match &item.kind {
        ItemKind::Record(it) => fields(&it.fields),
        ItemKind::Error(it) => fields(&it.fields),
        ItemKind::Event(it) => fields(&it.fields),
        ItemKind::Workflow(it) => fields(&it.head.parameters),
        ItemKind::Function(it) => fields(&it.parameters),
        ItemKind::Enum(it) => {
            it.variants.iter().for_each(|variant| {
                fields(&variant.fields);
            });
            it.variants.iter().for_each(|variant| on(&variant.attributes));
        }
        ItemKind::Service(it) => it.operations.iter().for_each(|operation| {
            on(&operation.attributes);
            operation.head.parameters.iter().for_each(|field| on(&field.attributes));
        }),
        _ => {}
    }
}

fn check_one(session: &mut Session<'_>, attribute: &ast::Attribute) {
    let name = &attribute.name;
    if name.is_missing() {
        return;
    }
    let Some((known, form)) = ATTRIBUTES.iter().find(|(known, _)| *known == name.text) else {
        let title = format!("there is no attribute `@{}`", name.text);
        let diagnostic = Diagnostic::new(Code::E0223, title, name.span, "unknown");
        let names = ATTRIBUTES.iter().map(|(name, _)| *name);
        return session.report(match closest(&name.text, names.clone()) {
            Some(meant) => diagnostic.help(format!("did you mean `@{meant}`?")),
            None => {
                let all = names.map(|name| format!("`@{name}`")).collect::<Vec<_>>().join(", ");
                diagnostic.help(format!("there are {all}"))
            }
        });
    };
    let arguments =
        attribute.arguments.as_ref().map(|arguments| arguments.list.as_slice()).unwrap_or_default();
    let texts = arguments.iter().filter(|argument| text(&argument.value).is_some());
    let fits = match *known {
        // What `@allow` takes is checked where it is used.
        "allow" => true,
        "deprecated" => arguments.iter().all(|argument| {
            let named = argument.name.as_ref().map(|name| name.text.as_str());
            matches!(named, Some("since" | "use")) && text(&argument.value).is_some()
        }),
        _ => arguments.len() == 1 && arguments[0].name.is_none() && texts.count() == 1,
    };
    if !fits {
        let (takes, message) = match (*known, arguments) {
            ("deprecated", _) => ("`since` and `use`, which are texts", "something else"),
            (_, []) => ("a text", "nothing is given"),
            (_, [_]) => ("a plain text without a name", "something else"),
            (_, [_, second, ..]) => {
                ("one text", if second.name.is_some() { "named too" } else { "more than one" })
            }
        };
        let title = format!("`@{known}` takes {takes}");
        let diagnostic = Diagnostic::new(Code::E0223, title, attribute.span, message);
        session.report(diagnostic.help(format!("write `{form}`")));
    }
}

/// A plain text.
fn text(expr: &ast::Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Text(parts) => match parts.as_slice() {
            [TextPart::Literal(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The text that an attribute of this name gives.
pub(crate) fn text_of<'i>(attributes: &'i [ast::Attribute], name: &str) -> Option<&'i str> {
    let attribute = attributes.iter().find(|attribute| attribute.name.text == name)?;
    match attribute.arguments.as_ref()?.list.as_slice() {
        [argument] => text(&argument.value),
        _ => None,
    }
}
