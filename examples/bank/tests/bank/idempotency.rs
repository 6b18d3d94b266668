//! One key, one effect: replays, reuse, races and restarts.

use crate::client::{Client, DEBTOR, eur, payment, uuid};
use crate::harness::Running;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

#[tokio::test]
async fn the_same_call_is_answered_again_without_an_effect() {
    let bank = Running::start().await;
    let reserve = json!({"account": DEBTOR, "amount": eur("5.00")});
    let first = bank.call("Ledger.reserve", "k1", reserve.clone()).await;
    assert!(!first.replayed());
    // The same arguments in another order and with a null are the same call.
    let reordered = json!({"note": null, "amount": {"currency": "EUR", "amount": "5.00"}, "account": DEBTOR});
    for arguments in [reserve, reordered] {
        let again = bank.call("Ledger.reserve", "k1", arguments).await;
        assert!(again.replayed());
        assert_eq!((again.status, &again.text), (200, &first.text));
        assert_eq!(again.headers["content-type"], "application/json");
    }
    let audit = bank.sound_audit().await;
    assert_eq!(audit["accounts"][DEBTOR]["held"], eur("5.00"));
    assert_eq!(audit["calls"][0]["replays"], 2);
}

#[tokio::test]
async fn every_kind_of_definite_answer_is_stored() {
    let bank = Running::start().await;
    let hold = bank.hold(DEBTOR, "5.00", "k1").await;
    let frozen = json!({"account": "acc_frozen00000000000001", "amount": eur("1.00")});
    let calls = [
        ("Ledger.release", json!({"hold": hold}), 204),
        ("Ledger.reserve", frozen, 422),
        ("Rail.submit", payment("5.04", &uuid(1)), 422),
        ("Rail.submit", payment("5.00", &uuid(2)), 200),
    ];
    for (n, (operation, arguments, status)) in calls.into_iter().enumerate() {
        let key = format!("call {n}");
        let first = bank.call(operation, &key, arguments.clone()).await;
        let again = bank.call(operation, &key, arguments).await;
        assert_eq!((first.status, again.status, again.replayed()), (status, status, true), "{operation}");
        assert_eq!(first.text, again.text);
    }
}

#[tokio::test]
async fn what_is_not_definite_is_not_stored() {
    let bank = Running::start().await;
    let hold = bank.hold(DEBTOR, "5.00", "k1").await;
    let settle = json!({"hold": hold, "rail_reference": "R1"});
    assert_eq!(bank.call("Ledger.settle", "k2", settle.clone()).await.status, 409);
    bank.post(&hold, "4.50", "0.50").await;
    let settled = bank.call("Ledger.settle", "k2", settle).await;
    assert_eq!((settled.status, settled.replayed()), (200, false));
}

#[tokio::test]
async fn a_key_belongs_to_one_operation_and_its_arguments() {
    let bank = Running::start().await;
    let hold = bank.hold(DEBTOR, "5.00", "k1").await;
    let other_amount = json!({"account": DEBTOR, "amount": eur("5.01")});
    let reused = bank.call("Ledger.reserve", "k1", other_amount).await;
    assert_eq!((reused.status, reused.field("type").as_str()), (422, "urn:wfl:key-reused"));
    let other_operation = bank.call("Ledger.release", "k1", json!({"hold": hold})).await;
    assert_eq!(other_operation.field("type"), "urn:wfl:key-reused");
    let audit = bank.sound_audit().await;
    assert_eq!(audit["open_holds"].as_array().unwrap().len(), 1);
    assert_eq!(audit["calls"][0]["replays"], 0);
}

/// Calls until the key is no longer running elsewhere.
async fn patient(
    client: Client,
    operation: &'static str,
    key: String,
    arguments: serde_json::Value,
) -> String {
    loop {
        let answer = client.call(operation, &key, arguments.clone()).await;
        if answer.status == 409 {
            assert!(answer.says("wfl-in-progress"), "{answer:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        return answer.text;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_have_one_effect() {
    let bank = Running::start().await;
    let reserve = json!({"account": DEBTOR, "amount": eur("5.00")});
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        calls.spawn(patient(bank.clone(), "Ledger.reserve", "k1".to_owned(), reserve.clone()));
        calls.spawn(patient(bank.clone(), "Rail.submit", "k2".to_owned(), payment("7.00", &uuid(1))));
    }
    let mut answers = calls.join_all().await;
    answers.sort_unstable();
    answers.dedup();
    assert_eq!(answers.len(), 2, "one hold and one receipt: {answers:?}");
    let audit = bank.sound_audit().await;
    assert_eq!(audit["accounts"][DEBTOR]["held"], eur("5.00"));
    assert_eq!(audit["submissions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn answers_outlive_the_bank() {
    let bank = Running::start().await;
    let hold = bank.hold(DEBTOR, "5.00", "k1").await;
    let bank = bank.restart().await;
    let again = bank.call("Ledger.reserve", "k1", json!({"account": DEBTOR, "amount": eur("5.00")})).await;
    assert!(again.replayed());
    assert_eq!(again.field("id"), hold);
    assert_eq!(bank.sound_audit().await["open_holds"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_key_every_call_is_its_own() {
    let bank = Running::start().await;
    let first = bank.hold(DEBTOR, "5.00", "").await;
    assert_ne!(first, bank.hold(DEBTOR, "5.00", "").await);
    let empty = bank.send(http::Method::POST, "/Ledger/reserve", Some(""), "{}").await.unwrap();
    assert_eq!(empty.status, 400);
}
