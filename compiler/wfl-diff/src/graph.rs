//! What differs in the graph: nodes that are new, gone, renamed, elsewhere, or say something else.

use wfl_ir::{Node, NodeKind, Plan};

use crate::facets::{Facet, chain, facets, whole};
use crate::matching::{How, Matching, is_named, target};
use crate::model::{NodeChange, Sign};
use crate::texts::{Texts, last, relative, shortened};

/// Two plans with their texts, and which nodes are the same.
pub(crate) struct Pair<'a> {
    pub(crate) old: Texts<'a>,
    pub(crate) new: Texts<'a>,
    pub(crate) matching: Matching,
}

impl<'a> Pair<'a> {
    pub(crate) fn of(old: &'a Plan, new: &'a Plan, migration: Option<&wfl_compiler::Migration>) -> Pair<'a> {
        let mut matching = Matching::of_named(old, new, migration);
        let names = matching.names_of_old(old, new);
        let of_new: Vec<String> = new.nodes.iter().map(|node| relative(&node.id).to_owned()).collect();
        let (from, to) = (Texts::of(old, &names), Texts::of(new, &of_new));
        let said = (said(&from, &names), said(&to, &of_new));
        matching.add_unnamed(old, new, (&said.0, &said.1));
        // What nodes without names fill is called after those that they are now known to be.
        let names = matching.names_of_old(old, new);
        Pair { old: Texts::of(old, &names), new: to, matching }
    }

    /// All nodes that differ: in the order of the new plan, with what is gone where it was.
    pub(crate) fn changes(&self) -> Vec<NodeChange> {
        let (old, new) = (self.old.plan, self.new.plan);
        let moved = self.out_of_order();
        let mut found: Vec<(u32, NodeChange)> = Vec::new();
        for (at, node) in (0..).zip(&new.nodes) {
            let change = match self.matching.old[at as usize] {
                None => is_shown(node).then(|| self.lone(&self.new, node, Sign::Added)),
                Some((from, how)) => {
                    self.changed((from, &old.nodes[from as usize]), node, how, moved.contains(&at))
                }
            };
            found.extend(change.map(|change| (at, change)));
        }
        let mut place = 0;
        for (at, node) in (0_u32..).zip(&old.nodes) {
            match self.matching.to_new(at) {
                Some(to) => place = to,
                None if is_shown(node) => found.push((place, self.lone(&self.old, node, Sign::Removed))),
                None => {}
            }
        }
        found.sort_by_key(|(at, _)| *at);
        let mut changes: Vec<NodeChange> = found.into_iter().map(|(_, change)| change).collect();
        if changes.is_empty() {
            changes.extend(self.wiring());
        }
        changes
    }

    fn lone(&self, texts: &Texts<'_>, node: &Node, sign: Sign) -> NodeChange {
        let what = what(texts, node);
        NodeChange { sign, node: relative(&node.id).to_owned(), what, details: Vec::new() }
    }

    fn changed(&self, old: (u32, &Node), new: &Node, how: How, order: bool) -> Option<NodeChange> {
        if !is_shown(new) {
            return None;
        }
        let (was, old) = (relative(&old.1.id), old.1);
        let mut details = differences(&facets(&self.old, old), &facets(&self.new, new));
        let (from, to) = (chain(self.old.plan, old), chain(self.new.plan, new));
        let mut moved = false;
        if from != to {
            let place =
                |chain: &[String]| if chain.is_empty() { "the body".to_owned() } else { chain.join(", ") };
            details.insert(0, format!("stood in {}, stands in {}", place(&from), place(&to)));
            moved = true;
        }
        if order && how != How::Moved {
            details.insert(0, self.neighbour(new));
            moved = true;
        }
        if how == How::Renamed {
            details.insert(0, format!("was `{was}`"));
        }
        let sign = match (how, moved) {
            (How::Renamed, _) => Sign::Renamed,
            (How::Moved, _) | (_, true) => Sign::Moved,
            _ if details.is_empty() => return None,
            _ => Sign::Changed,
        };
        let what = what(&self.new, new);
        Some(NodeChange { sign, node: relative(&new.id).to_owned(), what, details })
    }

    fn neighbour(&self, node: &Node) -> String {
        let before = self.new.plan.nodes.iter().take_while(|it| it.id != node.id);
        match before.filter(|it| has_a_place(it)).last() {
            Some(before) => format!("comes behind `{}` now", last(&before.id)),
            None => "comes first now".to_owned(),
        }
    }

    /// The new nodes that left the order in which the others stayed.
    fn out_of_order(&self) -> Vec<u32> {
        let pairs = (0_u32..).zip(&self.new.plan.nodes).filter(|(_, node)| has_a_place(node));
        let pairs: Vec<(u32, u32)> =
            pairs.filter_map(|(at, _)| Some((self.matching.to_old(at)?, at))).collect();
        let kept = longest_growing(&pairs.iter().map(|(old, _)| *old).collect::<Vec<_>>());
        let left = pairs.iter().enumerate().filter(|(place, _)| !kept.contains(place));
        left.map(|(_, (_, at))| *at).collect()
    }

    /// Nodes that lead elsewhere although all of them stayed as they are.
    fn wiring(&self) -> Vec<NodeChange> {
        let mut found = Vec::new();
        for (at, node) in (0..).zip(&self.old.plan.nodes) {
            let Some(to) = self.matching.to_new(at) else { continue };
            for edge in self.old.plan.successors(at) {
                let before = self.matching.to_new(edge.to);
                let now = self.new.plan.target(to, edge.kind);
                let (Some(before), Some(now)) = (before, now) else { continue };
                if before != now {
                    let name = |at: u32| relative(&self.new.plan.nodes[at as usize].id);
                    let details = vec![format!("went on at `{}`, goes on at `{}`", name(before), name(now))];
                    let what = what(&self.old, node);
                    let node = relative(&node.id).to_owned();
                    found.push(NodeChange { sign: Sign::Changed, node, what, details });
                }
            }
        }
        found
    }
}

/// What each node says. One that says nothing, `rollback` say, is known by the step that it stands behind.
fn said(texts: &Texts<'_>, names: &[String]) -> Vec<String> {
    let nodes = &texts.plan.nodes;
    let mut behind = vec![String::new(); nodes.len()];
    for (at, node) in (0..).zip(nodes) {
        for edge in texts.plan.successors(at) {
            let to = edge.to as usize;
            if behind[to].is_empty() {
                behind[to] = match is_named(node) {
                    true => format!("{} {:?}", names[at as usize], edge.kind),
                    false => behind[at as usize].clone(),
                };
            }
        }
    }
    let said = nodes.iter().zip(behind).map(|(node, behind)| match &node.kind {
        NodeKind::Rollback | NodeKind::Commit | NodeKind::Merge => behind,
        _ => whole(texts, node),
    });
    said.collect()
}

/// Whether it is told when a node leaves its order.
fn has_a_place(node: &Node) -> bool {
    is_named(node) || matches!(node.kind, NodeKind::Timer { .. } | NodeKind::Emit { .. })
}

/// Whether a node means something by itself.
fn is_shown(node: &Node) -> bool {
    !matches!(node.kind, NodeKind::Merge | NodeKind::End { .. } | NodeKind::Exit { .. } | NodeKind::Join(_))
}

/// What a node is, in short.
pub(crate) fn what(texts: &Texts<'_>, node: &Node) -> String {
    let facets = facets(texts, node);
    let show = |label: &str| facets.iter().find(|it| it.label == label).map(|it| it.show.clone());
    let about = |word: &str, label: &str| shortened(&format!("{word} {}", show(label).unwrap_or_default()));
    match &node.kind {
        NodeKind::Choice { .. } => about("choice over", "looks at"),
        NodeKind::Set { .. } => about("value", "gives"),
        NodeKind::Emit { .. } => about("emit", "emits"),
        NodeKind::Ensure { .. } => about("ensure", "makes sure of"),
        NodeKind::Enter { .. } => "saga".to_owned(),
        NodeKind::Timer { until: true, .. } => about("wait until", "waits until"),
        NodeKind::Timer { .. } => about("wait", "waits for"),
        NodeKind::Return { .. } => about("return", "gives"),
        NodeKind::Fail { .. } => about("fail", "fails with"),
        NodeKind::Restart { .. } => "restart".to_owned(),
        NodeKind::Rollback => "rollback".to_owned(),
        NodeKind::Commit => "commit".to_owned(),
        _ => target(texts.plan, node),
    }
}

fn differences(old: &[Facet], new: &[Facet]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest: Vec<&Facet> = new.iter().collect();
    for was in old {
        let Some(place) = rest.iter().position(|it| it.label == was.label) else {
            found.push(match was.show.as_str() {
                "" => format!("no {} any more", was.label),
                show => format!("no {} any more; it was {}", was.label, shortened(show)),
            });
            continue;
        };
        let is = rest.remove(place);
        if is.key == was.key {
            continue;
        }
        found.push(if is.show == was.show {
            format!("{}: {} means something else", was.label, shortened(&is.show))
        } else {
            format!("{}: {} → {}", was.label, shortened(&was.show), shortened(&is.show))
        });
    }
    found.extend(rest.into_iter().map(|it| match it.show.as_str() {
        "" => format!("new: {}", it.label),
        show => format!("new: {} {}", it.label, shortened(show)),
    }));
    found
}

/// The places of a longest growing subsequence.
fn longest_growing(numbers: &[u32]) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::new();
    for (place, number) in numbers.iter().enumerate() {
        let at = ends.partition_point(|end| numbers[*end] < *number);
        before.push(at.checked_sub(1).map(|at| ends[at]));
        if at == ends.len() {
            ends.push(place);
        } else {
            ends[at] = place;
        }
    }
    let mut kept = Vec::new();
    let mut at = ends.last().copied();
    while let Some(place) = at {
        kept.push(place);
        at = before[place];
    }
    kept
}
