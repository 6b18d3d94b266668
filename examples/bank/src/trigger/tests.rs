//! Triggers: which data asks for which fault, and for how long.

use super::{Trigger, of_account, of_amount};
use crate::fault::Fault;
use crate::identifier::AccountId;
use crate::money::Money;
use std::time::Duration;

fn of(account: &str, operation: &str) -> Option<Trigger> {
    of_account(&AccountId::try_from(account.to_owned()).unwrap(), operation)
}

#[test]
fn an_account_strikes_only_the_operation_it_names() {
    let trigger = of("acc_postlost200000000000", "post").unwrap();
    let strikes = (1..=3).map(|attempt| trigger.strike(attempt, Duration::ZERO).is_some());
    assert!(strikes.eq([true, true, false]));
    assert_eq!(of("acc_postlost200000000000", "reserve"), None);
    assert_eq!(of("acc_00000000000000000001", "post"), None);
    assert_eq!(of("acc_postlostx00000000000", "post"), None);
}

#[test]
fn down_ends_by_the_clock_and_slow_by_the_attempt() {
    let down = of("acc_reservedown300000000", "reserve").unwrap();
    assert_eq!(down.strike(7, Duration::from_millis(2999)), Some(Fault::Unavailable));
    assert_eq!(down.strike(8, Duration::from_secs(3)), None);
    let slow = of("acc_reserveslow300000000", "reserve").unwrap();
    assert_eq!(slow.strike(1, Duration::ZERO), Some(Fault::Slow(Duration::from_secs(3))));
    assert_eq!(slow.strike(2, Duration::ZERO), None);
}

#[test]
fn common_prices_are_safe() {
    for cents in [0, 1, 5, 10, 25, 49, 50, 60, 70, 75, 80, 90, 95, 99] {
        assert_eq!(of_amount(Money::from_cents(25_000 + cents)), None, ".{cents:02}");
    }
}

#[test]
fn cents_choose_the_rails_fault() {
    let strike = |cents: i64| of_amount(Money::from_cents(25_000 + cents)).unwrap().strike(1, Duration::ZERO);
    assert!(matches!(strike(4), Some(Fault::Declared { .. })));
    assert_eq!(strike(51), Some(Fault::LostBefore));
    assert_eq!(strike(62), Some(Fault::LostAfter));
    assert_eq!(strike(73), Some(Fault::Unavailable));
    assert_eq!(strike(81), Some(Fault::Slow(Duration::from_secs(1))));
    assert_eq!(strike(92), Some(Fault::Error500));
}
