//! What people decide: the tasks that workflows give them, and the policies that say which calls need them.

use std::collections::BTreeMap;

use wfl_analysis::hir::{self, AwaitKind, Statement, Task, each_statement};
use wfl_ir::{Expr, Label, Value};
use wfl_syntax::ast::{self, ExprKind, ItemKind, PolicyTarget};

use crate::audit::labels::Labels;
use crate::audit::model::{Approval, Asked, Escalation, Policy, Rule, Shown, Typed};
use crate::audit::scene::{DeclaredWorkflow, Scene};
use crate::audit::uses::{Uses, steps};

/// All `await human`, in the order of places.
pub(crate) fn approvals(scene: &Scene<'_>, labels: &Labels<'_>) -> Vec<Approval> {
    let mut found = Vec::new();
    for (written, workflow) in scene.own_workflows() {
        each_statement(&workflow.body, &mut |statement| {
            if let Statement::Await(wait) = statement
                && let AwaitKind::Human(task) = &wait.kind
                && let Some(ast) = scene.syntax.awaits.get(&wait.span)
            {
                let step = scene.step(workflow, wait.span, &wait.name);
                found.push(approval(scene, labels, (written, workflow), step, task, ast));
            }
        });
    }
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}

fn approval(
    scene: &Scene<'_>,
    labels: &Labels<'_>,
    (written, workflow): (&DeclaredWorkflow<'_>, &hir::Workflow),
    step: String,
    task: &Task,
    ast: &ast::Await,
) -> Approval {
    let text = |expr: &ast::Expr| scene.text(expr.span);
    let escalations = task
        .escalations
        .iter()
        .zip(&ast.escalations)
        .map(|((_, to), ast)| Escalation { after: text(&ast.after), to: asked(scene, to, &ast.to) });
    let title = ast.title.as_ref().map(|title| Shown {
        name: String::new(),
        value: text(title),
        label: task.title_label,
    });
    Approval {
        workflow: workflow.name.to_string(),
        task: task.name.to_string(),
        step,
        role: ast.role.as_ref().map_or(Asked { role: String::new(), clearance: Label::Public }, |role| {
            asked(scene, &task.role, role)
        }),
        approvals: task.approvals,
        of: task.most,
        answer: ast.ty.as_ref().map_or(Typed { ty: String::new(), label: Label::Public }, |ty| Typed {
            ty: scene.text(ty.span),
            label: labels.of(written.source.path, ty),
        }),
        title,
        shows: ast.show.as_ref().map(|show| shown(scene, task, show)).unwrap_or_default(),
        timeout: ast.timeout.as_ref().map(|timeout| text(&timeout.after)),
        remind: ast.remind.as_ref().map(|remind| text(&remind.every)),
        escalations: escalations.collect(),
        place: scene.place(ast.keyword),
    }
}

/// A role with what its people may see; of a role that is computed, it is the least.
fn asked(scene: &Scene<'_>, role: &Expr, written: &ast::Expr) -> Asked {
    let (role, known) = match role {
        Expr::Const(Value::String(role)) => {
            (role.to_string(), scene.project.manifest.roles.get(role.as_str()))
        }
        _ => (scene.text(written.span), None),
    };
    Asked { role, clearance: known.map_or(Label::Internal, |role| role.clearance) }
}

/// What people see, field by field.
fn shown(scene: &Scene<'_>, task: &Task, show: &ast::Expr) -> Vec<Shown> {
    let written = match &show.kind {
        ExprKind::Record(arguments) => arguments.list.as_slice(),
        ExprKind::Call { arguments, .. } => arguments.list.as_slice(),
        _ => &[],
    };
    let value = |name: &str| {
        if name.is_empty() {
            return scene.text(show.span);
        }
        let named = |it: &&ast::Argument| it.name.as_ref().is_some_and(|it| it.text == name);
        let found = written.iter().find(named).map(|it| scene.text(it.value.span));
        found.unwrap_or_else(|| format!("{}.{name}", scene.text(show.span)))
    };
    let fields = task.show_labels.iter().map(|(name, label)| Shown {
        name: name.to_string(),
        value: value(name),
        label: *label,
    });
    fields.collect()
}

/// All policies, in the order of places.
pub(crate) fn policies(scene: &Scene<'_>, uses: &Uses) -> Vec<Policy> {
    let mut written = BTreeMap::new();
    for (_, item) in scene.own_items() {
        if let ItemKind::Policy(policy) = &item.kind {
            written.extend(policy.rules.iter().map(|rule| (rule.span, rule)));
        }
    }
    let policies = scene.program().policies.iter().map(|policy| Policy {
        title: policy.title.clone(),
        rules: policy
            .rules
            .iter()
            .filter_map(|meant| Some(rule(scene, uses, meant, written.get(&meant.span)?)))
            .collect(),
        place: scene.place(policy.span),
    });
    let mut policies = policies.collect::<Vec<_>>();
    policies.sort_by(|one, other| one.place.cmp(&other.place));
    policies
}

fn rule(scene: &Scene<'_>, uses: &Uses, meant: &hir::PolicyRule, written: &ast::PolicyRule) -> Rule {
    let numbers = meant.calls.iter().map(|(number, _)| *number).collect::<Vec<_>>();
    let mut operations = numbers.iter().map(|number| scene.operation(*number)).collect::<Vec<_>>();
    operations.sort();
    Rule {
        target: match &written.target {
            PolicyTarget::Label(label) => format!("@{}", label.text),
            PolicyTarget::Operation(glob) => scene.text(glob.span),
        },
        condition: written.condition.as_ref().map(|condition| scene.text(condition.span)),
        role: meant.role.to_string(),
        approvals: meant.approvals,
        operations,
        calls: steps(scene, uses, &numbers),
        place: scene.place(meant.span),
    }
}
