//! Every function of the standard library has an example in its documentation, and every example is true.
#![expect(clippy::unwrap_used, reason = "tests stop at the first thing that is not there")]

use std::collections::BTreeSet;

use wfl_compiler::{Memory, compile};
use wfl_eval::{Env, Facts, evaluate};
use wfl_ir::{Builtin, NodeKind, Timestamp, Value};
use wfl_source::FileId;
use wfl_syntax::ast::{Doc, ItemKind};

/// The examples of one function: imports, and conditions with their lines.
struct Example {
    function: String,
    imports: Vec<String>,
    conditions: Vec<(u32, String)>,
}

/// Reads the fenced blocks of a doc comment.
fn examples(function: &str, docs: &[Doc], line_of: impl Fn(&Doc) -> u32) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut open = false;
    for doc in docs {
        if doc.text.trim_start().starts_with("```") {
            open = !open;
            if open {
                let function = function.to_owned();
                found.push(Example { function, imports: Vec::new(), conditions: Vec::new() });
            }
            continue;
        }
        let Some(example) = found.last_mut().filter(|_| open) else { continue };
        match doc.text.trim() {
            "" => {}
            import if import.starts_with("import ") => example.imports.push(import.to_owned()),
            condition => example.conditions.push((line_of(doc), condition.to_owned())),
        }
    }
    found
}

/// One condition, and where it stands.
struct Claim {
    place: String,
    condition: String,
}

/// The conditions of a module as a program: a workflow for each, which returns it.
fn program(module: &str, examples: &[(Example, &str)]) -> (String, Vec<Claim>) {
    let (mut imports, mut workflows, mut claims) = (BTreeSet::new(), String::new(), Vec::new());
    for (example, _) in examples {
        imports.extend(example.imports.iter().cloned());
        for (line, condition) in &example.conditions {
            let number = claims.len();
            workflows.push_str(&format!(
                "workflow Claim{number}(unused: Int) -> Bool version 1 key unused {{ return {condition} }}\n"
            ));
            let place = format!("{module}:{line} {}", example.function);
            claims.push(Claim { place, condition: condition.clone() });
        }
    }
    if module != "std.prelude" {
        let declared = examples.iter().map(|(_, name)| *name).collect::<BTreeSet<_>>();
        let used = declared.into_iter().filter(|name| workflows.contains(name)).collect::<Vec<_>>();
        imports.insert(format!("import {module} ({})", used.join(", ")));
    }
    let imports = imports.into_iter().collect::<Vec<_>>().join("\n");
    (format!("module main\n{imports}\n{workflows}"), claims)
}

/// What each condition gives, or what is wrong with it.
fn outcomes(text: &str, claims: &[Claim]) -> Vec<String> {
    let compilation = compile(&Memory::new([("main.wfl", text)]));
    let errors = compilation.diagnostics.iter().filter(|it| it.is_error());
    let errors = errors.map(|error| {
        let line = error.primary().map(|label| compilation.files.text_of(label.span)).unwrap_or_default();
        format!("{}: {} at `{line}`", error.code, error.title)
    });
    let errors = errors.collect::<Vec<_>>();
    if !errors.is_empty() {
        return errors;
    }
    let facts = Facts { key: Value::Int(1), id: "i".into(), started_at: Timestamp(0) };
    let slots = [Some(Value::Int(1))];
    let mut problems = Vec::new();
    for (number, claim) in claims.iter().enumerate() {
        let plan = &compilation.workflow(&format!("Claim{number}")).unwrap().plan;
        let env = Env { library: plan.library(), slots: &slots, facts: Some(&facts) };
        let returned = plan.nodes.iter().find_map(|node| match &node.kind {
            NodeKind::Return { value } => Some(evaluate(env, value)),
            _ => None,
        });
        if returned != Some(Ok(Value::Bool(true))) {
            problems.push(format!("{}: `{}` gives {returned:?}", claim.place, claim.condition));
        }
    }
    problems
}

#[test]
fn every_function_has_examples_that_are_true() {
    let (mut problems, mut count) = (Vec::new(), 0);
    for module in wfl_stdlib::modules() {
        let parsed = wfl_syntax::parse(FileId(0), module.text);
        let line_of = |doc: &Doc| module.text[..doc.span.start as usize].matches('\n').count() as u32 + 1;
        let mut found = Vec::new();
        for item in &parsed.file.items {
            let name = match &item.kind {
                ItemKind::Function(it) => &it.name,
                ItemKind::Type(it) => &it.name,
                ItemKind::Record(it) => &it.name,
                ItemKind::Enum(it) => &it.name,
                _ => continue,
            };
            let own = examples(&name.text, &item.docs, line_of);
            let tried = own.iter().any(|example| !example.conditions.is_empty());
            // Policies are no values.
            if matches!(item.kind, ItemKind::Function(_)) && !tried && module.path != "std.retry" {
                problems.push(format!("{}.{} has no example", module.path, name.text));
            }
            if own.is_empty() {
                let function = name.text.clone();
                found.push((
                    Example { function, imports: Vec::new(), conditions: Vec::new() },
                    name.text.as_str(),
                ));
            }
            found.extend(own.into_iter().map(|example| (example, name.text.as_str())));
        }
        let (text, claims) = program(module.path, &found);
        count += claims.len();
        problems.extend(outcomes(&text, &claims));
    }
    assert!(problems.is_empty(), "{} of {count}:\n{}", problems.len(), problems.join("\n"));
    assert!(count > 200, "only {count} examples");
}

#[test]
fn every_builtin_is_declared_and_every_function_without_a_value_is_one() {
    let mut declared = BTreeSet::new();
    for module in wfl_stdlib::modules().iter().filter(|module| module.path != "std.retry") {
        let parsed = wfl_syntax::parse(FileId(0), module.text);
        for item in &parsed.file.items {
            if let ItemKind::Function(function) = &item.kind
                && function.body.is_none()
            {
                assert!(Builtin::from_name(&function.name.text).is_some(), "{}", function.name.text);
                declared.insert(function.name.text.clone());
            }
        }
    }
    let missing = Builtin::ALL.iter().filter(|builtin| !declared.contains(builtin.name()));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&Builtin>::new());
}
