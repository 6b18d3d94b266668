//! The documentation of a program as data: pages of entries.

use std::collections::BTreeMap;

use wfl_ir::schema::Deprecated;

use crate::book::text::{Target, Text};

/// The documentation of a program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Book {
    /// The project's name.
    pub name: String,
    /// A page for each module, by path; those of the standard library last.
    pub pages: Vec<Page>,
}

/// A module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Its path.
    pub path: String,
    /// Whether it belongs to the standard library.
    pub standard: bool,
    /// Its documentation, as Markdown.
    pub docs: String,
    /// What it declares: by kind, within a kind in the order of the source.
    pub entries: Vec<Entry>,
    /// What names in its documentation mean.
    pub names: BTreeMap<String, Target>,
}

/// The kinds of declarations, in the order in which they stand on a page.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A workflow.
    Workflow,
    /// A service.
    Service,
    /// An operation of a service.
    Operation,
    /// A record.
    Record,
    /// An enum.
    Enum,
    /// A refined type or an alias.
    Type,
    /// An error.
    Error,
    /// An event.
    Event,
    /// A function.
    Function,
}

/// Something that is declared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its name; for an operation that of its service too.
    pub name: String,
    /// Its place on the page.
    pub anchor: String,
    /// Its declaration, laid out.
    pub signature: Text,
    /// Its documentation, as Markdown.
    pub docs: String,
    /// Whether it is out of use.
    pub deprecated: Option<Deprecated>,
    /// What else is known about it, by name.
    pub facts: Vec<(&'static str, Text)>,
    /// Its fields, variants or parameters.
    pub parts: Vec<Part>,
    /// The picture of a workflow, as SVG.
    pub graph: Option<String>,
    /// The operations of a service.
    pub inner: Vec<Entry>,
}

/// A field, a variant or a parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its type with its label and its rule; for a variant its fields.
    pub shape: Text,
    /// Its documentation, as Markdown.
    pub docs: String,
    /// Whether it is out of use.
    pub deprecated: Option<Deprecated>,
    /// The fields of a variant that have documentation.
    pub parts: Vec<Part>,
}

impl Kind {
    /// All kinds that stand on a page by themselves.
    pub const ALL: [Kind; 8] = [
        Kind::Workflow,
        Kind::Service,
        Kind::Record,
        Kind::Enum,
        Kind::Type,
        Kind::Error,
        Kind::Event,
        Kind::Function,
    ];

    /// The word for one.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Workflow => "workflow",
            Kind::Service => "service",
            Kind::Operation => "operation",
            Kind::Record => "record",
            Kind::Enum => "enum",
            Kind::Type => "type",
            Kind::Error => "error",
            Kind::Event => "event",
            Kind::Function => "function",
        }
    }

    /// The heading over several.
    pub fn heading(self) -> &'static str {
        match self {
            Kind::Workflow => "Workflows",
            Kind::Service => "Services",
            Kind::Operation => "Operations",
            Kind::Record => "Records",
            Kind::Enum => "Enums",
            Kind::Type => "Types",
            Kind::Error => "Errors",
            Kind::Event => "Events",
            Kind::Function => "Functions",
        }
    }
}

impl Page {
    /// The entries of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }
}

/// The first sentence or line of a documentation, for lists.
pub fn summary(docs: &str) -> String {
    let paragraph = docs.trim().split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    // A full stop inside of code ends nothing.
    let end = line.match_indices(". ").find(|(at, _)| line[..*at].matches('`').count() % 2 == 0);
    end.map_or(line.clone(), |(at, _)| line[..=at].to_owned())
}
