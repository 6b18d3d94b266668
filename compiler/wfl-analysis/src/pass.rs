//! What a pass over declarations works on, and what it found about each.

use std::collections::{BTreeMap, BTreeSet};

use wfl_ir::Label;
use wfl_source::Files;

use crate::module::Module;
use crate::session::{Found, Session};

/// What every part of an analysis looks at.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) modules: &'a [Module<'a>],
    pub(crate) files: &'a Files,
    pub(crate) roles: &'a BTreeMap<String, Label>,
}

impl<'a> Given<'a> {
    pub(crate) fn session(&self) -> Session<'a> {
        Session::new(self.files, self.roles)
    }
}

/// The findings of all passes: about the declarations together, and about each by its number.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) general: Found,
    pub(crate) items: Vec<Found>,
}

/// Passes over all declarations, or over some of them.
pub(crate) struct Passes<'a> {
    pub(crate) given: Given<'a>,
    /// The numbers of the items that are looked at; all if there are none.
    only: Option<&'a BTreeSet<u32>>,
    findings: &'a mut Findings,
}

impl<'a> Passes<'a> {
    pub(crate) fn new(given: Given<'a>, only: Option<&'a BTreeSet<u32>>, findings: &'a mut Findings) -> Self {
        let count = given.modules.iter().map(|module| module.items.len()).sum();
        findings.items.resize_with(count, Found::default);
        Self { given, only, findings }
    }

    /// Whether all declarations are looked at.
    pub(crate) fn is_whole(&self) -> bool {
        self.only.is_none()
    }

    /// Looks at something that no single item is answerable for.
    pub(crate) fn general<T>(&mut self, look: impl FnOnce(&mut Session<'a>) -> T) -> T {
        let mut session = self.given.session();
        let result = look(&mut session);
        self.findings.general.add(session.take());
        result
    }

    /// Looks at an item, if it is one of those that are looked at.
    pub(crate) fn item<T>(&mut self, number: u32, look: impl FnOnce(&mut Session<'a>) -> T) -> Option<T> {
        if self.only.is_some_and(|only| !only.contains(&number)) {
            return None;
        }
        let mut session = self.given.session();
        let result = look(&mut session);
        self.findings.items[number as usize].add(session.take());
        Some(result)
    }
}
