//! The command line as a user meets it: every example input, and bad input that is refused with one clear report.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use serde_json::json;
use wfl_tests::binaries::{Project, Ran};

#[test]
fn every_example_input_ends_as_the_workflow_says() {
    let project = Project::new("");
    for (input, kind, reason) in [
        ("settled", "Settled", json!(null)),
        ("declined", "Rejected", json!({ "kind": "RailDeclined", "code": "AM04" })),
        ("sanctioned", "Rejected", json!({ "kind": "Sanctions" })),
        ("lost-answer", "Settled", json!(null)),
        ("insufficient", "Rejected", json!({ "kind": "InsufficientFunds" })),
        ("frozen", "Rejected", json!({ "kind": "AccountFrozen" })),
        ("slow", "Settled", json!(null)),
        ("down", "Settled", json!(null)),
    ] {
        let ran = project.run(&format!("inputs/{input}.json"));
        assert_eq!(ran.status, Some(0), "{input}: {ran:#?}");
        let result = ran.result();
        assert_eq!((&result["kind"], &result["reason"]), (&json!(kind), &reason), "{input}: {ran:#?}");
    }
    let audit = project.audit();
    assert_eq!(
        (&audit["balanced"], &audit["duplicates"], &audit["open_holds"]),
        (&json!(true), &json!([]), &json!([]))
    );
}

/// Runs and expects one report on standard error with these words, this status, and nothing started.
fn check(project: &Project, args: &[&str], status: i32, words: &[&str]) -> Ran {
    let ran = Ran::of(project.wflc(args).output().unwrap());
    assert_eq!(ran.status, Some(status), "{args:?}: {ran:#?}");
    let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ").replace(" │ ", " ");
    for word in words {
        assert!(said.contains(word), "{args:?} says {word:?}: {}", ran.stderr);
    }
    assert_eq!(
        ran.stderr.matches('×').count(),
        usize::from(ran.stderr.contains('×')),
        "one report: {}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

const RUN: [&str; 3] = ["run", ".", "--input"];

fn run_with(input: &str) -> Vec<&str> {
    RUN.iter().copied().chain([input]).collect()
}

#[test]
fn a_bad_input_is_refused_before_anything_starts() {
    let project = Project::new("");
    let good = std::fs::read_to_string(project.path().join("inputs/settled.json")).unwrap();
    for (from, to, words) in [
        ("\"250.00\"", "\"0.00\"", vec!["$.req.amount breaks the rule `value.amount > 0`"]),
        ("\"250.00\"", "250", vec!["$.req.amount.amount", "decimal number as text"]),
        ("\"250.00\"", "\"250.001\"", vec!["$.req.amount.amount", "2 places"]),
        ("\"EUR\"", "\"USD\"", vec!["$.req.amount.currency must be EUR, not USD"]),
        ("acc_00000000000000000001", "acc_1", vec!["$.req.debtor breaks the rule", "AccountId"]),
        ("DE89370400440532013000", "DE88370400440532013000", vec!["$.req.creditor breaks the rule", "Iban"]),
        ("\"request_id\"", "\"request\"", vec!["$.req.request_id is missing"]),
        ("\"req\"", "\"request\"", vec!["$.req is missing"]),
        ("{", "", vec!["the input is not JSON"]),
    ] {
        project.write("bad.json", &good.replacen(from, to, 1));
        check(&project, &run_with("bad.json"), 1, &words);
    }
    check(&project, &run_with("nowhere.json"), 64, &["nowhere.json cannot be read"]);
    assert!(!project.path().join(".wfl").exists(), "nothing was started");
}

#[test]
fn one_key_is_one_input() {
    let project = Project::new("");
    assert_eq!(project.run("inputs/settled.json").status, Some(0));
    let other = std::fs::read_to_string(project.path().join("inputs/settled.json"))
        .unwrap()
        .replace("250.00", "251.00");
    project.write("other.json", &other);
    check(&project, &run_with("other.json"), 1, &["was started with another input under the same key"]);
}

#[test]
fn a_changed_program_does_not_change_what_runs() {
    let project = Project::new("");
    assert_eq!(project.run("inputs/settled.json").status, Some(0));
    let path = project.path().join("payments/transfer.wfl");
    let text = std::fs::read_to_string(&path).unwrap().replacen("version 3", "version 4", 1);
    std::fs::write(&path, text).unwrap();
    let ran = Ran::of(project.wflc(&run_with("inputs/settled.json")).output().unwrap());
    assert_eq!(ran.status, Some(0));
    assert!(ran.stdout.contains("version 3") && ran.stdout.contains("has changed since"), "{ran:#?}");
}

#[test]
fn what_is_missing_or_in_use_is_one_report() {
    let project = Project::new("");
    let run = run_with("inputs/settled.json");
    let manifest = std::fs::read_to_string(project.path().join("wfl.toml")).unwrap();

    project
        .write("wfl.toml", "[project]\nname = \"payments\"\n[worker.bank]\ncommand = [\"./no-such-bank\"]\n");
    check(&project, &run, 69, &["worker `bank` cannot be started"]);
    project.write("wfl.toml", "[project]\nname = \"payments\"\n[worker.bank]\ncommand = [\"false\"]\n");
    check(&project, &run, 69, &["worker `bank` ended before it was ready"]);
    project.write("wfl.toml", "[project]\nname = \"payments\"\n");
    check(&project, &run, 69, &["bound to the worker `bank`, which the project does not name"]);
    project.write("wfl.toml", "[project\n");
    check(&project, &run, 1, &["E0805"]);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    project.write(
        "wfl.toml",
        &manifest.replace("\"--with-parent\"", &format!("\"--with-parent\", \"--port\", \"{port}\"")),
    );
    check(&project, &run, 69, &["worker `bank` ended before it was ready", "in use"]);

    project.write("wfl.toml", &manifest);
    let bindings = std::fs::read_to_string(project.path().join("bindings.toml")).unwrap();
    project.write("bindings.toml", "[service.Ledger]\nworker = \"bank\"\n");
    check(&project, &run, 69, &["is not bound"]);
    project.write("bindings.toml", &bindings);
    assert_eq!(project.run("inputs/settled.json").status, Some(0), "all of it was left as it was");
}

#[test]
fn a_journal_that_cannot_be_used_is_left_as_it_is() {
    let project = Project::new("");
    let run = run_with("inputs/settled.json");
    std::fs::create_dir_all(project.path().join(".wfl")).unwrap();
    project.write(
        ".wfl/journal.db",
        "this is no database, and longer than the header of one has to be, to be sure of it",
    );
    check(&project, &run, 69, &["is not a journal"]);
    std::fs::remove_file(project.path().join(".wfl/journal.db")).unwrap();
    std::fs::create_dir(project.path().join(".wfl/journal.db")).unwrap();
    check(&project, &run, 69, &["cannot be used"]);
    std::fs::remove_dir(project.path().join(".wfl/journal.db")).unwrap();

    let lock = std::fs::File::create(project.path().join(".wfl/journal.db.lock")).unwrap();
    lock.try_lock().unwrap();
    check(&project, &run, 69, &["in use by another process"]);
    drop(lock);
    assert_eq!(project.run("inputs/settled.json").status, Some(0));
}

#[test]
fn a_damaged_record_puts_its_instance_into_quarantine_and_loses_nothing() {
    let project = Project::new("");
    assert_eq!(project.run("inputs/settled.json").status, Some(0));
    assert_eq!(project.run("inputs/declined.json").status, Some(0));
    let flip = |restore: bool| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let path = project.path().join(".wfl/journal.db");
            let db = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(path))
                .await
                .unwrap();
            let query = if restore {
                "UPDATE records SET at = at - 1 WHERE position = 2"
            } else {
                "UPDATE records SET at = at + 1 WHERE position = 2"
            };
            sqlx::query(query).execute(&db).await.unwrap();
            db.close().await;
        });
    };
    flip(false);
    check(&project, &run_with("inputs/settled.json"), 69, &["is in quarantine", "record 2"]);
    assert_eq!(project.run("inputs/declined.json").status, Some(0), "the other instance is sound");
    flip(true);
    assert_eq!(project.run("inputs/settled.json").status, Some(0), "nothing was lost");
}

#[test]
fn check_build_and_graph_work_on_the_example() {
    let project = Project::new("");
    let checked = check(&project, &["check", "payments/transfer.wfl"], 0, &[]);
    assert_eq!(checked.stdout, "ok: 1 workflow\n");
    let built = check(&project, &["build", ".", "--emit", "ir"], 0, &[]);
    let plan: serde_json::Value = serde_json::from_str(&built.stdout).unwrap();
    assert_eq!(plan["workflow"], "payments.transfer.TransferFunds");
    for (format, begins) in [("mermaid", "flowchart"), ("dot", "digraph"), ("svg", "<svg")] {
        let drawn = check(&project, &["graph", ".", "--format", format], 0, &[]);
        assert!(
            drawn.stdout.contains(begins) && drawn.stdout.contains("Rail.submit"),
            "{format}: {}",
            drawn.stdout
        );
    }
    check(&project, &["graph", ".", "--workflow", "Nope"], 64, &["no workflow `Nope`"]);
    check(&project, &["fly"], 64, &[]);

    let path = project.path().join("payments/transfer.wfl");
    let text = std::fs::read_to_string(&path).unwrap();
    for (from, to, code) in [
        ("pivot step", "step", "E0320"),
        ("            rollback\n", "", "E0312"),
        ("        rollback\n", "", "E0312"),
        ("req.debtor", "req.debitor", "E0"),
        ("workflow TransferFunds", "workflow", "E0"),
        ("EUR(0.50)", "USD(0.50)", "E0"),
    ] {
        if !text.contains(from) {
            continue;
        }
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let ran = check(&project, &["check", "."], 1, &[code, "transfer.wfl:"]);
        assert!(ran.stdout.contains("check failed"), "{ran:#?}");
        check(&project, &run_with("inputs/settled.json"), 1, &[code]);
    }
    assert!(!project.path().join(".wfl/journal.db").exists(), "a program with errors starts nothing");
}

#[test]
fn the_picture_in_the_readme_is_the_workflow() {
    let project = Project::new("");
    let drawn = check(&project, &["graph", ".", "--format", "svg"], 0, &[]);
    let kept = std::fs::read_to_string(wfl_tests::project::root().join("docs/transfer.svg")).unwrap();
    assert_eq!(
        drawn.stdout.trim_end(),
        kept.trim_end(),
        "draw it anew: wflc graph examples/transfer --format svg -o docs/transfer.svg"
    );
    let readme = std::fs::read_to_string(wfl_tests::project::root().join("README.md")).unwrap();
    let source = std::fs::read_to_string(project.path().join("payments/transfer.wfl")).unwrap();
    let shown = readme.split("```wfl\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(source.contains(shown), "the program in the README is the example's");
}
