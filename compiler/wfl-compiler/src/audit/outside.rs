//! The operations that workflows can reach.

use wfl_ir::{self as ir, Label};
use wfl_syntax::ast::{self, EffectKind};

use crate::audit::labels::{Labels, parts, word};
use crate::audit::model::{Call, Confirm, Effect, Idempotent, Operation, Parameter, Policy, RuleName, Typed};
use crate::audit::scene::{DeclaredOperation, Scene};
use crate::audit::uses::Uses;

/// The operations of the project, and those of the library that it uses, in the order of places.
pub(crate) fn operations(
    scene: &Scene<'_>,
    labels: &Labels<'_>,
    uses: &Uses,
    policies: &[Policy],
) -> Vec<Operation> {
    let numbers = 0u32..;
    let all = numbers.zip(&scene.operations).zip(scene.program().operations.iter());
    let all = all.filter(|((number, declared), _)| declared.source.own || uses.contains_key(number));
    let all = all.map(|((number, declared), meant)| {
        let mut found = operation(scene, labels, number, declared, meant);
        found.uses = uses.get(&number).cloned().unwrap_or_default();
        found.rules = rules(policies, &found.name);
        found
    });
    let mut all = all.collect::<Vec<_>>();
    all.sort_by(|one, other| one.place.cmp(&other.place));
    all
}

fn operation(
    scene: &Scene<'_>,
    labels: &Labels<'_>,
    number: u32,
    declared: &DeclaredOperation<'_>,
    meant: &ir::Operation,
) -> Operation {
    let ast = declared.ast;
    let touches = scene.program().touches.get(number as usize);
    let call = |called: u32, call: &ast::Call| Call {
        operation: scene.operation(called),
        text: scene.text(call.span),
    };
    let undo = match (&meant.effect, ast.effect.as_ref().map(|it| &it.kind)) {
        (ir::Effect::Compensable { undo, .. }, Some(EffectKind::Compensable(text))) => {
            Some(call(*undo, text))
        }
        _ => None,
    };
    let confirm = meant.confirm.as_ref().zip(ast.confirm.as_ref()).map(|(meant, ast)| Confirm {
        call: call(meant.operation, &ast.call),
        after: meant.after.map(|after| after.to_string()),
    });
    let idempotent = meant.idempotent.as_ref().zip(ast.idempotent.as_ref());
    let result = &ast.head.result;
    Operation {
        name: scene.operation(number),
        module: declared.source.path.to_owned(),
        effect: match &meant.effect {
            ir::Effect::Read => Effect::Read,
            ir::Effect::Write => Effect::Write,
            ir::Effect::Compensable { .. } => Effect::Compensable,
            ir::Effect::Irreversible => Effect::Irreversible,
        },
        undo,
        at_most_once: meant.at_most_once,
        idempotent: idempotent.map(|(meant, ast)| Idempotent {
            key: scene.text(ast.key.span),
            window: meant.window.to_string(),
        }),
        confirm,
        timeout: meant.timeout.to_string(),
        total: meant.total.map(|total| total.to_string()),
        groups: touches.map(|touches| touches.labels.clone()).unwrap_or_default(),
        parameters: parameters(scene, ast, meant),
        result: Typed { ty: scene.text(result.span), label: labels.of(declared.source.path, result) },
        rules: Vec::new(),
        uses: Vec::new(),
        place: scene.place(ast.head.name.span),
    }
}

fn parameters(scene: &Scene<'_>, ast: &ast::Operation, meant: &ir::Operation) -> Vec<Parameter> {
    let opened = ast.accepts.map(word).unwrap_or_default();
    let all = ast.head.parameters.iter().zip(&meant.params);
    let all = all.map(|(ast, meant)| Parameter {
        name: ast.name.text.clone(),
        typed: Typed { ty: scene.text(ast.ty.span), label: meant.label },
        accepts: accepts(scene, meant).max(opened),
    });
    all.collect()
}

/// The most sensitive data that a parameter takes by itself, in itself or in its parts.
fn accepts(scene: &Scene<'_>, param: &ir::Field) -> Label {
    let inner = parts(&scene.program().types, "", &param.ty).into_iter().map(|(_, label)| label).max();
    param.label.max(inner.unwrap_or_default())
}

fn rules(policies: &[Policy], operation: &str) -> Vec<RuleName> {
    let rules = policies.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
    let about = rules.filter(|(_, rule)| rule.operations.iter().any(|name| name == operation));
    about.map(|(policy, rule)| RuleName { policy: policy.title.clone(), place: rule.place.clone() }).collect()
}
