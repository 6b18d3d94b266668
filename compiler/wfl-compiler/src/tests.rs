//! Tests of projects and drawings.

use wfl_source::Diagnostic;

use crate::graph::{dot, mermaid, svg};
use crate::{Compilation, Disk, Memory, World, compile};

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
