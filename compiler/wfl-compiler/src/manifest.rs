//! The project's manifest, `wfl.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use wfl_ir::Label;
use wfl_source::{Code, Diagnostic, FileId, Span};

use crate::lint::{Level, Levels, Lint};

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
    /// The `[roles.NAME]` tables: what people of a role may see.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
    #[serde(default, rename = "lints")]
    lint_table: BTreeMap<Spanned<String>, Level>,
    /// What the `[lints]` table says: `all` first, then single codes.
    #[serde(skip)]
    pub lints: Levels,
}

/// A `[worker.NAME]` table.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Program and arguments, started in the project's folder. The process announces its address as one JSON line
    /// on standard output and ends when its standard input does.
    pub command: Vec<String>,
}

/// A `[roles.NAME]` table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The most sensitive data that people of the role are shown: `public`, `internal`, `pii`, `pci` or `secret`.
    pub clearance: Label,
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
        let mut manifest: Manifest = toml::from_str(text).map_err(|error| {
            let range = error.span().unwrap_or_default();
            let span = Span::new(file, range.start as u32, range.end as u32);
            Box::new(
                Diagnostic::new(Code::E0805, "the project manifest cannot be read", span, error.message())
                    .help("it looks like `[project]`, `name = \"bank\"`, `source = \"src\"`"),
            )
        })?;
        manifest.check_source(file, text)?;
        manifest.read_lints(file)?;
        Ok(manifest)
    }

    fn check_source(&self, file: FileId, text: &str) -> Result<(), Box<Diagnostic>> {
        let source = &self.project.source;
        if !source.starts_with('/') && source.split('/').all(|part| part != "..") {
            return Ok(());
        }
        let at = text.find(source.as_str()).unwrap_or_default();
        let span = Span::new(file, at as u32, (at + source.len()) as u32);
        let message = "leads out of the project";
        Err(Box::new(Diagnostic::new(Code::E0805, "the source folder is outside", span, message)))
    }

    /// The clearances of the roles that have one of their own.
    pub fn clearances(&self) -> BTreeMap<String, Label> {
        self.roles.iter().map(|(name, role)| (name.clone(), role.clearance)).collect()
    }

    fn read_lints(&mut self, file: FileId) -> Result<(), Box<Diagnostic>> {
        let mut single = Levels::default();
        for (key, level) in &self.lint_table {
            match key.get_ref().parse() {
                Ok(Lint::All) => self.lints.set(Lint::All, *level),
                Ok(lint) => single.set(lint, *level),
                Err(unknown) => {
                    let span = Span::new(file, key.span().start as u32, key.span().end as u32);
                    let report = Diagnostic::new(Code::E0805, unknown.problem, span, "has no level");
                    return Err(Box::new(Diagnostic { help: unknown.help, ..report }));
                }
            }
        }
        self.lints = self.lints.then(&single);
        Ok(())
    }

    /// The source folder without slashes at its ends, `""` for the root.
    pub fn source_folder(&self) -> &str {
        let folder = self.project.source.trim_matches('/');
        if folder == "." { "" } else { folder.strip_prefix("./").unwrap_or(folder) }
    }
}
