//! `wflc check --time`: how long workflows and their parts take, and what they call at most.

use serde_json::{Value as Json, json};
use wfl_compiler::{Bounds, Compilation, Compiled, Worst};
use wfl_ir::flow::{AwaitKind, JoinPolicy};
use wfl_ir::{NodeKind, Plan, RegionKind};

use crate::colour::paint;

/// A line of the table.
struct Row {
    depth: usize,
    name: String,
    what: String,
    /// The node that it is about; none for a heading.
    node: Option<u32>,
    bounds: Option<Bounds>,
}

/// The tables of all workflows of a project.
pub(crate) fn tables(compilation: &Compilation, colour: bool) -> String {
    let tables = compilation.workflows.iter().map(|workflow| table(workflow, colour));
    tables.collect::<Vec<_>>().join("\n")
}

fn table(workflow: &Compiled, colour: bool) -> String {
    let rows = rows(workflow);
    let mut cells = vec![["step", "", "best", "worst"].map(str::to_owned)];
    cells.extend(rows.iter().map(|row| {
        let [best, worst] =
            row.bounds.map_or_else(Default::default, |it| [it.best.to_string(), worst(it.worst)]);
        [format!("{}{}", "  ".repeat(row.depth), row.name), row.what.clone(), best, worst]
    }));
    let whole = workflow.times.whole;
    cells.push(["whole".to_owned(), String::new(), whole.best.to_string(), worst(whole.worst)]);
    let mut out = format!("{}\n", paint(colour, "1", &workflow.name));
    lines(&cells, 2, colour, &mut out);
    if let Some(last) = out.pop().and(out.rfind('\n')) {
        let whole = paint(colour, "1", &out.split_off(last + 1));
        out.push_str(&whole);
        out.push('\n');
    }
    notes(workflow).iter().for_each(|note| out.push_str(&format!("  {note}\n")));
    let calls = &workflow.cost.calls;
    if !calls.is_empty() {
        let mut cells = vec![["operation", "calls", "attempts"].map(str::to_owned)];
        cells.extend(calls.iter().map(|(name, count)| {
            [name.clone(), at_most(count.times, count.more), at_most(count.attempts, count.more)]
        }));
        out.push('\n');
        lines(&cells, 1, colour, &mut out);
    }
    out
}

/// Aligned cells: so many columns to the left, the others to the right. The first line is a heading.
fn lines<const N: usize>(cells: &[[String; N]], left: usize, colour: bool, out: &mut String) {
    let widest =
        |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(widest);
    for (number, row) in cells.iter().enumerate() {
        let cell = |(column, text): (usize, &String)| {
            let width = widths[column];
            if column < left { format!("{text:<width$}") } else { format!("{text:>width$}") }
        };
        let line = row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ");
        let line = line.trim_end();
        let line = if number == 0 { paint(colour, "2", line) } else { line.to_owned() };
        out.push_str(&format!("  {line}\n"));
    }
}

/// A worst case in words; a plus for what has no bound.
fn worst(worst: Worst) -> String {
    if worst.open.is_closed() { worst.known.to_string() } else { format!("{} +", worst.known) }
}

fn rows(workflow: &Compiled) -> Vec<Row> {
    let Compiled { plan, times, .. } = workflow;
    let mut rows = Vec::new();
    let mut headed = vec![false; plan.regions.len()];
    for (number, node) in plan.nodes.iter().enumerate() {
        let at = number as u32;
        head(plan, node.region, &mut headed, &mut rows);
        let Some(what) = what(plan, &node.kind) else { continue };
        let bounds = match &node.kind {
            NodeKind::Fork(fork) => times.takes[fork.join as usize],
            NodeKind::Enter { scope, .. } => times.scopes[*scope as usize],
            _ => times.takes[number],
        };
        let id = match &node.kind {
            NodeKind::Enter { scope, .. } => &plan.scopes[*scope as usize].id,
            _ => &node.id,
        };
        rows.push(Row { depth: depth(id), name: name(id), what, node: Some(at), bounds: Some(bounds) });
    }
    rows
}

/// The heading of a branch.
fn head(plan: &Plan, region: u32, headed: &mut [bool], rows: &mut Vec<Row>) {
    let Some(it) = plan.regions.get(region as usize) else { return };
    if std::mem::replace(&mut headed[region as usize], true) || it.kind != RegionKind::Branch {
        return;
    }
    it.parent.into_iter().for_each(|parent| head(plan, parent, headed, rows));
    let what = "branch".to_owned();
    rows.push(Row { depth: depth(&it.id), name: name(&it.id), what, node: None, bounds: None });
}

fn depth(id: &str) -> usize {
    id.matches('/').count().saturating_sub(1)
}

/// The last part of a path. What has no name of its own is called after what it is.
fn name(id: &str) -> String {
    let last = id.rsplit('/').next().unwrap_or_default();
    match last.strip_prefix('_') {
        Some(operation) => operation.to_owned(),
        None => last.to_owned(),
    }
}

/// What a node is, for those that take time or hold what does.
fn what(plan: &Plan, kind: &NodeKind) -> Option<String> {
    Some(match kind {
        NodeKind::Call(call) => {
            let operation = plan.operations.get(call.operation as usize)?.qualified();
            if call.pivot { format!("pivot {operation}") } else { operation }
        }
        NodeKind::SubWorkflow(run) => {
            let short = run.workflow.rsplit('.').next().unwrap_or_default();
            if run.detached { format!("run {short} detached") } else { format!("run {short}") }
        }
        NodeKind::Await(awaited) => match &awaited.kind {
            AwaitKind::Signal { channel, .. } => format!("await signal {channel}"),
            AwaitKind::Human(task) => format!("await human {}", task.name),
        },
        NodeKind::Timer { .. } => "wait".to_owned(),
        NodeKind::Fork(fork) => match fork.policy {
            JoinPolicy::All => "parallel".to_owned(),
            JoinPolicy::Any => "parallel join any".to_owned(),
            JoinPolicy::Quorum(needed) => format!("parallel join {needed} of {}", fork.branches.len()),
        },
        NodeKind::Map(_) => "foreach".to_owned(),
        NodeKind::Loop(rounds) => format!("repeat up to {}", rounds.times),
        NodeKind::Enter { .. } => "saga".to_owned(),
        NodeKind::Rollback => "rollback".to_owned(),
        _ => return None,
    })
}

/// What is told below a table.
fn notes(workflow: &Compiled) -> Vec<String> {
    let Compiled { plan, times, .. } = workflow;
    let mut notes = Vec::new();
    if !times.whole.worst.open.is_closed() {
        notes.push(format!("+ {}", times.whole.worst.open.words().join(", ")));
    }
    if let Some(deadline) = plan.deadline {
        let counts = workflow.until_deadline;
        notes.push(format!(
            "deadline {deadline}, of which up to {} may be used before the point of no return",
            worst(counts)
        ));
        if !plan.nodes.iter().any(|node| matches!(&node.kind, NodeKind::Call(call) if call.pivot)) {
            notes.pop();
            notes.push(format!("deadline {deadline}, of which up to {} may be used", worst(counts)));
        }
    }
    let critical = times.critical.iter();
    let critical = critical.map(|(node, takes)| {
        let id = &plan.nodes[*node as usize].id;
        format!("{} {}", id.split_once('/').map_or(id.as_str(), |(_, inside)| inside), worst(*takes))
    });
    let critical = critical.collect::<Vec<_>>();
    if !critical.is_empty() {
        notes.push(format!("longest path: {}", critical.join(" → ")));
    }
    if times.undo != Worst::default() {
        notes.push(format!("undoing everything: {} if each undo succeeds at once", worst(times.undo)));
    }
    let records = workflow.cost.records;
    let kind = if records.more { "at least" } else { "at most" };
    notes.push(format!("history: {kind} {} records", records.times));
    notes
}

/// A greatest number; a plus where there may be more.
fn at_most(count: u64, more: bool) -> String {
    if more { format!("{count} +") } else { count.to_string() }
}

/// The same for machines: times in microseconds.
pub(crate) fn objects(compilation: &Compilation) -> Vec<Json> {
    compilation.workflows.iter().map(object).collect()
}

fn object(workflow: &Compiled) -> Json {
    let steps = rows(workflow).into_iter().filter_map(|row| {
        let node = row.node?;
        Some(json!({
            "id": workflow.plan.nodes[node as usize].id.as_str(),
            "what": row.what,
            "time": row.bounds.map(bounds),
        }))
    });
    let critical = workflow.times.critical.iter().map(|(node, takes)| {
        json!({ "id": workflow.plan.nodes[*node as usize].id.as_str(), "worst": worst_object(*takes) })
    });
    let calls = workflow.cost.calls.iter().map(|(name, count)| {
        json!({ "operation": name, "times": count.times, "attempts": count.attempts, "more": count.more })
    });
    json!({
        "workflow": workflow.name,
        "time": bounds(workflow.times.whole),
        "deadline_us": workflow.plan.deadline.map(|deadline| deadline.0),
        "counts_for_deadline": worst_object(workflow.until_deadline),
        "undo": worst_object(workflow.times.undo),
        "steps": steps.collect::<Vec<_>>(),
        "longest_path": critical.collect::<Vec<_>>(),
        "calls": calls.collect::<Vec<_>>(),
        "history": { "records": workflow.cost.records.times, "more": workflow.cost.records.more },
    })
}

fn bounds(bounds: Bounds) -> Json {
    json!({ "best_us": bounds.best.0, "worst": worst_object(bounds.worst) })
}

fn worst_object(worst: Worst) -> Json {
    json!({ "known_us": worst.known.0, "besides": worst.open.words() })
}
