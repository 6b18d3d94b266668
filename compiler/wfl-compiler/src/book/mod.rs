//! The documentation of a program as data. How it is written is the business of others.

mod text;
mod model;
pub(crate) mod names;
mod write;
mod entry;

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::Plan;
use wfl_source::Files;
use wfl_syntax::ast::{File, ItemKind};

use crate::book::entry::entry;
use crate::book::names::{Names, Space};
use crate::book::write::Writer;
use crate::notes::text as docs_of;

pub use model::{Book, Entry, Kind, Page, Part, summary};
pub use text::{Look, Piece, Target, Text};

/// A module to be documented.
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) own: bool,
    pub(crate) tree: &'a File,
}

/// Who raises errors and publishes events: the places of what is raised and published, with those who do.
type Causes = BTreeMap<Target, Vec<Text>>;

/// The documentation of all modules. `plans` are those of the workflows, by full name.
pub(crate) fn book(
    name: &str,
    files: &Files,
    sources: &[Source<'_>],
    plans: &BTreeMap<String, &Plan>,
) -> Book {
    let mut names = Names::default();
    sources.iter().for_each(|source| names.read(source.path, source.tree));
    let causes = causes(files, &names, sources, plans);
    let mut pages: Vec<Page> =
        sources.iter().map(|source| page(files, &names, &causes, source, plans)).collect();
    pages.sort_by(|left, right| (left.standard, &left.path).cmp(&(right.standard, &right.path)));
    Book { name: name.to_owned(), pages }
}

fn page(
    files: &Files,
    names: &Names,
    causes: &Causes,
    source: &Source<'_>,
    plans: &BTreeMap<String, &Plan>,
) -> Page {
    let writer = Writer { files, names, module: source.path };
    let plan = |name: &str| plans.get(&format!("{}.{name}", source.path)).copied();
    let mut entries: Vec<Entry> =
        source.tree.items.iter().filter_map(|item| entry(writer, item, plan)).collect();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &mut entries {
        // Functions of `std` for different types share a name.
        let count = taken.entry(entry.anchor.clone()).or_default();
        *count += 1;
        if *count > 1 {
            entry.anchor = format!("{}-{count}", entry.anchor);
        }
        let place = Target { module: source.path.to_owned(), anchor: entry.anchor.clone() };
        if let Some(by) = causes.get(&place) {
            let word = if entry.kind == Kind::Event { "published by" } else { "raised by" };
            entry.facts.push((word, Text::join(by.iter().cloned(), ", ")));
        }
    }
    entries.sort_by_key(|entry| entry.kind);
    Page {
        path: source.path.to_owned(),
        standard: !source.own,
        docs: docs_of(&source.tree.docs),
        entries,
        names: names.known_in(source.path),
    }
}

fn causes(files: &Files, names: &Names, sources: &[Source<'_>], plans: &BTreeMap<String, &Plan>) -> Causes {
    let mut causes = Causes::new();
    let mut note = |what: Option<Target>, name: &str, by: Target| {
        let mut text = Text::default();
        text.link(name, Some(by));
        what.into_iter().for_each(|what| {
            let all = causes.entry(what).or_default();
            if !all.contains(&text) {
                all.push(text.clone());
            }
        });
    };
    for source in sources {
        let writer = Writer { files, names, module: source.path };
        let here = |anchor: String| Target { module: source.path.to_owned(), anchor };
        for item in &source.tree.items {
            match &item.kind {
                ItemKind::Service(service) => {
                    for operation in &service.operations {
                        let name = format!("{}.{}", service.name.text, operation.head.name.text);
                        for error in &operation.head.raises {
                            let by = here(format!("service.{name}"));
                            note(writer.find(Space::Error, error), &name, by);
                        }
                    }
                }
                ItemKind::Workflow(workflow) => {
                    let name = &workflow.head.name.text;
                    let by = || here(format!("workflow.{name}"));
                    for error in &workflow.head.raises {
                        note(writer.find(Space::Error, error), name, by());
                    }
                    let plan = plans.get(&format!("{}.{name}", source.path));
                    for event in plan.iter().flat_map(|plan| published(plan)) {
                        note(names.full(Space::Event, event), name, by());
                    }
                }
                _ => {}
            }
        }
    }
    causes
}

fn published(plan: &Plan) -> BTreeSet<&str> {
    let event = |node: &wfl_ir::Node| match &node.kind {
        wfl_ir::NodeKind::Emit { event, .. } => Some(*event),
        _ => None,
    };
    let events = plan.nodes.iter().filter_map(event);
    events.filter_map(|event| plan.types.get(event as usize)).map(|def| def.name.as_str()).collect()
}

impl Book {
    /// The documentation of the project alone: nothing leads into the standard library.
    #[must_use]
    pub fn without_standard(mut self) -> Book {
        self.pages.retain(|page| !page.standard);
        let kept: BTreeSet<String> = self.pages.iter().map(|page| page.path.clone()).collect();
        for page in &mut self.pages {
            page.names.retain(|_, target| kept.contains(&target.module));
            page.entries.iter_mut().for_each(|entry| unlink(entry, &kept));
        }
        self
    }
}

fn unlink(entry: &mut Entry, kept: &BTreeSet<String>) {
    let texts = entry.facts.iter_mut().map(|(_, text)| text);
    let texts = texts.chain(entry.parts.iter_mut().flat_map(|part| {
        let inner = part.parts.iter_mut().map(|part| &mut part.shape);
        std::iter::once(&mut part.shape).chain(inner)
    }));
    for piece in texts.chain([&mut entry.signature]).flat_map(|text| &mut text.0) {
        piece.link = piece.link.take().filter(|link| kept.contains(&link.module));
    }
    entry.inner.iter_mut().for_each(|entry| unlink(entry, kept));
}
