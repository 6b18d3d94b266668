//! What the source says about declared things, for people. Plans do not hold it.

use std::collections::BTreeMap;

use crate::name::Name;

/// What is said about a thing, and about its fields, variants or parameters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notes {
    /// The documentation, as Markdown.
    pub docs: String,
    /// What `@deprecated` says, if it is there.
    pub deprecated: Option<Deprecated>,
    /// The same for its parts, by their names.
    pub parts: BTreeMap<Name, Notes>,
}

/// `@deprecated(since: …, use: …)`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Deprecated {
    /// Since which version.
    pub since: Option<String>,
    /// What to use instead.
    pub instead: Option<String>,
}

/// The notes that belong to one plan.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Guide {
    /// About the workflow and its parameters.
    pub workflow: Notes,
    /// About the named types, in the order of the plan; what is missing has none.
    pub types: Vec<Notes>,
}

/// Nothing is said.
static NONE: Notes = Notes { docs: String::new(), deprecated: None, parts: BTreeMap::new() };

impl Notes {
    /// The notes about a part; empty ones where nothing is said.
    pub fn part(&self, name: &Name) -> &Notes {
        self.parts.get(name).unwrap_or(&NONE)
    }
}

impl Guide {
    /// The notes about a type of the plan; empty ones where nothing is said.
    pub(crate) fn about(&self, index: u32) -> &Notes {
        self.types.get(index as usize).unwrap_or(&NONE)
    }
}

impl Deprecated {
    /// A sentence for people.
    pub fn sentence(&self) -> String {
        let since = self.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
        match &self.instead {
            Some(instead) => format!("Deprecated{since}: use `{instead}`."),
            None => format!("Deprecated{since}."),
        }
    }
}
