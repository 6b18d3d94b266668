//! House rules of every file: purpose first, small files and functions, plain names, imports from above only.

use std::path::Path;

use wfl_tests::tree::{Source, crates, files};

/// A rule: what breaks it in a file, as `line: what`.
type Rule = fn(&Source) -> Vec<String>;

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;

fn purpose_first(file: &Source) -> Vec<String> {
    let first = file.text.lines().next().unwrap_or_default();
    if first.starts_with("//! ") {
        vec![]
    } else {
        vec!["1: the first line says no purpose (`//! …`)".into()]
    }
}

fn small_file(file: &Source) -> Vec<String> {
    let lines = file.text.lines().count();
    if lines < FILE_LINES { vec![] } else { vec![format!("{lines}: the file has {lines} lines")] }
}

/// The code is formatted: a function ends at the first `}` in the column of its `fn`.
fn small_functions(file: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    let lines: Vec<&str> = file.text.lines().collect();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let mut words =
            code.split(' ').skip_while(|w| w.starts_with("pub") || ["async", "const", "unsafe"].contains(w));
        if words.next() != Some("fn") || code.ends_with(';') {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - code.len()]);
        let length = lines[start..].iter().position(|l| *l == end).map_or(1, |end| end + 1);
        let one_line = line.ends_with('}');
        if !one_line && length >= FUNCTION_LINES {
            broken.push(format!("{}: the function has {length} lines", start + 1));
        }
    }
    broken
}

fn plain_name(file: &Source) -> Vec<String> {
    let parts = Path::new(&file.path).with_extension("");
    let vague = ["utils", "util", "common", "helpers", "helper", "misc", "manager"];
    let is_vague = |part: &std::path::Component<'_>| vague.iter().any(|v| part.as_os_str() == *v);
    if parts.components().any(|part| is_vague(&part)) {
        vec!["1: the name says nothing".into()]
    } else {
        vec![]
    }
}

fn no_leftovers(file: &Source) -> Vec<String> {
    let words =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["#[ig", "nore"], ["to", "do!("], ["unimpl", "emented!("]];
    let places = [["/wo", "rk/"], ["/ro", "ot/"]];
    let bad: Vec<String> = words.iter().chain(&places).map(|parts| parts.concat()).collect();
    let line =
        |(n, line): (usize, &str)| bad.iter().find(|b| line.contains(*b)).map(|b| format!("{}: {b}", n + 1));
    file.text.lines().enumerate().filter_map(line).collect()
}

fn no_super(file: &Source) -> Vec<String> {
    if file.is_test() {
        return vec![];
    }
    let word = ["sup", "er::"].concat();
    let line = |(n, line): (usize, &str)| {
        line.contains(&word).then(|| format!("{}: an import from the parent", n + 1))
    };
    file.text.lines().enumerate().filter_map(line).collect()
}

fn check(rule: Rule, ending: &str) {
    let broken =
        |file: &Source| rule(file).into_iter().map(|b| format!("{}:{b}", file.path)).collect::<Vec<_>>();
    let all: Vec<String> = files(ending).iter().flat_map(broken).collect();
    assert!(all.is_empty(), "\n{}\n", all.join("\n"));
}

fn bites(rule: Rule, path: &str, text: &str) {
    assert!(!rule(&Source::sample(path, text)).is_empty(), "the rule lets {path:?} with {text:?} pass");
}

#[test]
fn every_file_says_its_purpose_first() {
    bites(purpose_first, "a.rs", "use b;\n");
    check(purpose_first, ".rs");
}

#[test]
fn files_are_small() {
    bites(small_file, "a.rs", &"//! x\n".repeat(FILE_LINES));
    check(small_file, ".rs");
}

#[test]
fn functions_are_small() {
    let long = format!(
        "//! x\nimpl A {{\n    pub async fn a() {{\n{}    }}\n}}\n",
        "        b();\n".repeat(FUNCTION_LINES)
    );
    bites(small_functions, "a.rs", &long);
    check(small_functions, ".rs");
}

#[test]
fn names_say_something() {
    bites(plain_name, "a/src/utils.rs", "");
    bites(plain_name, "a/src/common/x.rs", "");
    check(plain_name, ".rs");
}

#[test]
fn nothing_is_left_over() {
    bites(no_leftovers, "a.rs", &["// TO", "DO later"].concat());
    bites(no_leftovers, "a.rs", &["let p = \"/ro", "ot/x\";"].concat());
    for ending in [".rs", ".md", ".toml", ".wfl", ".pest", "run"] {
        check(no_leftovers, ending);
    }
}

#[test]
fn nothing_is_imported_from_the_parent() {
    bites(no_super, "a/src/b.rs", &["use sup", "er::x;"].concat());
    check(no_super, ".rs");
}

/// The modules that a file declares, in order.
fn modules(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let rest = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").strip_prefix("mod ")?;
        rest.strip_suffix(';').map(str::to_owned)
    };
    text.lines().filter_map(name).collect()
}

/// The paths behind `crate::`; several of them in braces.
fn targets(rest: &str) -> Vec<Vec<String>> {
    let names = match rest.strip_prefix('{') {
        Some(group) => group.split('}').next().unwrap_or_default(),
        None => {
            rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).next().unwrap_or_default()
        }
    };
    names.split(',').map(|name| name.trim().split("::").map(str::to_owned).collect()).collect()
}

/// Imports of a file against the order of its crate's modules. `path` is the file's module path in its crate.
fn from_below(order: &dyn Fn(&[String]) -> Vec<String>, path: &[String], text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let start = ["crate", "::"].concat();
    for (number, line) in text.lines().enumerate() {
        for (at, _) in line.match_indices(&start) {
            let rest = &line[at + start.len()..];
            for target in targets(rest) {
                let shared = path.iter().zip(&target).take_while(|(a, b)| a == b).count();
                let (Some(own), Some(other)) = (path.get(shared), target.get(shared)) else { continue };
                let modules = order(&path[..shared]);
                let place = |name: &String| modules.iter().position(|module| module == name);
                if let (Some(own), Some(other)) = (place(own), place(other))
                    && other > own
                {
                    broken.push(format!("{}: `{}` is declared below", number + 1, target.join("::")));
                }
            }
        }
    }
    broken
}

#[test]
fn modules_import_only_what_is_declared_above_them() {
    let sample_order = |_: &[String]| vec!["low".to_owned(), "high".to_owned()];
    let upward = ["use cra", "te::high::X;"].concat();
    assert_eq!(from_below(&sample_order, &["low".to_owned()], &upward).len(), 1, "the rule bites");
    let grouped = ["use cra", "te::{low, high};"].concat();
    assert_eq!(from_below(&sample_order, &["low".to_owned()], &grouped).len(), 1, "also in braces");
    assert_eq!(from_below(&sample_order, &["high".to_owned()], &upward.replace("high", "low")).len(), 0);
    let sources = files(".rs");
    let text_of = |path: &str| sources.iter().find(|s| s.path == path).map(|s| s.text.clone());
    let mut broken = Vec::new();
    for folder in crates() {
        let src = format!("{folder}/src/");
        let order = |inside: &[String]| {
            let place = inside.join("/");
            let candidates = if inside.is_empty() {
                vec![format!("{src}lib.rs"), format!("{src}main.rs")]
            } else {
                vec![format!("{src}{place}/mod.rs"), format!("{src}{place}.rs")]
            };
            candidates.iter().filter_map(|path| text_of(path)).flat_map(|text| modules(&text)).collect()
        };
        for file in sources.iter().filter(|s| s.path.starts_with(&src) && !s.is_test()) {
            let inside = file.path[src.len()..].trim_end_matches(".rs");
            let path: Vec<String> = inside.split('/').filter(|p| *p != "mod").map(str::to_owned).collect();
            let found = from_below(&order, &path, &file.text);
            broken.extend(found.into_iter().map(|b| format!("{}:{b}", file.path)));
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_crate_takes_its_fields_and_lints_from_the_workspace() {
    let fields = ["version", "edition", "rust-version", "license", "publish"];
    for file in files("Cargo.toml").iter().filter(|file| file.path != "Cargo.toml") {
        for field in fields {
            let line = format!("{field}.workspace = true");
            assert!(file.text.contains(&line), "{}: `{line}` is missing", file.path);
        }
        assert!(
            file.text.contains("[lints]\nworkspace = true"),
            "{}: the workspace's lints are not used",
            file.path
        );
    }
}
