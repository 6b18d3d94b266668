//! Fields of variants that JSON has no room for.

use wfl_source::{Code, Diagnostic};
use wfl_syntax::ast::{File, ItemKind};

/// The member by which JSON names the variant, beside its fields.
const DISCRIMINATOR: &str = "kind";

/// Reports fields of variants that are called as the member is that names the variant.
pub(crate) fn check(tree: &File) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for item in &tree.items {
        let ItemKind::Enum(source) = &item.kind else { continue };
        for variant in &source.variants {
            for field in variant.fields.iter().filter(|field| field.name.text == DISCRIMINATOR) {
                let title = format!("the name `kind` is taken in the variant `{}`", variant.name.text);
                let label = "JSON says by `kind` which variant it is";
                let note = "as JSON, a variant is one object with `kind` and its fields";
                found.push(
                    Diagnostic::new(Code::E0202, title, field.name.span, label)
                        .note(note)
                        .help("call the field otherwise, or move it into a record of its own"),
                );
            }
        }
    }
    found
}
