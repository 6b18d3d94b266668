//! The examples in the documentation of the standard library hold.

use std::collections::BTreeSet;

use wfl_ir::{Builtin, Expr, Field, Function, Label, Library, Type, Value};

use super::notation::{Scope, read};
use crate::{Env, evaluate};

/// A function as its module declares it.
struct Declared {
    module: String,
    name: String,
    params: Vec<String>,
    body: Option<String>,
    examples: Vec<String>,
}

/// The modules of `std` by name.
fn modules() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../stdlib/wfl-stdlib/next");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &std::path::Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// The functions of a module: blocks of documentation, attributes and a declaration.
fn functions(module: &str, text: &str) -> Vec<Declared> {
    let mut found = Vec::new();
    for block in text.split("\n\n") {
        let lines: Vec<&str> = block.lines().collect();
        let Some(at) = lines.iter().position(|line| line.starts_with("fn ")) else { continue };
        let declaration = lines[at..].join(" ");
        let name = declaration[3..].split(['<', '(']).next().unwrap().to_owned();
        let open = declaration.find('(').unwrap();
        let head = declaration[open..].split(") -> ").next().unwrap();
        let parts = head[1..].split(", ").filter(|part| part.contains(": "));
        let params = parts.map(|part| part.split(':').next().unwrap().to_owned()).collect();
        let body = declaration.split_once(" = ").map(|(_, body)| body.trim().to_owned());
        let docs = lines[..at].iter().filter_map(|line| line.strip_prefix("///")).map(str::trim);
        let fenced = docs.skip_while(|line| *line != "```").skip(1).take_while(|line| *line != "```");
        let examples = fenced.filter(|line| !line.starts_with("import ")).map(str::to_owned).collect();
        found.push(Declared { module: module.to_owned(), name, params, body, examples });
    }
    found
}

fn all() -> Vec<Declared> {
    modules().iter().flat_map(|(module, text)| functions(module, text)).collect()
}

fn field(name: &str) -> Field {
    Field { name: name.into(), ty: Type::Unit, rule: None, label: Label::Public }
}

#[test]
fn every_example_of_the_standard_library_is_true() {
    let declared = all();
    let mut scope = Scope { records: BTreeSet::from(["Calendar".to_owned()]), ..Scope::default() };
    let mut bodies: Vec<Function> = Vec::new();
    for function in declared.iter().filter(|function| function.body.is_some()) {
        let inner = Scope {
            functions: scope.functions.clone(),
            records: scope.records.clone(),
            locals: function.params.clone(),
        };
        bodies.push(Function {
            name: function.name.as_str().into(),
            params: function.params.iter().map(|param| field(param)).collect(),
            result: Type::Unit,
            body: read(function.body.as_ref().unwrap(), &inner),
        });
        scope.functions.push((function.name.clone(), function.params.len()));
    }
    let library = Library { types: &[], functions: &bodies };
    let mut count = 0;
    for function in &declared {
        let place = format!("std.{}.{}", function.module, function.name);
        assert!(function.module == "retry" || !function.examples.is_empty(), "{place} has no example");
        for example in &function.examples {
            let found = evaluate(Env::constant(library), &read(example, &scope));
            assert_eq!(found, Ok(Value::Bool(true)), "{place}: {example}");
            count += 1;
        }
    }
    assert!(count > 200, "only {count} examples were found");
}

#[test]
fn the_standard_library_declares_what_the_evaluator_knows() {
    let declared = all();
    let is_policy = |name: &str| ["exponential", "forever"].contains(&name);
    for function in declared.iter().filter(|function| function.body.is_none()) {
        let known = Builtin::from_name(&function.name).is_some() || is_policy(&function.name);
        assert!(known, "std.{}.{} has neither a body nor a builtin", function.module, function.name);
    }
    for builtin in Builtin::ALL {
        let name = builtin.name();
        assert!(declared.iter().any(|function| function.name == name), "no module declares {name}");
        assert_eq!(serde_json::to_string(builtin).unwrap(), format!("\"{name}\""));
        assert_eq!(Builtin::from_name(name), Some(*builtin), "two functions are named {name}");
    }
    assert_eq!(Builtin::from_name("no_such"), None);
}

#[test]
fn an_expression_of_the_notation_is_what_it_looks_like() {
    let scope = Scope::default();
    assert_eq!(read("1", &scope), Expr::Const(Value::Int(1)));
    let text = read("[1, 2].map(n => n * n)", &scope);
    assert_eq!(evaluate(Env::constant(Library::default()), &text).unwrap().to_string(), "[1, 4]");
}
