//! What names stand for, by name space.

use indexmap::IndexMap;

/// The name spaces of a module. Variants are in none of them: they belong to their enum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Space {
    /// Types, services and workflows.
    Type,
    Error,
    Event,
    Function,
}

/// All name spaces.
pub(crate) const SPACES: [Space; 4] = [Space::Type, Space::Error, Space::Event, Space::Function];

/// A table of names for each name space, in the order of their declaration.
#[derive(Clone, Debug)]
pub(crate) struct Names<T> {
    spaces: [IndexMap<String, T>; SPACES.len()],
}

impl<T> Default for Names<T> {
    fn default() -> Names<T> {
        Names { spaces: Default::default() }
    }
}

impl<T: Copy> Names<T> {
    /// What a name stands for.
    pub(crate) fn get(&self, space: Space, name: &str) -> Option<T> {
        self.spaces[space as usize].get(name).copied()
    }

    /// Whether a name stands for something.
    pub(crate) fn has(&self, space: Space, name: &str) -> bool {
        self.spaces[space as usize].contains_key(name)
    }

    /// Gives a name a meaning.
    pub(crate) fn insert(&mut self, space: Space, name: String, thing: T) {
        self.spaces[space as usize].insert(name, thing);
    }

    /// The names of a name space.
    pub(crate) fn within(&self, space: Space) -> impl Iterator<Item = (&str, T)> {
        self.spaces[space as usize].iter().map(|(name, thing)| (name.as_str(), *thing))
    }

    /// All names, whatever they stand for.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.spaces.iter().flat_map(|space| space.keys().map(String::as_str))
    }
}
