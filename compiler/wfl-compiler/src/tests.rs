//! Tests of projects and drawings.

use jiff::civil::{Date, date};
use wfl_source::{Code, Diagnostic};

use crate::graph::{dot, mermaid, svg};
use crate::{Compilation, Disk, Level, Levels, Lint, Memory, Settings, World, compile, compile_with};

const TRANSFER: &str = include_str!("../../../examples/transfer/payments/transfer.wfl");

fn codes(compilation: &Compilation) -> Vec<String> {
    let shown = |diagnostic: &Diagnostic| {
        let place = diagnostic.primary().and_then(|label| compilation.files.get(label.span.file));
        format!("{} {} {}", diagnostic.code, place.map_or("-", |file| file.name()), diagnostic.title)
    };
    compilation.diagnostics.iter().map(shown).collect()
}

fn transfer() -> Compilation {
    let manifest = "[project]\nname = \"bank\"\nsource = \"src\"\n";
    compile(&Memory::new([("wfl.toml", manifest), ("src/payments/transfer.wfl", TRANSFER)]))
}

#[test]
fn transfer_compiles() {
    let compilation = transfer();
    assert_eq!(codes(&compilation), Vec::<String>::new());
    assert_eq!(compilation.manifest.project.name, "bank");
    let Some(workflow) = compilation.workflow("TransferFunds") else { panic!("no plan") };
    assert_eq!(workflow.name, "payments.transfer.TransferFunds");
    assert_eq!(workflow.owner.as_deref(), Some("payments-core"));
    assert_eq!(workflow.docs, "Move money once, or leave both accounts as they were.");
    assert_eq!(wfl_ir::PlanHash::of(&workflow.bytes), workflow.hash);
}

#[test]
fn drawings() {
    let compilation = transfer();
    let Some(workflow) = compilation.workflow("TransferFunds") else { panic!("no plan") };
    insta::assert_snapshot!("mermaid", mermaid(&workflow.plan));
    insta::assert_snapshot!("dot", dot(&workflow.plan));
    insta::assert_snapshot!("svg", svg(&workflow.plan));
}

#[test]
fn modules_find_each_other() {
    let money = "module shared.money\nrecord Price { amount: Money<EUR> }\nerror TooDear(limit: Money<EUR>)\n\
        service Shop {\n  operation price(id: String) -> Price { effect read raises TooDear }\n}\n";
    let buy = "import shared.money (Price, TooDear)\nimport shared.money as shop\n\
        workflow Buy(id: String) -> Price version 1 key id raises TooDear {\n\
        step price = shop.Shop.price(id: id)\n return Price(amount: price.amount)\n}\n";
    let compilation = compile(&Memory::new([("shared/money.wfl", money), ("buy.wfl", buy)]));
    assert_eq!(codes(&compilation), Vec::<String>::new());
    assert_eq!(compilation.workflows.len(), 1);
}

#[test]
fn rings_of_imports_are_drawn() {
    let files = [
        ("a.wfl", "import b (B)\nrecord A { b: B? }\n"),
        ("b.wfl", "import c (C)\nrecord B { c: C? }\n"),
        ("c.wfl", "import a (A)\nrecord C { a: A? }\n"),
    ];
    let compilation = compile(&Memory::new(files));
    assert_eq!(codes(&compilation), ["E0803 c.wfl modules import each other in a ring"]);
    assert_eq!(compilation.diagnostics[0].notes, ["a → b → c → a"]);
}

#[test]
fn wrong_names_and_manifests_are_reported() {
    let files = [("wfl.toml", "[project]\nnam = \"x\"\n"), ("a.wfl", "module b\nimport nowhere\n")];
    let compilation = compile(&Memory::new(files));
    assert_eq!(
        codes(&compilation),
        [
            "E0805 wfl.toml the project manifest cannot be read",
            "E0801 a.wfl this file is the module `a`",
            "E0802 a.wfl there is no module `nowhere`",
        ]
    );
    let compilation = compile(&Memory::new([("wfl.toml", "[project]\nsource = \"../other\"\n")]));
    assert_eq!(codes(&compilation), ["E0805 wfl.toml the source folder is outside"]);
}

#[test]
fn errors_anywhere_keep_all_plans_back() {
    let files = [
        ("transfer.wfl", TRANSFER.replace("payments.transfer", "transfer")),
        ("b.wfl", "record {}".to_owned()),
    ];
    let compilation = compile(&Memory::new(files));
    assert!(compilation.has_errors());
    assert!(compilation.workflows.is_empty());
}

#[test]
fn a_project_on_disk() {
    let Ok(folder) = tempfile::tempdir() else { panic!("no folder") };
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        let made = path.parent().map(std::fs::create_dir_all);
        assert!(made.is_none_or(|made| made.is_ok()) && std::fs::write(path, text).is_ok());
    };
    write("wfl.toml", "[project]\nname = \"disk\"\n");
    write("payments/transfer.wfl", TRANSFER);
    write(".wfl/hidden.wfl", "broken");
    let disk = Disk::new(folder.path());
    assert_eq!(disk.sources("").ok(), Some(vec!["payments/transfer.wfl".to_owned()]));
    assert_eq!(codes(&compile(&disk)), Vec::<String>::new());
}

/// A workflow with an unused value, below an attribute.
fn unused(attribute: &str) -> String {
    format!(
        "{attribute}\nworkflow W(id: String) -> String version 1 key id {{\n  let fee = 1\n  return id\n}}\n"
    )
}

/// The codes of a module with these levels on this day; denied warnings begin with `!`.
fn linted(manifest: &str, text: &str, levels: &[(&str, Level)], today: Option<Date>) -> Vec<String> {
    let mut settings = Settings { today, ..Settings::default() };
    for (lint, level) in levels {
        let Ok(lint) = lint.parse() else { panic!("{lint}") };
        settings.levels.set(lint, *level);
    }
    let compilation = compile_with(&Memory::new([("wfl.toml", manifest), ("a.wfl", text)]), &settings);
    assert!(compilation.workflows.is_empty() || !compilation.has_errors());
    let shown = |it: &Diagnostic| format!("{}{}", if it.is_error() { "!" } else { "" }, it.code);
    compilation.diagnostics.iter().map(shown).collect()
}

#[test]
fn the_last_level_decides_and_the_command_line_is_last() {
    use Level::{Allow, Deny, Warn};
    let text = unused("");
    let check = |manifest: &str, levels: &[(&str, Level)], wanted: &[&str]| {
        assert_eq!(linted(manifest, &text, levels, None), wanted, "{manifest} {levels:?}");
    };
    check("", &[], &["W0202"]);
    check("", &[("W0202", Deny)], &["!W0202"]);
    check("", &[("all", Allow)], &[]);
    check("", &[("all", Allow), ("W0202", Deny)], &["!W0202"]);
    check("", &[("W0202", Deny), ("all", Allow)], &[]);
    check("[lints]\nW0202 = \"allow\"\n", &[], &[]);
    check("[lints]\nW0202 = \"allow\"\nall = \"deny\"\n", &[], &[]);
    check("[lints]\nall = \"deny\"\n", &[], &["!W0202"]);
    check("[lints]\nall = \"deny\"\n", &[("W0202", Warn)], &["W0202"]);
    check("[lints]\nW0200 = \"deny\"\n", &[], &["!E0805", "W0202"]);
    check("[lints]\nE0205 = \"allow\"\n", &[], &["!E0805", "W0202"]);
    check("[lints]\nW0202 = \"forbid\"\n", &[], &["!E0805", "W0202"]);
    assert_eq!(Levels::default().of(Code::W0202), Warn);
    assert_eq!("W0200".parse::<Lint>().map_err(|it| it.help), Err(Some("did you mean `W0201`?".into())));
}

#[test]
fn an_allowance_needs_a_code_and_a_reason_and_may_end() {
    let days = [None, Some(date(2026, 1, 31)), Some(date(2026, 2, 1))];
    let check = |attribute: &str, wanted: [&[&str]; 3]| {
        for (today, wanted) in days.iter().zip(wanted) {
            assert_eq!(linted("", &unused(attribute), &[], *today), wanted, "{attribute} {today:?}");
        }
    };
    let always = |attribute: &str, wanted: &[&str]| check(attribute, [wanted; 3]);
    always("@allow(W0202, because: \"x\")", &[]);
    check("@allow(W0202, because: \"x\", until: \"2026-01-31\")", [&[], &[], &["!E0227", "W0202"]]);
    check("@allow(W0202, until: \"2026-01-31\", because: \"x\")", [&[], &[], &["!E0227", "W0202"]]);
    always("@allow(W0202)", &["!E0227"]);
    always("@allow(W0202, because: \" \")", &["!E0227"]);
    always("@allow(W0202, because: \"a {b}\")", &["!E0227"]);
    always("@allow(W0202, because: \"x\", until: \"soon\")", &["!E0227"]);
    always("@allow(W0202, because: \"x\", because: \"y\")", &["!E0227"]);
    always("@allow(W0202, becuase: \"x\", because: \"y\")", &["!E0227"]);
    always("@allow(W0202, W0201, because: \"x\")", &["!E0227"]);
    always("@allow", &["!E0227", "W0202"]);
    always("@allow(all, because: \"x\")", &["!E0227", "W0202"]);
    always("@allow(W0299, because: \"x\")", &["!E0227", "W0202"]);
    always("@allow(E0205, because: \"x\")", &["!E0227", "W0202"]);
    always("@allow(W0201, because: \"x\")", &["W0204", "W0202"]);
}

#[test]
fn an_allowance_holds_inside_what_it_stands_on() {
    let check = |text: &str, wanted: &[&str]| assert_eq!(linted("", text, &[], None), wanted, "{text}");
    let service = |outer: &str, inner: &str| {
        format!(
            "{outer}\nservice S {{\n{inner}\noperation a(id: String) -> Int {{ effect read idempotent by id }}\n}}\n"
        )
    };
    let allow = "@allow(W0205, because: \"x\")";
    check(&service("", ""), &["W0205"]);
    check(&service("", allow), &[]);
    check(&service(allow, ""), &[]);
    // Both are needed as far as can be told.
    check(&service(allow, allow), &[]);
    check("@allow(W0201, because: \"x\")\nimport std.money (percent)\n", &[]);
    check(&format!("record A {{\n{allow}\nx: Int }}\n"), &["W0204"]);
    check(&unused("@allow(W0202, because: \"x\")\nrecord A { x: Int }\n"), &["W0204", "W0202"]);
    // With errors about, it cannot be told what would be warned of.
    check(&format!("{allow}\nrecord A {{ x: Strin }}\n"), &["!E0203"]);
    // What is allowed with a reason is not denied.
    let denied = linted("", &service("", allow), &[("all", Level::Deny)], None);
    assert_eq!(denied, Vec::<String>::new());
    assert_eq!(
        linted("", &format!("{allow}\nrecord A {{ x: Int }}"), &[("W0204", Level::Allow)], None).len(),
        0
    );
}
