//! Every fault, armed by a test or asked for by the data of a call.

use crate::client::{DEBTOR, eur, payment, uuid};
use crate::harness::Running;
use http::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn reserve(account: &str) -> Value {
    json!({"account": account, "amount": eur("5.00")})
}

#[tokio::test]
async fn armed_faults_strike_the_next_calls_of_their_operation() {
    let bank = Running::start().await;
    bank.arm(json!({"operation": "Ledger.reserve", "fault": "lost_after", "times": 2})).await;
    bank.arm(json!({"operation": "Ledger.reserve", "fault": "error_500"})).await;
    assert_eq!(bank.call("Ledger.balance", "", json!({"account": DEBTOR})).await.status, 200);
    assert!(bank.try_call("Ledger.reserve", "k1", reserve(DEBTOR)).await.is_err());
    assert_eq!(bank.sound_audit().await["accounts"][DEBTOR]["held"], eur("5.00"));
    assert!(bank.try_call("Ledger.reserve", "k1", reserve(DEBTOR)).await.is_err());
    assert_eq!(bank.call("Ledger.reserve", "k1", reserve(DEBTOR)).await.status, 500);
    let answer = bank.call("Ledger.reserve", "k1", reserve(DEBTOR)).await;
    assert!(answer.replayed() && answer.status == 200);
    assert_eq!(bank.sound_audit().await["accounts"][DEBTOR]["held"], eur("5.00"));
}

#[tokio::test]
async fn faults_before_the_effect_leave_none() {
    let bank = Running::start().await;
    for fault in ["lost_before", "unavailable", "error_500"] {
        bank.arm(json!({"operation": "Ledger.reserve", "fault": fault})).await;
    }
    assert!(bank.try_call("Ledger.reserve", "k1", reserve(DEBTOR)).await.is_err());
    let unavailable = bank.call("Ledger.reserve", "k1", reserve(DEBTOR)).await;
    assert_eq!((unavailable.status, unavailable.says("wfl-not-executed")), (503, true));
    let broken = bank.call("Ledger.reserve", "k1", reserve(DEBTOR)).await;
    assert_eq!((broken.status, broken.says("wfl-not-executed")), (500, false));
    assert_eq!(bank.audit().await["open_holds"], json!([]));
    assert!(!bank.call("Ledger.reserve", "k1", reserve(DEBTOR)).await.replayed());
}

#[tokio::test]
async fn an_armed_declared_error_is_stored_and_has_no_effect() {
    let bank = Running::start().await;
    let declined = json!({"error": "Declined", "data": {"code": "AC04"}});
    bank.arm(json!({"operation": "Rail.submit", "fault": "declared", "times": 1, "error": declined})).await;
    for replayed in [false, true] {
        let answer = bank.call("Rail.submit", "k1", payment("5.00", &uuid(1))).await;
        assert_eq!((answer.status, answer.replayed()), (422, replayed));
        assert_eq!(answer.json()["data"], json!({"code": "AC04"}));
    }
    assert_eq!(bank.audit().await["submissions"], json!([]));
}

#[tokio::test]
async fn a_slow_call_keeps_its_key_running_and_ends_without_its_caller() {
    let bank = Running::start().await;
    bank.arm(json!({"operation": "Ledger.reserve", "fault": "slow", "ms": 3_000})).await;
    tokio::select! {
        _ = bank.try_call("Ledger.reserve", "k1", reserve(DEBTOR)) => panic!("the slow call has ended"),
        () = bank.until_used() => {}
    }
    let running = bank.call("Ledger.reserve", "k1", reserve(DEBTOR)).await;
    assert_eq!((running.status, running.says("wfl-in-progress")), (409, true));
    let ended = loop {
        let answer = bank.call("Ledger.reserve", "k1", reserve(DEBTOR)).await;
        if !answer.says("wfl-in-progress") {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(ended.replayed());
    assert_eq!(bank.sound_audit().await["open_holds"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn armed_faults_are_listed_and_cleared() {
    let bank = Running::start().await;
    bank.arm(json!({"operation": "Ledger.post", "fault": "lost_after", "times": 3})).await;
    let listed = bank.send(Method::GET, "/_test/faults", None, "").await.unwrap().json();
    assert_eq!(listed["armed"][0]["times"], 3);
    assert_eq!(bank.send(Method::DELETE, "/_test/faults", None, "").await.unwrap().status, 204);
    let listed = bank.send(Method::GET, "/_test/faults", None, "").await.unwrap().json();
    assert_eq!(listed["armed"], json!([]));
    for bad in [
        json!({"operation": "Ledger.post", "fault": "meteor"}),
        json!({"operation": "Ledger.post", "fault": "declared"}),
        json!({"operation": "Ledger.posts", "fault": "slow"}),
        json!({"operation": "Ledger.post"}),
    ] {
        let answer = bank.send(Method::POST, "/_test/faults", None, bad.to_string()).await.unwrap();
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn an_account_asks_for_faults_of_the_operation_it_names() {
    let bank = Running::start().await;
    let account = "acc_postlost200000000001";
    let hold = bank.hold(account, "5.00", "k1").await;
    let post = json!({"hold": hold, "amount": eur("4.50"), "fee": eur("0.50")});
    assert!(bank.try_call("Ledger.post", "k2", post.clone()).await.is_err());
    assert!(bank.try_call("Ledger.post", "k2", post.clone()).await.is_err());
    let posted = bank.call("Ledger.post", "k2", post).await;
    assert!(posted.replayed());
    assert_eq!(bank.sound_audit().await["postings"].as_array().unwrap().len(), 1);

    let undo = "acc_reversedrop100000001";
    let hold = bank.hold(undo, "5.00", "k3").await;
    let reverse = json!({"posting": bank.post(&hold, "4.50", "0.50").await, "reason": "test"});
    assert!(bank.try_call("Ledger.reverse", "k4", reverse.clone()).await.is_err());
    assert_eq!(bank.audit().await["accounts"][undo]["balance"], eur("9995.00"));
    assert_eq!(bank.call("Ledger.reverse", "k4", reverse).await.status, 204);

    let broken = reserve("acc_reserveerr1000000001");
    assert_eq!(bank.call("Ledger.reserve", "k5", broken.clone()).await.status, 500);
    assert_eq!(bank.call("Ledger.reserve", "k5", broken).await.status, 200);
    let screen = json!({"debtor": "acc_screendrop1000000001", "creditor": crate::client::CREDITOR});
    assert!(bank.try_call("Compliance.screen", "", screen.clone()).await.is_err());
    assert_eq!(bank.call("Compliance.screen", "", screen).await.status, 200);
}

#[tokio::test]
async fn the_count_of_attempts_outlives_the_bank() {
    let bank = Running::start().await;
    let lost = reserve("acc_reservelost200000001");
    assert!(bank.try_call("Ledger.reserve", "k1", lost.clone()).await.is_err());
    let bank = bank.restart().await;
    assert!(bank.try_call("Ledger.reserve", "k1", lost.clone()).await.is_err());
    assert!(bank.call("Ledger.reserve", "k1", lost).await.replayed());
}

#[tokio::test]
async fn down_ends_after_its_seconds() {
    let bank = Running::start().await;
    let down = reserve("acc_reservedown100000001");
    let started = Instant::now();
    let refused = bank.call("Ledger.reserve", "k1", down.clone()).await;
    assert_eq!((refused.status, refused.says("wfl-not-executed")), (503, true));
    while bank.call("Ledger.reserve", "k1", down.clone()).await.status == 503 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(started.elapsed() >= Duration::from_millis(950), "{:?}", started.elapsed());
}

#[tokio::test]
async fn cents_ask_the_rail_for_faults() {
    let bank = Running::start().await;
    let submit = async |amount: &str, n: u32| {
        bank.try_call("Rail.submit", &format!("k{n}"), payment(amount, &uuid(n))).await
    };
    let found =
        async |n: u32| bank.call("Rail.lookup", "", json!({"reference": uuid(n)})).await.text != "null";

    let declined = submit("250.04", 1).await.unwrap();
    assert_eq!(declined.json()["data"], json!({"code": "AM04"}));
    assert!(!found(1).await);
    assert!(submit("250.51", 2).await.is_err());
    assert!(!found(2).await);
    assert!(!submit("250.51", 2).await.unwrap().replayed());
    assert!(submit("250.61", 3).await.is_err());
    assert!(found(3).await);
    assert!(submit("250.61", 3).await.unwrap().replayed());
    assert_eq!(submit("250.71", 4).await.unwrap().status, 503);
    assert_eq!(submit("250.91", 5).await.unwrap().status, 500);
    assert_eq!(submit("250.91", 5).await.unwrap().status, 200);
    let started = Instant::now();
    assert_eq!(submit("250.81", 6).await.unwrap().status, 200);
    assert!(started.elapsed() >= Duration::from_secs(1));
    bank.sound_audit().await;
}
