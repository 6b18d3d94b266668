//! Screening: a creditor whose IBAN ends in six sixes is on the sanctions list.

use crate::answer::Answer;
use crate::identifier::{AccountId, Iban};
use serde_json::json;

/// Screens both parties: `{"id":"scr_…"}`, the same for the same parties, or the declared error `SanctionsHit(list)`.
pub fn screen(debtor: &AccountId, creditor: &Iban) -> Answer {
    if creditor.reveal().ends_with("666666") {
        return Answer::declared("SanctionsHit", json!({"list": "EU-CFSP"}));
    }
    let parties = format!("{}/{}", debtor.as_str(), creditor.reveal());
    let digest = blake3::hash(parties.as_bytes());
    Answer::Value(json!({"id": format!("scr_{}", &digest.to_hex()[..20])}))
}
