//! Functions on money: every rounding is to the currency's smallest unit, half to even.

use wfl_ir::{Decimal, Money, Value};

use crate::fault::Fault;

/// So many hundredths of an amount.
pub(super) fn percent(money: Money, rate: Decimal) -> Result<Value, Fault> {
    let hundredth = Decimal::new(1, 2)?;
    let amount = money.amount.checked_mul(rate.checked_mul(hundredth)?)?;
    Ok(Value::Money(Money { amount: amount.round_half_even(money.currency.places()), ..money }))
}
