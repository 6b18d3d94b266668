//! What a project consists of, and what of it cannot be read.

use std::io::ErrorKind;

use wfl_source::{Code, Diagnostic, Files};

use crate::manifest::{MANIFEST, Manifest};
use crate::world::World;

/// Reads the manifest; the defaults where there is none, or none that can be used.
pub(crate) fn read_manifest(world: &dyn World, files: &mut Files, reports: &mut Vec<Diagnostic>) -> Manifest {
    match world.read(MANIFEST) {
        Ok(text) => {
            let file = files.add(MANIFEST, text.as_str());
            match Manifest::parse(file, &text) {
                Ok(manifest) => return manifest,
                Err(diagnostic) => reports.push(*diagnostic),
            }
        }
        // A folder of modules without a manifest is a project with the defaults.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => reports.push(unreadable(MANIFEST, &error)),
    }
    Manifest::default()
}

/// The paths of all modules.
pub(crate) fn source_paths(
    world: &dyn World,
    manifest: &Manifest,
    reports: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let folder = manifest.source_folder();
    world.sources(folder).unwrap_or_else(|error| {
        reports.push(unreadable(if folder.is_empty() { "." } else { folder }, &error));
        Vec::new()
    })
}

pub(crate) fn unreadable(path: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::without_place(Code::E0806, format!("`{path}` cannot be read")).note(error.to_string())
}

/// `payments/transfer.wfl` below the source folder is `payments.transfer`; other files are no modules.
pub(crate) fn module_path(folder: &str, path: &str) -> Option<String> {
    let inside = path.strip_prefix(folder)?;
    let inside = if folder.is_empty() { inside } else { inside.strip_prefix('/')? };
    Some(inside.strip_suffix(".wfl")?.replace('/', "."))
}
