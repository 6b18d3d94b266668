//! The growing graph: nodes, loose ends, scopes and the ids of nodes.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::{DiGraph, NodeIndex};
use wfl_analysis::hir::Target;
use wfl_ir::{Bind, EdgeKind, Handler, Name, Node, NodeKind, Region, RegionKind, Scope};
use wfl_source::Span;

use crate::origin::{Origin, WayOut};

/// An edge that leads nowhere yet.
pub(crate) type Loose = (NodeIndex<u32>, EdgeKind);

/// An open scope.
struct Frame {
    scope: u32,
    region: u32,
    path: String,
    /// The names of its steps and sagas, which numbered ids must not take.
    names: BTreeSet<Name>,
    counts: BTreeMap<&'static str, u32>,
}

/// A graph under construction.
pub(crate) struct Graph {
    pub(crate) graph: DiGraph<Node, EdgeKind, u32>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) regions: Vec<Region>,
    /// Where the next node is to be attached; empty behind a statement that leaves.
    pub(crate) ends: Vec<Loose>,
    /// `let`s that wait for the next node.
    pub(crate) binds: Vec<Bind>,
    /// The loose ends of paths that left a construct.
    pub(crate) left: BTreeMap<Target, Vec<Loose>>,
    /// Where the next nodes come from.
    pub(crate) origin: Origin,
    /// Where each node comes from.
    pub(crate) origins: Vec<Origin>,
    pub(crate) ways_out: Vec<WayOut>,
    /// What tells the arms of choices apart, by node.
    pub(crate) arms: BTreeMap<u32, Vec<Span>>,
    /// The compensation scope around each construct that can be left.
    around: BTreeMap<Target, u32>,
    frames: Vec<Frame>,
}

impl Graph {
    pub(crate) fn new(workflow: &Name, names: BTreeSet<Name>, span: Span) -> Graph {
        let counts = BTreeMap::new();
        let body = Frame { scope: 0, region: 0, path: workflow.to_string(), names, counts };
        Graph {
            graph: DiGraph::default(),
            scopes: vec![Scope { id: workflow.clone(), parent: None, parallel_undo: false }],
            regions: vec![Region { id: workflow.clone(), parent: None, kind: RegionKind::Body }],
            ends: Vec::new(),
            binds: Vec::new(),
            left: BTreeMap::new(),
            origin: Origin { span, whole: span, name: span, in_handler: false, callee: None },
            origins: Vec::new(),
            ways_out: Vec::new(),
            arms: BTreeMap::new(),
            around: BTreeMap::new(),
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
        let node = Node { id, scope: frame.scope, region: frame.region, binds, kind };
        let index = self.graph.add_node(node);
        self.origins.push(self.origin);
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

    /// Opens a compensation scope; gives the node that enters it.
    pub(crate) fn enter(
        &mut self,
        name: Option<&Name>,
        names: BTreeSet<Name>,
        parallel_undo: bool,
        handlers: Vec<Handler>,
    ) -> NodeIndex<u32> {
        let name = match name {
            Some(name) => name.to_string(),
            None => self.numbered("saga"),
        };
        self.open(&name, names);
        let scope = self.new_scope(parallel_undo);
        self.add("enter", NodeKind::Enter { scope, handlers })
    }

    /// Opens a part of the path of names.
    pub(crate) fn open(&mut self, name: &str, names: BTreeSet<Name>) {
        let frame = self.frame();
        let (scope, region, path) = (frame.scope, frame.region, format!("{}/{name}", frame.path));
        self.frames.push(Frame { scope, region, path, names, counts: BTreeMap::new() });
    }

    /// Closes the innermost part of the path of names, and what was opened with it.
    pub(crate) fn close(&mut self) {
        self.frames.pop();
    }

    /// Makes a compensation scope out of the innermost part of the path.
    pub(crate) fn new_scope(&mut self, parallel_undo: bool) -> u32 {
        let scope = self.scopes.len() as u32;
        let frame = self.frame();
        let (parent, id) = (std::mem::replace(&mut frame.scope, scope), Name::from(frame.path.as_str()));
        self.scopes.push(Scope { id, parent: Some(parent), parallel_undo });
        scope
    }

    /// Makes a region out of the innermost part of the path; gives it and the region around it.
    pub(crate) fn new_region(&mut self, kind: RegionKind) -> (u32, u32) {
        let region = self.regions.len() as u32;
        let frame = self.frame();
        let (parent, id) = (std::mem::replace(&mut frame.region, region), Name::from(frame.path.as_str()));
        self.regions.push(Region { id, parent: Some(parent), kind });
        (region, parent)
    }

    /// Goes on in another region of the same part of the path.
    pub(crate) fn set_region(&mut self, region: u32) {
        self.frame().region = region;
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

    /// A construct begins that can be left.
    pub(crate) fn can_leave(&mut self, target: Target) {
        let scope = self.frame().scope;
        self.around.insert(target, scope);
    }

    /// A construct is left by `yield` from here.
    pub(crate) fn way_out(&mut self, target: Target, span: Span) {
        let (from, in_handler) = (self.ends.clone(), self.origin.in_handler);
        let from = from.into_iter().map(|(node, kind)| (node.index() as u32, kind)).collect();
        let around = self.around.get(&target).copied().unwrap_or_default();
        self.ways_out.push(WayOut { span, from, around, in_handler });
    }

    /// The loose ends of the paths that left a construct.
    pub(crate) fn take_left(&mut self, target: Target) -> Vec<Loose> {
        self.left.remove(&target).unwrap_or_default()
    }
}
