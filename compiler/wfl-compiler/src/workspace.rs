//! A project that is being edited: after a change only what it touches is parsed and checked again.

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_analysis::{Analysis, Effort, Memo, Module, analyze_again, in_parallel};
use wfl_source::{Diagnostic, FileId, Files};
use wfl_syntax::Parsed;

use crate::compile::Settings;
use crate::document::{Change, Document};
use crate::judge::Case;
use crate::library::load;
use crate::manifest::Manifest;
use crate::parallel::threads_for;
use crate::proofs::{Proofs, Wrong};
use crate::read::{module_path, read_manifest, source_paths, unreadable};
use crate::world::World;

/// A project in memory. Its reports are those of [`compile_with`](crate::compile_with), which reads everything anew.
pub struct Workspace {
    settings: Settings,
    manifest: Manifest,
    files: Files,
    library: Vec<(String, FileId, Arc<Parsed>)>,
    /// By path.
    documents: BTreeMap<String, Document>,
    /// What is wrong with the manifest or the source folder.
    problems: Vec<Diagnostic>,
    /// Files that could not be read, by path.
    unread: BTreeMap<String, Diagnostic>,
    memo: Memo,
    proofs: Proofs,
}

impl Workspace {
    /// Reads a project. To be done again when its manifest changes.
    pub fn open(world: &dyn World, settings: &Settings) -> Workspace {
        let mut files = Files::default();
        let library = load(&mut files);
        let mut problems = Vec::new();
        let manifest = read_manifest(world, &mut files, &mut problems);
        let paths = source_paths(world, &manifest, &mut problems);
        let (settings, documents, unread) = (settings.clone(), BTreeMap::new(), BTreeMap::new());
        let (memo, proofs) = (Memo::default(), Proofs::default());
        let mut workspace =
            Workspace { settings, manifest, files, library, documents, problems, unread, memo, proofs };
        let mut changes = Vec::new();
        for path in paths {
            match world.read(&path) {
                Ok(text) => changes.extend(workspace.change(&path, &text)),
                Err(error) => drop(workspace.unread.insert(path.clone(), unreadable(&path, &error))),
            }
        }
        workspace.take(changes);
        workspace
    }

    /// Gives a module a text, or adds it. Files outside of the project's source folder are of no interest.
    pub fn set_text(&mut self, path: &str, text: &str) {
        let change = self.change(path, text);
        self.take(change.into_iter().collect());
    }

    /// Takes a module away.
    pub fn remove(&mut self, path: &str) {
        self.unread.remove(path);
        self.documents.remove(path);
    }

    /// What the last check had to do.
    pub fn effort(&self) -> Effort {
        self.memo.effort()
    }

    /// The texts; the reports point into them.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// All reports, by file and place.
    pub fn check(&mut self) -> Vec<Diagnostic> {
        let own = self.documents.values().map(|document| Module {
            path: &document.path,
            file: document.file,
            items: &document.items,
            own: true,
        });
        let standard = self.library.iter().map(|(path, file, parsed)| Module {
            path,
            file: *file,
            items: &parsed.file.items,
            own: false,
        });
        let modules = own.chain(standard).collect::<Vec<_>>();
        let clearances = self.manifest.clearances();
        let Analysis { program, mut diagnostics } =
            analyze_again(&mut self.memo, &modules, &self.files, &clearances);
        let syntax = self.documents.values().flat_map(|document| document.reports(&self.files));
        let syntax = syntax.collect::<Vec<_>>();
        let wrong = Wrong::of(diagnostics.iter().chain(&syntax), &program, &modules, &self.files);
        self.proofs.update(&program, &wrong, &self.files);
        diagnostics.extend(self.proofs.reports(&self.files));
        let mut reports = self.problems.clone();
        reports.extend(self.unread.values().cloned());
        let levels = self.manifest.lints.then(&self.settings.levels);
        let (files, modules, today) = (&self.files, modules.as_slice(), self.settings.today);
        Case { files, modules, syntax: &syntax, levels, today }.judge(diagnostics, &mut reports);
        self.sort(&mut reports);
        reports
    }

    fn change(&mut self, path: &str, text: &str) -> Option<(String, Change)> {
        let folder = self.manifest.source_folder();
        let module = module_path(folder, path)?;
        self.unread.remove(path);
        let files = &mut self.files;
        let new = || Document::new(module, files.add(path, ""));
        let document = match self.documents.get_mut(path) {
            Some(document) => document,
            None => self.documents.entry(path.to_owned()).or_insert_with(new),
        };
        Some((path.to_owned(), document.change(text, &mut self.files)))
    }

    fn take(&mut self, changes: Vec<(String, Change)>) {
        let bytes = changes.iter().map(|(_, change)| change.bytes()).sum();
        let parsed = in_parallel(&changes, threads_for(bytes), |(_, change)| change.parse());
        for ((path, change), parsed) in changes.into_iter().zip(parsed) {
            if let Some(document) = self.documents.get_mut(&path) {
                document.take(change, parsed, &mut self.files);
            }
        }
    }

    /// Files that came later do not come last.
    fn sort(&self, reports: &mut [Diagnostic]) {
        let own = self.documents.values().enumerate().map(|(at, document)| (document.file, at + 1));
        let ranks = own.collect::<BTreeMap<_, _>>();
        reports.sort_by_key(|report| {
            report.primary().map(|label| {
                let span = label.span;
                (ranks.get(&span.file).copied().unwrap_or_default(), span)
            })
        });
    }
}
