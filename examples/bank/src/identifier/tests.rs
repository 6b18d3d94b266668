//! Identifiers: which are accepted, and what is shown of them.

use super::{AccountId, HoldId, Iban, Reference};

#[test]
fn ibans_need_their_checksum() {
    for good in ["DE89370400440532013000", "FR1420041010050500013M02606", "NL47RABO0000666666"] {
        assert!(Iban::try_from(good.to_owned()).is_ok(), "{good}");
    }
    for bad in [
        "DE88370400440532013000",
        "de89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "",
        "DE89",
        "8937DE0400440532013000",
        "DÉ89370400440532013",
    ] {
        assert!(Iban::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

#[test]
fn an_iban_is_shown_masked() {
    let iban = Iban::try_from("DE89370400440532013000".to_owned()).unwrap();
    assert_eq!(format!("{iban} {iban:?}"), "DE…3000 Iban(DE…3000)");
}

#[test]
fn account_ids_have_twenty_characters() {
    assert_eq!(
        AccountId::try_from("acc_frozen00000000000001".to_owned()).unwrap().word(),
        "frozen00000000000001"
    );
    for bad in ["acc_", "acc_frozen0000000000000", "acc_FROZEN00000000000001", "usr_frozen00000000000001"] {
        assert!(AccountId::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

#[test]
fn only_the_banks_own_spelling_is_an_id() {
    assert_eq!(HoldId::try_from("hold_000000000007".to_owned()), Ok(HoldId(7)));
    for bad in ["hold_7", "hold_+00000000007", "hold_", "post_000000000007", "hold_99999999999999999999"] {
        assert!(HoldId::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

#[test]
fn references_are_uuids_in_lower_case() {
    let reference = Reference::try_from("018F6B1E-0000-7000-8000-000000000001".to_owned()).unwrap();
    assert_eq!(reference.as_str(), "018f6b1e-0000-7000-8000-000000000001");
    assert!(Reference::try_from("018f6b1e000070008000000000000001".to_owned()).is_err());
}
