//! Identifiers of international standards, with their check digits.

use wfl_ir::{Builtin, Currency, Value};

use crate::builtin::argument::Answer;
use crate::builtin::registry::{COUNTRIES, IBAN_LENGTHS, KOSOVO, listed};
use crate::builtin::text::is_digits;

pub(crate) fn call(function: Builtin, arguments: &[Value]) -> Answer {
    let [Value::String(text)] = arguments else { return None };
    let optional = |text: Option<String>| text.map_or(Value::None, Value::text);
    Some(Ok(match function {
        Builtin::IsIban => Value::Bool(is_iban(text)),
        Builtin::IsBic => Value::Bool(is_bic(text)),
        Builtin::IsLei => Value::Bool(is_lei(text)),
        Builtin::IsCountry => Value::Bool(listed(COUNTRIES, text)),
        Builtin::IsCurrency => Value::Bool(text.parse::<Currency>().is_ok()),
        Builtin::IbanCountry => optional(iban_country(text)),
        Builtin::IsCreditorReference => Value::Bool(is_creditor_reference(text)),
        Builtin::CreditorReference => optional(creditor_reference(text)),
        Builtin::IsLuhn => Value::Bool(is_luhn(text)),
        _ => return None,
    }))
}

fn upper_alphanumeric(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// ISO 7064 mod 97-10: the rest by 97 of digits and letters, where A is 10 and Z is 35.
fn mod_97(text: impl Iterator<Item = u8>) -> u32 {
    text.fold(0, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        b'A'..=b'Z' => (rest * 100 + u32::from(b - b'A') + 10) % 97,
        _ => rest,
    })
}

/// As [`mod_97`], with the first four characters moved to the end.
fn mod_97_turned(text: &str) -> u32 {
    mod_97(text.bytes().cycle().skip(4).take(text.len()))
}

/// ISO 13616: two letters, two check digits, and letters and digits as many as the country has; the whole, turned,
/// is 1 modulo 97.
fn is_iban(text: &str) -> bool {
    if text.len() < 5 || !upper_alphanumeric(text) || !is_digits(&text[2..4]) {
        return false;
    }
    let length = IBAN_LENGTHS.split_ascii_whitespace().find_map(|entry| entry.strip_prefix(&text[..2]));
    length.and_then(|length| length.parse().ok()) == Some(text.len()) && mod_97_turned(text) == 1
}

fn iban_country(text: &str) -> Option<String> {
    let country = is_iban(text).then(|| text[..2].to_owned())?;
    listed(COUNTRIES, &country).then_some(country)
}

/// ISO 9362: four letters or digits for the party, a country, two for the place, and perhaps three for the branch.
fn is_bic(text: &str) -> bool {
    let shape = (text.len() == 8 || text.len() == 11) && upper_alphanumeric(text);
    shape && (listed(COUNTRIES, &text[4..6]) || &text[4..6] == KOSOVO)
}

/// ISO 17442: 18 letters and digits, and two check digits that make the whole 1 modulo 97.
fn is_lei(text: &str) -> bool {
    text.len() == 20 && upper_alphanumeric(text) && is_digits(&text[18..]) && mod_97(text.bytes()) == 1
}

/// ISO 11649: `RF`, two check digits, 1 to 21 letters and digits; the whole, turned, is 1 modulo 97.
fn is_creditor_reference(text: &str) -> bool {
    let shape = (5..=25).contains(&text.len()) && upper_alphanumeric(text) && text.starts_with("RF");
    shape && is_digits(&text[2..4]) && mod_97_turned(text) == 1
}

fn creditor_reference(text: &str) -> Option<String> {
    if !(1..=21).contains(&text.len()) || !upper_alphanumeric(text) {
        return None;
    }
    let check = 98 - mod_97(text.bytes().chain(*b"RF00"));
    Some(format!("RF{check:02}{text}"))
}

/// The formula of H. P. Luhn (ISO/IEC 7812-1, annex B): from the right every second digit counts twice.
fn is_luhn(text: &str) -> bool {
    let digit = |(i, b): (usize, u8)| match (i % 2, u32::from(b - b'0')) {
        (0, digit) => digit,
        (_, digit) => digit * 2 / 10 + digit * 2 % 10,
    };
    text.len() > 1 && is_digits(text) && text.bytes().rev().enumerate().map(digit).sum::<u32>() % 10 == 0
}
