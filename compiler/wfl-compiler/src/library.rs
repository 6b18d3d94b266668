//! The modules of `std`, parsed once per process: they are the same in every project.

use std::sync::{Arc, LazyLock};

use wfl_source::{FileId, Files};
use wfl_syntax::Parsed;

use crate::parallel::parse_all;

/// The parsed modules, in the order of [`wfl_stdlib::modules`].
static PARSED: LazyLock<Vec<Arc<Parsed>>> = LazyLock::new(|| {
    let mut files = Files::default();
    let numbers = add(&mut files);
    parse_all(&files, &numbers).into_iter().map(Arc::new).collect()
});

fn add(files: &mut Files) -> Vec<FileId> {
    let name = |path: &str| format!("<std>/{}.wfl", path.replace('.', "/"));
    wfl_stdlib::modules().iter().map(|module| files.add(name(module.path), module.text)).collect()
}

/// Adds the texts of the library, which must be the first files: their trees speak of them by number. Gives path,
/// file and tree of each module.
pub(crate) fn load(files: &mut Files) -> Vec<(String, FileId, Arc<Parsed>)> {
    debug_assert!(files.iter().next().is_none(), "the library comes first");
    let numbers = add(files);
    let modules = wfl_stdlib::modules().iter().zip(numbers).zip(PARSED.iter());
    modules.map(|((module, file), parsed)| (module.path.to_owned(), file, Arc::clone(parsed))).collect()
}
