//! The functions of a program: their values, and that none of them needs itself.

use std::collections::BTreeSet;
use std::mem::take;
use std::sync::Arc;

use wfl_ir::{Expr, Function, Name, Type, Value};
use wfl_source::{Code, Diagnostic};

use crate::expr::{Binding, Checker};
use crate::pass::Passes;
use crate::rule::ir_fields;
use crate::session::Session;
use crate::tables::{Body, FunctionInfo, Tables};

/// Checks the values of functions and fills [`Tables::functions`]. While they are checked none has a value.
pub(crate) fn check(passes: &mut Passes<'_>, tables: &mut Tables) {
    let (before, mut calls) = (take(&mut tables.functions), take(&mut tables.calls));
    let mut functions = Arc::unwrap_or_clone(before);
    for info in &tables.declared_functions {
        let Body::Expression(at) = info.body else { continue };
        let Some((function, called)) = passes.item(info.number, |session| check_one(session, tables, info))
        else {
            continue;
        };
        let at = at as usize;
        if at < functions.len() {
            (functions[at], calls[at]) = (function, called);
        } else {
            functions.push(function);
            calls.push(called);
        }
    }
    for at in rings(&calls) {
        passes.general(|session| report_ring(session, tables, &calls, at));
        // What has no end must not be computed, not even while compiling.
        functions[at].body = Expr::Const(Value::None);
    }
    (tables.functions, tables.calls) = (Arc::new(functions), calls);
}

fn check_one(session: &mut Session<'_>, tables: &Tables, info: &FunctionInfo) -> (Function, BTreeSet<u32>) {
    let mut checker = Checker::new(session, tables, info.module);
    for param in &info.params {
        let place = Expr::Local(checker.locals);
        checker.locals += 1;
        let (name, ty, label, span) = (param.name.to_string(), param.ty.clone(), param.label, param.span);
        let unused = Some(Code::W0202);
        checker.names.push(Binding { name, place, ty, label, span, used: false, unused });
    }
    let body = match &info.source.body {
        Some(body) => {
            let typed = checker.check_as(body, &info.result);
            if !typed.ty.is_unknown() {
                let allowed = (&info.result, info.result_label);
                checker.check_flow_into(&typed, allowed, "the function's result", body.span);
            }
            typed.expr
        }
        None => Expr::Const(Value::None),
    };
    checker.release(0);
    let called = take(&mut checker.called);
    let module = &tables.modules[info.module].path;
    let name = Name::from(format!("{module}.{}", info.name));
    let result = if info.result.is_unknown() { Type::Json } else { info.result.to_ir() };
    (Function { name, params: ir_fields(&info.params), result, body }, called)
}

/// The functions that need themselves.
fn rings(calls: &[BTreeSet<u32>]) -> Vec<usize> {
    (0..calls.len()).filter(|at| path(calls, *at).is_some()).collect()
}

/// A way of calls from a function back to itself, without its start.
fn path(calls: &[BTreeSet<u32>], start: usize) -> Option<Vec<usize>> {
    let mut from: Vec<Option<usize>> = vec![None; calls.len()];
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        for next in calls[at].iter().map(|next| *next as usize) {
            if next == start {
                let mut way = vec![start];
                let mut step = at;
                while step != start {
                    way.push(step);
                    step = from[step].unwrap_or(start);
                }
                way.reverse();
                return Some(way);
            }
            if next < calls.len() && from[next].is_none() {
                from[next] = Some(at);
                open.push(next);
            }
        }
    }
    None
}

fn report_ring(session: &mut Session<'_>, tables: &Tables, calls: &[BTreeSet<u32>], at: usize) {
    let way = path(calls, at).unwrap_or_default();
    // The ring is told once, at the function of it that comes first.
    if way.iter().any(|other| *other < at) {
        return;
    }
    let info = |number: usize| {
        let expression = |body: Body| body == Body::Expression(number as u32);
        tables.declared_functions.iter().find(|info| expression(info.body))
    };
    let Some(first) = info(at) else { return };
    let names = [at].into_iter().chain(way).filter_map(info).map(|info| info.name.to_string());
    let title = format!("`{}` needs itself", first.name);
    let diagnostic =
        Diagnostic::new(Code::E0228, title, first.source.name.span, "would never come to an end");
    session.report(
        diagnostic
            .note(names.collect::<Vec<_>>().join(" → "))
            .note("functions are total: each has a value for all arguments, after a bounded number of steps")
            .help("work on a whole list at once: `map`, `filter`, `fold`; what takes rounds is `repeat up to n { … }`"),
    );
}
