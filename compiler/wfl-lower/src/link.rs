//! Which types and operations a workflow needs, and their numbers in its plan.

use std::collections::BTreeSet;

use wfl_analysis::hir::{Await, AwaitKind, Program, Statement, Workflow, each_statement};
use wfl_ir::{
    Caught, Confirm, Effect, Expr, Field, Function, Operation, Pattern, Rule, Type, TypeDef, TypeKind,
    Variant,
};

use crate::walk::{
    Numbers, bound_slots, expressions, named_types, renumber, renumber_pattern, renumber_type, visit,
};

/// The part of a program that one plan holds. Both tables are ordered by name, so that they depend on nothing but
/// what the workflow means.
pub(crate) struct Link<'p> {
    program: &'p Program,
    types: Vec<u32>,
    operations: Vec<u32>,
    functions: Vec<u32>,
    slots: Vec<u32>,
    read: BTreeSet<u32>,
    filled: BTreeSet<u32>,
}

impl Numbers for Link<'_> {
    fn type_number(&self, index: u32) -> u32 {
        position(&self.types, index)
    }

    fn slot_number(&self, slot: u32) -> u32 {
        position(&self.slots, slot)
    }

    fn function_number(&self, index: u32) -> u32 {
        position(&self.functions, index)
    }
}

impl<'p> Link<'p> {
    pub(crate) fn new(program: &'p Program, workflow: &Workflow) -> Link<'p> {
        let read = read_slots(workflow);
        let mut needs = Needs::none(program, &read);
        needs.workflow(workflow);
        let functions = std::mem::take(&mut needs.functions);
        let (mut types, mut operations) = (sorted(needs.types), sorted(needs.operations));
        types.sort_by_key(|index| &program.types[*index as usize].name);
        operations.sort_by_key(|index| program.operations[*index as usize].qualified());
        let filled = filled_slots(workflow);
        let slots = sorted(filled.union(&read).copied().collect());
        Link { program, types, operations, functions, slots, read, filled }
    }

    /// What one condition over a workflow's parameters needs, which are its only slots.
    pub(crate) fn of_condition(program: &'p Program, workflow: &Workflow, condition: &Expr) -> Link<'p> {
        let read = (0..workflow.params.len() as u32).collect::<BTreeSet<u32>>();
        let mut needs = Needs::none(program, &read);
        needs.expr(condition);
        let functions = std::mem::take(&mut needs.functions);
        let mut types = sorted(needs.types);
        types.sort_by_key(|index| &program.types[*index as usize].name);
        let slots = sorted(read.clone());
        Link { program, types, operations: Vec::new(), functions, slots, filled: read.clone(), read }
    }

    /// The numbers in the program of the plan's types.
    pub(crate) fn type_numbers(&self) -> Vec<u32> {
        self.types.clone()
    }

    /// The operations by their numbers in the program.
    pub(crate) fn operation_numbers(&self) -> Vec<u32> {
        self.operations.clone()
    }

    /// How many slots the plan needs.
    pub(crate) fn slot_count(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Whether something is put into a slot of the workflow.
    pub(crate) fn is_filled(&self, slot: u32) -> bool {
        self.filled.contains(&slot)
    }

    /// The plan's slots for a range of slots of the workflow: the first, and the one behind the last.
    pub(crate) fn slot_range(&self, range: &std::ops::Range<u32>) -> (u32, u32) {
        let below = |end: u32| self.slots.partition_point(|slot| *slot < end) as u32;
        (below(range.start), below(range.end))
    }

    /// Whether some expression reads a slot of the workflow.
    pub(crate) fn is_read(&self, slot: u32) -> bool {
        self.read.contains(&slot)
    }

    /// The plan's number of an operation of the program.
    pub(crate) fn operation_number(&self, index: u32) -> u32 {
        position(&self.operations, index)
    }

    pub(crate) fn expr(&self, expr: &Expr) -> Expr {
        renumber(expr, self)
    }

    pub(crate) fn ty(&self, ty: &Type) -> Type {
        renumber_type(ty, self)
    }

    pub(crate) fn pattern(&self, pattern: &Pattern) -> Pattern {
        renumber_pattern(pattern, self)
    }

    pub(crate) fn args(&self, args: &[(wfl_ir::Name, Expr)]) -> Vec<(wfl_ir::Name, Expr)> {
        args.iter().map(|(name, value)| (name.clone(), self.expr(value))).collect()
    }

    pub(crate) fn caught(&self, caught: &Caught) -> Caught {
        match caught {
            Caught::Error(error) => Caught::Error(self.type_number(*error)),
            other => *other,
        }
    }

    /// The plan's functions, callees first.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let function = |index: &u32| {
            let function = &self.program.functions[*index as usize];
            Function {
                name: function.name.clone(),
                params: self.fields(&function.params),
                result: self.ty(&function.result),
                body: self.expr(&function.body),
            }
        };
        self.functions.iter().map(function).collect()
    }

    pub(crate) fn fields(&self, fields: &[Field]) -> Vec<Field> {
        let field = |field: &Field| Field {
            name: field.name.clone(),
            ty: self.ty(&field.ty),
            rule: field.rule.as_ref().map(|rule| self.rule(rule)),
            label: field.label,
        };
        fields.iter().map(field).collect()
    }

    fn rule(&self, rule: &Rule) -> Rule {
        Rule { holds: self.expr(&rule.holds), text: rule.text.clone() }
    }

    /// The plan's types.
    pub(crate) fn types(&self) -> Vec<TypeDef> {
        let define = |index: &u32| {
            let def = &self.program.types[*index as usize];
            let kind = match &def.kind {
                TypeKind::Record(fields) => TypeKind::Record(self.fields(fields)),
                TypeKind::Error(fields) => TypeKind::Error(self.fields(fields)),
                TypeKind::Event(fields) => TypeKind::Event(self.fields(fields)),
                TypeKind::Enum(variants) => {
                    let variant =
                        |it: &Variant| Variant { name: it.name.clone(), fields: self.fields(&it.fields) };
                    TypeKind::Enum(variants.iter().map(variant).collect())
                }
                TypeKind::Refined { base, rule } => {
                    TypeKind::Refined { base: self.ty(base), rule: rule.as_ref().map(|rule| self.rule(rule)) }
                }
            };
            TypeDef { name: def.name.clone(), kind }
        };
        self.types.iter().map(define).collect()
    }

    /// The plan's operations.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.operations
            .iter()
            .map(|index| self.operation(&self.program.operations[*index as usize]))
            .collect()
    }

    fn operation(&self, operation: &Operation) -> Operation {
        let effect = match &operation.effect {
            Effect::Compensable { undo, args } => {
                Effect::Compensable { undo: self.operation_number(*undo), args: self.args(args) }
            }
            other => other.clone(),
        };
        let confirm = operation.confirm.as_ref().map(|confirm| Confirm {
            operation: self.operation_number(confirm.operation),
            args: self.args(&confirm.args),
            after: confirm.after,
        });
        let idempotent = operation.idempotent.as_ref().map(|idempotent| wfl_ir::Idempotency {
            key: self.expr(&idempotent.key),
            window: idempotent.window,
        });
        Operation {
            service: operation.service.clone(),
            name: operation.name.clone(),
            params: self.fields(&operation.params),
            result: self.ty(&operation.result),
            effect,
            idempotent,
            confirm,
            raises: operation.raises.iter().map(|error| self.type_number(*error)).collect(),
            timeout: operation.timeout,
            total: operation.total,
            retry: operation.retry,
            queue: operation.queue,
            heartbeat: operation.heartbeat,
            at_most_once: operation.at_most_once,
            undo_retry: operation.undo_retry,
        }
    }
}

fn read_slots(workflow: &Workflow) -> BTreeSet<u32> {
    let mut read = BTreeSet::new();
    let mut note = |expr: &Expr| {
        if let Expr::Slot(slot) = expr {
            read.insert(*slot);
        }
    };
    visit(&workflow.key, &mut note);
    clauses(workflow).for_each(|expr| visit(expr, &mut note));
    each_statement(&workflow.body, &mut |statement| {
        expressions(statement, &mut |expr| visit(expr, &mut note))
    });
    // The values of branches and items are read where that of the whole is.
    let mut known = 0;
    while known < read.len() {
        known = read.len();
        each_statement(&workflow.body, &mut |statement| match statement {
            Statement::Parallel(parallel) if read.contains(&parallel.slot) => {
                read.extend(parallel.branches.iter().map(|branch| branch.slot));
            }
            Statement::Foreach(foreach) if read.contains(&foreach.slot) => {
                read.insert(foreach.body_slot);
            }
            _ => {}
        });
    }
    read
}

/// The expressions of a workflow's head besides its key.
fn clauses(workflow: &Workflow) -> impl Iterator<Item = &Expr> {
    let found = workflow.attributes.iter().map(|(_, _, value)| value);
    let per = workflow.limit.iter().filter_map(|(_, per)| per.as_ref());
    found.chain(per).chain(&workflow.priority)
}

/// The slots that the plan has: parameters, all that are read, and those that something else than an unread `let`
/// or result fills.
fn filled_slots(workflow: &Workflow) -> BTreeSet<u32> {
    let mut filled = BTreeSet::new();
    filled.extend(0..workflow.params.len() as u32);
    each_statement(&workflow.body, &mut |statement| {
        filled.extend(statement.handlers().iter().filter_map(|handler| handler.bind));
    });
    each_statement(&workflow.body, &mut |statement| match statement {
        Statement::Foreach(foreach) => {
            filled.insert(foreach.item);
        }
        Statement::Leave { set: Some((slot, _)), .. } => {
            filled.insert(*slot);
        }
        Statement::Choice(choice) => choice.arms.iter().for_each(|arm| {
            bound_slots(&arm.pattern, &mut |slot| {
                filled.insert(slot);
            });
        }),
        _ => {}
    });
    filled
}

fn sorted(numbers: BTreeSet<u32>) -> Vec<u32> {
    numbers.into_iter().collect()
}

// What was collected is there; the plan's own check would notice if it were not.
fn position(numbers: &[u32], wanted: u32) -> u32 {
    numbers.iter().position(|number| *number == wanted).map_or(u32::MAX, |at| at as u32)
}

struct Needs<'p> {
    program: &'p Program,
    types: BTreeSet<u32>,
    operations: BTreeSet<u32>,
    /// Callees first.
    functions: Vec<u32>,
    /// The slots of the workflow that something reads.
    read: &'p BTreeSet<u32>,
}

impl<'p> Needs<'p> {
    fn none(program: &'p Program, read: &'p BTreeSet<u32>) -> Needs<'p> {
        let (types, operations) = (BTreeSet::new(), BTreeSet::new());
        Needs { program, types, operations, functions: Vec::new(), read }
    }
}

impl Needs<'_> {
    fn workflow(&mut self, workflow: &Workflow) {
        self.fields(&workflow.params);
        self.ty(&workflow.result);
        workflow.raises.iter().for_each(|error| self.named(*error));
        self.expr(&workflow.key);
        workflow.attributes.iter().for_each(|(_, ty, _)| self.ty(ty));
        clauses(workflow).for_each(|expr| self.expr(expr));
        each_statement(&workflow.body, &mut |statement| {
            for handler in statement.handlers() {
                if let Caught::Error(error) = handler.on {
                    self.named(error);
                }
            }
            match statement {
                Statement::Step(step) => self.operation(step.operation),
                Statement::Emit { event, .. } => self.named(*event),
                Statement::Fail { error, .. } => self.named(*error),
                Statement::Await(awaited) => self.awaited(awaited),
                Statement::Run(run) if self.read.contains(&run.slot) && !run.detached => {
                    let program = self.program;
                    self.ty(&program.workflows[run.workflow as usize].result);
                }
                _ => {}
            }
            expressions(statement, &mut |expr| self.expr(expr));
        });
    }

    fn awaited(&mut self, awaited: &Await) {
        self.ty(&awaited.ty);
        if let Some((_, Some(reminder))) = &awaited.remind {
            self.operation(reminder.operation);
        }
        if let AwaitKind::Human(task) = &awaited.kind {
            task.show.iter().for_each(|(_, ty)| self.ty(ty));
        }
    }

    fn function(&mut self, index: u32) {
        if self.functions.contains(&index) {
            return;
        }
        let program = self.program;
        let function = &program.functions[index as usize];
        self.fields(&function.params);
        self.ty(&function.result);
        // What it calls comes first; the analysis has seen to it that this ends.
        self.expr(&function.body);
        self.functions.push(index);
    }

    fn operation(&mut self, index: u32) {
        if !self.operations.insert(index) {
            return;
        }
        let program = self.program;
        let operation = &program.operations[index as usize];
        self.fields(&operation.params);
        self.ty(&operation.result);
        operation.raises.iter().for_each(|error| self.named(*error));
        operation.idempotent.iter().for_each(|idempotent| self.expr(&idempotent.key));
        if let Effect::Compensable { undo, args } = &operation.effect {
            args.iter().for_each(|(_, value)| self.expr(value));
            self.operation(*undo);
        }
        if let Some(confirm) = &operation.confirm {
            confirm.args.iter().for_each(|(_, value)| self.expr(value));
            self.operation(confirm.operation);
        }
    }

    fn named(&mut self, index: u32) {
        if !self.types.insert(index) {
            return;
        }
        let program = self.program;
        match &program.types[index as usize].kind {
            TypeKind::Record(fields) | TypeKind::Error(fields) | TypeKind::Event(fields) => {
                self.fields(fields)
            }
            TypeKind::Enum(variants) => variants.iter().for_each(|variant| self.fields(&variant.fields)),
            TypeKind::Refined { base, rule } => {
                self.ty(base);
                rule.iter().for_each(|rule| self.expr(&rule.holds));
            }
        }
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            self.ty(&field.ty);
            field.rule.iter().for_each(|rule| self.expr(&rule.holds));
        }
    }

    fn ty(&mut self, ty: &Type) {
        named_types(ty, &mut |index| self.named(index));
    }

    fn expr(&mut self, expr: &Expr) {
        visit(expr, &mut |expr| match expr {
            Expr::Checked(ty, _) => self.ty(ty),
            Expr::Apply(function, _) => self.function(*function),
            _ => {}
        });
    }
}
