//! Which nodes of two plans are the same: those with the same path of names, those that are renamed, those that stand
//! elsewhere; and of nodes without names those that say the same in the same order.

use std::collections::BTreeMap;

use wfl_compiler::Migration;
use wfl_ir::flow::AwaitKind;
use wfl_ir::{Name, Node, NodeKind, Plan};

use crate::texts::{around, last, relative};

/// How two nodes were found to be the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    /// By their path of names.
    Same,
    /// By `rename step`.
    Renamed,
    /// By the last part of their path, and what they do.
    Moved,
}

/// The pairs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matching {
    /// By old node.
    pub(crate) new: Vec<Option<(u32, How)>>,
    /// By new node.
    pub(crate) old: Vec<Option<(u32, How)>>,
}

/// Whether a node has a name of its own in the source.
pub(crate) fn is_named(node: &Node) -> bool {
    matches!(
        node.kind,
        NodeKind::Call(_)
            | NodeKind::SubWorkflow(_)
            | NodeKind::Fork(_)
            | NodeKind::Map(_)
            | NodeKind::Loop(_)
            | NodeKind::Await(_)
    )
}

/// What a node with a name is about: an operation, a workflow, a channel, a task.
pub(crate) fn target(plan: &Plan, node: &Node) -> String {
    match &node.kind {
        NodeKind::Call(call) => {
            plan.operations.get(call.operation as usize).map(|it| it.qualified()).unwrap_or_default()
        }
        NodeKind::SubWorkflow(run) => {
            format!("run {}", run.workflow.rsplit('.').next().unwrap_or_default())
        }
        NodeKind::Fork(_) => "parallel".to_owned(),
        NodeKind::Map(_) => "foreach".to_owned(),
        NodeKind::Loop(_) => "repeat".to_owned(),
        NodeKind::Await(awaited) => match &awaited.kind {
            AwaitKind::Signal { channel, .. } => format!("await signal {channel}"),
            AwaitKind::Human(task) => format!("await human {}", task.name),
        },
        _ => String::new(),
    }
}

/// Whether a path of names ends as a path with dots says.
pub(crate) fn is_called(id: &str, path: &Name) -> bool {
    let path = path.replace('.', "/");
    let id = relative(id);
    id == path || id.strip_suffix(path.as_str()).is_some_and(|rest| rest.ends_with('/'))
}

impl Matching {
    /// Pairs the nodes that have names.
    pub(crate) fn of_named(old: &Plan, new: &Plan, migration: Option<&Migration>) -> Matching {
        let mut matching = Matching { new: vec![None; old.nodes.len()], old: vec![None; new.nodes.len()] };
        let named = |plan: &'_ Plan| {
            let named = (0_u32..).zip(&plan.nodes).filter(|(_, node)| is_named(node));
            named.map(|(at, node)| (at, relative(&node.id).to_owned())).collect::<Vec<_>>()
        };
        let (olds, news) = (named(old), named(new));
        for (from, to) in migration.iter().flat_map(|it| &it.renames) {
            let from =
                olds.iter().find(|(at, id)| is_called(&format!("/{id}"), from) && matching.is_free_old(*at));
            let to =
                news.iter().find(|(at, id)| is_called(&format!("/{id}"), to) && matching.is_free_new(*at));
            if let (Some((from, _)), Some((to, _))) = (from, to) {
                matching.pair(*from, *to, How::Renamed);
            }
        }
        let dropped = |id: &str| {
            migration.iter().flat_map(|it| &it.drops).any(|path| is_called(&format!("/{id}"), path))
        };
        let by_id: BTreeMap<&str, u32> = news.iter().map(|(at, id)| (id.as_str(), *at)).collect();
        for (from, id) in olds.iter().filter(|(_, id)| !dropped(id)) {
            if let Some(to) = by_id.get(id.as_str()).filter(|to| matching.is_free_new(**to))
                && matching.is_free_old(*from)
            {
                matching.pair(*from, *to, How::Same);
            }
        }
        for (from, id) in olds.iter().filter(|(_, id)| !dropped(id)) {
            let what = target(old, &old.nodes[*from as usize]);
            let fits = |(to, it): &&(u32, String)| {
                last(it) == last(id)
                    && target(new, &new.nodes[*to as usize]) == what
                    && matching.is_free_new(*to)
            };
            let mut found = news.iter().filter(fits);
            if matching.is_free_old(*from)
                && let (Some((to, _)), None) = (found.next(), found.next())
            {
                matching.pair(*from, *to, How::Moved);
            }
        }
        matching.joins(old, new);
        matching
    }

    /// Joins go with their forks.
    fn joins(&mut self, old: &Plan, new: &Plan) {
        for (at, node) in (0..).zip(&old.nodes) {
            let NodeKind::Fork(fork) = &node.kind else { continue };
            let to = self.new[at as usize].map(|(to, _)| &new.nodes[to as usize].kind);
            if let Some(NodeKind::Fork(other)) = to {
                self.pair(fork.join, other.join, How::Same);
            }
        }
    }

    /// Pairs the nodes without names. `said` is what each of them says, by plan and node.
    pub(crate) fn add_unnamed(&mut self, old: &Plan, new: &Plan, said: (&[String], &[String])) {
        let group = |plan: &Plan, free: &dyn Fn(u32) -> bool| {
            let mut groups: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
            for (at, node) in (0..).zip(&plan.nodes).filter(|(at, node)| !is_named(node) && free(*at)) {
                let kind = last(&node.id).trim_end_matches(|it: char| it.is_ascii_digit()).to_owned();
                groups.entry((around(&node.id).to_owned(), kind)).or_default().push(at);
            }
            groups
        };
        let olds = group(old, &|at| self.is_free_old(at));
        let news = group(new, &|at| self.is_free_new(at));
        for (key, from) in &olds {
            let Some(to) = news.get(key) else { continue };
            let words = |which: &[String], nodes: &[u32]| {
                let of = |at: &u32| which.get(*at as usize).cloned().unwrap_or_default();
                nodes.iter().map(of).collect::<Vec<String>>()
            };
            for (one, other) in aligned(&words(said.0, from), &words(said.1, to)) {
                self.pair(from[one], to[other], How::Same);
            }
        }
    }

    fn pair(&mut self, old: u32, new: u32, how: How) {
        self.new[old as usize] = Some((new, how));
        self.old[new as usize] = Some((old, how));
    }

    fn is_free_old(&self, at: u32) -> bool {
        self.new[at as usize].is_none()
    }

    fn is_free_new(&self, at: u32) -> bool {
        self.old[at as usize].is_none()
    }

    /// The new node for an old one.
    pub(crate) fn to_new(&self, old: u32) -> Option<u32> {
        self.new.get(old as usize).copied().flatten().map(|(new, _)| new)
    }

    /// The old node for a new one.
    pub(crate) fn to_old(&self, new: u32) -> Option<u32> {
        self.old.get(new as usize).copied().flatten().map(|(old, _)| old)
    }

    /// The names of the old nodes in keys: those that they have in the new plan.
    pub(crate) fn names_of_old(&self, old: &Plan, new: &Plan) -> Vec<String> {
        let name = |(at, node): (u32, &Node)| match self.to_new(at) {
            Some(to) => relative(&new.nodes[to as usize].id).to_owned(),
            None if is_named(node) => format!("gone {}", relative(&node.id)),
            None => relative(&node.id).to_owned(),
        };
        (0..).zip(&old.nodes).map(name).collect()
    }
}

/// So many comparisons are made to find out what stayed the same; more nodes are paired in their order.
const MOST: usize = 4_000_000;

/// Pairs of places: those of a longest common subsequence, then others that say the same, and then what is left between the
/// first ones in its order.
fn aligned(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    let common = if old.len() * new.len() <= MOST { longest(old, new) } else { Vec::new() };
    let mut pairs = common.clone();
    let mut free_old: Vec<usize> =
        (0..old.len()).filter(|at| common.iter().all(|(one, _)| one != at)).collect();
    let mut free_new: Vec<usize> =
        (0..new.len()).filter(|at| common.iter().all(|(_, it)| it != at)).collect();
    free_old.retain(|one| {
        let same = free_new.iter().position(|other| old[*one] == new[*other]);
        pairs.extend(same.map(|place| (*one, free_new.remove(place))));
        same.is_none()
    });
    let (mut from, mut to) = (0, 0);
    for (one, other) in common.into_iter().chain([(old.len(), new.len())]) {
        let left = free_old.iter().filter(|at| (from..one).contains(at));
        let others = free_new.iter().filter(|at| (to..other).contains(at));
        pairs.extend(left.copied().zip(others.copied()));
        (from, to) = (one + 1, other + 1);
    }
    pairs
}

/// A longest common subsequence.
fn longest(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    for one in (0..old.len()).rev() {
        for other in (0..new.len()).rev() {
            lengths[one * width + other] = if old[one] == new[other] {
                lengths[(one + 1) * width + other + 1] + 1
            } else {
                lengths[(one + 1) * width + other].max(lengths[one * width + other + 1])
            };
        }
    }
    let (mut one, mut other, mut pairs) = (0, 0, Vec::new());
    while one < old.len() && other < new.len() {
        if old[one] == new[other] {
            pairs.push((one, other));
            (one, other) = (one + 1, other + 1);
        } else if lengths[(one + 1) * width + other] >= lengths[one * width + other + 1] {
            one += 1;
        } else {
            other += 1;
        }
    }
    pairs
}
