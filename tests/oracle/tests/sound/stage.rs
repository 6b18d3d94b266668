//! Plans that are bent so that a run goes a path: conditions say what the path says, and time is as it needs.

use std::collections::BTreeMap;

use wfl_ir::flow::AwaitKind;
use wfl_ir::{Duration, EdgeKind, Expr, Fields, Name, NodeKind, Pattern, Plan, PlanHash, Value};

/// What a service does when a step calls it.
#[derive(Clone, Debug)]
pub enum Does {
    Succeeds,
    Declares(u32),
    Away,
    Silent,
    /// It is away until some other step has been called.
    Later(Box<Does>),
    /// The first of its calls succeeds, the others are late.
    FirstThenLater(Box<Does>),
}

/// Plans and answers under which a run goes a path.
#[derive(Clone)]
pub struct Stage {
    pub plan: Plan,
    pub does: BTreeMap<String, Does>,
    /// Children that do something else: by their plans.
    pub children: BTreeMap<PlanHash, Plan>,
    /// The step for which late ones wait.
    pub first: Option<String>,
    /// Children of which no call succeeds, by the name that their steps begin with.
    pub stuck: Vec<String>,
}

impl Stage {
    /// A step starts something else instead of its child.
    pub fn instead(&mut self, node: u32, plan: Plan, timeout: Option<Duration>) {
        let it = &mut self.plan.nodes[node as usize];
        let hash = PlanHash::of(it.id.as_bytes());
        if let NodeKind::SubWorkflow(run) = &mut it.kind {
            (run.plan, run.timeout) = (hash, timeout);
        }
        self.children.insert(hash, plan);
    }
}

pub fn with(stage: &Stage, change: impl FnOnce(&mut Stage)) -> Stage {
    let mut stage = stage.clone();
    change(&mut stage);
    stage
}

/// A plan that has all the time there is, and goes through two items each, where its path does not say otherwise.
pub fn timeless(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.deadline = None;
    for node in &mut plan.nodes {
        match &mut node.kind {
            NodeKind::Fork(fork) => fork.within = None,
            NodeKind::SubWorkflow(run) => run.timeout = None,
            NodeKind::Map(map) => map.list = items(&[1, 2]),
            NodeKind::Await(awaited) => {
                awaited.timeout = None;
                if let AwaitKind::Signal { condition, .. } = &mut awaited.kind {
                    *condition = None;
                }
            }
            _ => {}
        }
    }
    plan
}

/// An edge is taken whatever the values are.
pub fn force(stage: &mut Stage, node: u32, kind: EdgeKind) {
    let id = stage.plan.nodes[node as usize].id.to_string();
    match (&mut stage.plan.nodes[node as usize].kind, kind) {
        (NodeKind::Choice { subject, arms }, EdgeKind::Arm(taken)) => {
            *subject = Expr::Const(Value::Bool(true));
            for (number, arm) in arms.iter_mut().enumerate() {
                arm.guard = None;
                arm.pattern = if number == taken as usize {
                    Pattern::Any
                } else {
                    Pattern::Literal(Value::Bool(false))
                };
            }
        }
        (NodeKind::Ensure { condition, .. }, EdgeKind::Order | EdgeKind::Else) => {
            *condition = Expr::Const(Value::Bool(kind == EdgeKind::Order));
        }
        (NodeKind::Await(awaited), EdgeKind::Timeout) => {
            awaited.timeout = Some(Expr::Const(Value::Duration(Duration::from_millis(1))));
        }
        (NodeKind::Map(map), EdgeKind::Order) => map.list = Expr::List(Vec::new()),
        (NodeKind::Call(_), EdgeKind::Order) => drop(stage.does.insert(id, Does::Succeeds)),
        _ => {}
    }
}

/// The same inside of a construct, whose items are gone through.
pub fn force_inside(stage: &mut Stage, node: u32, kind: EdgeKind) {
    if !matches!(stage.plan.nodes[node as usize].kind, NodeKind::Map(_)) {
        force(stage, node, kind);
    }
}

pub fn days(count: i64) -> Expr {
    Expr::Const(Value::Duration(Duration::from_secs(count * 86_400)))
}

/// What takes no time takes days.
pub fn delay(stage: &mut Stage, node: u32, count: i64) {
    let it = &mut stage.plan.nodes[node as usize];
    if matches!(it.kind, NodeKind::Set { .. } | NodeKind::Merge) {
        it.kind = NodeKind::Timer { until: false, time: days(count) };
    }
}

pub fn items(numbers: &[i64]) -> Expr {
    Expr::List(numbers.iter().map(|number| Expr::Const(Value::Int(*number))).collect())
}

/// Two items have one key.
pub fn double(stage: &mut Stage, map: u32) {
    if let NodeKind::Map(map) = &mut stage.plan.nodes[map as usize].kind {
        map.list = items(&[1, 1]);
    }
}

/// A plan that does nothing but this, and returns.
pub fn only(plan: &Plan, kind: NodeKind) -> Plan {
    let mut only = plan.clone();
    let node = |name: &str, kind: NodeKind| wfl_ir::Node {
        id: Name::from(format!("{}/{name}", plan.nodes[0].id.split('/').next().unwrap_or("W"))),
        scope: 0,
        region: 0,
        binds: Vec::new(),
        kind,
    };
    let returns = node("return1", NodeKind::Return { value: Expr::Const(Value::Int(0)) });
    let goes_on = !matches!(kind, NodeKind::Fail { .. });
    only.nodes = vec![node("first", kind)];
    only.regions.clear();
    only.scopes.truncate(1);
    (only.succ_off, only.succ) = match goes_on {
        true => {
            only.nodes.push(returns);
            (vec![0, 1, 1], vec![wfl_ir::Edge { to: 1, kind: EdgeKind::Order }])
        }
        false => (vec![0, 0], Vec::new()),
    };
    only
}

/// Values for the fields of an error.
pub fn declared(plan: &Plan, error: u32) -> Fields {
    match &plan.types[error as usize].kind {
        wfl_ir::TypeKind::Error(fields) => {
            Fields::new(fields.iter().map(|field| (field.name.clone(), Value::Int(4))).collect::<Vec<_>>())
        }
        _ => Fields::default(),
    }
}

/// The fields of an error as expressions; none for those that only the machine raises.
pub fn fields_of(plan: &Plan, error: u32) -> Option<Vec<(Name, Expr)>> {
    let short = plan.types[error as usize].short_name();
    let fields = declared(plan, error);
    let of = |(name, value): &(Name, Value)| (name.clone(), Expr::Const(value.clone()));
    ["Denied", "Broken"].contains(&short).then(|| fields.iter().map(of).collect())
}
