//! `wflc check --time`: what it tells about the examples, to people and to machines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use serde_json::Value;
use wfl_tests::binaries::{Ran, wflc};
use wfl_tests::project::root;

fn told(args: &[&str]) -> String {
    let ran = Ran::of(wflc(&root(), args).output().unwrap());
    assert_eq!(ran.status, Some(0), "{ran:#?}");
    ran.stdout
}

fn check(folder: &str) {
    let path = format!("examples/{folder}");
    let table = told(&["check", &path, "--time"]);
    insta::assert_snapshot!(folder, table);
    // Both tell of the same workflows and steps.
    let objects = told(&["check", &path, "--time", "--message-format", "json"]);
    let objects = objects.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for object in objects.filter(|object| object["workflow"].is_string()) {
        assert!(table.contains(object["workflow"].as_str().unwrap()), "{object}");
        assert!(
            object["time"]["best_us"].as_i64() <= object["time"]["worst"]["known_us"].as_i64(),
            "{object}"
        );
        for step in object["steps"].as_array().unwrap() {
            assert!(table.contains(step["what"].as_str().unwrap()), "{step}");
            let [best, worst] = [&step["time"]["best_us"], &step["time"]["worst"]["known_us"]];
            assert!(best.as_i64() <= worst.as_i64(), "{step}");
        }
        for call in object["calls"].as_array().unwrap() {
            assert!(table.contains(call["operation"].as_str().unwrap()), "{call}");
            assert!(call["times"].as_u64() <= call["attempts"].as_u64(), "{call}");
        }
    }
}

#[test]
fn a_saga_with_a_point_of_no_return() {
    check("transfer");
}

#[test]
fn branches_and_waits() {
    check("loan");
}

#[test]
fn many_items_and_children() {
    check("payout");
}
