//! What a node says, part by part, so that two nodes can be held against each other.

use wfl_ir::flow::{Await, AwaitKind, JoinPolicy, ParentCancel};
use wfl_ir::{Duration, Expr, Handler, Name, Node, NodeKind, Plan, RegionKind, Retry};

use crate::matching::target;
use crate::texts::{Text, Texts, caught_name, digest, last, pattern, relative};
use crate::types;

/// A part of what a node says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Facet {
    /// Which part: the same for both nodes.
    pub(crate) label: String,
    /// The same for two plans if the part means the same.
    pub(crate) key: String,
    /// As people read it; empty for what is only there or not.
    pub(crate) show: String,
}

struct Parts<'t, 'p> {
    texts: &'t Texts<'p>,
    found: Vec<Facet>,
}

impl Parts<'_, '_> {
    fn add(&mut self, label: impl Into<String>, text: Text) {
        self.found.push(Facet { label: label.into(), key: text.key, show: text.show });
    }

    fn word(&mut self, label: impl Into<String>, word: impl Into<String>) {
        let word = word.into();
        self.found.push(Facet { label: label.into(), key: word.clone(), show: word });
    }

    fn flag(&mut self, label: &str, there: bool) {
        if there {
            self.word(label, "");
        }
    }

    fn expr(&mut self, label: impl Into<String>, expr: &Expr) {
        let text = self.texts.expr(expr);
        self.add(label, text);
    }

    fn maybe(&mut self, label: &str, expr: Option<&Expr>) {
        expr.into_iter().for_each(|expr| self.expr(label, expr));
    }

    fn time(&mut self, label: &str, time: Option<Duration>) {
        time.into_iter().for_each(|time| self.word(label, time.to_string()));
    }

    fn args(&mut self, args: &[(Name, Expr)]) {
        args.iter().for_each(|(name, value)| self.expr(format!("`{name}`"), value));
    }

    fn handlers(&mut self, handlers: &[Handler]) {
        for handler in handlers {
            let what = caught_name(self.texts.plan, handler.on);
            self.flag(&format!("`on {what}`"), true);
        }
    }
}

/// All parts of a node.
pub(crate) fn facets(texts: &Texts<'_>, node: &Node) -> Vec<Facet> {
    let mut parts = Parts { texts, found: Vec::new() };
    let plan = texts.plan;
    match &node.kind {
        NodeKind::Call(call) => {
            parts.word("calls", target(plan, node));
            parts.flag("`pivot`", call.pivot);
            parts.args(&call.args);
            parts.time("`timeout`", call.timeout);
            parts.time("`timeout total`", call.total);
            parts.time("`timeout queue`", call.queue);
            parts.time("`heartbeat`", call.heartbeat);
            call.retry.into_iter().for_each(|it| parts.word("`retry`", retry(it)));
        }
        NodeKind::Choice { subject, arms } => {
            parts.expr("looks at", subject);
            for (number, arm) in (1..).zip(arms) {
                let text = pattern(texts, &arm.pattern);
                let guard = arm.guard.as_ref().map(|guard| texts.expr(guard));
                let join = |a: String, b: Option<String>| b.map_or(a.clone(), |b| format!("{a} if {b}"));
                let (key, show) = guard.map_or((None, None), |guard| (Some(guard.key), Some(guard.show)));
                let text = Text { key: join(text.key, key), show: join(text.show, show) };
                parts.add(format!("arm {number}"), text);
            }
        }
        NodeKind::Set { value, .. } => parts.expr("gives", value),
        NodeKind::Emit { event, fields } => {
            parts.word("emits", type_name(plan, *event));
            parts.args(fields);
        }
        NodeKind::Ensure { condition, .. } => parts.expr("makes sure of", condition),
        NodeKind::Enter { scope, .. } => {
            let parallel = plan.scopes.get(*scope as usize).is_some_and(|it| it.parallel_undo);
            parts.flag("`compensating parallel`", parallel);
        }
        NodeKind::Timer { until, time } => parts.expr(if *until { "waits until" } else { "waits for" }, time),
        NodeKind::Return { value } => parts.expr("gives", value),
        NodeKind::Fail { error, fields } => {
            parts.word("fails with", type_name(plan, *error));
            parts.args(fields);
        }
        NodeKind::Restart { args } => parts.args(args),
        NodeKind::Await(awaited) => of_await(&mut parts, awaited),
        NodeKind::Fork(_) | NodeKind::Map(_) | NodeKind::Loop(_) | NodeKind::SubWorkflow(_) => {
            of_construct(&mut parts, node);
        }
        NodeKind::Join(_)
        | NodeKind::Merge
        | NodeKind::End { .. }
        | NodeKind::Exit { .. }
        | NodeKind::Rollback
        | NodeKind::Commit => {}
    }
    parts.handlers(node.kind.handlers());
    parts.found
}

fn of_construct(parts: &mut Parts<'_, '_>, node: &Node) {
    let plan = parts.texts.plan;
    match &node.kind {
        NodeKind::Fork(fork) => {
            let count = fork.branches.len();
            parts.word(
                "joins",
                match fork.policy {
                    JoinPolicy::All => "all".to_owned(),
                    JoinPolicy::Any => "any".to_owned(),
                    JoinPolicy::Quorum(needed) => format!("{needed} of {count}"),
                },
            );
            parts.flag("lets branches finish on failure", fork.finish);
            parts.maybe("`within`", fork.within.as_ref());
            for branch in branches(plan, node) {
                parts.flag(&format!("branch `{branch}`"), true);
            }
            if let NodeKind::Join(join) = &plan.nodes[fork.join as usize].kind {
                parts.handlers(&join.handlers);
            }
        }
        NodeKind::Map(map) => {
            parts.expr("goes through", &map.list);
            parts.maybe("`keyed by`", map.key.as_ref());
            map.limit.into_iter().for_each(|it| parts.word("`limit`", it.to_string()));
            map.rate.into_iter().for_each(|(n, per)| parts.word("`rate`", format!("{n} per {per}")));
            map.tolerated.into_iter().for_each(|it| parts.word("`tolerate`", format!("{it}%")));
        }
        NodeKind::Loop(rounds) => {
            parts.word("rounds", rounds.times.to_string());
            parts.maybe("`every`", rounds.every.as_ref());
            parts.maybe("`until`", rounds.until.as_ref());
        }
        NodeKind::SubWorkflow(run) => {
            parts.word("runs", run.workflow.as_str());
            parts.word("the child's plan", run.plan.short());
            parts.flag("`pivot`", run.pivot);
            parts.flag("`detached`", run.detached);
            parts.args(&run.args);
            parts.time("`timeout`", run.timeout);
            parts.word(
                "`when cancelled`",
                match run.when_cancelled {
                    ParentCancel::Cancel => "cancel",
                    ParentCancel::Await => "await",
                    ParentCancel::Abandon => "abandon",
                },
            );
        }
        _ => {}
    }
}

fn of_await(parts: &mut Parts<'_, '_>, awaited: &Await) {
    let (texts, plan) = (parts.texts, parts.texts.plan);
    match &awaited.kind {
        AwaitKind::Signal { channel, condition } => {
            parts.word("listens to", channel.as_str());
            let signal = ["signal".to_owned()];
            condition.iter().for_each(|it| parts.add("`where`", texts.text(it, &signal)));
        }
        AwaitKind::Human(task) => {
            parts.word("asks", task.name.as_str());
            parts.expr("`role`", &task.role);
            parts.word(
                "`approvals`",
                match task.approvals == task.most {
                    true => task.approvals.to_string(),
                    false => format!("{} of {}", task.approvals, task.most),
                },
            );
            parts.maybe("`title`", task.title.as_ref());
            parts.maybe("`show`", task.show.as_ref().map(|(shown, _)| shown));
            for (after, to) in &task.escalations {
                let (after, to) = (texts.expr(after), texts.expr(to));
                let (key, show) =
                    (format!("{} {}", after.key, to.key), format!("{} to {}", after.show, to.show));
                parts.add("`escalate after`", Text { key, show });
            }
        }
    }
    parts.word("takes", types::show(plan.library(), &awaited.ty));
    parts.maybe("`timeout`", awaited.timeout.as_ref());
    if let Some(remind) = &awaited.remind {
        parts.expr("`remind every`", &remind.every);
        if let Some((operation, args)) = &remind.using {
            let name = plan.operations.get(*operation as usize).map(|it| it.qualified());
            parts.word("reminds by", name.unwrap_or_default());
            parts.args(args);
        }
    }
}

fn type_name(plan: &Plan, ty: u32) -> &str {
    plan.types.get(ty as usize).map_or("?", |def| def.short_name())
}

/// The names of a fork's branches.
pub(crate) fn branches<'p>(plan: &'p Plan, node: &Node) -> Vec<&'p str> {
    let NodeKind::Fork(fork) = &node.kind else { return Vec::new() };
    let names = fork.branches.iter().filter_map(|region| plan.regions.get(*region as usize));
    names.map(|region| last(&region.id)).collect()
}

/// How calls are tried again, as one writes it.
pub(crate) fn retry(retry: Retry) -> String {
    match retry {
        Retry::Never => "never".to_owned(),
        Retry::Forever { every } => format!("forever(every: {every})"),
        Retry::Exponential { initial, cap, attempts } => {
            let attempts = attempts.map(|it| format!(", attempts: {it}")).unwrap_or_default();
            format!("exponential(initial: {initial}, cap: {cap}{attempts})")
        }
    }
}

/// All that a node says, as one key.
pub(crate) fn whole(texts: &Texts<'_>, node: &Node) -> String {
    let facets = facets(texts, node);
    digest(&facets.iter().map(|it| format!("{}={};", it.label, it.key)).collect::<String>())
}

/// The sagas, branches, items, rounds and shields around a node, the outermost first.
pub(crate) fn chain(plan: &Plan, node: &Node) -> Vec<String> {
    let mut found = Vec::new();
    for scope in plan.scopes_outward(node.scope).filter(|scope| *scope > 0) {
        let id = plan.scopes.get(scope as usize).map_or("", |it| relative(&it.id));
        found.push((id.len(), 0, format!("saga `{id}`")));
    }
    let region = |number: u32| plan.regions.get(number as usize);
    let outward = std::iter::successors(Some(node.region), |it| region(*it).and_then(|it| it.parent));
    for (depth, number) in outward.filter(|it| *it > 0).enumerate() {
        let Some(it) = region(number) else { continue };
        let id = relative(&it.id);
        let what = match it.kind {
            RegionKind::Body => continue,
            RegionKind::Branch => format!("branch `{id}`"),
            // The scope of an item has the same name.
            RegionKind::Item { .. } => {
                found.retain(|(_, _, known)| *known != format!("saga `{id}`"));
                format!("item of `{id}`")
            }
            RegionKind::Round { .. } => format!("round of `{id}`"),
            RegionKind::Shield => "a shield".to_owned(),
        };
        found.push((id.len(), 1 + usize::MAX / 2 - depth, what));
    }
    found.sort();
    found.into_iter().map(|(_, _, what)| what).collect()
}
