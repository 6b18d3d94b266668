//! The project's manifest, `wfl.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use wfl_source::{Code, Diagnostic, FileId, Span};

/// The file that makes a folder a project.
pub const MANIFEST: &str = "wfl.toml";

/// What `wfl.toml` says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The `[project]` table.
    #[serde(default)]
    pub project: Project,
    /// The `[worker.NAME]` tables: processes that `wflc run` starts beside the engine.
    #[serde(default)]
    pub worker: BTreeMap<String, Worker>,
}

/// A `[worker.NAME]` table.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Program and arguments, started in the project's folder. The process announces its address as one JSON line
    /// on standard output and ends when its standard input does.
    pub command: Vec<String>,
}

/// The `[project]` table.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The project's name.
    #[serde(default = "default_name")]
    pub name: String,
    /// The folder that holds the modules, relative to the manifest. The module `a.b` is `a/b.wfl` in it.
    #[serde(default)]
    pub source: String,
}

fn default_name() -> String {
    "project".to_owned()
}

impl Default for Project {
    fn default() -> Project {
        Project { name: default_name(), source: String::new() }
    }
}

impl Manifest {
    /// Reads a manifest; a malformed one is a report.
    pub fn parse(file: FileId, text: &str) -> Result<Manifest, Box<Diagnostic>> {
        let manifest: Manifest = toml::from_str(text).map_err(|error| {
            let range = error.span().unwrap_or_default();
            let span = Span::new(file, range.start as u32, range.end as u32);
            Box::new(
                Diagnostic::new(Code::E0805, "the project manifest cannot be read", span, error.message())
                    .help("it looks like `[project]`, `name = \"bank\"`, `source = \"src\"`"),
            )
        })?;
        let source = &manifest.project.source;
        if source.starts_with('/') || source.split('/').any(|part| part == "..") {
            let at = text.find(source.as_str()).unwrap_or_default();
            let span = Span::new(file, at as u32, (at + source.len()) as u32);
            let message = "leads out of the project";
            return Err(Box::new(Diagnostic::new(
                Code::E0805,
                "the source folder is outside",
                span,
                message,
            )));
        }
        Ok(manifest)
    }

    /// The source folder without slashes at its ends, `""` for the root.
    pub fn source_folder(&self) -> &str {
        let folder = self.project.source.trim_matches('/');
        if folder == "." { "" } else { folder.strip_prefix("./").unwrap_or(folder) }
    }
}
