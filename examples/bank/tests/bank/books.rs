//! Whatever is asked in whatever order, the books balance, no hold is negative and money only moves.

use crate::client::{Client, eur, payment, uuid};
use crate::harness::Running;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const ACCOUNTS: [&str; 3] =
    ["acc_00000000000000000001", "acc_poor0000000000000001", "acc_postlost100000000001"];

/// A step; numbers choose among the accounts, holds, postings and keys seen so far.
#[derive(Clone, Debug)]
enum Step {
    Reserve { account: usize, cents: u32 },
    Post { hold: usize, cents: u32, fee: u32 },
    Release { hold: usize },
    Reverse { posting: usize },
    Settle { hold: usize },
    Submit { cents: u32, reference: u32 },
    Again { call: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let any = 0..64_usize;
    prop_oneof![
        3 => (any.clone(), 1..2_000_u32).prop_map(|(account, cents)| Step::Reserve { account, cents }),
        3 => (any.clone(), 1..1_500_u32, 0..100_u32).prop_map(|(hold, cents, fee)| Step::Post { hold, cents, fee }),
        2 => any.clone().prop_map(|hold| Step::Release { hold }),
        2 => any.clone().prop_map(|posting| Step::Reverse { posting }),
        2 => any.clone().prop_map(|hold| Step::Settle { hold }),
        1 => (1..40_u32, 0..1_000_000_u32).prop_map(|(euro, reference)| Step::Submit { cents: euro * 100, reference }),
        2 => any.prop_map(|call| Step::Again { call }),
    ]
}

#[derive(Default)]
struct Seen {
    holds: Vec<String>,
    postings: Vec<String>,
    calls: Vec<(String, String, Value)>,
}

fn pick(known: &[String], n: usize, unknown: &str) -> String {
    if known.is_empty() { unknown.to_owned() } else { known[n % known.len()].clone() }
}

fn amount(cents: u32) -> Value {
    eur(&format!("{}.{:02}", cents / 100, cents % 100))
}

impl Seen {
    fn call(&self, n: usize, step: &Step) -> (String, String, Value) {
        let hold = |n| pick(&self.holds, n, "hold_000000000099");
        let (operation, arguments) = match step {
            Step::Reserve { account, cents } => {
                let account = ACCOUNTS[account % ACCOUNTS.len()];
                ("Ledger.reserve", json!({"account": account, "amount": amount(*cents)}))
            }
            Step::Post { hold: n, cents, fee } => {
                ("Ledger.post", json!({"hold": hold(*n), "amount": amount(*cents), "fee": amount(*fee)}))
            }
            Step::Release { hold: n } => ("Ledger.release", json!({"hold": hold(*n)})),
            Step::Reverse { posting } => {
                let posting = pick(&self.postings, *posting, "post_000000000099");
                ("Ledger.reverse", json!({"posting": posting, "reason": "test"}))
            }
            Step::Settle { hold: n } => {
                ("Ledger.settle", json!({"hold": hold(*n), "rail_reference": format!("R {}", hold(*n))}))
            }
            Step::Submit { cents, reference } => {
                let reference = reference * 100 + u32::try_from(n).unwrap();
                ("Rail.submit", payment(amount(*cents)["amount"].as_str().unwrap(), &uuid(reference)))
            }
            Step::Again { call } if !self.calls.is_empty() => {
                return self.calls[call % self.calls.len()].clone();
            }
            Step::Again { .. } => ("Rail.lookup", json!({"reference": uuid(1)})),
        };
        (operation.to_owned(), format!("key {n}"), arguments)
    }

    async fn take(&mut self, bank: &Client, n: usize, step: &Step) {
        let call = self.call(n, step);
        let (operation, key, arguments) = call.clone();
        // A lost answer is asked for again under the same key, as the engine does.
        let mut answer = bank.try_call(&operation, &key, arguments.clone()).await;
        if answer.is_err() {
            answer = bank.try_call(&operation, &key, arguments).await;
        }
        let answer = answer.unwrap();
        assert!(answer.status < 500, "{answer:?}");
        if answer.status == 200 && !answer.replayed() {
            match operation.as_str() {
                "Ledger.reserve" => self.holds.push(answer.field("id")),
                "Ledger.post" => self.postings.push(answer.field("id")),
                _ => {}
            }
        }
        self.calls.push(call);
    }
}

fn cents(money: &Value) -> i64 {
    money["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

fn check(audit: &Value) {
    let accounts = audit["accounts"].as_object().unwrap();
    assert_eq!(accounts.values().map(|account| cents(&account["balance"])).sum::<i64>(), 0, "{audit:#}");
    for (id, account) in accounts {
        assert!(cents(&account["held"]) >= 0, "{id}: {audit:#}");
        assert!(id == "equity" || cents(&account["available"]) >= 0, "{id}: {audit:#}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_after_every_sequence(steps in prop::collection::vec(step(), 1..40)) {
        Runtime::new().unwrap().block_on(async {
            let bank = Running::start().await;
            let mut seen = Seen::default();
            for (n, step) in steps.iter().enumerate() {
                seen.take(&bank, n, step).await;
                if n % 8 == 0 {
                    check(&bank.sound_audit().await);
                }
            }
            check(&bank.sound_audit().await);
        });
    }
}
