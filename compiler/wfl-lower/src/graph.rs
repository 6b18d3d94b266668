//! The growing graph: nodes, loose ends, scopes and the ids of nodes.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::{DiGraph, NodeIndex};
use wfl_analysis::hir::Target;
use wfl_ir::{Bind, EdgeKind, Name, Node, NodeKind, Scope};

/// An edge that leads nowhere yet.
pub(crate) type Loose = (NodeIndex<u32>, EdgeKind);

/// An open scope.
struct Frame {
    scope: u32,
    path: String,
    /// The names of its steps and sagas, which numbered ids must not take.
    names: BTreeSet<Name>,
    counts: BTreeMap<&'static str, u32>,
}

/// A graph under construction.
pub(crate) struct Graph {
    pub(crate) graph: DiGraph<Node, EdgeKind, u32>,
    pub(crate) scopes: Vec<Scope>,
    /// Where the next node is to be attached; empty behind a statement that leaves.
    pub(crate) ends: Vec<Loose>,
    /// `let`s that wait for the next node.
    pub(crate) binds: Vec<Bind>,
    /// The loose ends of paths that left a construct.
    pub(crate) left: BTreeMap<Target, Vec<Loose>>,
    frames: Vec<Frame>,
}

impl Graph {
    pub(crate) fn new(workflow: &Name, names: BTreeSet<Name>) -> Graph {
        let body = Frame { scope: 0, path: workflow.to_string(), names, counts: BTreeMap::new() };
        Graph {
            graph: DiGraph::default(),
            scopes: vec![Scope { id: workflow.clone(), parent: None }],
            ends: Vec::new(),
            binds: Vec::new(),
            left: BTreeMap::new(),
            frames: vec![body],
        }
    }

    fn frame(&mut self) -> &mut Frame {
        // The frame of the body is never closed.
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// A name such as `emit1`, new in the current scope.
    fn numbered(&mut self, kind: &'static str) -> String {
        let frame = self.frame();
        loop {
            let count = frame.counts.entry(kind).or_default();
            *count += 1;
            let name = format!("{kind}{count}");
            if !frame.names.contains(name.as_str()) {
                return name;
            }
        }
    }

    /// Adds a node with a name of the source and attaches all loose ends to it.
    pub(crate) fn add_named(&mut self, name: &str, kind: NodeKind) -> NodeIndex<u32> {
        let binds = std::mem::take(&mut self.binds);
        let frame = self.frame();
        let id = Name::from(format!("{}/{name}", frame.path));
        let node = Node { id, scope: frame.scope, binds, kind };
        let index = self.graph.add_node(node);
        for (from, kind) in std::mem::take(&mut self.ends) {
            self.graph.add_edge(from, index, kind);
        }
        index
    }

    /// Adds a node whose id is its kind and a number, and goes on behind it.
    pub(crate) fn add(&mut self, word: &'static str, kind: NodeKind) -> NodeIndex<u32> {
        let name = self.numbered(word);
        let index = self.add_named(&name, kind);
        self.ends = vec![(index, EdgeKind::Order)];
        index
    }

    /// Goes on where several paths end; more than one meet in a node of their own.
    pub(crate) fn meet(&mut self, ends: Vec<Loose>) {
        self.ends = ends;
        if self.ends.len() > 1 {
            self.add("merge", NodeKind::Merge);
        }
    }

    /// Opens a compensation scope.
    pub(crate) fn enter(&mut self, name: Option<&Name>, names: BTreeSet<Name>) {
        let name = match name {
            Some(name) => name.to_string(),
            None => self.numbered("saga"),
        };
        let frame = self.frame();
        let (parent, path) = (frame.scope, format!("{}/{name}", frame.path));
        let scope = self.scopes.len() as u32;
        self.scopes.push(Scope { id: Name::from(path.as_str()), parent: Some(parent) });
        self.frames.push(Frame { scope, path, names, counts: BTreeMap::new() });
        self.add("enter", NodeKind::Enter { scope });
    }

    /// Closes the innermost scope, if some path reaches its end.
    pub(crate) fn exit(&mut self, ends: Vec<Loose>) {
        let scope = self.frame().scope;
        self.ends = ends;
        if !self.ends.is_empty() {
            self.add("exit", NodeKind::Exit { scope });
        }
        self.frames.pop();
    }

    /// The loose ends of the paths that left a construct.
    pub(crate) fn take_left(&mut self, target: Target) -> Vec<Loose> {
        self.left.remove(&target).unwrap_or_default()
    }
}
