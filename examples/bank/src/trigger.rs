//! Faults that the data of a request asks for: the first word of an account id, the cents of an amount.
//!
//! The README has the table for people. Nothing here is random: the same requests meet the same faults.

use crate::fault::Fault;
use crate::identifier::AccountId;
use crate::money::Money;
use serde_json::json;
use std::time::Duration;

/// A fault and how long it lasts: `n` attempts or `n` seconds, by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    kind: Kind,
    n: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The first `n` attempts are lost after the effect.
    Lost,
    /// The first `n` attempts are lost before the effect.
    Drop,
    /// The first `n` attempts meet a 500.
    Error,
    /// Unavailable until `n` seconds after the first attempt.
    Down,
    /// The first attempt takes `n` seconds.
    Slow,
    /// Declined with AM04, always.
    Declined,
}

const WORDS: [(&str, Kind); 5] = [
    ("lost", Kind::Lost),
    ("drop", Kind::Drop),
    ("err", Kind::Error),
    ("down", Kind::Down),
    ("slow", Kind::Slow),
];

/// The trigger in an account id for one operation: `acc_<operation><fault><digit>…`, such as `acc_postlost1…`.
pub fn of_account(account: &AccountId, operation: &str) -> Option<Trigger> {
    let rest = account.word().strip_prefix(operation)?;
    WORDS.into_iter().find_map(|(word, kind)| {
        let n = rest.strip_prefix(word)?.chars().next()?.to_digit(10)?;
        Some(Trigger { kind, n })
    })
}

/// The trigger in the cents of an amount that is handed to the rail.
pub fn of_amount(amount: Money) -> Option<Trigger> {
    let cents = u32::try_from(amount.cents().rem_euclid(100)).ok()?;
    let (kind, n) = match (cents / 10, cents % 10) {
        (0, 4) => (Kind::Declined, 0),
        (5, n @ 1..=3) => (Kind::Drop, n),
        (6, n @ 1..=3) => (Kind::Lost, n),
        (7, n @ 1..=3) => (Kind::Down, n),
        (8, n @ 1..=3) => (Kind::Slow, n),
        (9, n @ 1..=3) => (Kind::Error, n),
        _ => return None,
    };
    Some(Trigger { kind, n })
}

impl Trigger {
    /// The fault that strikes this attempt (from 1), `elapsed` after the first attempt of the same request.
    pub fn strike(self, attempt: u32, elapsed: Duration) -> Option<Fault> {
        let early = attempt <= self.n;
        match self.kind {
            Kind::Lost => early.then_some(Fault::LostAfter),
            Kind::Drop => early.then_some(Fault::LostBefore),
            Kind::Error => early.then_some(Fault::Error500),
            Kind::Down => (elapsed < Duration::from_secs(self.n.into())).then_some(Fault::Unavailable),
            Kind::Slow => (attempt == 1).then(|| Fault::Slow(Duration::from_secs(self.n.into()))),
            Kind::Declined => {
                Some(Fault::Declared { error: "Declined".to_owned(), data: json!({"code": "AM04"}) })
            }
        }
    }
}

#[cfg(test)]
mod tests;
