//! What names mean in which module, to link them.

use std::collections::{BTreeMap, BTreeSet};

use wfl_syntax::ast::{self, ItemKind};

use crate::book::text::Target;

const PRELUDE: &str = "std.prelude";

/// Names of different kinds of things may be the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Space {
    Type,
    Error,
    Event,
    Function,
}

const SPACES: [Space; 4] = [Space::Type, Space::Error, Space::Event, Space::Function];

#[derive(Clone, Debug, Default)]
struct Scope {
    own: BTreeMap<(Space, String), String>,
    /// Names that stand for modules.
    modules: BTreeMap<String, String>,
    /// Names that are taken from modules.
    taken: BTreeMap<String, String>,
}

/// All names of a program that can be linked to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    scopes: BTreeMap<String, Scope>,
    /// Services by their names, with the names of their operations.
    services: BTreeMap<String, Vec<(Target, BTreeSet<String>)>>,
}

impl Names {
    /// Reads a module.
    pub(crate) fn read(&mut self, path: &str, file: &ast::File) {
        let mut scope = Scope::default();
        for item in &file.items {
            let (space, name, word) = match &item.kind {
                ItemKind::Import(import) => {
                    scope.import(import);
                    continue;
                }
                ItemKind::Record(it) => (Space::Type, &it.name, "record"),
                ItemKind::Enum(it) => (Space::Type, &it.name, "enum"),
                ItemKind::Type(it) => (Space::Type, &it.name, "type"),
                ItemKind::Alias(it) => (Space::Type, &it.name, "type"),
                ItemKind::Service(it) => (Space::Type, &it.name, "service"),
                ItemKind::Workflow(it) => (Space::Type, &it.head.name, "workflow"),
                ItemKind::Error(it) => (Space::Error, &it.name, "error"),
                ItemKind::Event(it) => (Space::Event, &it.name, "event"),
                ItemKind::Function(it) => (Space::Function, &it.name, "fn"),
                _ => continue,
            };
            let anchor = format!("{word}.{}", name.text);
            if let ItemKind::Service(service) = &item.kind {
                let target = Target { module: path.to_owned(), anchor: anchor.clone() };
                let operations = service.operations.iter().map(|it| it.head.name.text.clone()).collect();
                self.services.entry(name.text.clone()).or_default().push((target, operations));
            }
            scope.own.entry((space, name.text.clone())).or_insert(anchor);
        }
        self.scopes.insert(path.to_owned(), scope);
    }

    /// What a path of one name, or of a module and a name, means.
    pub(crate) fn find(&self, module: &str, space: Space, path: &[&str]) -> Option<Target> {
        let scope = self.scopes.get(module)?;
        match path {
            [name] => {
                let own = self.own(module, space, name);
                let taken = || scope.taken.get(*name).and_then(|from| self.own(from, space, name));
                own.or_else(taken).or_else(|| self.own(PRELUDE, space, name))
            }
            [alias, name] => self.own(scope.modules.get(*alias)?, space, name),
            _ => None,
        }
    }

    /// A thing by the name of its module and its own: `payments.transfer.AccountId`.
    pub(crate) fn full(&self, space: Space, name: &str) -> Option<Target> {
        let (module, name) = name.rsplit_once('.')?;
        self.own(module, space, name)
    }

    /// An operation by the name of its service, `Ledger.reserve`, if there is only one such.
    pub(crate) fn operation(&self, service: &str, operation: &str) -> Option<Target> {
        let mut found = self.services.get(service)?.iter().filter(|(_, all)| all.contains(operation));
        let (target, _) = found.next()?;
        let only = found.next().is_none();
        only.then(|| Target { anchor: format!("{}.{operation}", target.anchor), ..target.clone() })
    }

    fn own(&self, module: &str, space: Space, name: &str) -> Option<Target> {
        let anchor = self.scopes.get(module)?.own.get(&(space, name.to_owned()))?;
        Some(Target { module: module.to_owned(), anchor: anchor.clone() })
    }

    /// What the names mean that the documentation of a module may mention.
    pub(crate) fn known_in(&self, module: &str) -> BTreeMap<String, Target> {
        let mut known = BTreeMap::new();
        let Some(scope) = self.scopes.get(module) else { return known };
        let mut names: BTreeSet<&str> = scope.own.keys().map(|(_, name)| name.as_str()).collect();
        names.extend(scope.taken.keys().map(String::as_str));
        names.extend(
            self.scopes.get(PRELUDE).into_iter().flat_map(|it| it.own.keys().map(|(_, name)| name.as_str())),
        );
        for name in names {
            if let Some(target) = SPACES.iter().find_map(|space| self.find(module, *space, &[name])) {
                known.insert(name.to_owned(), target);
            }
        }
        for (service, all) in &self.services {
            for (target, operations) in all.iter().filter(|(target, _)| target.module == module) {
                for operation in operations {
                    let anchor = format!("{}.{operation}", target.anchor);
                    known.insert(format!("{service}.{operation}"), Target { anchor, ..target.clone() });
                }
            }
        }
        known.extend(
            self.scopes
                .keys()
                .map(|path| (path.clone(), Target { module: path.clone(), anchor: String::new() })),
        );
        known
    }
}

impl Scope {
    fn import(&mut self, import: &ast::Import) {
        let path = import.path.dotted();
        if import.names.is_empty() {
            let alias = import.alias.as_ref().or(import.path.last());
            alias.into_iter().for_each(|alias| {
                self.modules.insert(alias.text.clone(), path.clone());
            });
        }
        for name in &import.names {
            self.taken.insert(name.text.clone(), path.clone());
        }
    }
}
