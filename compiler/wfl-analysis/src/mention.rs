//! Which items speak of which: a change of one matters to those that speak of it, and to those that speak of these.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::mem::discriminant;

use wfl_source::Files;
use wfl_syntax::ast::{Item, ItemKind};

/// For each word the numbers of the items in which it stands. Words are known by their hashes: two words of one hash
/// make more items matter than do.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    items: HashMap<u64, Vec<u32>>,
}

impl Mentions {
    /// Notes the words of an item. Those that it had before stay noted.
    pub(crate) fn add(&mut self, files: &Files, number: u32, item: &Item) {
        for word in words(files.text_of(item.span)) {
            let items = self.items.entry(hash(word)).or_default();
            if let Err(at) = items.binary_search(&number) {
                items.insert(at, number);
            }
        }
    }

    /// The items to which a change of some of them matters, these among them. `items` gives the module and the item of
    /// each number.
    pub(crate) fn closure(&self, changed: &[u32], items: &[(usize, &Item)]) -> BTreeSet<u32> {
        let mut found: BTreeSet<u32> = changed.iter().copied().collect();
        let mut open = changed.to_vec();
        let speaking = |name: &str| self.items.get(&hash(name)).into_iter().flatten().copied();
        while let Some(number) = open.pop() {
            let (module, item) = items[number as usize];
            open.extend(name(item).into_iter().flat_map(speaking).filter(|other| found.insert(*other)));
            // Operations are found without their service from other modules only: `alias.operation`.
            let abroad = |other: &u32| items[*other as usize].0 != module;
            let calling = operations(item).flat_map(speaking).filter(abroad);
            open.extend(calling.filter(|other| found.insert(*other)));
        }
        found
    }
}

fn hash(word: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(word)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let inside = |character: char| character.is_alphanumeric() || character == '_';
    text.split(move |character| !inside(character)).filter(|word| !word.is_empty())
}

/// The name by which others speak of an item.
fn name(item: &Item) -> Option<&str> {
    let name = match &item.kind {
        ItemKind::Record(it) => &it.name,
        ItemKind::Enum(it) => &it.name,
        ItemKind::Type(it) => &it.name,
        ItemKind::Error(it) => &it.name,
        ItemKind::Event(it) => &it.name,
        ItemKind::Alias(it) => &it.name,
        ItemKind::Function(it) => &it.name,
        ItemKind::Workflow(it) => &it.head.name,
        ItemKind::Service(it) => &it.name,
        ItemKind::Module(_)
        | ItemKind::Import(_)
        | ItemKind::Test(_)
        | ItemKind::Migrate(_)
        | ItemKind::Policy(_)
        | ItemKind::Invariant(_) => return None,
    };
    Some(&name.text)
}

fn operations(item: &Item) -> impl Iterator<Item = &str> {
    let operations = match &item.kind {
        ItemKind::Service(it) => it.operations.as_slice(),
        _ => &[],
    };
    operations.iter().map(|operation| operation.head.name.text.as_str())
}

/// Whether one item may stand for another in the tables: it has the same names and the same place there, whatever else
/// it says. Modules, imports and aliases decide about the meaning of names and never may.
pub(crate) fn has_the_place_of(new: &Item, old: &Item) -> bool {
    let settled = match (&new.kind, &old.kind) {
        (ItemKind::Module(_) | ItemKind::Import(_) | ItemKind::Alias(_), _) => return false,
        // Only those with a value are numbered among the functions.
        (ItemKind::Function(new), ItemKind::Function(old)) => new.body.is_some() == old.body.is_some(),
        _ => true,
    };
    settled
        && discriminant(&new.kind) == discriminant(&old.kind)
        && name(new) == name(old)
        && operations(new).eq(operations(old))
}
