//! Paths that show how something comes about, and their story in plain words.

use std::collections::VecDeque;

use wfl_ir::flow::AwaitKind;
use wfl_ir::{Caught, EdgeKind, NodeKind};

use crate::facts::{Fact, Facts};
use crate::subject::Subject;
use crate::ways::{By, Way};

/// A path from the start of a workflow.
pub type Path = Vec<Way>;

/// How many steps of a path are told.
const TOLD: usize = 7;

impl Subject<'_> {
    /// The shortest path from the start to a node.
    pub(crate) fn path(&self, to: u32) -> Option<Path> {
        self.search(to, |_| true, |node| node == 0)
    }

    /// The shortest path back from a node over ways that are allowed, to a node that is asked for; told forwards.
    pub(crate) fn search(
        &self,
        to: u32,
        allowed: impl Fn(Way) -> bool,
        begins: impl Fn(u32) -> bool,
    ) -> Option<Path> {
        let mut next: Vec<Option<Way>> = vec![None; self.plan.nodes.len()];
        let mut seen = vec![false; self.plan.nodes.len()];
        seen[to as usize] = true;
        let mut open = VecDeque::from([to]);
        while let Some(node) = open.pop_front() {
            if begins(node) {
                return Some(forwards(node, to, &next));
            }
            for way in self.ways.to(node).filter(|way| allowed(*way)) {
                if !std::mem::replace(&mut seen[way.from as usize], true) {
                    next[way.from as usize] = Some(way);
                    open.push_back(way.from);
                }
            }
        }
        None
    }
}

fn forwards(from: u32, to: u32, next: &[Option<Way>]) -> Path {
    let mut path = Vec::new();
    let mut at = from;
    while at != to
        && let Some(way) = next[at as usize]
    {
        path.push(way);
        at = way.to;
    }
    path
}

impl Facts<'_> {
    /// A path from the start to a node, on which a step ends well and is still owed at the node, or a pivot is passed and
    /// still holds.
    pub(crate) fn path(&self, subject: &Subject<'_>, fact: Fact, node: u32) -> Option<Path> {
        let source = match fact {
            Fact::Free => return subject.search(node, |way| self.stays(way, Fact::Free), |node| node == 0),
            Fact::Owed(source) | Fact::Passed(source) => source,
        };
        let success = subject.ways.from(source).find(|way| way.by == By::Edge(EdgeKind::Order))?;
        // What comes back to the step itself in another round is the same fact.
        let before = match fact {
            Fact::Owed(_) => self.path(subject, Fact::Free, source).or_else(|| subject.path(source)),
            _ => subject.path(source),
        };
        let after = subject.search(node, |way| self.stays(way, fact), |at| at == success.to)?;
        let mut path = before?;
        path.push(success);
        path.extend(after);
        Some(path)
    }
}

/// Tells a path in one line: `reserve` ok → `submit` Timeout → …
pub(crate) fn story(subject: &Subject<'_>, path: &[Way], end: &str) -> String {
    let mut told: Vec<String> = Vec::new();
    for way in path {
        let event = event(subject, *way);
        told.extend(event.filter(|event| told.last() != Some(event)));
    }
    if told.len() > TOLD {
        let left = told.len() - TOLD;
        told.splice(2..2 + left, ["…".to_owned()]);
    }
    told.push(end.to_owned());
    told.join(" → ")
}

/// What happens on a way, if it is worth telling.
fn event(subject: &Subject<'_>, way: Way) -> Option<String> {
    let node = subject.node(way.at);
    let name = || format!("`{}`", subject.name(way.at));
    let kind = match way.by {
        By::Edge(kind) => kind,
        By::Again => return Some("once more".to_owned()),
        By::Over => return None,
    };
    match (&node.kind, kind) {
        (_, EdgeKind::Error(number)) => {
            let on = node.kind.handlers().get(number as usize).map(|handler| handler.on)?;
            Some(match &node.kind {
                NodeKind::Enter { .. } | NodeKind::Join(_) | NodeKind::Map(_) => {
                    format!("{} after it", caught(subject, on))
                }
                _ => format!("{} {}", name(), caught(subject, on)),
            })
        }
        (NodeKind::SubWorkflow(run), EdgeKind::Order) if run.detached => Some(format!("{} started", name())),
        (NodeKind::Call(_) | NodeKind::SubWorkflow(_), EdgeKind::Order) => Some(format!("{} ok", name())),
        (NodeKind::Await(awaited), EdgeKind::Order) => Some(match &awaited.kind {
            AwaitKind::Signal { channel, .. } => format!("`{channel}` came"),
            AwaitKind::Human(task) => format!("`{}` answered", task.name),
        }),
        (NodeKind::Await(_), EdgeKind::Timeout) => Some(format!("{} time is up", name())),
        (NodeKind::Choice { arms, .. }, EdgeKind::Arm(arm)) => {
            Some(choice(subject, way.at, arm as usize, arms.len()))
        }
        (NodeKind::Ensure { text, .. }, EdgeKind::Else) => Some(format!("not {text}")),
        _ => None,
    }
}

fn choice(subject: &Subject<'_>, node: u32, arm: usize, count: usize) -> String {
    let text = subject.text(subject.origin(node).span);
    let arms = &subject.claim.lowered.arms;
    let pattern = arms.get(&node).and_then(|arms| arms.get(arm)).map(|span| subject.text(*span));
    match pattern {
        Some(pattern) if pattern != text => format!("{text} is {pattern}"),
        _ if arm == 0 => text,
        _ if count == 2 && [" && ", " || "].iter().any(|and| text.contains(and)) => format!("not ({text})"),
        _ if count == 2 => format!("not {text}"),
        _ => format!("otherwise than {text}"),
    }
}

/// What a handler takes, in a word.
pub(crate) fn caught(subject: &Subject<'_>, on: Caught) -> String {
    match on {
        Caught::Error(error) => subject.type_name(error).to_owned(),
        Caught::Timeout => "Timeout".to_owned(),
        Caught::Unavailable => "Unavailable".to_owned(),
        Caught::Any => "fails".to_owned(),
        Caught::Cancelled => "cancelled".to_owned(),
        Caught::Shortfall => "shortfall".to_owned(),
    }
}
