//! From the finished graph to the plan, with the checks that the graph must pass.

use std::collections::BTreeMap;

use petgraph::algo::toposort;
use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef;
use wfl_analysis::hir::{Program, Workflow};
use wfl_ir::{Edge, EdgeKind, FORMAT, Node, Plan, PlanHash, SEMANTICS};

use crate::graph::Graph;
use crate::link::Link;
use crate::names::names_in;
use crate::origin::Lowered;
use crate::statement::Lowering;
use crate::walk::Numbers;

/// A mistake of the compiler itself: a workflow without errors gave a graph that breaks the rules of plans.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the compiler made a wrong graph of `{workflow}`: {problem}")]
pub struct LowerError {
    /// The workflow.
    pub workflow: String,
    /// What is wrong with the graph.
    pub problem: String,
}

/// Lowers a workflow of a program without errors. The workflows that it starts must have been lowered before: their
/// plans' hashes are asked for by their numbers.
pub fn lower(
    program: &Program,
    workflow: &Workflow,
    children: &BTreeMap<u32, PlanHash>,
) -> Result<Lowered, LowerError> {
    let link = Link::new(program, workflow);
    let graph = Graph::new(&workflow.short_name, names_in(&workflow.body), workflow.span);
    let mut lowering = Lowering { graph, link: &link, program, children, orphans: Vec::new() };
    lowering.block(&workflow.body);
    let wrong = |problem: String| LowerError { workflow: workflow.name.to_string(), problem };
    if let Some(orphan) = lowering.orphans.first() {
        return Err(wrong(format!("the plan of {orphan} is not there")));
    }
    let Graph { graph, scopes, mut regions, ends, origins, ways_out, arms, .. } = lowering.graph;
    // The body alone need not be told.
    regions.truncate(if regions.len() > 1 { usize::MAX } else { 0 });
    if !ends.is_empty() {
        return Err(wrong("a path ends without `return` or `fail`".to_owned()));
    }
    check_order(&graph).map_err(wrong)?;
    let (succ_off, succ) = edges(&graph);
    let plan = Plan {
        format: FORMAT,
        semantics: SEMANTICS,
        workflow: workflow.name.clone(),
        version: workflow.version,
        types: link.types(),
        functions: link.functions(),
        operations: link.operations(),
        params: link.fields(&workflow.params),
        result: link.ty(&workflow.result),
        raises: workflow.raises.iter().map(|error| link.type_number(*error)).collect(),
        key: link.expr(&workflow.key),
        deadline: workflow.deadline,
        compensation_deadline: workflow.compensation_deadline,
        slots: link.slot_count(),
        scopes,
        regions,
        attributes: workflow
            .attributes
            .iter()
            .map(|(name, ty, value)| (name.clone(), link.ty(ty), link.expr(value)))
            .collect(),
        limit: workflow.limit.as_ref().map(|(count, per)| (*count, per.as_ref().map(|per| link.expr(per)))),
        priority: workflow.priority.as_ref().map(|priority| link.expr(priority)),
        nodes: graph.into_nodes_edges().0.into_iter().map(|node| node.weight).collect(),
        succ_off,
        succ,
    };
    plan.check().map_err(|error| wrong(error.to_string()))?;
    Ok(Lowered {
        plan,
        origins,
        arms,
        ways_out,
        types: link.type_numbers(),
        operations: link.operation_numbers(),
    })
}

/// The graph has no ring, and the nodes stand in a topological order.
fn check_order(graph: &DiGraph<Node, EdgeKind, u32>) -> Result<(), String> {
    if let Err(ring) = toposort(graph, None) {
        return Err(format!("node {} lies on a ring", graph[ring.node_id()].id));
    }
    match graph.edge_references().find(|edge| edge.source() >= edge.target()) {
        Some(edge) => Err(format!("an edge leads back from node {}", graph[edge.source()].id)),
        None => Ok(()),
    }
}

/// Edges by source, in the order in which they were made.
fn edges(graph: &DiGraph<Node, EdgeKind, u32>) -> (Vec<u32>, Vec<Edge>) {
    let mut edges = graph.edge_references().map(|edge| (edge.source(), edge.id(), edge)).collect::<Vec<_>>();
    edges.sort_by_key(|(source, id, _)| (*source, *id));
    let mut offsets = vec![0; graph.node_count() + 1];
    for (source, ..) in &edges {
        offsets[source.index() + 1] += 1;
    }
    for at in 1..offsets.len() {
        offsets[at] += offsets[at - 1];
    }
    let edge = |edge: petgraph::graph::EdgeReference<'_, EdgeKind, u32>| Edge {
        to: edge.target().index() as u32,
        kind: *edge.weight(),
    };
    (offsets, edges.into_iter().map(|(_, _, reference)| edge(reference)).collect())
}
