//! Policies are kept: rules E0340 and E0341. Behind every way to a call that a rule is about, people have decided.

use std::collections::BTreeSet;

use wfl_analysis::hir::{Policy, PolicyRule};
use wfl_ir::flow::AwaitKind;
use wfl_ir::{Expr, Name, NodeKind, Type, Value};
use wfl_lower::substitute;
use wfl_source::Code;

use crate::approvals::{Kept, RuleNumber, approves, asks};
use crate::assumed::{Assumed, plain};
use crate::finding::Finding;
use crate::sources::{Sources, reads};
use crate::subject::Subject;
use crate::ways::{By, Way};

/// Checks all calls, and gives the rules that are kept once the workflow returns, and those of them for which some answer
/// keeps it from returning.
pub(crate) fn check(
    subject: &Subject<'_>,
    sources: &Sources<'_>,
    found: &mut Vec<Finding>,
) -> (BTreeSet<RuleNumber>, BTreeSet<RuleNumber>) {
    let (mut keeps, mut heeds) = (BTreeSet::new(), BTreeSet::new());
    for (policy, number) in subject.claim.program.policies.iter().zip(0..) {
        for (rule, at) in policy.rules.iter().zip(0..) {
            let rule = Rule { subject, sources, policy, rule, number: (number, at) };
            if !rule.may_matter() {
                continue;
            }
            let kept = Kept::of(subject, (rule.rule, rule.number), rule.nothing());
            if kept.at_every_return() {
                keeps.insert(rule.number);
                heeds.extend(Some(rule.number).filter(|_| rule.is_heard(&rule.returns())));
            }
            rule.check(&kept, found);
        }
    }
    (keeps, heeds)
}

struct Rule<'a> {
    subject: &'a Subject<'a>,
    sources: &'a Sources<'a>,
    policy: &'a Policy,
    rule: &'a PolicyRule,
    number: RuleNumber,
}

impl<'a> Rule<'a> {
    fn nothing(&self) -> Assumed<'a> {
        Assumed::nothing(self.sources, &self.subject.plan.functions)
    }

    /// Whether the workflow makes a call that the rule is about, or asks whom it names.
    fn may_matter(&self) -> bool {
        let numbers = &self.subject.claim.lowered.operations;
        self.rule.calls.iter().any(|(operation, _)| numbers.contains(operation))
            || self.subject.nodes().any(|(node, it)| match &it.kind {
                NodeKind::Await(awaited) => {
                    matches!(&awaited.kind, AwaitKind::Human(task) if asks(task, self.rule))
                }
                NodeKind::SubWorkflow(_) => {
                    self.subject.attached(node).is_some_and(|callee| callee.keeps.contains(&self.number))
                }
                _ => false,
            })
    }

    fn check(&self, kept: &Kept<'a>, found: &mut Vec<Finding>) {
        for (node, it) in self.subject.nodes() {
            let (operation, args) = match &it.kind {
                NodeKind::Call(call) => (call.operation, &call.args),
                NodeKind::Await(awaited) => match awaited.remind.as_ref().and_then(|it| it.using.as_ref()) {
                    Some((operation, args)) => (*operation, args),
                    None => continue,
                },
                _ => continue,
            };
            let number = self.subject.claim.lowered.operations[operation as usize];
            let Some((_, condition)) = self.rule.calls.iter().find(|(it, _)| *it == number) else { continue };
            if kept.holds(node) {
                found.extend(self.unheard(node));
                continue;
            }
            let mut assumed = self.nothing();
            if condition.as_ref().is_some_and(|it| !assumed.take(&self.over(it, operation, args), true)) {
                continue;
            }
            let kept = Kept::of(self.subject, (self.rule, self.number), assumed);
            match if kept.holds(node) { None } else { kept.broken(node) } {
                Some(path) => found.push(self.broken(node, path)),
                None => found.extend(self.unheard(node)),
            }
        }
    }

    /// The condition of a call, over the slots of the workflow.
    fn over(&self, condition: &Expr, operation: u32, args: &[(Name, Expr)]) -> Expr {
        let condition = plain(condition, &self.subject.claim.program.functions, 8);
        let params = &self.subject.plan.operations[operation as usize].params;
        substitute(&condition, &|leaf| {
            let Expr::Local(local) = leaf else { return None };
            let param = params.get(*local as usize)?;
            let given = args.iter().find(|(name, _)| *name == param.name).map(|(_, value)| value);
            let given = given.map(|value| self.sources.expand(value));
            let given = given.map(|value| plain(&value, &self.subject.plan.functions, 8));
            Some(given.unwrap_or(Expr::Const(Value::None)))
        })
    }

    /// Who has to decide.
    fn people(&self) -> String {
        match self.rule.approvals {
            1 => format!("somebody with the role `{}` has", self.rule.role),
            count => format!("{count} people with the role `{}` have", self.rule.role),
        }
    }

    fn broken(&self, node: u32, path: crate::path::Path) -> Finding {
        let name = self.subject.name(node);
        let title = format!("`{name}` is called without the approval that a policy asks for");
        let span = self.subject.origin(node).span;
        let what = (Code::E0340, title, span, self.near(node));
        let end = format!("`{name}` is called before {} decided", self.people());
        let finding = Finding::new(self.subject, path, &end, what);
        let finding = finding.label(self.rule.span, format!("the policy \"{}\"", self.policy.title));
        let approvals = match self.rule.approvals {
            1 => String::new(),
            count => format!(" approvals {count} distinct"),
        };
        finding.help(format!(
            "ask before it on every way: `await human Approval(…) {{ role \"{}\"{approvals} timeout … }}`",
            self.rule.role
        ))
    }

    /// What comes near to what is asked for, and why it is not it.
    fn near(&self, node: u32) -> String {
        let tasks = self.subject.nodes().filter(|(at, _)| *at < node).filter_map(|(_, it)| match &it.kind {
            NodeKind::Await(awaited) => match &awaited.kind {
                AwaitKind::Human(task) => Some(task),
                AwaitKind::Signal { .. } => None,
            },
            _ => None,
        });
        let is_role =
            |role: &Expr| matches!(role, Expr::Const(Value::String(name)) if *name == self.rule.role);
        let near = tasks.filter(|task| is_role(&task.role)).last();
        match near {
            None => format!("the role `{}` is asked nowhere before it", self.rule.role),
            Some(task) if task.approvals < self.rule.approvals => {
                let count = task.approvals;
                format!("`{}` takes {count} approval{}", task.name, if count == 1 { "" } else { "s" })
            }
            Some(task) if !asks(task, self.rule) => {
                format!("others may decide `{}` after its escalation", task.name)
            }
            Some(task) => format!("`{}` is not asked on every way", task.name),
        }
    }

    /// People are asked, but the call is made whatever they answer.
    fn unheard(&self, node: u32) -> Option<Finding> {
        let answered = self.approving(&[node]).last().copied().filter(|_| !self.is_heard(&[node]))?;
        let asked = answered.from;
        let (name, task) = (self.subject.name(node), self.subject.name(asked));
        let title = format!("`{name}` is called whatever the answer to `{task}` is");
        let what = (Code::E0341, title, self.subject.origin(node).span, "called in any case".to_owned());
        // The run that is told is one on which they are asked.
        let mut path = self.subject.path(asked)?;
        path.push(answered);
        path.extend(self.subject.search(node, |_| true, |at| at == answered.to)?);
        let end = format!("`{name}` is called, also if they said no");
        let finding = Finding::new(self.subject, path, &end, what);
        let finding = finding.label(self.subject.origin(asked).span, "people are asked here");
        let finding = finding.label(self.rule.span, format!("the policy \"{}\"", self.policy.title));
        Some(finding.help("look at the answer, and leave when it is no"))
    }

    fn returns(&self) -> Vec<u32> {
        let nodes = self.subject.nodes().filter(|(_, node)| matches!(node.kind, NodeKind::Return { .. }));
        nodes.map(|(node, _)| node).collect()
    }

    /// The ways from where people are asked that lead to one of some nodes.
    fn approving(&self, nodes: &[u32]) -> Vec<Way> {
        let reaches = self.reaches(nodes);
        let ways = self.subject.nodes().flat_map(|(at, _)| self.subject.ways.from(at));
        let approving = ways.filter(|way| approves(self.subject, *way, self.rule, self.number));
        approving.filter(|way| reaches[way.to as usize]).collect()
    }

    /// Whether some answer keeps a run from getting to any of some nodes.
    fn is_heard(&self, nodes: &[u32]) -> bool {
        self.approving(nodes).iter().any(|way| self.matters(way.from, nodes))
    }

    /// Whether some answer keeps a run from getting from a task, or a workflow that asks, to any of some nodes.
    fn matters(&self, asked: u32, nodes: &[u32]) -> bool {
        let heeded = || self.subject.attached(asked).is_some_and(|it| it.heeds.contains(&self.number));
        let result = match &self.subject.node(asked).kind {
            // There is one answer only: whoever would say no says nothing.
            NodeKind::Await(awaited) if awaited.ty == Type::Unit => return true,
            NodeKind::Await(awaited) => awaited.result,
            NodeKind::SubWorkflow(_) if heeded() => return true,
            NodeKind::SubWorkflow(run) => run.result,
            _ => return true,
        };
        let Some(result) = result else { return false };
        let mut told = BTreeSet::from([result]);
        let depends = |expr: &Expr, told: &BTreeSet<u32>| reads(expr, |slot| told.contains(&slot));
        let reaches = self.reaches(nodes);
        let last = nodes.iter().max().copied().unwrap_or_default();
        let mut chosen = false;
        for (at, it) in self.subject.nodes().filter(|(at, _)| *at > asked && *at <= last) {
            for bind in &it.binds {
                if depends(&bind.value, &told) {
                    told.insert(bind.slot);
                }
            }
            let decides = match &it.kind {
                NodeKind::Choice { subject, arms } => {
                    depends(subject, &told)
                        || arms
                            .iter()
                            .any(|arm| arm.guard.as_ref().is_some_and(|guard| depends(guard, &told)))
                }
                NodeKind::Ensure { condition, .. } => depends(condition, &told),
                // What is set after a choice may depend on it.
                NodeKind::Set { slot, value } => {
                    if chosen || depends(value, &told) {
                        told.insert(*slot);
                    }
                    false
                }
                NodeKind::Join(join) => {
                    let mut values = join.values.iter().filter_map(|(_, slot)| *slot);
                    if chosen || values.any(|slot| told.contains(&slot)) {
                        told.extend(join.result);
                    }
                    false
                }
                NodeKind::Call(call) if nodes.contains(&at) => {
                    call.args.iter().any(|(_, value)| depends(value, &told))
                }
                _ => false,
            };
            chosen |= decides;
            let leads_away = || {
                let ways = self.subject.ways.from(at).filter(|way| way.by != By::Again);
                { ways }.any(|way| !reaches[way.to as usize])
            };
            // An incident keeps it, too.
            let stops = matches!(it.kind, NodeKind::Ensure { .. });
            if decides && (stops || nodes.contains(&at) || leads_away()) {
                return true;
            }
        }
        false
    }

    /// From where one of some nodes can be reached.
    fn reaches(&self, nodes: &[u32]) -> Vec<bool> {
        let mut reaches = vec![false; self.subject.plan.nodes.len()];
        for at in (0..reaches.len() as u32).rev() {
            let leads = self.subject.ways.from(at).any(|way| way.to > at && reaches[way.to as usize]);
            reaches[at as usize] = leads || nodes.contains(&at);
        }
        reaches
    }
}
