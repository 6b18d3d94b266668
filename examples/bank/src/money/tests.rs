//! Amounts: what is read, what is refused, and how they are written.

use super::{CURRENCY, Money};

fn read(amount: &str) -> Option<i64> {
    let wire = serde_json::json!({"amount": amount, "currency": CURRENCY});
    serde_json::from_value::<Money>(wire).ok().map(Money::cents)
}

#[test]
fn amounts_are_exact() {
    for (text, cents) in [("12.50", 1250), ("12.5", 1250), ("12", 1200), ("0.01", 1), ("-3.07", -307)] {
        assert_eq!(read(text), Some(cents), "{text}");
    }
}

#[test]
fn what_is_not_an_amount_is_refused() {
    for text in
        ["", ".", "-", ".5", "5.", "1.234", "1e3", "+1", " 1", "1,5", "0x1", "--1", "99999999999999999999"]
    {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn amounts_are_written_with_two_decimals() {
    for (cents, text) in [(1250, "12.50"), (7, "0.07"), (-307, "-3.07"), (-7, "-0.07"), (0, "0.00")] {
        let wire = serde_json::to_value(Money::from_cents(cents)).unwrap();
        assert_eq!(wire, serde_json::json!({"amount": text, "currency": CURRENCY}));
    }
}
