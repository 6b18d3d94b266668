//! House rules of every file: purpose first, small files and functions, plain names, nothing left over.

use std::path::Path;

use wfl_tests::code::{Code, Found};
use wfl_tests::project::root;
use wfl_tests::tree::{Source, files};

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

fn code(file: &Source) -> Code {
    Code::of(&file.text).unwrap_or_else(|error| unreachable!("{}: it compiles, yet: {error}", file.path))
}

fn small_functions(file: &Source) -> Vec<String> {
    let long = |function: &Found<(String, usize)>| {
        let (name, lines) = &function.what;
        (*lines >= FUNCTION_LINES).then(|| format!("{}: `{name}` has {lines} lines", function.line))
    };
    code(file).functions.iter().filter_map(long).collect()
}

const VAGUE: [&str; 8] = ["utils", "util", "common", "helpers", "helper", "misc", "manager", "managers"];

fn plain_path(file: &Source) -> Vec<String> {
    let parts = Path::new(&file.path).with_extension("");
    let is_vague = |part: &std::path::Component<'_>| VAGUE.iter().any(|v| part.as_os_str() == *v);
    if parts.components().any(|part| is_vague(&part)) {
        vec!["1: the file's name says nothing".into()]
    } else {
        vec![]
    }
}

fn plain_modules(file: &Source) -> Vec<String> {
    let vague = |module: &&Found<String>| VAGUE.contains(&module.what.as_str());
    let modules = code(file).modules;
    modules.iter().filter(vague).map(|m| format!("{}: `{}` says nothing", m.line, m.what)).collect()
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

fn no_parent(file: &Source) -> Vec<String> {
    if file.is_test() {
        return vec![];
    }
    code(file).parents.iter().map(|line| format!("{line}: a path through the parent")).collect()
}

/// The one crate that talks to C, and the one file of it that may be unsafe.
const UNSAFE_CRATE: &str = "tests/crashfs/Cargo.toml";
const UNSAFE_FILE: &str = "tests/crashfs/src/vfs.rs";

/// The lints of the workspace as a crate of its own writes them that may be unsafe in places: `forbid` could not be
/// lifted there, and each place says why it is sound.
fn lints_but_unsafe(workspace: &str) -> String {
    let tables = workspace.split("\n\n").filter(|table| table.starts_with("[workspace.lints."));
    let table = |table: &str| table.trim_end().replace("[workspace.lints.", "[lints.");
    let tables: Vec<String> = tables.map(table).collect();
    let lints = tables.join("\n\n").replace("unsafe_code = \"forbid\"", "unsafe_code = \"deny\"");
    format!("\n{lints}\nundocumented_unsafe_blocks = \"deny\"\n")
}

/// Only the one file says the word that lets code be unsafe.
fn safe(file: &Source) -> Vec<String> {
    let words = [["unsafe", " {"], ["unsafe", " fn"], ["unsafe", " impl"], ["unsafe", " extern"]];
    let is_unsafe = |line: &str| words.iter().any(|word| line.contains(&word.concat()));
    if file.path == UNSAFE_FILE {
        return vec![];
    }
    let line = |(n, line): (usize, &str)| is_unsafe(line).then(|| format!("{}: unsafe code", n + 1));
    file.text.lines().enumerate().filter_map(line).collect()
}

/// A manifest takes its fields and lints from the workspace.
fn inherited(file: &Source) -> Vec<String> {
    if file.path == "Cargo.toml" {
        return vec![];
    }
    if file.path == UNSAFE_CRATE {
        let workspace = files("Cargo.toml").into_iter().find(|file| file.path == "Cargo.toml");
        let lints = lints_but_unsafe(&workspace.map(|file| file.text).unwrap_or_default());
        let own = file.text.replace(&lints, "\n[lints]\nworkspace = true\n");
        return inherited(&Source::sample("as the others", &own));
    }
    let fields = ["version", "edition", "rust-version", "license", "publish"];
    let mut wanted: Vec<String> =
        fields.iter().map(|field| format!("\n{field}.workspace = true\n")).collect();
    wanted.push("\n[lints]\nworkspace = true\n".into());
    let missing = wanted.iter().filter(|line| !file.text.contains(*line));
    missing.map(|line| format!("1: `{}` is missing", line.trim().replace('\n', " "))).collect()
}

fn check(rule: Rule, ending: &str) {
    let broken =
        |file: &Source| rule(file).into_iter().map(|b| format!("{}:{b}", file.path)).collect::<Vec<_>>();
    let all: Vec<String> = files(ending).iter().flat_map(broken).collect();
    assert!(all.is_empty(), "\n{}\n", all.join("\n"));
}

fn passes(rule: Rule, path: &str, text: &str) {
    let broken = rule(&Source::sample(path, text));
    assert!(broken.is_empty(), "the rule holds {broken:?} against {path:?} with {text:?}");
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
    let brace_in_text = long.replacen("        b();", "let s = r\"\n    }\n\";", 1);
    bites(small_functions, "a.rs", &brace_in_text);
    passes(small_functions, "a.rs", "trait T {\n    fn a(\n    );\n}\nfn b() {}\n");
    check(small_functions, ".rs");
}

#[test]
fn names_say_something() {
    bites(plain_path, "a/src/utils.rs", "");
    bites(plain_path, "a/src/common/x.rs", "");
    bites(plain_modules, "a.rs", "pub(crate) mod helpers {}");
    passes(plain_modules, "a.rs", "/// mod misc;\nmod money;");
    check(plain_path, "");
    check(plain_modules, ".rs");
}

#[test]
fn nothing_is_left_over() {
    bites(no_leftovers, "a.rs", &["// TO", "DO later"].concat());
    bites(no_leftovers, "a.rs", &["#[ig", "nore = \"slow\"]"].concat());
    bites(no_leftovers, "a.rs", &["let p = \"/ro", "ot/x\";"].concat());
    check(no_leftovers, "");
}

#[test]
fn nothing_goes_through_the_parent() {
    bites(no_parent, "a/src/b.rs", "use super::x;");
    bites(no_parent, "a/src/b.rs", "fn f() { vec![super::x()] }");
    passes(no_parent, "a/src/b.rs", "//! Not super::x.\npub(super) fn f() {}");
    passes(no_parent, "a/src/tests.rs", "use super::x;");
    check(no_parent, ".rs");
}

#[test]
fn one_file_is_unsafe() {
    bites(safe, "tests/crashfs/src/disk.rs", &["fn f() { uns", "afe { g() } }"].concat());
    bites(safe, "a.rs", &["uns", "afe fn f() {}"].concat());
    passes(safe, UNSAFE_FILE, &["uns", "afe fn f() {}"].concat());
    check(safe, ".rs");
}

#[test]
fn every_crate_takes_its_fields_and_lints_from_the_workspace() {
    let good = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
                rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
                \n[lints]\nworkspace = true\n";
    passes(inherited, "a/Cargo.toml", good);
    bites(inherited, "a/Cargo.toml", &good.replace("[lints]", "[lints.rust]"));
    bites(inherited, "a/Cargo.toml", &good.replace("edition.workspace = true", "edition = \"2021\""));
    // The crate that may be unsafe keeps all other lints.
    let root = std::fs::read_to_string(root().join("Cargo.toml")).unwrap_or_default();
    let unsafe_crate = good.replace("\n[lints]\nworkspace = true\n", &lints_but_unsafe(&root));
    passes(inherited, UNSAFE_CRATE, &unsafe_crate);
    bites(inherited, UNSAFE_CRATE, &unsafe_crate.replace("unwrap_used = \"deny\"\n", ""));
    bites(
        inherited,
        UNSAFE_CRATE,
        &unsafe_crate.replace("unsafe_code = \"deny\"", "unsafe_code = \"allow\""),
    );
    bites(inherited, "a/Cargo.toml", &unsafe_crate);
    check(inherited, "Cargo.toml");
}
