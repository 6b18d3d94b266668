//! What there is to draw, in words: one box per node and per undo, one line per edge.

use wfl_ir::flow::{AwaitKind, JoinPolicy};
use wfl_ir::{Binary, Caught, EdgeKind, Effect, Expr, NodeKind, Pattern, Plan, RegionKind, Value};

/// What a box stands for; each kind has its own look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Look {
    Step,
    Read,
    Pivot,
    Undo,
    Choice,
    Event,
    Value,
    Guard,
    Rollback,
    Commit,
    Return,
    Fail,
    /// Paths begin to run side by side, or end.
    Fork,
    /// A loop over items or rounds.
    Loop,
    /// A wait for a message, a person or a time.
    Wait,
    /// Another workflow.
    Run,
    /// A place where paths meet or a scope begins or ends.
    Dot,
}

/// A box.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Item {
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) look: Look,
    /// The group that it stands in.
    pub(crate) group: usize,
    /// For the undo of a step: the step.
    pub(crate) undoes: Option<usize>,
}

/// What a line means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stroke {
    Order,
    Branch,
    Error,
    /// From an undo to the undo that comes next when all goes back.
    Undo,
}

/// A line from one box to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) label: String,
    pub(crate) stroke: Stroke,
    /// Among the errors of its step, the how manyth.
    pub(crate) number: u32,
}

/// A picture of a plan. The first boxes are the plan's nodes in order; undos follow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Picture {
    pub(crate) title: String,
    pub(crate) items: Vec<Item>,
    pub(crate) lines: Vec<Line>,
    /// What stands together; 0 is the workflow.
    pub(crate) groups: Vec<Group>,
}

/// What stands together: a saga, a parallel, one of its branches, the body of a loop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Group {
    /// The path of names.
    id: String,
    pub(crate) title: String,
    pub(crate) parent: Option<usize>,
}

impl Picture {
    pub(crate) fn of(plan: &Plan) -> Picture {
        let groups = groups(plan);
        let items = plan.nodes.iter().map(|node| item(plan, node, group_of(&groups, &node.id)));
        let items = items.collect::<Vec<_>>();
        let name = plan.workflow.rsplit('.').next().unwrap_or(&plan.workflow);
        let mut picture =
            Picture { title: format!("{name} version {}", plan.version), items, lines: Vec::new(), groups };
        for index in 0..plan.nodes.len() {
            // That a fork ends in its join is shown by the branches.
            let fork = matches!(plan.nodes[index].kind, NodeKind::Fork(_));
            for edge in
                plan.successors(index as u32).iter().filter(|edge| !fork || edge.kind != EdgeKind::Order)
            {
                let (label, stroke, number) = meaning(plan, index, edge.kind);
                picture.lines.push(Line { from: index, to: edge.to as usize, label, stroke, number });
            }
        }
        picture.add_undos(plan);
        picture
    }

    fn add_undos(&mut self, plan: &Plan) {
        let mut earlier: Vec<(u32, usize)> = Vec::new();
        for (index, node) in plan.nodes.iter().enumerate() {
            let NodeKind::Call(call) = &node.kind else { continue };
            let Effect::Compensable { undo, .. } = &plan.operations[call.operation as usize].effect else {
                continue;
            };
            let title = plan.operations[*undo as usize].qualified();
            let (detail, undoes) = (format!("undoes {}", last(&node.id)), Some(index));
            let at = self.items.len();
            let group = group_of(&self.groups, &node.id);
            self.items.push(Item { title, detail, look: Look::Undo, group, undoes });
            if let Some((_, before)) = earlier.iter().rev().find(|(scope, _)| *scope == node.scope) {
                let (label, stroke) = (String::new(), Stroke::Undo);
                self.lines.push(Line { from: at, to: *before, label, stroke, number: 0 });
            }
            earlier.push((node.scope, at));
        }
    }
}

/// The groups by their paths, outer ones first.
fn groups(plan: &Plan) -> Vec<Group> {
    let body = plan.scopes.first().map(|scope| scope.id.to_string()).unwrap_or_default();
    let mut found = vec![(body.clone(), last(&body).to_owned())];
    for scope in plan.scopes.iter().skip(1) {
        found.push((scope.id.to_string(), format!("saga {}", last(&scope.id))));
    }
    for region in &plan.regions {
        let word = match region.kind {
            RegionKind::Branch => "branch",
            RegionKind::Item { .. } => "foreach",
            RegionKind::Round { .. } => "repeat",
            RegionKind::Body | RegionKind::Shield => continue,
        };
        // The body of a `foreach` is a compensation scope, too.
        found.retain(|(id, _)| *id != *region.id);
        found.push((region.id.to_string(), format!("{word} {}", last(&region.id))));
    }
    for node in plan.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Fork(_))) {
        found.push((node.id.to_string(), format!("parallel {}", last(&node.id))));
    }
    found.sort_by_key(|(id, _)| id.len());
    let mut groups: Vec<Group> = Vec::new();
    for (id, title) in found {
        let parent = (!groups.is_empty()).then(|| group_of(&groups, &id));
        groups.push(Group { id, title, parent });
    }
    groups
}

/// The innermost group that a path lies in.
fn group_of(groups: &[Group], id: &str) -> usize {
    // What starts a group stands in it.
    let inside = |group: &Group| {
        id.strip_prefix(group.id.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    groups.iter().rposition(inside).unwrap_or_default()
}

fn item(plan: &Plan, node: &wfl_ir::Node, group: usize) -> Item {
    let type_name =
        |index: u32| plan.types.get(index as usize).map_or("?", |def| def.short_name()).to_owned();
    let (title, detail, look) = match &node.kind {
        NodeKind::Call(call) => {
            let operation = &plan.operations[call.operation as usize];
            let look = match operation.effect {
                _ if call.pivot => Look::Pivot,
                Effect::Read => Look::Read,
                _ => Look::Step,
            };
            (last(&node.id).to_owned(), operation.qualified(), look)
        }
        NodeKind::Choice { subject, .. } => ("choose".to_owned(), brief(plan, subject), Look::Choice),
        NodeKind::Merge | NodeKind::Enter { .. } | NodeKind::Exit { .. } | NodeKind::End { .. } => {
            (String::new(), String::new(), Look::Dot)
        }
        NodeKind::Fork(fork) => {
            (last(&node.id).to_owned(), policy(fork.policy, fork.branches.len()), Look::Fork)
        }
        NodeKind::Join(_) => ("join".to_owned(), String::new(), Look::Fork),
        NodeKind::Map(map) => {
            let list = brief(plan, &map.list);
            (last(&node.id).to_owned(), format!("for each of {list}").trim().to_owned(), Look::Loop)
        }
        NodeKind::Loop(rounds) => {
            (last(&node.id).to_owned(), format!("up to {} times", rounds.times), Look::Loop)
        }
        NodeKind::Await(awaited) => match &awaited.kind {
            AwaitKind::Signal { channel, .. } => {
                (last(&node.id).to_owned(), format!("signal {channel}"), Look::Wait)
            }
            AwaitKind::Human(task) => (last(&node.id).to_owned(), format!("human {}", task.name), Look::Wait),
        },
        NodeKind::Timer { until, time } => {
            let word = if *until { "wait until" } else { "wait" };
            (word.to_owned(), brief(plan, time), Look::Wait)
        }
        NodeKind::SubWorkflow(run) => {
            (last(&node.id).to_owned(), format!("run {}", short_name(&run.workflow)), Look::Run)
        }
        NodeKind::Restart { .. } => ("restart".to_owned(), "begin anew".to_owned(), Look::Return),
        NodeKind::Set { value, .. } => ("yield".to_owned(), brief(plan, value), Look::Value),
        NodeKind::Emit { event, .. } => ("emit".to_owned(), type_name(*event), Look::Event),
        NodeKind::Ensure { text, .. } => ("ensure".to_owned(), text.to_string(), Look::Guard),
        NodeKind::Rollback => ("rollback".to_owned(), "undo what is open".to_owned(), Look::Rollback),
        NodeKind::Commit => ("commit".to_owned(), "keep what is done".to_owned(), Look::Commit),
        NodeKind::Return { value } => ("return".to_owned(), brief(plan, value), Look::Return),
        NodeKind::Fail { error, .. } => ("fail".to_owned(), type_name(*error), Look::Fail),
    };
    Item { title, detail, look, group, undoes: None }
}

fn policy(policy: JoinPolicy, branches: usize) -> String {
    match policy {
        JoinPolicy::All => "all".to_owned(),
        JoinPolicy::Any => "any".to_owned(),
        JoinPolicy::Quorum(needed) => format!("{needed} of {branches}"),
    }
}

fn short_name(qualified: &str) -> &str {
    qualified.rsplit('.').next().unwrap_or(qualified)
}

fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// An expression in a few words: the names of variants and operators, not the whole.
fn brief(plan: &Plan, expr: &Expr) -> String {
    match expr {
        Expr::Const(value) => brief_value(value),
        Expr::Variant(name, fields) => match fields.as_slice() {
            [(_, Expr::Variant(inner, _) | Expr::Const(Value::Variant(inner, _)))] => {
                format!("{name}({inner})")
            }
            _ => name.to_string(),
        },
        Expr::Field(base, name) | Expr::OptionalField(base, name) => match brief(plan, base).as_str() {
            "" => name.to_string(),
            base => format!("{base}.{name}"),
        },
        Expr::Slot(slot) => {
            let param = plan.params.get(*slot as usize).map(|param| param.name.to_string());
            param.or_else(|| result_of(plan, *slot)).unwrap_or_default()
        }
        Expr::Binary(op, left, right) => {
            let (left, right) = (brief(plan, left), brief(plan, right));
            format!("{left} {} {right}", operator(*op)).trim().to_owned()
        }
        Expr::Unary(_, operand) => match brief(plan, operand).as_str() {
            "" => String::new(),
            operand => format!("not {operand}"),
        },
        _ => String::new(),
    }
}

fn operator(op: Binary) -> &'static str {
    match op {
        Binary::Add => "+",
        Binary::Subtract => "−",
        Binary::Multiply => "×",
        Binary::Divide => "÷",
        Binary::Equal => "=",
        Binary::NotEqual => "≠",
        Binary::Less => "<",
        Binary::LessOrEqual => "≤",
        Binary::Greater => ">",
        Binary::GreaterOrEqual => "≥",
        Binary::And => "and",
        Binary::Or => "or",
        Binary::Otherwise => "or else",
        Binary::In | Binary::Within => "in",
    }
}

fn result_of(plan: &Plan, slot: u32) -> Option<String> {
    plan.nodes.iter().find_map(|node| match &node.kind {
        NodeKind::Call(call) if call.result == Some(slot) => Some(last(&node.id).to_owned()),
        NodeKind::Await(awaited) if awaited.result == Some(slot) => Some(last(&node.id).to_owned()),
        NodeKind::SubWorkflow(run) if run.result == Some(slot) => Some(last(&node.id).to_owned()),
        NodeKind::Map(map) if map.result == Some(slot) => Some(last(&node.id).to_owned()),
        NodeKind::Join(join) if join.result == Some(slot) => {
            let fork = plan.nodes.get(join.fork as usize)?;
            Some(last(&fork.id).to_owned())
        }
        _ => None,
    })
}

fn brief_value(value: &Value) -> String {
    match value {
        Value::Variant(name, fields) => match fields.iter().next() {
            Some((_, Value::Variant(inner, _))) => format!("{name}({inner})"),
            _ => name.to_string(),
        },
        Value::Record(_)
        | Value::List(_)
        | Value::Set(_)
        | Value::Map(_)
        | Value::Bytes(_)
        | Value::Json(_) => String::new(),
        other => other.to_string(),
    }
}

fn meaning(plan: &Plan, node: usize, kind: EdgeKind) -> (String, Stroke, u32) {
    match (kind, &plan.nodes[node].kind) {
        (EdgeKind::Order, _) => (String::new(), Stroke::Order, 0),
        (EdgeKind::Else, _) => ("otherwise".to_owned(), Stroke::Error, 0),
        (EdgeKind::Arm(number), NodeKind::Choice { arms, .. }) => {
            let arm = arms.get(number as usize);
            let label = arm.map(|arm| pattern(&arm.pattern)).unwrap_or_default();
            (label, Stroke::Branch, number)
        }
        (EdgeKind::Arm(number), _) => (String::new(), Stroke::Branch, number),
        (EdgeKind::Error(number), kind) => {
            let label = kind.handlers().get(number as usize).map(|handler| match &handler.on {
                Caught::Error(error) => plan.types.get(*error as usize).map_or("?", |def| def.short_name()),
                Caught::Timeout => "Timeout",
                Caught::Unavailable => "Unavailable",
                Caught::Any => "any error",
                Caught::Cancelled => "Cancelled",
                Caught::Shortfall => "shortfall",
            });
            (label.unwrap_or_default().to_owned(), Stroke::Error, number)
        }
        (EdgeKind::Branch(number), _) => (String::new(), Stroke::Branch, number),
        (EdgeKind::Body, NodeKind::Map(_)) => ("each".to_owned(), Stroke::Branch, 0),
        (EdgeKind::Body, _) => ("round".to_owned(), Stroke::Branch, 0),
        (EdgeKind::Timeout, _) => ("timeout".to_owned(), Stroke::Error, 0),
    }
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Any | Pattern::Bind(_) => "else".to_owned(),
        Pattern::Literal(Value::Bool(true)) => "yes".to_owned(),
        Pattern::Literal(value) => value.to_string(),
        Pattern::Variant(name, _) => name.to_string(),
        Pattern::Absent => "none".to_owned(),
        Pattern::Present(inner) => match self::pattern(inner).as_str() {
            "else" => "some".to_owned(),
            inner => inner.to_owned(),
        },
        Pattern::Tuple(_) => String::new(),
    }
}
