//! `kill -9` of the real binary in the middle of hundreds of instances: nothing that it acknowledged is lost, and nothing
//! happens twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};
use wfl_sim::Random;
use wfl_tests::binaries::{Project, Ran};
use wfl_tests::project::input;

/// How many instances run at once.
const BATCH: u32 = 120;

fn seed() -> u64 {
    let given = std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_micros() as u64)
    })
}

/// Inputs of which some are declined, and some meet a bank that loses answers. By key, with what they come to.
fn batch(random: &mut Random, from: u32) -> BTreeMap<String, (Json, &'static str)> {
    let one = |number: u32| {
        let mut json = input(number);
        let (expected, debtor, amount, creditor) = match random.below(4) {
            0 => ("Settled", "reservelost1", "20.00", "DE89370400440532013000"),
            1 => ("Settled", "postlost1", "20.61", "DE89370400440532013000"),
            2 => ("Rejected", "", "20.04", "DE89370400440532013000"),
            _ => ("Settled", "", "20.00", "DE89370400440532013000"),
        };
        json["req"]["debtor"] = json!(format!("acc_{debtor}{number:0width$}", width = 20 - debtor.len()));
        json["req"]["amount"]["amount"] = json!(amount);
        json["req"]["creditor"] = json!(creditor);
        (json["req"]["request_id"].as_str().unwrap().to_owned(), (json, expected))
    };
    (from..from + BATCH).map(one).collect()
}

/// The lines of a kind that a run told.
fn told(ran: &Ran, kind: &str) -> Vec<Json> {
    let lines = ran.stdout.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    lines.filter(|line| line["type"] == kind).collect()
}

fn ids(lines: &[Json]) -> BTreeSet<String> {
    lines.iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn kill_9_under_load_loses_nothing_and_repeats_nothing() {
    let kills_wanted = if std::env::var_os("WFL_LONG").is_some() { 300 } else { 50 };
    let seed = seed();
    println!("replay with: WFL_SEED={seed} cargo test -p wfl-tests --test kill_batch");
    let mut random = Random::new(seed);
    let project = Project::new("");
    let (mut kills, mut in_flight, mut number, mut length) = (0, 0, 1_000, Duration::from_secs(1));
    while kills < kills_wanted {
        let batch = batch(&mut random, number);
        number += BATCH;
        let name = format!("inputs/{number}.jsonl");
        let lines: String = batch.values().map(|(json, _)| format!("{json}\n")).collect();
        project.write(&name, &lines);
        let run = ["run", ".", "--output", "json", "--input", &name];
        let (mut acknowledged, mut ended) = (BTreeSet::new(), BTreeMap::new());
        for _ in 0..4 + random.below(6) {
            let mut child = project.wflc(&run).spawn().unwrap();
            std::thread::sleep(length.mul_f64(random.below(1_000) as f64 / 1_000.0));
            let running = child.try_wait().unwrap().is_none();
            child.kill().unwrap();
            let ran = Ran::of(child.wait_with_output().unwrap());
            kills += u32::from(running);
            let (begun, over) = (ids(&told(&ran, "instance")), told(&ran, "end"));
            in_flight += usize::from(running) * begun.len().saturating_sub(over.len());
            acknowledged.extend(begun);
            ended.extend(over.iter().map(|end| (end["id"].to_string(), end["result"].clone())));
        }
        let begun = Instant::now();
        let ran = Ran::of(project.wflc(&run).output().unwrap());
        length = begun.elapsed().max(Duration::from_millis(300));
        assert_eq!(ran.status, Some(0), "{ran:#?}");
        let last = told(&ran, "end");
        assert_eq!(last.len(), BATCH as usize, "each input comes to its end");
        let known = ids(&last);
        assert!(acknowledged.is_subset(&known), "what was acknowledged is there");
        for end in &last {
            let before = ended.get(&end["id"].to_string());
            assert!(before.is_none_or(|before| *before == end["result"]), "an end stays: {before:?} {end}");
        }
        settled_once(&project, &batch);
    }
    println!("{kills} kills, {in_flight} instances were acknowledged and not over when they came");
    assert!(in_flight > 100, "they came in the middle of instances: {in_flight}");
}

/// The bank has done for each input what it comes to, and nothing twice.
fn settled_once(project: &Project, batch: &BTreeMap<String, (Json, &'static str)>) {
    let audit = project.audit();
    assert_eq!(audit["balanced"], true, "{audit}");
    assert_eq!((&audit["duplicates"], &audit["conflicts"]), (&json!([]), &json!([])));
    assert_eq!(audit["open_holds"], json!([]));
    let submissions = audit["submissions"].as_array().unwrap();
    for (reference, (json, expected)) in batch {
        let submitted = submissions.iter().filter(|s| s["reference"] == *reference).count();
        assert_eq!(submitted, usize::from(*expected == "Settled"), "{json}");
    }
}
