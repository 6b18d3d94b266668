//! Every route: what it answers, and what it refuses.

use crate::client::{CREDITOR, DEBTOR, SANCTIONED, eur, payment, uuid};
use crate::harness::Running;
use http::Method;
use serde_json::{Value, json};

fn declared(error: &str, data: Value) -> Value {
    json!({"type": "urn:wfl:error", "error": error, "data": data})
}

#[tokio::test]
async fn a_transfer_moves_every_cent() {
    let bank = Running::start().await;
    let screened = bank.call("Compliance.screen", "", json!({"debtor": DEBTOR, "creditor": CREDITOR})).await;
    assert_eq!(screened.status, 200, "{screened:?}");
    assert!(screened.field("id").starts_with("scr_"));

    let reserve = json!({"account": DEBTOR, "amount": eur("250.50")});
    let reserved = bank.call("Ledger.reserve", "k1", reserve).await;
    let hold = reserved.field("id");
    assert!(reserved.field("expires_at").ends_with('Z'));
    let balance = bank.call("Ledger.balance", "", json!({"account": DEBTOR})).await.json();
    assert_eq!(balance["balance"], eur("10000.00"));
    assert_eq!(balance["held"], eur("250.50"));
    assert_eq!(balance["available"], eur("9749.50"));

    bank.post(&hold, "250.00", "0.50").await;
    let paid = bank.call("Rail.submit", "k3", payment("250.00", &uuid(1))).await.field("reference");
    let found = bank.call("Rail.lookup", "", json!({"reference": uuid(1)})).await;
    assert_eq!(found.field("reference"), paid);
    let settled = bank.call("Ledger.settle", "k4", json!({"hold": hold, "rail_reference": paid})).await;
    assert!(settled.field("at").ends_with('Z'));

    let audit = bank.sound_audit().await;
    assert_eq!(audit["accounts"][DEBTOR]["balance"], eur("9749.50"));
    assert_eq!(audit["accounts"]["clearing"]["balance"], eur("0.00"));
    assert_eq!(audit["accounts"]["nostro"]["balance"], eur("250.00"));
    assert_eq!(audit["accounts"]["fee_income"]["balance"], eur("0.50"));
    assert_eq!(audit["open_holds"], json!([]));
    assert_eq!(audit["submissions"][0]["creditor"], "DE…3000");
    assert_eq!(audit["conflicts"], json!([]));
}

#[tokio::test]
async fn undoing_leaves_the_account_as_it_was() {
    let bank = Running::start().await;
    let hold = bank.hold(DEBTOR, "100.00", "k1").await;
    let posting = bank.post(&hold, "99.00", "1.00").await;
    for key in ["r1", "r1", "r2"] {
        let answer = bank.call("Ledger.reverse", key, json!({"posting": posting, "reason": "test"})).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    }
    assert_eq!(bank.sound_audit().await["accounts"][DEBTOR]["held"], eur("100.00"));
    for key in ["f1", "f1", "f2"] {
        assert_eq!(bank.call("Ledger.release", key, json!({"hold": hold})).await.status, 204);
    }
    let account = &bank.sound_audit().await["accounts"][DEBTOR];
    assert_eq!((&account["balance"], &account["held"]), (&eur("10000.00"), &eur("0.00")));
}

#[tokio::test]
async fn business_errors_are_declared() {
    let bank = Running::start().await;
    let frozen = json!({"account": "acc_frozen00000000000001", "amount": eur("1.00")});
    let answer = bank.call("Ledger.reserve", "k1", frozen).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.json(), declared("AccountFrozen", json!({})));

    for (n, (account, available)) in
        [("acc_poor0000000000000001", "10.00"), ("acc_empty000000000000001", "0.00")].iter().enumerate()
    {
        let reserve = json!({"account": account, "amount": eur("10.01")});
        let answer = bank.call("Ledger.reserve", &format!("p{n}"), reserve).await;
        assert_eq!(answer.json(), declared("InsufficientFunds", json!({"available": eur(available)})));
    }
    let hit = bank.call("Compliance.screen", "", json!({"debtor": DEBTOR, "creditor": SANCTIONED})).await;
    assert_eq!(hit.json(), declared("SanctionsHit", json!({"list": "EU-CFSP"})));
    let unknown = bank.call("Rail.lookup", "", json!({"reference": uuid(9)})).await;
    assert_eq!((unknown.status, unknown.text.as_str()), (200, "null"));
    bank.sound_audit().await;
}

#[tokio::test]
async fn a_hold_reduces_what_is_available() {
    let bank = Running::start().await;
    bank.hold("acc_poor0000000000000001", "7.00", "k1").await;
    let more = json!({"account": "acc_poor0000000000000001", "amount": eur("3.01")});
    let answer = bank.call("Ledger.reserve", "k2", more).await;
    assert_eq!(answer.json(), declared("InsufficientFunds", json!({"available": eur("3.00")})));
    bank.hold("acc_poor0000000000000001", "3.00", "k3").await;
}

#[tokio::test]
async fn what_contradicts_the_books_is_a_conflict_and_is_noted() {
    let bank = Running::start().await;
    let hold = bank.hold(DEBTOR, "10.00", "k1").await;
    let post = |amount: &str| json!({"hold": hold, "amount": eur(amount), "fee": eur("0.50")});
    let settle = |reference: &str| json!({"hold": hold, "rail_reference": reference});
    assert_eq!(bank.call("Ledger.settle", "s0", settle("R1")).await.status, 409);
    assert_eq!(bank.call("Ledger.post", "p0", post("9.51")).await.status, 409);
    let posting = bank.call("Ledger.post", "p1", post("9.50")).await.field("id");
    let again = bank.call("Ledger.post", "p2", post("9.50")).await;
    assert_eq!((again.status, again.says("wfl-in-progress")), (409, false));
    assert_eq!(bank.call("Ledger.release", "r1", json!({"hold": hold})).await.status, 409);
    assert_eq!(bank.call("Ledger.settle", "s1", settle("R1")).await.status, 200);
    assert_eq!(bank.call("Ledger.settle", "s2", settle("R1")).await.status, 200);
    assert_eq!(bank.call("Ledger.settle", "s3", settle("R2")).await.status, 409);
    let reverse = json!({"posting": posting, "reason": "late"});
    assert_eq!(bank.call("Ledger.reverse", "u1", reverse).await.status, 409);
    let audit = bank.sound_audit().await;
    assert_eq!(audit["conflicts"].as_array().unwrap().len(), 6, "{audit:#}");
    assert_eq!(audit["accounts"]["nostro"]["balance"], eur("9.50"));
}

#[tokio::test]
async fn a_payment_sent_twice_without_its_key_is_seen() {
    let bank = Running::start().await;
    bank.call("Rail.submit", "k1", payment("5.00", &uuid(1))).await;
    bank.call("Rail.submit", "k2", payment("5.00", &uuid(1))).await;
    let audit = bank.audit().await;
    assert_eq!(audit["duplicates"], json!([{"what": "submissions of reference", "id": uuid(1), "count": 2}]));
}

#[tokio::test]
async fn bad_requests_are_refused() {
    let bank = Running::start().await;
    let post = |path: &'static str, body: &'static str| bank.send(Method::POST, path, None, body);
    let cases = [
        ("/Ledger/reserve", "{", 400),
        ("/Ledger/reserve", "", 400),
        ("/Ledger/reserve", "[]", 400),
        ("/Ledger/reserve", "{}", 400),
        ("/Ledger/reserve", r#"{"account":"acc_1","amount":{"amount":"1.00","currency":"EUR"}}"#, 400),
        (
            "/Ledger/reserve",
            r#"{"account":"acc_00000000000000000001","amount":{"amount":1,"currency":"EUR"}}"#,
            400,
        ),
        (
            "/Ledger/reserve",
            r#"{"account":"acc_00000000000000000001","amount":{"amount":"1.00","currency":"USD"}}"#,
            400,
        ),
        (
            "/Ledger/reserve",
            r#"{"account":"acc_00000000000000000001","amount":{"amount":"0.00","currency":"EUR"}}"#,
            400,
        ),
        ("/Ledger/release", r#"{"hold":"hold_1"}"#, 400),
        ("/Ledger/release", r#"{"hold":"hold_000000000009"}"#, 404),
        ("/Ledger/reverse", r#"{"posting":"post_000000000009","reason":""}"#, 404),
        ("/Ledger/reserves", "{}", 404),
        ("/Ledgers/reserve", "{}", 404),
        ("/Ledger", "{}", 404),
        ("/Ledger/reserve/x", "{}", 404),
    ];
    for (path, body, status) in cases {
        let answer = post(path, body).await.unwrap();
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!(bank.send(Method::GET, "/Ledger/reserve", None, "").await.unwrap().status, 405);
    let large = "x".repeat(65 * 1024);
    assert_eq!(bank.send(Method::POST, "/Ledger/reserve", None, large).await.unwrap().status, 413);
    let deep = "[".repeat(60 * 1024);
    assert_eq!(bank.send(Method::POST, "/Ledger/reserve", None, deep).await.unwrap().status, 400);
    bank.sound_audit().await;
}

#[tokio::test]
async fn fields_that_an_operation_does_not_know_are_ignored() {
    let bank = Running::start().await;
    let reserve = json!({"account": DEBTOR, "amount": eur("1.00"), "channel": "app", "memo": null});
    assert_eq!(bank.call("Ledger.reserve", "k1", reserve).await.status, 200);
}

#[tokio::test]
async fn faults_are_armed_only_where_the_flag_allows() {
    let bank = Running::without_test_faults().await;
    let arm = bank.send(Method::POST, "/_test/faults", None, "{}").await.unwrap();
    assert_eq!(arm.status, 404);
}
