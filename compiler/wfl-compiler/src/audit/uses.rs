//! Who reaches which operation: by steps, by undoing and asking about them, and by reminding people.

use std::collections::BTreeMap;

use wfl_analysis::hir::{Reminder, Statement, each_statement};
use wfl_ir::Effect;

use crate::audit::model::{Role, RuledCall, Use};
use crate::audit::scene::Scene;

/// The uses of each operation, by its number, in the order of places.
pub(crate) type Uses = BTreeMap<u32, Vec<Use>>;

/// Finds all uses in the workflows of the project.
pub(crate) fn uses(scene: &Scene<'_>) -> Uses {
    let mut finder = Finder { scene, uses: Uses::new() };
    for (_, workflow) in scene.own_workflows() {
        each_statement(&workflow.body, &mut |statement| {
            let (called, pivot, written, span, role) = match statement {
                Statement::Step(it) => (it.operation, it.pivot.is_some(), &it.name, it.span, Role::Step),
                Statement::Await(it) => match &it.remind {
                    Some((_, Some(Reminder { operation, .. }))) => {
                        (*operation, false, &it.name, it.span, Role::Reminder)
                    }
                    _ => return,
                },
                _ => return,
            };
            let found = Use {
                role,
                pivot,
                workflow: workflow.name.to_string(),
                step: scene.step(workflow, span, written),
                of: None,
                place: scene.place(span),
            };
            finder.reach(called, &found, &mut Vec::new());
        });
    }
    for uses in finder.uses.values_mut() {
        uses.sort_by(|one, other| {
            (&one.place, one.role, &one.of).cmp(&(&other.place, other.role, &other.of))
        });
        uses.dedup();
    }
    finder.uses
}

struct Finder<'s, 'a> {
    scene: &'s Scene<'a>,
    uses: Uses,
}

impl Finder<'_, '_> {
    /// Notes a use, and what follows from it: what is called may have to be undone, and asked about. `around` are the
    /// operations that led here.
    fn reach(&mut self, number: u32, found: &Use, around: &mut Vec<u32>) {
        let Some(operation) = self.scene.program().operations.get(number as usize) else { return };
        if around.contains(&number) {
            return;
        }
        self.uses.entry(number).or_default().push(found.clone());
        around.push(number);
        let of = Some(self.scene.operation(number));
        let mut follow = |called: u32, role: Role| {
            let next = Use { role, pivot: false, of: of.clone(), ..found.clone() };
            self.reach(called, &next, around);
        };
        if let Effect::Compensable { undo, .. } = &operation.effect {
            follow(*undo, Role::Undo);
        }
        if let Some(confirm) = &operation.confirm {
            follow(confirm.operation, Role::Confirmation);
        }
        around.pop();
    }
}

/// The steps among the uses of some operations, in the order of places.
pub(crate) fn steps(scene: &Scene<'_>, uses: &Uses, operations: &[u32]) -> Vec<RuledCall> {
    let of = |number: &u32| {
        let operation = scene.operation(*number);
        let steps = uses.get(number).into_iter().flatten().filter(|it| it.role == Role::Step);
        steps.map(move |it| RuledCall {
            operation: operation.clone(),
            workflow: it.workflow.clone(),
            step: it.step.clone(),
            place: it.place.clone(),
        })
    };
    let mut found = operations.iter().flat_map(of).collect::<Vec<_>>();
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}
