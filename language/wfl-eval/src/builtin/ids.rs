//! Identifiers with check digits: UUID, IBAN.

use data_encoding::HEXLOWER_PERMISSIVE;
use wfl_ir::Value;

use crate::fault::Fault;

/// The bytes of a UUID in its 8-4-4-4-12 form.
pub(crate) fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let dashes = [8, 13, 18, 23];
    let well_formed =
        text.len() == 36 && text.bytes().enumerate().all(|(i, b)| (b == b'-') == dashes.contains(&i));
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    if !well_formed {
        return None;
    }
    HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok()
}

pub(super) fn uuid(text: &str) -> Result<Value, Fault> {
    parse_uuid(text).map(Value::Uuid).ok_or_else(|| Fault::Text("the text is not a UUID".into()))
}

/// ISO 13616: two letters, two check digits, up to 30 letters and digits; the whole is 1 modulo 97 (ISO 7064).
/// Lengths are those of the SWIFT registry for the countries listed here; other countries need 15 to 34 characters.
pub(super) fn is_iban(text: &str) -> bool {
    const LENGTHS: &str = "AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GI23 GR27 HR21 HU28 IE22 IS26 \
        IT27 LI21 LT20 LU20 LV21 MC27 MT31 NL18 NO15 PL28 PT25 RO24 SE24 SI19 SK24 SM27";
    let shape = text.bytes().enumerate().all(|(i, b)| match i {
        0 | 1 => b.is_ascii_uppercase(),
        2 | 3 => b.is_ascii_digit(),
        _ => b.is_ascii_uppercase() || b.is_ascii_digit(),
    });
    if !shape || !(15..=34).contains(&text.len()) {
        return false;
    }
    let listed = LENGTHS.split_ascii_whitespace().find(|entry| entry[..2] == text[..2]);
    if listed.is_some_and(|entry| entry[2..] != text.len().to_string()) {
        return false;
    }
    let turned = text.bytes().cycle().skip(4).take(text.len());
    let rest = turned.fold(0_u32, |rest, b| {
        if b.is_ascii_digit() {
            (rest * 10 + u32::from(b - b'0')) % 97
        } else {
            (rest * 100 + u32::from(b - b'A') + 10) % 97
        }
    });
    rest == 1
}
