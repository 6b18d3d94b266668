//! An amount of euro as a whole number of cents; never a float.

use serde::{Deserialize, Serialize};

/// The only currency that this bank keeps.
pub const CURRENCY: &str = "EUR";

/// The largest amount of one request, in cents: a thousand million euro. Far from overflow when summed.
const CENTS_MAX: i64 = 100_000_000_000;

/// Cents. On the wire `{"amount":"12.50","currency":"EUR"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Money(i64);

impl Money {
    /// An amount of this many cents.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// The amount in cents.
    pub const fn cents(self) -> i64 {
        self.0
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    amount: String,
    currency: String,
}

impl From<Money> for Wire {
    fn from(money: Money) -> Self {
        let sign = if money.0 < 0 { "-" } else { "" };
        let cents = money.0.unsigned_abs();
        Self { amount: format!("{sign}{}.{:02}", cents / 100, cents % 100), currency: CURRENCY.to_owned() }
    }
}

impl TryFrom<Wire> for Money {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        if wire.currency != CURRENCY {
            return Err(format!("this bank keeps {CURRENCY} only, not {:?}", wire.currency));
        }
        cents(&wire.amount)
            .map(Self)
            .ok_or_else(|| format!("{:?} is not an amount with at most two decimals", wire.amount))
    }
}

/// `-?D+(.D{1,2})?` up to [`CENTS_MAX`]; no exponent, no grouping, no third decimal.
fn cents(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if matches!(fraction.len(), 1 | 2) => (whole, fraction),
        Some(_) => return None,
        None => (digits, ""),
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let cents = format!("{whole}{fraction:0<2}").parse::<i64>().ok().filter(|cents| *cents <= CENTS_MAX)?;
    Some(if negative { -cents } else { cents })
}

#[cfg(test)]
mod tests;
