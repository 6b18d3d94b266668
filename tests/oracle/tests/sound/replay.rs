//! The path of a finding, gone by the machine: conditions say what the path says, services answer as it needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use wfl_compiler::{By, Examined, Finding, Way};
use wfl_ir::flow::JoinPolicy;
use wfl_ir::{Caught, Duration, EdgeKind, Expr, Fields, Name, NodeKind, Plan, PlanHash, Retry, Value};
use wfl_machine::{Fact, Tapped, heard, listen};
use wfl_sim::{Script, Setup, Sim};

use crate::acting::Acting;
use crate::monitor::broken;
use crate::stage::{Does, Stage, days, delay, double, fields_of, force, force_inside, only, timeless, with};

/// How many ways to make a construct fail are tried.
const MOST: usize = 24;
/// After so many happenings a run has shown what it can show.
const HAPPENINGS: u64 = 4_000;

/// What came of the replay of a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replayed {
    /// The run came to what is wrong.
    Shown,
    /// No run did.
    Not,
    /// The path needs something that a simulation cannot be made to do.
    Beyond,
}

/// Goes the path of a finding.
pub fn replay(all: &[Examined], examined: &Examined, finding: &Finding) -> Replayed {
    let plan = &examined.lowered.plan;
    // One condition cannot be made to say two things, and nobody else has the key of a child.
    if turns(plan, finding) || finding.report.notes.iter().any(|note| note.contains("KeyInUse")) {
        return Replayed::Beyond;
    }
    let plan = timeless(plan);
    let stage =
        Stage { plan, does: BTreeMap::new(), children: BTreeMap::new(), first: None, stuck: Vec::new() };
    let player = Player { all, examined };
    let mut stages = vec![with(&stage, |stage| player.win(stage, &finding.path))];
    for way in &finding.path {
        let next = stages.iter().flat_map(|stage| player.along(stage, *way)).collect::<Vec<_>>();
        stages = next;
        stages.truncate(MOST);
    }
    let last = finding.path.last().map_or(0, |way| way.to);
    let code = finding.report.code.to_string();
    stages.iter_mut().for_each(|stage| player.wait_for_all(stage, last, &code));
    let stages = stages.iter().flat_map(|stage| player.worse(stage, last, finding)).collect::<Vec<_>>();
    if stages.is_empty() {
        return Replayed::Beyond;
    }
    match stages.iter().take(2 * MOST).any(|stage| player.shows(stage, finding, last)) {
        true => Replayed::Shown,
        false => Replayed::Not,
    }
}

/// Whether a path takes both arms of one choice.
fn turns(plan: &Plan, finding: &Finding) -> bool {
    let mut taken: BTreeMap<u32, EdgeKind> = BTreeMap::new();
    finding.path.iter().any(|way| match (&plan.nodes[way.at as usize].kind, way.by) {
        (
            NodeKind::Choice { .. } | NodeKind::Ensure { .. } | NodeKind::Await(_) | NodeKind::Call(_),
            By::Edge(kind),
        ) => *taken.entry(way.at).or_insert(kind) != kind,
        _ => false,
    })
}

struct Player<'a> {
    all: &'a [Examined],
    examined: &'a Examined,
}

impl Player<'_> {
    fn plan(&self) -> &Plan {
        &self.examined.lowered.plan
    }

    /// The stages on which a way is gone.
    fn along(&self, stage: &Stage, way: Way) -> Vec<Stage> {
        let mut stage = stage.clone();
        let kind = match way.by {
            By::Edge(kind) => kind,
            By::Over => return vec![stage],
            By::Again => {
                self.once_more(&mut stage, way.at);
                return vec![stage];
            }
        };
        let node = &self.plan().nodes[way.at as usize].kind;
        if let EdgeKind::Error(number) = kind {
            let Some(on) = node.handlers().get(number as usize).map(|handler| handler.on) else {
                return Vec::new();
            };
            return match node {
                NodeKind::Call(_) => self.fails(&stage, way.at, on),
                NodeKind::SubWorkflow(_) => self.child_fails(&stage, way.at, on),
                NodeKind::Await(_) => self.waits_in_vain(&stage, way.at, on),
                _ => self.fails_inside(&stage, way.at, on),
            };
        }
        force(&mut stage, way.at, kind);
        vec![stage]
    }

    /// Nobody else decides about what the last node of a path stands in.
    fn wait_for_all(&self, stage: &mut Stage, last: u32, code: &str) {
        let plan = self.plan();
        let parent = |region: &u32| plan.regions.get(*region as usize).and_then(|it| it.parent);
        let around =
            std::iter::successors(Some(plan.nodes[last as usize].region), parent).collect::<Vec<_>>();
        for node in &mut stage.plan.nodes {
            match &mut node.kind {
                NodeKind::Fork(fork)
                    if code != "E0323" && fork.branches.iter().any(|it| around.contains(it)) =>
                {
                    fork.policy = JoinPolicy::All;
                    fork.within = None;
                }
                // What is the same in each round needs two of them.
                NodeKind::Loop(rounds) if code == "E0331" && around.contains(&rounds.region) => {
                    rounds.until = None
                }
                _ => {}
            }
        }
    }

    /// Where a path goes through a branch that decides a join alone, the others come too late.
    fn win(&self, stage: &mut Stage, path: &[Way]) {
        for way in path {
            let NodeKind::Fork(fork) = &self.plan().nodes[way.from as usize].kind else { continue };
            let By::Edge(EdgeKind::Branch(taken)) = way.by else { continue };
            let decides = path.iter().any(|way| way.from == fork.join);
            if fork.policy == JoinPolicy::All || !decides {
                continue;
            }
            if let NodeKind::Fork(it) = &mut stage.plan.nodes[way.from as usize].kind
                && let JoinPolicy::Quorum(needed) = &mut it.policy
            {
                *needed = 1;
            }
            let others = fork.branches.iter().enumerate().filter(|(number, _)| *number != taken as usize);
            let others = others.map(|(_, branch)| *branch).collect::<Vec<_>>();
            for node in self.within(|region| others.contains(&region)) {
                self.hold(stage, node);
                delay(stage, node, 100);
            }
        }
    }

    fn once_more(&self, stage: &mut Stage, end: u32) {
        let region = self.plan().nodes[end as usize].region;
        for node in &mut stage.plan.nodes {
            if let NodeKind::Loop(rounds) = &mut node.kind
                && rounds.region == region
            {
                rounds.until = None;
            }
        }
    }

    /// A step ends with an error that a handler takes.
    fn fails(&self, stage: &Stage, node: u32, on: Caught) -> Vec<Stage> {
        let raises = self.raises(node);
        let does: Vec<Does> = match on {
            Caught::Timeout => vec![Does::Silent],
            Caught::Unavailable => vec![Does::Away],
            Caught::Error(error) if raises.contains(&error) => vec![Does::Declares(error)],
            Caught::Error(_) => vec![Does::Silent],
            Caught::Any => {
                let declared = raises.into_iter().map(Does::Declares);
                declared.chain([Does::Silent, Does::Away]).collect()
            }
            Caught::Cancelled | Caught::Shortfall => Vec::new(),
        };
        does.into_iter()
            .map(|does| with(stage, |stage| drop(stage.does.insert(self.id(node), does.clone()))))
            .collect()
    }

    fn raises(&self, node: u32) -> Vec<u32> {
        match &self.plan().nodes[node as usize].kind {
            NodeKind::Call(call) => self.plan().operations[call.operation as usize].raises.clone(),
            _ => Vec::new(),
        }
    }

    fn id(&self, node: u32) -> String {
        self.plan().nodes[node as usize].id.to_string()
    }

    /// A child ends with an error.
    fn child_fails(&self, stage: &Stage, node: u32, on: Caught) -> Vec<Stage> {
        let NodeKind::SubWorkflow(run) = &self.plan().nodes[node as usize].kind else { return Vec::new() };
        let Some(child) = self.all.iter().find(|it| it.hash == run.plan).map(|it| &it.lowered.plan) else {
            return Vec::new();
        };
        let named = |error: &u32| self.plan().types[*error as usize].short_name().to_owned();
        let wanted = match on {
            Caught::Error(error) => Some(named(&error)),
            Caught::Timeout => Some("Timeout".to_owned()),
            _ => None,
        };
        if wanted.as_deref() == Some("Timeout") && run.timeout.is_some() {
            let limit = run.timeout;
            let stuck = |stage: &mut Stage| {
                let wait = NodeKind::Timer {
                    until: false,
                    time: Expr::Const(Value::Duration(Duration::from_secs(9_000_000))),
                };
                stage.instead(node, only(child, wait), limit);
            };
            return vec![with(stage, stuck)];
        }
        let errors = child.raises.iter().filter(|error| {
            let short = child.types[**error as usize].short_name();
            wanted.as_ref().is_none_or(|wanted| wanted == short) && fields_of(child, **error).is_some()
        });
        let failing = |error: &u32| {
            let fields = fields_of(child, *error).unwrap_or_default();
            with(stage, |stage| {
                let fail = NodeKind::Fail { error: *error, fields: fields.clone() };
                stage.instead(node, only(child, fail), None);
            })
        };
        errors.map(failing).collect()
    }

    fn waits_in_vain(&self, stage: &Stage, node: u32, on: Caught) -> Vec<Stage> {
        let timeout = matches!(on, Caught::Timeout | Caught::Any)
            || matches!(on, Caught::Error(error) if self.plan().types[error as usize].short_name() == "Timeout");
        match timeout {
            true => vec![with(stage, |stage| force(stage, node, EdgeKind::Timeout))],
            // People in a simulation never disagree.
            false => Vec::new(),
        }
    }

    /// Something in a construct ends with an error that nothing inside takes.
    fn fails_inside(&self, stage: &Stage, construct: u32, on: Caught) -> Vec<Stage> {
        let plan = self.plan();
        let mut stages = Vec::new();
        let (start, inside): (u32, Vec<u32>) = match &plan.nodes[construct as usize].kind {
            NodeKind::Join(join) => {
                let timed = matches!(&self.plan().nodes[join.fork as usize].kind, NodeKind::Fork(fork) if fork.within.is_some());
                if timed || on == Caught::Shortfall {
                    stages.push(with(stage, |stage| self.out_of_time(stage, join.fork)));
                }
                let NodeKind::Fork(fork) = &plan.nodes[join.fork as usize].kind else { return stages };
                (join.fork, self.within(|region| fork.branches.contains(&region)))
            }
            NodeKind::Map(map) => {
                stages.push(with(stage, |stage| double(stage, construct)));
                (construct, self.within(|region| region == map.region))
            }
            NodeKind::Enter { scope, .. } => {
                let all = 0..plan.nodes.len() as u32;
                let is_in = |node: &u32| {
                    plan.scopes_outward(plan.nodes[*node as usize].scope).any(|outer| outer == *scope)
                };
                (construct, all.filter(is_in).collect())
            }
            _ => return stages,
        };
        let tolerant =
            matches!(&plan.nodes[construct as usize].kind, NodeKind::Map(map) if map.tolerated.is_some());
        for node in inside.iter().copied() {
            let Some(path) = self.inner_path(start, node, &inside) else { continue };
            for mut failing in self.raising(stage, node, if tolerant { Caught::Any } else { on }) {
                path.iter().for_each(|(from, kind)| force_inside(&mut failing, *from, *kind));
                if let NodeKind::Map(map) = &mut failing.plan.nodes[construct as usize].kind
                    && map.tolerated.is_some()
                {
                    map.tolerated = Some(wfl_ir::Decimal::default());
                }
                stages.push(failing);
            }
        }
        stages.truncate(MOST);
        stages
    }

    fn within(&self, of: impl Fn(u32) -> bool) -> Vec<u32> {
        let plan = self.plan();
        let parent = |region: &u32| plan.regions.get(*region as usize).and_then(|it| it.parent);
        let inside =
            |node: &u32| std::iter::successors(Some(plan.nodes[*node as usize].region), parent).any(&of);
        (0..plan.nodes.len() as u32).filter(inside).collect()
    }

    /// The stages on which a node ends with an error of its own.
    fn raising(&self, stage: &Stage, node: u32, on: Caught) -> Vec<Stage> {
        let handled = |error: u32| {
            let handlers = self.plan().nodes[node as usize].kind.handlers();
            handlers.iter().any(|it| it.on == Caught::Error(error) || it.on == Caught::Any)
        };
        match &self.plan().nodes[node as usize].kind {
            NodeKind::Call(_) => {
                let fits = |error: &u32| {
                    (on == Caught::Any || on == Caught::Error(*error) || on == Caught::Shortfall)
                        && !handled(*error)
                };
                let errors = self.raises(node).into_iter().filter(fits).collect::<Vec<_>>();
                errors.into_iter().flat_map(|error| self.fails(stage, node, Caught::Error(error))).collect()
            }
            NodeKind::Fail { error, .. } if on == Caught::Any || on == Caught::Error(*error) => {
                vec![stage.clone()]
            }
            NodeKind::SubWorkflow(_) => self.child_fails(stage, node, on),
            NodeKind::Await(_) => self.waits_in_vain(stage, node, on),
            _ => Vec::new(),
        }
    }

    /// Edges that lead from a construct to a node inside.
    fn inner_path(&self, start: u32, to: u32, inside: &[u32]) -> Option<Vec<(u32, EdgeKind)>> {
        let mut before: BTreeMap<u32, (u32, EdgeKind)> = BTreeMap::new();
        let mut open = std::collections::VecDeque::from([start]);
        while let Some(node) = open.pop_front() {
            if node == to {
                break;
            }
            for edge in self.plan().successors(node) {
                if edge.to != start && inside.contains(&edge.to) && !before.contains_key(&edge.to) {
                    before.insert(edge.to, (node, edge.kind));
                    open.push_back(edge.to);
                }
            }
        }
        let (mut path, mut at) = (Vec::new(), to);
        while at != start {
            let (from, kind) = before.get(&at)?;
            path.push((*from, *kind));
            at = *from;
        }
        Some(path)
    }

    /// A join runs out of time: its branches get nowhere.
    fn out_of_time(&self, stage: &mut Stage, fork: u32) {
        let NodeKind::Fork(it) = &mut stage.plan.nodes[fork as usize].kind else { return };
        it.within = Some(Expr::Const(Value::Duration(Duration::from_millis(1))));
        let branches = it.branches.clone();
        for node in self.within(|region| branches.contains(&region)) {
            self.hold(stage, node);
        }
    }

    /// A join runs out of time after what the path needs.
    fn out_of_time_later(&self, stage: &mut Stage, fork: u32) {
        let NodeKind::Fork(it) = &mut stage.plan.nodes[fork as usize].kind else { return };
        it.within = Some(days(60));
        let branches = it.branches.clone();
        for node in self.within(|region| branches.contains(&region)) {
            if !stage.does.contains_key(&self.id(node)) {
                self.hold(stage, node);
                delay(stage, node, 300);
            }
        }
    }

    /// A step gets nowhere, and tries now and then.
    fn hold(&self, stage: &mut Stage, node: u32) {
        if let NodeKind::Call(call) = &mut stage.plan.nodes[node as usize].kind {
            call.retry = Some(Retry::Forever { every: Duration::from_secs(3_600) });
            stage.does.insert(self.id(node), Does::Away);
        }
    }

    /// What has to happen at the end of the path for its rule to be broken.
    fn worse(&self, stage: &Stage, node: u32, finding: &Finding) -> Vec<Stage> {
        let code = finding.report.code.to_string();
        let away = |stage: &Stage| with(stage, |stage| drop(stage.does.insert(self.id(node), Does::Away)));
        match code.as_str() {
            "E0604" => vec![away(stage)],
            "E0321" => self.gives_up(stage, node),
            "E0323" => self.lost(stage, node),
            _ => vec![stage.clone()],
        }
    }

    fn gives_up(&self, stage: &Stage, node: u32) -> Vec<Stage> {
        let mut stages = Vec::new();
        match &self.plan().nodes[node as usize].kind {
            NodeKind::Call(_) => {
                stages.extend(self.fails(stage, node, Caught::Any));
            }
            NodeKind::SubWorkflow(run) => {
                let name = run.workflow.rsplit('.').next().unwrap_or_default().to_owned();
                stages.push(with(stage, |stage| stage.stuck.push(name.clone())));
                stages.extend(self.child_fails(stage, node, Caught::Any));
            }
            NodeKind::Await(_) => stages.extend(self.waits_in_vain(stage, node, Caught::Any)),
            NodeKind::Map(_) => stages.extend(self.fails_inside(stage, node, Caught::Any)),
            NodeKind::Join(join) => {
                stages.push(with(stage, |stage| self.out_of_time(stage, join.fork)));
                stages.push(with(stage, |stage| self.out_of_time_later(stage, join.fork)));
            }
            _ => stages.push(stage.clone()),
        }
        stages
    }

    /// What a step does stays, and others break its branch or item off once it was called.
    fn lost(&self, stage: &Stage, node: u32) -> Vec<Stage> {
        let plan = self.plan();
        let parent = |region: &u32| plan.regions.get(*region as usize).and_then(|it| it.parent);
        let regions =
            std::iter::successors(Some(plan.nodes[node as usize].region), parent).collect::<Vec<_>>();
        let mut stages = Vec::new();
        if matches!(plan.nodes[node as usize].kind, NodeKind::SubWorkflow(_)) {
            // When a child has done what stays cannot be told from its parent.
            return stages;
        }
        let stage = with(stage, |stage| stage.first = Some(self.id(node)));
        for (number, it) in plan.nodes.iter().enumerate() {
            match &it.kind {
                NodeKind::Fork(fork) if fork.branches.iter().any(|branch| regions.contains(branch)) => {
                    let (mine, others): (Vec<u32>, Vec<u32>) =
                        fork.branches.iter().partition(|branch| regions.contains(branch));
                    let mine = self.within(|region| mine.contains(&region));
                    let others = self.within(|region| others.contains(&region));
                    for held in [false, true] {
                        let mut slow = stage.clone();
                        self.slow_down(&mut slow, &mine, node, held);
                        // One of those beside it is enough to come first.
                        if let NodeKind::Fork(it) = &mut slow.plan.nodes[number].kind
                            && let JoinPolicy::Quorum(needed) = &mut it.policy
                        {
                            *needed = 1;
                        }
                        others.iter().for_each(|other| self.late(&mut slow, *other));
                        stages.extend(self.broken_off(&slow, number as u32, &others));
                    }
                }
                NodeKind::Map(map) if regions.contains(&map.region) => {
                    let inside = self.within(|region| region == map.region);
                    for held in [false, true] {
                        let slow = with(&stage, |stage| self.slow_down(stage, &inside, node, held));
                        stages.extend(self.item_fails(&slow, number as u32, &inside));
                    }
                }
                _ => {}
            }
        }
        stages
    }

    /// Behind a step its branch takes long; if nothing is behind it, it is held itself.
    fn slow_down(&self, stage: &mut Stage, branch: &[u32], node: u32, held: bool) {
        for other in branch.iter().copied().filter(|other| *other > node || held && *other == node) {
            self.hold(stage, other);
            delay(stage, other, 300);
        }
    }

    /// Until the step was called, what is beside it takes its time.
    fn late(&self, stage: &mut Stage, node: u32) {
        self.hold(stage, node);
        delay(stage, node, 30);
        if matches!(self.plan().nodes[node as usize].kind, NodeKind::Call(_)) {
            stage.does.insert(self.id(node), Does::Later(Box::new(Does::Succeeds)));
        }
    }

    /// The branches beside a step come first, fail, or the time is up.
    fn broken_off(&self, stage: &Stage, fork: u32, others: &[u32]) -> Vec<Stage> {
        let NodeKind::Fork(it) = &self.plan().nodes[fork as usize].kind else { return Vec::new() };
        let mut stages = vec![stage.clone()];
        if it.within.is_some() {
            stages.push(with(stage, |stage| {
                if let NodeKind::Fork(it) = &mut stage.plan.nodes[fork as usize].kind {
                    it.within = Some(days(60));
                }
            }));
        }
        for other in others.iter().copied() {
            let inside = self.within(|region| it.branches.contains(&region));
            let Some(path) = self.inner_path(fork, other, &inside) else { continue };
            for mut failing in self.raising(stage, other, Caught::Any) {
                path.iter().for_each(|(from, kind)| force_inside(&mut failing, *from, *kind));
                self.make_late(&mut failing, stage, other);
                stages.push(failing);
            }
        }
        stages
    }

    fn item_fails(&self, stage: &Stage, map: u32, inside: &[u32]) -> Vec<Stage> {
        let mut stages = Vec::new();
        for other in inside.iter().copied() {
            let Some(path) = self.inner_path(map, other, inside) else { continue };
            for mut failing in self.raising(stage, other, Caught::Any) {
                path.iter().for_each(|(from, kind)| force_inside(&mut failing, *from, *kind));
                if let NodeKind::Map(map) = &mut failing.plan.nodes[map as usize].kind {
                    map.limit = Some(2);
                }
                let does = failing.does.get(&self.id(other)).cloned();
                if let Some(does @ (Does::Declares(_) | Does::Silent | Does::Away)) = does {
                    self.hold(&mut failing, other);
                    failing.does.insert(self.id(other), Does::FirstThenLater(Box::new(does)));
                }
                stages.push(failing);
            }
        }
        stages
    }

    /// What fails does so once the other step was called.
    fn make_late(&self, failing: &mut Stage, before: &Stage, node: u32) {
        for (id, does) in &mut failing.does {
            if *id == self.id(node) && !matches!(does, Does::Later(_)) {
                *does = Does::Later(Box::new(does.clone()));
            } else if let (Does::Succeeds, Some(late @ Does::Later(_))) = (&*does, before.does.get(id)) {
                *does = late.clone();
            }
        }
    }

    /// Whether a run on this stage comes to what is wrong.
    fn shows(&self, stage: &Stage, finding: &Finding, last: u32) -> bool {
        let mut plans: BTreeMap<PlanHash, Arc<Plan>> =
            self.all.iter().map(|it| (it.hash, Arc::new(timeless(&it.lowered.plan)))).collect();
        let children = stage.children.iter().map(|(hash, plan)| (*hash, Arc::new(plan.clone())));
        plans.extend(children);
        plans.insert(self.examined.hash, Arc::new(stage.plan.clone()));
        let mut sim = Sim::new(Setup::plain(1), plans);
        let acting = Acting::of(stage);
        sim.books_mut()
            .follow(Script::new(move |plan, operation, effect| acting.call(plan, operation, effect)));
        let args = Fields::new([(Name::from("id"), Value::text("k")), (Name::from("n"), Value::Int(0))]);
        if sim.start(self.examined.hash, &args, "starter", 0).is_none() {
            return false;
        }
        sim.run_at_most(HAPPENINGS);
        listen();
        let report = sim.report();
        let heard = heard();
        if std::env::var_os("WFL_STORY").is_some() {
            println!("--- {} {:?}\n{heard:#?}\n{:?}", finding.report.title, stage.does, report.violations);
        }
        let code = finding.report.code.to_string();
        let twice = || sim.books().entries().iter().any(|entry| entry.times > 1);
        let tries = |tapped: &&Tapped| matches!(tapped, Tapped::Fact { fact: Fact::Retrying { .. }, .. });
        let seen = broken(self.all, &heard, &|id| report.observed.get(id).map(|seen| seen.state.plan()));
        let last = self.id(last);
        seen.iter().any(|(found, name)| match code.as_str() {
            "E0340" => found.ends_with("looked"),
            // A `yield` or `fail` with open debts has no mark of its own.
            "E0312" => *found == "E0312" || *found == "open" && name.split('[').next() == Some(&last),
            "E0321" => ["E0321", "unknown"].contains(found),
            code => *found == code,
        }) || code == "E0331" && twice()
            || code == "E0604" && heard.iter().filter(tries).count() >= 20
    }
}
