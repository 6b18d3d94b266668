//! Published check vectors: identifiers, digests, days.

use wfl_ir::{Library, Value};

use super::notation::{Scope, read};
use crate::{Env, evaluate};

/// What an expression comes to, as text.
pub(super) fn shown(text: &str) -> String {
    match evaluate(Env::constant(Library::default()), &read(text, &Scope::default())) {
        Ok(value) => value.to_string(),
        Err(fault) => format!("fault: {fault}"),
    }
}

pub(super) fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(shown(text), *expected, "{text}");
    }
}

/// The examples of the SWIFT IBAN registry.
const IBANS: &str = "AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 \
    AT611904300234573201 AZ21NABZ00000000137010001944 BA391290079401028494 BE68539007547034 \
    BG80BNBG96611020345678 BH67BMAG00001299123456 BR1800360305000010009795493C1 BY13NBRB3600900000002Z00AB00 \
    CH9300762011623852957 CR05015202001026284066 CY17002001280000001200527600 CZ6508000000192000145399 \
    DE89370400440532013000 DK5000400440116243 DO28BAGR00000001212453611324 EE382200221020145685 \
    EG380019000500000000263180002 ES9121000418450200051332 FI2112345600000785 FO6264600001631634 \
    FR1420041010050500013M02606 GB29NWBK60161331926819 GE29NB0000000101904917 GI75NWBK000000007099453 \
    GL8964710001000206 GR1601101250000000012300695 GT82TRAJ01020000001210029690 HR1210010051863000160 \
    HU42117730161111101800000000 IE29AIBK93115212345678 IL620108000000099999999 IQ98NBIQ850123456789012 \
    IS140159260076545510730339 IT60X0542811101000000123456 JO94CBJO0010000000000131000302 \
    KW81CBKU0000000000001234560101 KZ86125KZT5004100100 LB62099900000001001901229114 \
    LC55HEMM000100010012001200023015 LI21088100002324013AA LT121000011101001000 LU280019400644750000 \
    LV80BANK0000435195001 MC5811222000010123456789030 MD24AG000225100013104168 ME25505000012345678951 \
    MK07250120000058984 MR1300020001010000123456753 MT84MALT011000012345MTLCAST001S \
    MU17BOMM0101101030300200000MUR NL91ABNA0417164300 NO9386011117947 PK36SCBL0000001123456702 \
    PL61109010140000071219812874 PS92PALS000000000400123456702 PT50000201231234567890154 \
    QA58DOHB00001234567890ABCDEFG RO49AAAA1B31007593840000 RS35260005601001611379 SA0380000000608010167519 \
    SC18SSCB11010000000000001497USD SE4550000000058398257466 SI56263300012039086 SK3112000000198742637541 \
    SM86U0322509800000000270100 SV62CENR00000000000000700025 TL380080012345678910157 TN5910006035183598478831 \
    TR330006100519786457841326 UA213223130000026007233566001 VA59001123000012345678 VG96VPVG0000012345678901 \
    XK051212012345678906";

#[test]
fn ibans_of_the_registry() {
    let ibans: Vec<&str> = IBANS.split_ascii_whitespace().collect();
    assert!(ibans.len() > 70);
    for iban in ibans {
        assert_eq!(shown(&format!("is_iban(\"{iban}\")")), "true", "{iban}");
        // A digit more, two digits in the wrong order, and small letters.
        let (country, rest) = iban.split_at(2);
        let other = if rest.ends_with('1') { "2" } else { "1" };
        let changed = format!("{}{other}", &iban[..iban.len() - 1]);
        for wrong in [format!("{iban}0"), changed, iban.to_lowercase(), format!("{country}  {rest}")] {
            assert_eq!(shown(&format!("is_iban(\"{wrong}\")")), "false", "{wrong}");
        }
    }
    for wrong in ["", "DE", "ÄÖ89370400440532013000", "US64SVBKUS6S3300958879", "DE8937040044053201300é"] {
        assert_eq!(shown(&format!("is_iban(\"{wrong}\")")), "false", "{wrong}");
    }
}

#[test]
fn other_identifiers() {
    check(&[
        // Of Bloomberg Finance, Apple, Microsoft, Deutsche Bank and the example of ISO 17442.
        ("is_lei(\"5493001KJTIIGC8Y1R12\")", "true"),
        ("is_lei(\"HWUPKR0MPOU8FGXBT394\")", "true"),
        ("is_lei(\"INR2EJN1ERAN0W5ZP974\")", "true"),
        ("is_lei(\"7LTWFZYICNSX8D621K86\")", "true"),
        ("is_lei(\"54930084UKLVMY22DS16\")", "true"),
        ("is_lei(\"54930084UKLVMY22DS17\")", "false"),
        ("is_lei(\"5493001KJTIIGC8Y1R1\")", "false"),
        ("is_lei(\"5493001KJTIIGC8Y1RÄ\")", "false"),
        ("is_bic(\"NEDSZAJJ\")", "true"),
        ("is_bic(\"DABADKKK\")", "true"),
        ("is_bic(\"UNCRITMM500\")", "true"),
        ("is_bic(\"NCBVXKPR\")", "true"),
        ("is_bic(\"DEUTDEF\")", "false"),
        ("is_bic(\"DEUTDEFF50\")", "false"),
        ("is_bic(\"deutdeff\")", "false"),
        ("is_bic(\"DEUT€FF\")", "false"),
        ("is_creditor_reference(\"RF18539007547034\")", "true"),
        ("is_creditor_reference(\"RF18000000000539007547034\")", "true"),
        ("is_creditor_reference(\"RF471234567890\")", "true"),
        ("is_creditor_reference(\"RF481234567890\")", "false"),
        ("is_creditor_reference(\"RF18\")", "false"),
        ("creditor_reference(\"539007547034\")", "RF18539007547034"),
        ("creditor_reference(\"\")", "none"),
        ("creditor_reference(\"1234567890123456789012\")", "none"),
        ("is_luhn(\"79927398713\")", "true"),
        ("is_luhn(\"79927398710\")", "false"),
        ("is_luhn(\"378282246310005\")", "true"),
        ("is_luhn(\"0\")", "false"),
        ("is_luhn(\"4111 1111\")", "false"),
        ("is_country(\"XK\")", "false"),
        ("is_country(\"\")", "false"),
        ("is_currency(\"XTS\")", "false"),
        ("iban_country(\"nothing\")", "none"),
    ]);
    assert_eq!(crate::builtin::COUNTRIES.split_ascii_whitespace().count(), 249, "ISO 3166-1");
}

#[test]
fn digests_and_ids() {
    check(&[
        // FIPS 180-4, the examples of NIST.
        ("sha256(\"\")", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            "sha256(\"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq\")",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        // RFC 4231, case 2.
        (
            "hmac_sha256(\"Jefe\", \"what do ya want for nothing?\")",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        // The vector of the BLAKE3 paper's repository for one byte of zero.
        (
            "blake3_hex(parse_hex(\"00\") ?? to_bytes(\"\"))",
            "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
        ),
        // RFC 9562, appendix A.4.
        (
            "uuid_v5(uuid(\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"), \"www.example.com\")",
            "2ed6657d-e927-568b-95e1-2665a8aea6a2",
        ),
        ("is_uuid(\"2ed6657d-e927-568b-95e1-2665a8aea6a\")", "false"),
        ("uuid(\"x\")", "fault: the text is not a UUID"),
    ]);
}

/// The dates of Easter that are printed in almanacs, with the earliest and the latest of a century.
const EASTER: &[&str] = &[
    "1818-03-22",
    "1943-04-25",
    "1990-04-15",
    "1991-03-31",
    "1992-04-19",
    "1995-04-16",
    "1997-03-30",
    "1999-04-04",
    "2000-04-23",
    "2001-04-15",
    "2002-03-31",
    "2003-04-20",
    "2004-04-11",
    "2005-03-27",
    "2006-04-16",
    "2007-04-08",
    "2008-03-23",
    "2009-04-12",
    "2010-04-04",
    "2011-04-24",
    "2012-04-08",
    "2013-03-31",
    "2014-04-20",
    "2015-04-05",
    "2016-03-27",
    "2017-04-16",
    "2018-04-01",
    "2019-04-21",
    "2020-04-12",
    "2021-04-04",
    "2022-04-17",
    "2023-04-09",
    "2024-03-31",
    "2025-04-20",
    "2026-04-05",
    "2027-03-28",
    "2028-04-16",
    "2029-04-01",
    "2030-04-21",
    "2031-04-13",
    "2032-03-28",
    "2033-04-17",
    "2034-04-09",
    "2035-03-25",
    "2036-04-13",
    "2037-04-05",
    "2038-04-25",
    "2039-04-10",
    "2040-04-01",
    "2285-03-22",
];

#[test]
fn easter() {
    for date in EASTER {
        assert_eq!(shown(&format!("easter({})", &date[..4])), **date);
    }
    check(&[("easter(1582)", "none"), ("easter(10000)", "none"), ("easter(9999)", "9999-03-28")]);
}

#[test]
fn business_days_of_t2() {
    let calendar = "(weekend: to_set([Saturday, Sunday]), holidays: target2_holidays(2025, 2027))";
    for (text, expected) in [
        // The closing days that the European Central Bank publishes for 2026 and 2027.
        (
            "target2_holidays(2026, 2027)",
            "{2026-01-01, 2026-04-03, 2026-04-06, 2026-05-01, 2026-12-25, 2026-12-26, \
             2027-01-01, 2027-03-26, 2027-03-29, 2027-05-01, 2027-12-25, 2027-12-26}",
        ),
        ("target2_holidays(2001, 2002)", "fault: closing days are known from 2002 to 9999"),
        ("next_business_day(date(\"2026-04-02\"), C)", "2026-04-07"),
        ("previous_business_day(date(\"2026-04-07\"), C)", "2026-04-02"),
        ("add_business_days(date(\"2026-04-01\"), 3, C)", "2026-04-08"),
        ("add_business_days(date(\"2026-12-24\"), 1, C)", "2026-12-28"),
        ("add_business_days(date(\"2026-12-24\"), -260, C)", "2025-12-17"),
        ("add_business_days(date(\"2026-12-26\"), 0, C)", "2026-12-26"),
        ("business_days_between(date(\"2025-12-31\"), date(\"2026-12-31\"), C)", "256"),
        ("business_days_between(date(\"2026-12-31\"), date(\"2025-12-31\"), C)", "-256"),
        ("modified_following(date(\"2026-05-01\"), C)", "2026-05-04"),
        ("modified_following(date(\"2026-10-31\"), C)", "2026-10-30"),
        ("cut_off(timestamp(\"2026-04-02T16:00:00Z\"), 18h, C, 2h)", "2026-04-02"),
        ("cut_off(timestamp(\"2026-04-02T16:00:00.000001Z\"), 18h, C, 2h)", "2026-04-07"),
        ("cut_off(timestamp(\"2026-04-03T01:00:00Z\"), 18h, C)", "2026-04-07"),
        ("following(date(\"9999-12-31\"), C)", "9999-12-31"),
        ("next_business_day(date(\"9999-12-31\"), C)", "fault: a number became too big"),
        (
            "following(date(\"2026-01-01\"), (weekend: to_set([Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, \
             Sunday]), holidays: to_set([])))",
            "fault: the calendar has no business day within ten years",
        ),
    ] {
        assert_eq!(shown(&text.replace('C', calendar)), expected, "{text}");
    }
}

#[test]
fn the_longest_that_working_days_take_is_enough_and_no_more() {
    let start = Value::Date("2026-11-23".parse().unwrap());
    let calendar = "(weekend: to_set([Saturday, Sunday]), holidays: to_set([]))";
    let Value::Date(first) = start else { unreachable!() };
    for count in 0..30_i64 {
        let longest = (0..7).map(|shift| {
            // From the end of a day: so many whole working days later.
            let begin = wfl_ir::Date::from_days(i64::from(first.days()) + shift).unwrap();
            let end = shown(&format!("add_business_days(date(\"{begin}\"), {count}, {calendar})"));
            i64::from(end.parse::<wfl_ir::Date>().unwrap().days() - begin.days())
        });
        let days = longest.max().unwrap();
        let expected = if count == 0 { "0s".to_owned() } else { format!("{days}d") };
        assert_eq!(shown(&format!("business_days({count})")), expected);
    }
}

#[test]
fn time() {
    check(&[
        ("weekday(date(\"1970-01-01\"))", "Thursday"),
        ("weekday(date(\"2000-02-29\"))", "Tuesday"),
        ("weekday(date(\"0001-01-01\"))", "Monday"),
        // Summer time of 2026: from 29 March to 25 October, 01:00 UTC.
        ("central_european_offset(timestamp(\"2026-03-29T00:59:59.999999Z\"))", "1h"),
        ("central_european_offset(timestamp(\"2026-03-29T01:00:00Z\"))", "2h"),
        ("central_european_offset(timestamp(\"2026-10-25T00:59:59.999999Z\"))", "2h"),
        ("central_european_offset(timestamp(\"2026-10-25T01:00:00Z\"))", "1h"),
        (
            "central_european_offset(timestamp(\"1995-07-01T00:00:00Z\"))",
            "fault: summer time is known since 1996",
        ),
        ("date_of(timestamp(\"1969-12-31T23:59:59Z\"))", "1969-12-31"),
        ("time_of_day(timestamp(\"1969-12-31T23:59:59Z\"))", "23h59m59s"),
        ("add_days(date(\"9999-12-31\"), 1)", "fault: a number became too big"),
        ("add_days(date(\"2026-01-01\"), 9223372036854775807)", "fault: a number became too big"),
        ("add_months(date(\"2024-02-29\"), 12)", "2025-02-28"),
        ("add_months(date(\"2026-01-01\"), 9223372036854775807)", "fault: a number became too big"),
        ("date_from(2026, 13, 1)", "none"),
        ("date_from(0, 1, 1)", "none"),
        ("date_from(99999999999, 1, 1)", "none"),
        ("parse_date(\"20261124\")", "none"),
        ("parse_date(\"2026-11-24T00:00\")", "none"),
        ("date(\"2026-11-31\")", "fault: the text is not a day such as 2026-11-24"),
        ("format_date(date(\"2026-11-04\"), \"%a %e %b %y, %j, %u %%\")", "Wed  4 Nov 26, 308, 3 %"),
        ("format_date(date(\"2026-11-04\"), \"%\")", "fault: the pattern of a day ends in `%`"),
        ("format_date(date(\"2026-11-04\"), \"%9Y\")", "fault: `%9` is not in the pattern of a day"),
        ("format_date(date(\"2026-11-04\"), \"%H\")", "fault: `%H` is not in the pattern of a day"),
    ]);
}
