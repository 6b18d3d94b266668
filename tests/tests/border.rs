//! The border between JSON and values: what each type takes, what it refuses and why, and that nothing gets lost.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, and says what it did")]

use std::fmt::Write as _;

use jsonschema::Validator;
use serde_json::{Value as Json, json};
use wfl_eval::{decode, encode};
use wfl_ir::schema::{Side, of_type};
use wfl_ir::{Library, Type, TypeDef, TypeKind, Value, Variant};
use wfl_tests::typed::{self, Random};

/// JSON texts that a type takes, each with what it is written as again, and texts that it refuses.
struct Rows {
    about: &'static str,
    ty: Type,
    takes: &'static [(&'static str, &'static str)],
    refuses: &'static [&'static str],
}

/// What is written the same again.
macro_rules! rows {
    ($about:literal, $ty:expr; $($json:literal $(as $again:literal)?),*; $($refused:literal),* $(,)?) => {
        Rows {
            about: $about,
            ty: $ty,
            takes: &[$(($json, rows!(@ $json $($again)?))),*],
            refuses: &[$($refused),*],
        }
    };
    (@ $json:literal) => { $json };
    (@ $json:literal $again:literal) => { $again };
}

fn named_types() -> Vec<TypeDef> {
    let plain = |name: &str| Variant { name: name.into(), fields: vec![] };
    let colours = TypeKind::Enum(vec![plain("Red"), plain("Green")]);
    vec![TypeDef { name: "m.Colour".into(), kind: colours }]
}

fn optional(ty: Type) -> Type {
    Type::Optional(Box::new(ty))
}

fn map(key: Type) -> Type {
    Type::Map(Box::new(key), Box::new(Type::Int))
}

fn money(code: &str) -> Type {
    Type::Money(Some(code.parse().unwrap()))
}

fn plain_ones() -> Vec<Rows> {
    vec![
        rows!("Unit", Type::Unit; "null"; "{}", "[]", "0", "false", r#""""#, r#""unit""#),
        rows!("Unit?", optional(Type::Unit); "null", "{}", r#"{"a":1}"# as "{}"; "[]", "true", r#""unit""#),
        rows!("Bool", Type::Bool; "true", "false"; "null", "0", "1", r#""true""#, r#""False""#, "[]"),
        rows!("Int", Type::Int;
            "0", "-1", "9007199254740991", "9007199254740993", "-9007199254740993", "9223372036854775807",
            "-9223372036854775808", " 7 " as "7";
            "9223372036854775808", "-9223372036854775809", "1e30", "1.0", "-0", "-0.0", "0.5", "1e3", "1E0",
            r#""1""#, "null", "true"),
        rows!("Int?", optional(Type::Int); "null", "1"; r#""""#, "{}", "1.0"),
        rows!("Decimal", Type::Decimal;
            r#""0""#, r#""12.5""#, r#""-12.5""#, r#""12.50""# as r#""12.5""#, r#""007""# as r#""7""#,
            r#""-0""# as r#""0""#, r#""-0.00""# as r#""0""#, r#""00.10""# as r#""0.1""#,
            r#""9999999999999999999999999999999999""#, r#""0.0000000000000000000000000000000001""#,
            r#""0009999999999999999999999999999999999.000""# as r#""9999999999999999999999999999999999""#;
            "12.5", "0", r#""""#, r#"".5""#, r#""5.""#, r#"".""#, r#""-""#, r#""+1""#, r#""--1""#, r#""1e3""#,
            r#""1E3""#, r#""1,5""#, r#""1_000""#, r#""1 000""#, r#"" 1""#, r#""1 ""#, r#""1\n""#, r#""0x1f""#,
            r#""NaN""#, r#""Infinity""#, r#""1.2.3""#, r#""١""#, r#""10000000000000000000000000000000000""#,
            r#""0.00000000000000000000000000000000001""#, r#""1.0000000000000000000000000000000001""#, "null"),
        rows!("Money<EUR>", money("EUR");
            r#"{"amount":"12.50","currency":"EUR"}"#,
            r#"{"amount":"-0.01","currency":"EUR"}"#,
            r#"{"currency":"EUR","amount":"1"}"# as r#"{"amount":"1.00","currency":"EUR"}"#,
            r#"{"amount":"012.5000","currency":"EUR"}"# as r#"{"amount":"12.50","currency":"EUR"}"#,
            r#"{"amount":"-0","currency":"EUR","more":[]}"# as r#"{"amount":"0.00","currency":"EUR"}"#;
            r#"{"amount":12.5,"currency":"EUR"}"#, r#"{"amount":"12.505","currency":"EUR"}"#,
            r#"{"amount":"+1","currency":"EUR"}"#, r#"{"amount":"1e2","currency":"EUR"}"#,
            r#"{"amount":"1","currency":"USD"}"#, r#"{"amount":"1","currency":"eur"}"#,
            r#"{"amount":"1","currency":"EUR "}"#, r#"{"amount":"1","currency":978}"#, r#"{"amount":"1"}"#,
            r#"{"currency":"EUR"}"#, r#"{"amount":null,"currency":"EUR"}"#, r#""EUR 12.50""#, r#""12.50""#,
            "12.5", r#"{"amount":"10000000000000000000000000000000000","currency":"EUR"}"#),
        rows!("Money<JPY>", money("JPY");
            r#"{"amount":"100","currency":"JPY"}"#,
            r#"{"amount":"100.0","currency":"JPY"}"# as r#"{"amount":"100","currency":"JPY"}"#;
            r#"{"amount":"0.5","currency":"JPY"}"#),
        rows!("Money", Type::Money(None);
            r#"{"amount":"1.234","currency":"KWD"}"#, r#"{"amount":"5","currency":"JPY"}"#;
            r#"{"amount":"1.234","currency":"EUR"}"#, r#"{"amount":"1","currency":"DEM"}"#,
            r#"{"amount":"1","currency":"XAU"}"#, r#"{"amount":"1","currency":"BTC"}"#),
        rows!("String", Type::String;
            r#""""#, r#"" a ""#, r#""null""#, r#""a\u0000b""#, r#""\u00e4""# as r#""ä""#, r#""a\nb""#;
            "null", "1", "true", "[]", r#"["a"]"#),
        rows!("Json", Type::Json; "null", "1.5", r#"{"b":1,"a":[null]}"#, r#""a""#;),
    ]
}

fn spelled_ones() -> Vec<Rows> {
    vec![
        rows!("Uuid", Type::Uuid;
            r#""018f6b1e-0000-7000-8000-000000000001""#, r#""00000000-0000-0000-0000-000000000000""#,
            r#""ffffffff-ffff-ffff-ffff-ffffffffffff""#,
            r#""018F6B1E-0000-7000-8000-00000000000A""# as r#""018f6b1e-0000-7000-8000-00000000000a""#;
            r#""018f6b1e00007000800000000000000 1""#, r#""018f6b1e000070008000000000000001""#,
            r#""{018f6b1e-0000-7000-8000-000000000001}""#, r#""urn:uuid:018f6b1e-0000-7000-8000-000000000001""#,
            r#""018f6b1e-0000-7000-8000-00000000001""#, r#""018f6b1e-0000-7000-8000-0000000000011""#,
            r#""018f6b1e-0000-7000-8000-00000000000g""#, r#""018f6b1e-0000-7000-80000-00000000001""#,
            r#"" 018f6b1e-0000-7000-8000-000000000001""#, r#""018f6b1e-0000-7000-8000-000000000001\n""#,
            r#""""#, "1", "null"),
        rows!("Date", Type::Date;
            r#""2026-11-24""#, r#""0001-01-01""#, r#""9999-12-31""#, r#""2028-02-29""#, r#""2000-02-29""#;
            r#""2026-02-29""#, r#""1900-02-29""#, r#""2026-11-31""#, r#""2026-13-01""#, r#""2026-00-10""#,
            r#""2026-11-00""#, r#""0000-01-01""#, r#""10000-01-01""#, r#""-2026-11-24""#, r#""+2026-11-24""#,
            r#""26-11-24""#, r#""2026-1-2""#, r#""20261124""#, r#""2026-W48-2""#, r#""2026-328""#,
            r#""2026/11/24""#, r#""24.11.2026""#, r#""2026-11-24 ""#, r#"" 2026-11-24""#, r#""2026-11-24\n""#,
            r#""2026-11-24T00:00:00Z""#, r#""2026-11""#, r#""""#, "20781", "null"),
        rows!("Timestamp", Type::Timestamp;
            r#""2026-11-24T08:00:00Z""#, r#""2026-11-24T08:00:00.25Z""#, r#""2026-11-24T23:59:59.999999Z""#,
            r#""0001-01-01T00:00:00Z""#, r#""9999-12-31T23:59:59.999999Z""#,
            r#""2026-11-24T08:00:00.000Z""# as r#""2026-11-24T08:00:00Z""#,
            r#""2026-11-24T09:00:00+01:00""# as r#""2026-11-24T08:00:00Z""#,
            r#""2026-11-24T00:30:00-23:59""# as r#""2026-11-25T00:29:00Z""#,
            r#""2026-11-24T08:00:00-00:00""# as r#""2026-11-24T08:00:00Z""#,
            r#""2026-11-24T08:00:00.123456789Z""# as r#""2026-11-24T08:00:00.123456Z""#,
            r#""1969-12-31T23:59:59.9999999Z""# as r#""1969-12-31T23:59:59.999999Z""#;
            r#""2026-11-24T08:00:00""#, r#""2026-11-24 08:00:00Z""#, r#""2026-11-24t08:00:00Z""#,
            r#""2026-11-24T08:00:00z""#, r#""2026-11-24T08:00Z""#, r#""2026-11-24T08Z""#,
            r#""20261124T080000Z""#, r#""2026-11-24T080000Z""#, r#""2026-11-24""#, r#""08:00:00Z""#,
            r#""2026-11-24T24:00:00Z""#, r#""2026-11-24T23:60:00Z""#, r#""2026-11-24T23:59:60Z""#,
            r#""2016-12-31T23:59:60Z""#, r#""2026-02-30T08:00:00Z""#, r#""2026-11-24T8:00:00Z""#,
            r#""2026-11-24T08:00:00,5Z""#, r#""2026-11-24T08:00:00.Z""#, r#""2026-11-24T08:00:00.1234567890Z""#,
            r#""2026-11-24T08:00:00+01""#, r#""2026-11-24T08:00:00+0100""#, r#""2026-11-24T08:00:00+24:00""#,
            r#""2026-11-24T08:00:00+01:60""#, r#""2026-11-24T08:00:00+01:00:00""#,
            r#""2026-11-24T08:00:00Z[Europe/Berlin]""#, r#""2026-11-24T08:00:00 Z""#,
            r#""2026-11-24T08:00:00Z ""#, r#"" 2026-11-24T08:00:00Z""#, r#""2026-11-24T08:00:00Z\n""#,
            r#""0000-01-01T00:00:00Z""#, r#""-000001-01-01T00:00:00Z""#, r#""+002026-11-24T08:00:00Z""#,
            r#""0001-01-01T00:00:00+00:01""#, r#""9999-12-31T23:59:59-00:01""#, r#""2026-11-24T08:00:00\u2212 1:00""#,
            r#""now""#, r#""""#, "1795507200", "null"),
        rows!("Duration", Type::Duration;
            r#""PT15M""#, r#""PT2H30M""#, r#""PT1.5S""#, r#""-PT1S""#, r#""PT0S""#, r#""PT0.000001S""#,
            r#""PT2562047788H54.775807S""#, r#""-PT2562047788H54.775808S""#,
            r#""PT0H""# as r#""PT0S""#, r#""-PT0S""# as r#""PT0S""#, r#""PT90M""# as r#""PT1H30M""#,
            r#""P1D""# as r#""PT24H""#, r#""P1DT1H1S""# as r#""PT25H1S""#, r#""-P2W""# as r#""-PT336H""#,
            r#""PT05M""# as r#""PT5M""#, r#""PT1.50S""# as r#""PT1.5S""#, r#""PT1.1234567S""# as r#""PT1.123456S""#;
            r#""P""#, r#""PT""#, r#""P1DT""#, r#""""#, r#""-""#, r#""15m""#, r#""-15m""#, r#""2h30m""#,
            r#""-2 hours""#, r#""pt15m""#, r#""PT15m""#, r#""Pt15M""#, r#""PT15""#, r#""PT1.5H""#, r#""PT1.5M""#,
            r#""P0.5D""#, r#""PT1,5S""#, r#""PT.5S""#, r#""PT1.S""#, r#""PT1.1234567890S""#, r#""P1Y""#,
            r#""P1M""#, r#""P1Y2M3DT4H""#, r#""P1W1D""#, r#""P1WT1H""#, r#""PT1S1M""#, r#""PT1M1H""#,
            r#""PT1H1H""#, r#""P1H""#, r#""PT1D""#, r#""+PT1S""#, r#""--PT1S""#, r#""PT-1S""#, r#""P-1D""#,
            r#""PT1H ""#, r#"" PT1H""#, r#""PT1H\n""#, r#""PT 1H""#, r#""PT2562047788H54.775808S""#,
            r#""PT99999999999999999999999H""#, r#""00:15:00""#, "900", "null"),
        rows!("Bytes", Type::Bytes;
            r#""""#, r#""YQ==""#, r#""YWI=""#, r#""YWJj""#, r#""+/+/""#;
            r#""YQ""#, r#""YQ=""#, r#""YWI""#, r#""YR==""#, r#""YWJ=""#, r#""YQ==YQ==""#, r#""YWI=YWI=""#,
            r#""=""#, r#""====""#, r#""Y===""#, r#""YQ===""#, r#""-_-_""#, r#""YW Jj""#, r#""YWJj\n""#,
            r#"" YWJj""#, r#""YW\nJj""#, r#""YWJä""#, r#""0x6162""#, "[97]", "null"),
    ]
}

fn keys() -> Vec<Rows> {
    vec![
        rows!("Map<String, Int>", map(Type::String); "{}", r#"{"":1}"#, r#"{"b":1,"a":2}"# as r#"{"a":2,"b":1}"#;
            "[]", "null", r#"{"a":"1"}"#),
        rows!("Map<Int, Int>", map(Type::Int); r#"{"-7":1,"0":2}"#, r#"{"9223372036854775807":1}"#;
            r#"{"01":1}"#, r#"{"+1":1}"#, r#"{"-0":1}"#, r#"{"1.0":1}"#, r#"{"1e0":1}"#, r#"{" 1":1}"#,
            r#"{"9223372036854775808":1}"#, r#"{"":1}"#),
        rows!("Map<Uuid, Int>", map(Type::Uuid);
            r#"{"018F6B1E-0000-7000-8000-00000000000A":1}"# as r#"{"018f6b1e-0000-7000-8000-00000000000a":1}"#;
            r#"{"018f6b1e-0000-7000-8000-00000000000a":1,"018F6B1E-0000-7000-8000-00000000000A":2}"#,
            r#"{"018f6b1e000070008000000000000001":1}"#),
        rows!("Map<Date, Int>", map(Type::Date); r#"{"2026-11-24":1}"#; r#"{"2026-11-31":1}"#, r#"{"today":1}"#),
        rows!("Map<Colour, Int>", map(Type::Named(0)); r#"{"Red":1}"#, r#"{"Red":1,"Green":2}"# as r#"{"Green":2,"Red":1}"#;
            r#"{"red":1}"#, r#"{"Blue":1}"#),
        rows!("Map<Bool, Int>", map(Type::Bool); r#"[{"key":true,"value":1}]"#;
            "{}", r#"[{"key":"true","value":1}]"#, r#"[{"value":1}]"#, r#"[[true,1]]"#),
        rows!("Map<Timestamp, Int>", map(Type::Timestamp);
            r#"[{"key":"2026-11-24T09:00:00+01:00","value":1}]"# as r#"[{"key":"2026-11-24T08:00:00Z","value":1}]"#;
            r#"[{"key":"2026-11-24T09:00:00+01:00","value":1},{"key":"2026-11-24T08:00:00Z","value":2}]"#),
        rows!("Set<Int>", Type::Set(Box::new(Type::Int)); "[]", "[2,1]" as "[1,2]"; "[1,1]", "[1,1.0]", "{}"),
        rows!("Colour", Type::Named(0); r#"{"kind":"Red"}"#, r#"{"kind":"Red","more":1}"# as r#"{"kind":"Red"}"#;
            r#""Red""#, r#"{"kind":"red"}"#, r#"{"kind":1}"#, "{}", "null"),
    ]
}

/// The schema of a type: with and without what `format` says.
fn validators(library: Library<'_>, ty: &Type) -> [Validator; 2] {
    let schema = of_type(library, ty, Side::In);
    [false, true].map(|formats| {
        let mut options = jsonschema::options();
        options.with_draft(jsonschema::Draft::Draft202012);
        options.should_validate_formats(formats).build(&schema).unwrap()
    })
}

/// Holds the rows against the border and the schema, and tells what became of each.
fn check(library: Library<'_>, rows: &Rows, told: &mut String) -> usize {
    let [plain, strict] = validators(library, &rows.ty);
    let _ = writeln!(told, "\n{}", rows.about);
    for (text, again) in rows.takes {
        let json: Json = serde_json::from_str(text).unwrap();
        let value =
            decode(library, &rows.ty, &json).unwrap_or_else(|why| panic!("{}: {text}: {why}", rows.about));
        let out = encode(library, &rows.ty, &value);
        assert_eq!(out.to_string(), *again, "{}: {text}", rows.about);
        assert_eq!(decode(library, &rows.ty, &out).as_ref(), Ok(&value), "{}: {text}", rows.about);
        for json in [&json, &out] {
            assert!(
                plain.is_valid(json) && strict.is_valid(json),
                "the schema of {} refuses {json}",
                rows.about
            );
        }
        let as_again = if text == again { String::new() } else { format!(" as {again}") };
        let _ = writeln!(told, "  takes {text}{as_again}");
    }
    for text in rows.refuses {
        let json: Json = serde_json::from_str(text).unwrap();
        let why = match decode(library, &rows.ty, &json) {
            Ok(value) => panic!("{}: {text} is taken as {value}", rows.about),
            Err(why) => why,
        };
        let schema = match (plain.is_valid(&json), strict.is_valid(&json)) {
            (true, true) => " (but the schema takes it)",
            (true, false) => " (of the schema, only the format refuses it)",
            (false, _) => "",
        };
        let _ = writeln!(told, "  {text}: {why}{schema}");
    }
    rows.takes.len() + rows.refuses.len()
}

#[test]
fn what_types_take_and_why_they_refuse_the_rest() {
    let types = named_types();
    let (mut told, mut count) = (String::new(), 0);
    for rows in plain_ones().into_iter().chain(spelled_ones()).chain(keys()) {
        count += check(Library::of_types(&types), &rows, &mut told);
    }
    assert!(count >= 300, "{count} rows");
    insta::assert_snapshot!("rows", told.trim());
}

/// The JSON of a value, written otherwise: members in another order, `null` for what is absent, members that nobody
/// declared, items of sets in another order, other spellings of scalars.
fn respelled(random: &mut Random, library: Library<'_>, ty: &Type, json: &Json) -> Json {
    let fields = |def: &[wfl_ir::Field]| def.iter().map(|it| (it.name.clone(), it.ty.clone())).collect();
    match (ty, json) {
        (Type::Optional(inner), json) if !json.is_null() && !library.is_unit(inner) => {
            respelled(random, library, inner, json)
        }
        (Type::Decimal, Json::String(text)) => json!(number(random, text)),
        (Type::Uuid, Json::String(text)) => json!(text.to_uppercase()),
        (Type::Timestamp, Json::String(text)) => match text.strip_suffix('Z') {
            Some(text) if text.contains('.') => json!(format!("{text}{}", random.of(&["Z", "+00:00"]))),
            Some(text) => json!(format!("{text}{}", random.of(&[".000Z", "-00:00", ".000000000Z"]))),
            None => json.clone(),
        },
        (Type::Duration, Json::String(text)) => json!(text.replace("PT", random.of(&["P0DT", "PT0"]))),
        (Type::Money(_), Json::Object(members)) => {
            let amount = number(random, members["amount"].as_str().unwrap());
            json!({ "note": null, "currency": members["currency"], "amount": amount })
        }
        (Type::List(inner), Json::Array(items)) => {
            items.iter().map(|item| respelled(random, library, inner, item)).collect()
        }
        (Type::Set(inner), Json::Array(items)) => {
            items.iter().rev().map(|item| respelled(random, library, inner, item)).collect()
        }
        (Type::Map(_, inner), Json::Object(members)) => {
            let member =
                |(name, json): (&String, &Json)| (name.clone(), respelled(random, library, inner, json));
            Json::Object(members.iter().rev().map(member).collect())
        }
        (Type::Map(key, inner), Json::Array(entries)) => {
            let parts = [("key".into(), (**key).clone()), ("value".into(), (**inner).clone())];
            entries.iter().rev().map(|entry| object(random, library, &parts, entry)).collect()
        }
        (Type::Result(value, error), json) => {
            let parts = [("value".into(), (**value).clone()), ("error".into(), (**error).clone())];
            let one = if json["kind"] == "Ok" { &parts[..1] } else { &parts[1..] };
            object(random, library, one, json)
        }
        (Type::Record(parts), json) => object(random, library, parts, json),
        (Type::Named(index), json) => match &library.def(*index).unwrap().kind {
            TypeKind::Refined { base, .. } => respelled(random, library, base, json),
            TypeKind::Record(all) | TypeKind::Error(all) | TypeKind::Event(all) => {
                let all: Vec<_> = fields(all);
                object(random, library, &all, json)
            }
            TypeKind::Enum(variants) => {
                let variant = variants.iter().find(|it| json["kind"] == it.name.as_str()).unwrap();
                let all: Vec<_> = fields(&variant.fields);
                object(random, library, &all, json)
            }
        },
        _ => json.clone(),
    }
}

fn number(random: &mut Random, text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let tail = if digits.contains('.') { "00" } else { ".0" };
    format!("{sign}{}{digits}{}", random.of(&["", "00"]), random.of(&["", tail]))
}

fn object(random: &mut Random, library: Library<'_>, parts: &[(wfl_ir::Name, Type)], json: &Json) -> Json {
    let members = json.as_object().unwrap();
    let mut other = serde_json::Map::new();
    for (name, ty) in parts.iter().rev() {
        match members.get(name.as_str()) {
            Some(member) => {
                other.insert(name.to_string(), respelled(random, library, ty, member));
            }
            None if random.below(2) == 0 => {
                other.insert(name.to_string(), Json::Null);
            }
            None => {}
        }
    }
    other.insert("nobody declared this".into(), json!([1.5, null]));
    members.get("kind").into_iter().for_each(|kind| {
        other.entry("kind").or_insert_with(|| kind.clone());
    });
    Json::Object(other)
}

/// A value goes out, comes back as it was, and is written the same however it came in.
fn check_crossing(random: &mut Random, library: Library<'_>, ty: &Type, value: &Value) -> (Json, usize) {
    let show = |json: &Json| format!("{value:?} of {ty:?} over {:#?}\n{json}", library.types);
    let text = encode(library, ty, value).to_string();
    let json: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(decode(library, ty, &json).as_ref(), Ok(value), "{}", show(&json));
    let other = respelled(random, library, ty, &json);
    let back = decode(library, ty, &other).unwrap_or_else(|why| panic!("{why}: {}", show(&other)));
    assert_eq!(back, *value, "{}", show(&other));
    assert_eq!(back.canonical_bytes(), value.canonical_bytes(), "{}", show(&other));
    assert_eq!(encode(library, ty, &back).to_string(), text, "{}", show(&other));
    let differs = usize::from(other != json);
    (json, differs)
}

#[test]
fn values_come_back_and_are_written_in_one_way() {
    let seed = std::env::var("WFL_SEED").map_or(20_261_124, |seed| seed.parse().unwrap());
    println!("replay with: WFL_SEED={seed} cargo test -p wfl-tests --test border values_come_back");
    let rounds = if std::env::var_os("WFL_LONG").is_some() { 50 } else { 1 };
    let mut random = Random(seed);
    let (mut values, mut respelled, mut taken) = (0, 0, 0);
    for _ in 0..1_000 * rounds {
        let types = typed::types(&mut random);
        let library = Library::of_types(&types);
        let ty = typed::ty(&mut random, 3, types.len() as u32);
        let Some(value) = typed::value(&mut random, &types, &ty, 0) else { continue };
        let (json, differs) = check_crossing(&mut random, library, &ty, &value);
        values += 1;
        respelled += differs;
        // Whatever else is taken is a value that comes back, too.
        for _ in 0..8 {
            let other = typed::mutated(&mut random, &json);
            let Ok(value) = decode(library, &ty, &other) else { continue };
            check_crossing(&mut random, library, &ty, &value);
            taken += 1;
        }
    }
    println!("{values} values, {respelled} written otherwise, {taken} made by chance and taken");
    assert!(
        values > 800 * rounds && respelled > values / 3 && taken > values,
        "{values} {respelled} {taken}"
    );
}
