//! The inputs of the transfer example meet what their names promise.

use crate::client::{Client, Received, eur};
use crate::harness::Running;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

fn request(name: &str) -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../transfer/inputs").join(name).with_extension("json");
    let input: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    input["req"].clone()
}

async fn screen(bank: &Client, req: &Value) -> Received {
    bank.call("Compliance.screen", "", json!({"debtor": req["debtor"], "creditor": req["creditor"]})).await
}

async fn reserve(bank: &Client, req: &Value) -> Received {
    bank.call("Ledger.reserve", "reserve", json!({"account": req["debtor"], "amount": eur("251.11")})).await
}

fn submission(req: &Value) -> Value {
    json!({"creditor": req["creditor"], "amount": req["amount"], "reference": req["request_id"]})
}

/// Everything before the rail succeeds.
async fn up_to_the_rail(bank: &Client, req: &Value) {
    assert_eq!(screen(bank, req).await.status, 200);
    let hold = reserve(bank, req).await.field("id");
    bank.post(&hold, req["amount"]["amount"].as_str().unwrap(), "0.50").await;
}

#[tokio::test]
async fn settled_meets_no_fault() {
    let (bank, req) = (Running::start().await, request("settled"));
    up_to_the_rail(&bank, &req).await;
    assert_eq!(bank.call("Rail.submit", "submit", submission(&req)).await.status, 200);
}

#[tokio::test]
async fn refusals_name_their_reason() {
    let bank = Running::start().await;
    assert_eq!(screen(&bank, &request("sanctioned")).await.field("error"), "SanctionsHit");
    assert_eq!(reserve(&bank, &request("insufficient")).await.field("error"), "InsufficientFunds");
    let frozen =
        bank.call("Ledger.reserve", "f", json!({"account": request("frozen")["debtor"], "amount": eur("1")}));
    assert_eq!(frozen.await.field("error"), "AccountFrozen");
    let req = request("declined");
    let bank = Running::start().await;
    up_to_the_rail(&bank, &req).await;
    assert_eq!(bank.call("Rail.submit", "submit", submission(&req)).await.field("error"), "Declined");
}

#[tokio::test]
async fn a_lost_answer_is_found_by_lookup_and_by_its_key() {
    let (bank, req) = (Running::start().await, request("lost-answer"));
    up_to_the_rail(&bank, &req).await;
    assert!(bank.try_call("Rail.submit", "submit", submission(&req)).await.is_err());
    let found =
        bank.call("Rail.lookup", "", json!({"reference": req["request_id"]})).await.field("reference");
    let again = bank.call("Rail.submit", "submit", submission(&req)).await;
    assert!(again.replayed());
    assert_eq!(again.field("reference"), found);
}

#[tokio::test]
async fn slow_and_down_pass() {
    let (bank, slow, down) = (Running::start().await, request("slow"), request("down"));
    let started = Instant::now();
    assert_eq!(reserve(&bank, &slow).await.status, 200);
    assert!(started.elapsed() >= Duration::from_secs(2));
    assert_eq!(bank.call("Rail.submit", "down", submission(&down)).await.status, 503);
    tokio::time::sleep(Duration::from_millis(2_050)).await;
    assert_eq!(bank.call("Rail.submit", "down", submission(&down)).await.status, 200);
}
