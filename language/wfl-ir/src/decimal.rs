//! `Decimal`: exact decimal numbers of up to 34 digits. There is no float in the language.
//!
//! A value is `coefficient × 10^-scale`, kept without trailing zeros, so that equal numbers are equal bytes.
//! Arithmetic is exact or fails; rounding happens only where a function says so.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many significant digits a number may have (as IEEE 754-2008 decimal128), and how many after the point.
pub const MAX_DIGITS: u32 = 34;

const LIMIT: i128 = 10_i128.pow(MAX_DIGITS);

/// An exact decimal number. Equal numbers have equal representations: `1.50` is `1.5`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    coefficient: i128,
    scale: u32,
}

/// Why a number cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// More than 34 digits, or more than 34 places after the point.
    #[error("the number needs more than {MAX_DIGITS} digits")]
    TooBig,
    /// Text that is no decimal number.
    #[error("not a decimal number")]
    Malformed,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal { coefficient: 0, scale: 0 };

    /// `coefficient × 10^-scale`. Fails when it needs more than 34 digits.
    pub fn new(coefficient: i128, scale: u32) -> Result<Decimal, DecimalError> {
        let (mut coefficient, mut scale) = (coefficient, scale);
        if coefficient == 0 {
            return Ok(Decimal::ZERO);
        }
        while scale > 0 && coefficient % 10 == 0 {
            coefficient /= 10;
            scale -= 1;
        }
        if coefficient.unsigned_abs() >= LIMIT.unsigned_abs() || scale > MAX_DIGITS {
            return Err(DecimalError::TooBig);
        }
        Ok(Decimal { coefficient, scale })
    }

    /// The number of places after the point that the number needs.
    pub fn scale(self) -> u32 {
        self.scale
    }

    /// True for numbers below zero.
    pub fn is_negative(self) -> bool {
        self.coefficient < 0
    }

    /// True for zero.
    pub fn is_zero(self) -> bool {
        self.coefficient == 0
    }

    /// The whole number, if it is one and fits.
    pub fn to_i64(self) -> Option<i64> {
        (self.scale == 0).then(|| i64::try_from(self.coefficient).ok()).flatten()
    }

    /// Exact sum.
    pub fn checked_add(self, other: Decimal) -> Result<Decimal, DecimalError> {
        // The one with fewer places is scaled up. If that leaves i128, the exact sum has over 34 digits: the
        // other operand ends in a digit that is not zero, so nothing could be trimmed.
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.rescaled(scale)?, other.rescaled(scale)?);
        Decimal::new(a.checked_add(b).ok_or(DecimalError::TooBig)?, scale)
    }

    /// Exact difference.
    pub fn checked_sub(self, other: Decimal) -> Result<Decimal, DecimalError> {
        self.checked_add(-other)
    }

    /// Exact product.
    pub fn checked_mul(self, other: Decimal) -> Result<Decimal, DecimalError> {
        let (mut a, mut b, mut scale) = (self.coefficient, other.coefficient, self.scale + other.scale);
        // Trailing zeros of a product come from pairs of 2 and 5: take them out before they overflow.
        for _ in 0..2 {
            while scale > 0 && a % 2 == 0 && b % 5 == 0 && a != 0 && b != 0 {
                a /= 2;
                b /= 5;
                scale -= 1;
            }
            std::mem::swap(&mut a, &mut b);
        }
        Decimal::new(a.checked_mul(b).ok_or(DecimalError::TooBig)?, scale)
    }

    /// The quotient with up to 34 digits, of which up to 34 after the point, rounded half-even. `None` when the
    /// divisor is zero.
    pub fn checked_div(self, divisor: Decimal) -> Option<Result<Decimal, DecimalError>> {
        if divisor.is_zero() {
            return None;
        }
        // Long division: one digit a step, so that nothing leaves i128. The rest is below 10^34 and so ten times it
        // fits. The scale starts between -34 and 34.
        let (dividend, by) = (self.coefficient.unsigned_abs(), divisor.coefficient.unsigned_abs());
        let (mut quotient, mut rest) = (dividend / by, dividend % by);
        let mut scale = i64::from(self.scale) - i64::from(divisor.scale);
        let full = LIMIT.unsigned_abs() / 10;
        while scale < 0 || (rest != 0 && quotient < full && scale < i64::from(MAX_DIGITS)) {
            if quotient >= full {
                return Some(Err(DecimalError::TooBig));
            }
            quotient = quotient * 10 + rest * 10 / by;
            rest = rest * 10 % by;
            scale += 1;
        }
        let up = match (rest * 2).cmp(&by) {
            Ordering::Greater => true,
            Ordering::Equal => quotient % 2 != 0,
            Ordering::Less => false,
        };
        // At most 10^34, which fits.
        let size = (quotient + u128::from(up)) as i128;
        let negative = self.is_negative() != divisor.is_negative();
        Some(Decimal::new(if negative { -size } else { size }, scale as u32))
    }

    /// The largest whole number that is not larger.
    #[must_use]
    pub fn floor(self) -> Decimal {
        // The scale is at most 34, so the power fits.
        let unit = 10_i128.pow(self.scale);
        Decimal { coefficient: self.coefficient.div_euclid(unit), scale: 0 }
    }

    /// How many units of `10^-places` it is: 12.5 with two places is 1250. `None` unless that is a whole number that
    /// fits.
    pub fn units(self, places: u32) -> Option<i128> {
        if places > MAX_DIGITS || self.scale > places { None } else { self.rescaled(places).ok() }
    }

    /// The nearest number with at most `places` after the point; a tie goes to the even digit (banker's rounding,
    /// IEEE 754 roundTiesToEven).
    #[must_use]
    pub fn round_half_even(self, places: u32) -> Decimal {
        if self.scale <= places {
            return self;
        }
        // The scale is at most 34, so the power fits.
        let unit = 10_i128.pow(self.scale - places);
        let (quotient, rest) = (self.coefficient / unit, self.coefficient % unit);
        let twice = rest.unsigned_abs() * 2;
        let up = match twice.cmp(&unit.unsigned_abs()) {
            Ordering::Greater => true,
            Ordering::Equal => quotient % 2 != 0,
            Ordering::Less => false,
        };
        let rounded = if up { quotient + self.coefficient.signum() } else { quotient };
        // Fewer digits than before: cannot be too big.
        Decimal::new(rounded, places).unwrap_or(Decimal::ZERO)
    }

    /// The number with at least `places` after the point, as money is written: `12.5` → `12.50`.
    pub fn to_places(self, places: u32) -> String {
        let text = self.to_string();
        let have = self.scale;
        if have >= places {
            return text;
        }
        let point = if have == 0 { "." } else { "" };
        format!("{text}{point}{}", "0".repeat((places - have) as usize))
    }

    fn rescaled(self, scale: u32) -> Result<i128, DecimalError> {
        10_i128
            .checked_pow(scale - self.scale)
            .and_then(|unit| self.coefficient.checked_mul(unit))
            .ok_or(DecimalError::TooBig)
    }
}

impl std::ops::Neg for Decimal {
    type Output = Decimal;

    fn neg(self) -> Decimal {
        Decimal { coefficient: -self.coefficient, scale: self.scale }
    }
}

impl From<i64> for Decimal {
    fn from(n: i64) -> Decimal {
        Decimal { coefficient: i128::from(n), scale: 0 }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.rescaled(scale), other.rescaled(scale)) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            // What leaves i128 when scaled up is larger in size than anything that does not.
            (Err(_), _) => self.coefficient.cmp(&0),
            (_, Err(_)) => 0.cmp(&other.coefficient),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Decimal, DecimalError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(DecimalError::Malformed),
            None => (digits, ""),
        };
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(DecimalError::Malformed);
        }
        let fraction = fraction.trim_end_matches('0');
        let significant = format!("{whole}{fraction}");
        let significant = significant.trim_start_matches('0');
        if significant.len() > MAX_DIGITS as usize || fraction.len() > MAX_DIGITS as usize {
            return Err(DecimalError::TooBig);
        }
        let size: i128 =
            if significant.is_empty() { 0 } else { significant.parse().map_err(|_| DecimalError::TooBig)? };
        Decimal::new(if text.starts_with('-') { -size } else { size }, fraction.len() as u32)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.coefficient.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let text = if scale == 0 {
            digits
        } else {
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            format!("{whole}.{fraction}")
        };
        f.pad_integral(self.coefficient >= 0, "", &text)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<C> Encode<C> for Decimal {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.to_string())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Decimal {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.str()?.parse().map_err(|e: DecimalError| minicbor::decode::Error::message(e.to_string()))
    }
}
