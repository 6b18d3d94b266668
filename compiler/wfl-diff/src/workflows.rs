//! Which workflows of two projects are the same: those with the same name, and those that say `@was`.

use wfl_compiler::{Compilation, Compiled};

/// A workflow in both projects, or in one of them.
#[derive(Clone, Copy)]
pub(crate) struct Both<'a> {
    pub(crate) old: Option<&'a Compiled>,
    pub(crate) new: Option<&'a Compiled>,
}

/// All workflows: those of the new project first, in their order.
pub(crate) fn matched<'a>(old: &'a Compilation, new: &'a Compilation) -> Vec<Both<'a>> {
    let was = |now: &&Compiled| {
        let name = now.was.as_deref()?;
        // Without a module the old name is one of the same module, or the only one of its kind.
        let module = now.name.rsplit_once('.').map_or("", |(module, _)| module);
        let full = format!("{module}.{name}");
        let known = |it: &&Compiled| it.name == name || it.name == full;
        old.workflows.iter().find(known).or_else(|| old.workflow(name))
    };
    let mut found: Vec<Both<'a>> = Vec::new();
    for now in &new.workflows {
        let same = old.workflows.iter().find(|it| it.name == now.name);
        let renamed = || was(&now).filter(|it| new.workflows.iter().all(|other| other.name != it.name));
        found.push(Both { old: same.or_else(renamed), new: Some(now) });
    }
    let taken: Vec<&str> = found.iter().filter_map(|both| both.old).map(|it| it.name.as_str()).collect();
    let gone = old.workflows.iter().filter(|it| !taken.contains(&it.name.as_str()));
    let gone: Vec<Both<'a>> = gone.map(|it| Both { old: Some(it), new: None }).collect();
    found.extend(gone);
    found
}
