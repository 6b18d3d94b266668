//! Where things lie in the written documentation.

use wfl_compiler::book::Target;

/// The file of a module's page. The index has a name that a module may have, too.
pub(crate) fn file_of(module: &str, ending: &str) -> String {
    match module {
        "index" => format!("index-module.{ending}"),
        module => format!("{module}.{ending}"),
    }
}

/// A link from the page of a module to a place.
pub(crate) fn link(from: &str, to: &Target, ending: &str) -> String {
    let file = if from == to.module { String::new() } else { file_of(&to.module, ending) };
    match to.anchor.as_str() {
        "" => file_of(&to.module, ending),
        anchor => format!("{file}#{anchor}"),
    }
}
