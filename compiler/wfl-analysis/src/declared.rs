//! What is known of declarations, and how it follows their changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wfl_ir::Label;
use wfl_source::FileId;
use wfl_syntax::ast::{Item, ItemKind};

use crate::attribute;
use crate::contract;
use crate::declare;
use crate::function;
use crate::mention::{Mentions, has_the_place_of};
use crate::module::{Module, check_names, check_rings};
use crate::pass::{Findings, Given, Passes};
use crate::rule;
use crate::session::Found;
use crate::signature;
use crate::tables::Tables;

/// What depends on declarations alone.
#[derive(Debug)]
pub(crate) struct Declared {
    modules: Vec<Known>,
    roles: BTreeMap<String, Label>,
    pub(crate) tables: Tables,
    pub(crate) findings: Findings,
    /// Made when it is needed for the first time.
    mentions: Option<Mentions>,
}

/// A module as it was.
#[derive(Debug)]
struct Known {
    path: String,
    file: FileId,
    own: bool,
    items: Vec<Arc<Item>>,
}

impl Declared {
    pub(crate) fn new(given: Given<'_>) -> Declared {
        let (modules, mut findings) = (given.modules, Findings::default());
        let mut passes = Passes::new(given, None, &mut findings);
        passes.general(|session| check_names(session, modules));
        passes.general(|session| check_rings(session, modules));
        let mut tables = passes.general(|session| declare::declare(session, modules));
        look(&mut passes, &mut tables);
        let known = |module: &Module<'_>| {
            let (path, items) = (module.path.to_owned(), module.items.to_vec());
            Known { path, file: module.file, own: module.own, items }
        };
        let modules = modules.iter().map(known).collect();
        Declared { modules, roles: given.roles.clone(), tables, findings, mentions: None }
    }

    /// The numbers of the items that are others now, if all is at its place still. Where something is wrong with the
    /// declarations together, all of them are looked at again.
    pub(crate) fn changes(&self, given: Given<'_>) -> Option<Vec<u32>> {
        let same = |(known, module): (&Known, &Module<'_>)| {
            known.path == module.path
                && (known.file, known.own) == (module.file, module.own)
                && known.items.len() == module.items.len()
        };
        let comparable = self.findings.general.diagnostics.is_empty()
            && self.roles == *given.roles
            && self.modules.len() == given.modules.len()
            && self.modules.iter().zip(given.modules).all(same);
        if !comparable {
            return None;
        }
        let old = self.modules.iter().flat_map(|known| &known.items);
        let new = given.modules.iter().flat_map(|module| module.items);
        let mut changed = Vec::new();
        for ((old, new), number) in old.zip(new).zip(0..) {
            if Arc::ptr_eq(old, new) || old == new {
                continue;
            }
            if !has_the_place_of(new, old) {
                return None;
            }
            changed.push(number);
        }
        Some(changed)
    }

    /// Takes the items of now, and looks again at those to which the changes matter; gives their numbers.
    pub(crate) fn take_changes(&mut self, given: Given<'_>, changed: &[u32]) -> BTreeSet<u32> {
        let old = self.modules.iter().flat_map(|known| &known.items).map(Arc::clone).collect::<Vec<_>>();
        let mut new = Vec::new();
        for (at, module) in given.modules.iter().enumerate() {
            new.extend(module.items.iter().map(|item| (at, &**item)));
        }
        let differs = |number: &&u32| !declares_the_same(&old[**number as usize], new[**number as usize].1);
        let telling = changed.iter().filter(differs).copied().collect::<Vec<_>>();
        self.replace(given.modules);
        if changed.is_empty() {
            return BTreeSet::new();
        }
        let mentions = self.mentions.get_or_insert_with(|| {
            let mut mentions = Mentions::default();
            new.iter().zip(0..).for_each(|((_, item), number)| mentions.add(given.files, number, item));
            mentions
        });
        changed.iter().for_each(|number| mentions.add(given.files, *number, new[*number as usize].1));
        let touched = mentions.closure(&telling, &new);
        for number in &touched {
            self.findings.items[*number as usize] = Found::default();
        }
        let mut passes = Passes::new(given, Some(&touched), &mut self.findings);
        look(&mut passes, &mut self.tables);
        touched
    }

    fn replace(&mut self, modules: &[Module<'_>]) {
        for (known, module) in self.modules.iter_mut().zip(modules) {
            known.items = module.items.to_vec();
        }
        let items = self.modules.iter().flat_map(|known| &known.items).collect::<Vec<_>>();
        let item = |number: u32| items[number as usize];
        let tables = &mut self.tables;
        for info in &mut tables.types {
            info.item = Arc::clone(item(info.number));
            info.span = name_span(&info.item.kind).unwrap_or(info.span);
        }
        for info in &mut tables.workflows {
            if let ItemKind::Workflow(source) = &item(info.number).kind {
                (info.item, info.source) = (Arc::clone(item(info.number)), Arc::clone(source));
            }
        }
        for info in &mut tables.declared_functions {
            if let ItemKind::Function(source) = &item(info.number).kind {
                info.source = Arc::clone(source);
            }
        }
        for info in &mut tables.services {
            let ItemKind::Service(source) = &item(info.number).kind else { continue };
            info.span = source.name.span;
            for (index, operation) in info.operations.iter().zip(&source.operations) {
                tables.operations[*index as usize].source = Arc::clone(operation);
            }
        }
    }
}

fn name_span(kind: &ItemKind) -> Option<wfl_source::Span> {
    let name = match kind {
        ItemKind::Record(it) => &it.name,
        ItemKind::Enum(it) => &it.name,
        ItemKind::Type(it) => &it.name,
        ItemKind::Error(it) => &it.name,
        ItemKind::Event(it) => &it.name,
        _ => return None,
    };
    Some(name.span)
}

/// The passes that look at one item after another.
fn look(passes: &mut Passes<'_>, tables: &mut Tables) {
    signature::resolve(passes, tables);
    attribute::check(passes);
    rule::check(passes, tables);
    function::check(passes, tables);
    contract::check(passes, tables);
}

/// Whether two items say the same to all others, at the same places.
fn declares_the_same(old: &Item, new: &Item) -> bool {
    let same = match (&old.kind, &new.kind) {
        (ItemKind::Workflow(old), ItemKind::Workflow(new)) => old.head == new.head,
        (ItemKind::Test(_), ItemKind::Test(_))
        | (ItemKind::Migrate(_), ItemKind::Migrate(_))
        | (ItemKind::Policy(_), ItemKind::Policy(_))
        | (ItemKind::Invariant(_), ItemKind::Invariant(_)) => true,
        _ => false,
    };
    same && old.attributes == new.attributes
}
