//! `kill -9` of the real binary at seeded random moments: the same command again goes on as if nothing had happened.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};
use wfl_tests::binaries::{Project, Ran};
use wfl_tests::project::input;

/// A small generator (SplitMix64, Steele et al. 2014): its seed is all that a replay needs.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

fn seed() -> u64 {
    let given = std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_micros() as u64)
    })
}

/// An account whose name asks the bank for a fault.
fn account(fault: &str, number: u32) -> String {
    format!("acc_{fault}{number:0width$}", width = 20 - fault.len())
}

/// An input that ends in one of several ways, with calls slow enough to be killed in.
fn some_input(number: u32, random: &mut Random) -> (Json, &'static str) {
    let mut json = input(number);
    let (expected, debtor, amount, creditor) = match random.next(4) {
        0 => ("Settled", account("reservelost1", number), "20.00", "DE89370400440532013000"),
        1 => ("Settled", account("postlost1", number), "20.61", "DE89370400440532013000"),
        2 => ("Rejected", account("", number), "20.04", "DE89370400440532013000"),
        _ => ("Settled", account("", number), "20.00", "DE89370400440532013000"),
    };
    json["req"]["debtor"] = Json::from(debtor);
    json["req"]["amount"]["amount"] = Json::from(amount);
    json["req"]["creditor"] = Json::from(creditor);
    (json, expected)
}

#[test]
fn kill_9_at_any_moment_changes_nothing() {
    let kills_wanted = if std::env::var_os("WFL_LONG").is_some() { 300 } else { 50 };
    let seed = seed();
    println!("replay with: WFL_SEED={seed} cargo test -p wfl-tests --test kill");
    let mut random = Random(seed);
    let project = Project::new("");
    let (mut kills, mut number, mut in_flight) = (0, 100, 0);
    // One run in peace tells how long a run takes.
    let begun = Instant::now();
    run_to_end(&project, 1, &input(1), "Settled");
    let length = begun.elapsed().as_micros() as u64;
    while kills < kills_wanted {
        number += 1;
        let (json, expected) = some_input(number, &mut random);
        let name = format!("inputs/{number}.json");
        project.write(&name, &json.to_string());
        for _ in 0..1 + random.next(4) {
            let mut child =
                project.wflc(&["run", ".", "--output", "json", "--input", &name]).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(random.next(length)));
            let running = child.try_wait().unwrap().is_none();
            child.kill().unwrap();
            let ran = Ran::of(child.wait_with_output().unwrap());
            kills += u32::from(running);
            in_flight += u32::from(ran.stdout.contains("step_started") && !ran.stdout.contains("\"end\""));
        }
        run_to_end(&project, number, &json, expected);
    }
    println!("{kills} kills, {in_flight} of them in the middle of an instance");
    assert!(in_flight > 0, "some kill hit a running instance");
}

fn run_to_end(project: &Project, number: u32, json: &Json, expected: &str) {
    let name = format!("inputs/{number}.json");
    project.write(&name, &json.to_string());
    let ran = project.run(&name);
    assert_eq!((ran.status, &ran.result()["kind"]), (Some(0), &json!(expected)), "{json}: {ran:#?}");
    // Once more: the stored result, and no effect.
    let again = project.run(&name);
    assert_eq!((again.status, again.result()), (Some(0), ran.result()), "{again:#?}");
    let audit = project.audit();
    assert_eq!(audit["balanced"], true, "{audit}");
    assert_eq!((&audit["duplicates"], &audit["conflicts"]), (&json!([]), &json!([])), "{audit}");
    assert_eq!(audit["open_holds"], json!([]), "{audit}");
    let reference = &json["req"]["request_id"];
    let submitted =
        audit["submissions"].as_array().unwrap().iter().filter(|s| s["reference"] == *reference).count();
    assert_eq!(submitted, usize::from(expected == "Settled"), "{audit}");
}
