//! Functions group by group, at their edges.

use super::vectors::check;

#[test]
fn numbers() {
    check(&[
        ("1 / 3", "0.3333333333333333333333333333333333"),
        ("2 / 3", "0.6666666666666666666666666666666667"),
        ("-2 / 3", "-0.6666666666666666666666666666666667"),
        ("10 / 4", "2.5"),
        ("1 / 0.0000000000000000000000000000000001", "fault: a number became too big"),
        ("0.0000000000000000000000000000000001 / 2", "0"),
        ("0.0000000000000000000000000000000003 / 2", "0.0000000000000000000000000000000002"),
        ("999999999999999999999999999999999.5 / 0.01", "fault: a number became too big"),
        ("1 / 0", "fault: a number is divided by zero"),
        ("EUR(1) / 2", "fault: the expression is ill-formed: `/` does not take Money and an Int"),
        ("div(1, 0.0)", "none"),
        ("quotient(-9223372036854775807 - 1, -1)", "fault: a number became too big"),
        ("remainder(-9223372036854775807 - 1, -1)", "fault: a number became too big"),
        ("remainder(-7, -2)", "-1"),
        ("abs(-9223372036854775807 - 1)", "fault: a number became too big"),
        ("abs(0.0 - 0.5)", "0.5"),
        ("round(2.345, 2)", "2.34"),
        ("round(-2.5)", "-2"),
        ("round(7, 3)", "7"),
        ("round(1.5, -1)", "fault: a number is rounded to 0 to 34 places, not to -1"),
        ("floor(-0.5)", "-1"),
        ("ceiling(-0.5)", "0"),
        ("floor(99999999999999999999.5)", "fault: a number became too big"),
        ("EUR(1).at_least(USD(1))", "fault: EUR and USD do not mix"),
        ("date(\"2026-01-01\").at_most(date(\"2025-01-01\"))", "2025-01-01"),
    ]);
}

#[test]
fn lists_and_sets() {
    check(&[
        ("[1, 2].get(-1)", "none"),
        ("[1, 2].take(-1)", "[]"),
        ("[1, 2].drop(9)", "[]"),
        ("[2, 1.5, 1].sort_by(x => x)", "[1, 1.5, 2]"),
        ("sort([EUR(2), EUR(1)])", "[EUR 1.00, EUR 2.00]"),
        ("sort([EUR(2), USD(1)])", "fault: EUR and USD do not mix"),
        ("sort([1, \"a\"])", "fault: the expression is ill-formed: `<` does not take an Int and a String"),
        ("min([])", "none"),
        ("min([none])", "fault: the expression is ill-formed: `<` does not take none and none"),
        ("median([])", "none"),
        ("average([])", "none"),
        ("average([1, 2, 2])", "1.666666666666666666666666666666667"),
        ("range(3, 2)", "[]"),
        ("range(1, 100001)", "fault: a value became too large"),
        ("range(-9223372036854775807, 9223372036854775807)", "fault: a value became too large"),
        ("chunk([1], 0)", "fault: a part has at least one item"),
        ("index_of([1, 2], 2.0)", "1"),
        ("[1, 2].contains(2.0)", "true"),
        ("[3, 1, 3, 2, 1].distinct()", "[3, 1, 2]"),
        ("to_set([3, 1, 3])", "{1, 3}"),
        ("1 in to_set([3, 1])", "true"),
        ("\"a\" in put(empty_map(), \"a\", 1)", "true"),
        ("put(put(empty_map(), \"b\", 1), \"a\", 2)", "{a: 2, b: 1}"),
        ("remove(put(empty_map(), \"b\", 1), \"a\")", "{b: 1}"),
        ("[].sum()", "fault: the expression is ill-formed: the sum of no items needs a zero"),
        ("[].sum(EUR(0))", "EUR 0.00"),
        ("[].sum(x => x, 0)", "0"),
        ("[EUR(1), EUR(2)].sum(EUR(0))", "EUR 3.00"),
        ("[9223372036854775807, 1].sum()", "fault: a number became too big"),
        ("[1, 2].all(x => x > 1)", "false"),
        ("[].all(x => x)", "true"),
        ("[].any(x => x)", "false"),
        ("[1].any(x => x)", "fault: the expression is ill-formed: an Int is not a truth value"),
        ("[1, 2].index_by(x => 0)", "fault: two items have the same key"),
        ("[1, 2, 3].group_by(x => x in 1..2)", "{false: [3], true: [1, 2]}"),
        ("[1, 2].zip([3], (a, b) => a + b)", "[4]"),
        ("[1].map((a, b) => a)", "fault: the expression is ill-formed: a lambda of 2 parameters is given 1"),
        ("[1].flat_map(x => x)", "fault: the expression is ill-formed: flat_map needs lists"),
        ("to_set([2, 1]).map(x => x + 1)", "[2, 3]"),
        ("length(x => x)", "fault: the expression is ill-formed: length does not take (a function)"),
        ("[1].map(1)", "fault: the expression is ill-formed: map does not take (a List, an Int)"),
    ]);
}

#[test]
fn money() {
    check(&[
        ("allocate(EUR(0.02), 3)", "[EUR 0.01, EUR 0.01, EUR 0.00]"),
        ("allocate(EUR(1), 0)", "fault: an amount is allocated to at least one part"),
        ("allocate(EUR(1), 100001)", "fault: a value became too large"),
        ("allocate_by(EUR(-0.05), [1, 1])", "[EUR -0.03, EUR -0.02]"),
        ("allocate_by(JPY(100), [0, 1, 0])", "[JPY 0, JPY 100, JPY 0]"),
        ("allocate_by(EUR(1), [])", "fault: weights are not negative, and one is not zero"),
        ("allocate_by(EUR(1), [2, -1])", "fault: weights are not negative, and one is not zero"),
        (
            "allocate_by(EUR(99999999999999999999999999999999.99), [9223372036854775807])",
            "fault: a number became too big",
        ),
        ("ratio(EUR(1), USD(1))", "fault: EUR and USD do not mix"),
        ("round_to(EUR(0.025), EUR(0.01))", "fault: EUR has 2 places after the point"),
        ("round_to(CHF(0.02), CHF(0.05))", "CHF 0.00"),
        ("round_to(CHF(-0.03), CHF(0.05))", "CHF -0.05"),
        ("round_to(EUR(5), EUR(2))", "EUR 4.00"),
        ("round_to(EUR(7), EUR(2))", "EUR 8.00"),
        ("round_to(EUR(-5), EUR(2))", "EUR -4.00"),
        ("round_to(EUR(1), EUR(0))", "fault: an amount is rounded to a multiple of a positive one"),
        ("minor_units(EUR(92233720368547758.08))", "fault: a number became too big"),
        ("from_minor_units(-1, KWD(0))", "KWD -0.001"),
        ("percent(EUR(0.05), 50)", "EUR 0.02"),
    ]);
}

#[test]
fn text() {
    check(&[
        ("slice(\"größe\", 1, 3)", "rö"),
        ("slice(\"abc\", 2, 1)", ""),
        ("slice(\"abc\", -5, 2)", "ab"),
        ("left(\"größe\", 4)", "größ"),
        ("right(\"größe\", 3)", "öße"),
        ("right(\"a\", 3)", "a"),
        ("left(\"a\", -1)", ""),
        ("pad_left(\"7\", 5, \"ab\")", "abab7"),
        ("pad_left(\"1234567\", 5, \"0\")", "1234567"),
        ("pad_left(\"7\", 5, \"\")", "fault: a text is padded with at least one character"),
        ("pad_left(\"7\", 9223372036854775807, \"0\")", "fault: a value became too large"),
        ("replace(\"abc\", \"\", \"x\")", "abc"),
        ("replace(\"aXbX\", \"X\", \"-\")", "a-b-"),
        (
            "replace(pad_left(\"\", 100000, \"a\"), \"a\", pad_left(\"\", 100000, \"b\"))",
            "fault: a value became too large",
        ),
        ("join([], \",\")", ""),
        (
            "join([\"a\", 1], \",\")",
            "fault: the expression is ill-formed: join does not take (a List, a String)",
        ),
        ("split(\"\", \",\")", "[]"),
        ("length(split(\"\", \",\"))", "1"),
        ("split(\"äb\", \"\")", "[ä, b]"),
        ("parse_int(\"9223372036854775808\")", "none"),
        ("parse_int(\"-9223372036854775808\")", "-9223372036854775808"),
        ("parse_int(\"+1\")", "none"),
        ("parse_decimal(\"1e3\")", "none"),
        ("matches(\"ab\", r\"(\")", "fault: `(` is not a regular expression"),
        ("matches(\"ab\", r\"a|ab\")", "true"),
        ("matches(\"a\\nb\", r\".*\")", "false"),
        ("to_sepa(\"Ελλάδα Добър €5\")", "Ellada Dob'r EUR5"),
        ("to_sepa(\"a\tb\u{1}\u{e000}\")", "a b.."),
        ("to_text([1, 2])", "[1, 2]"),
        ("from_utf8(parse_hex(\"ff\") ?? to_bytes(\"\"))", "none"),
        ("parse_hex(\"6Ab\")", "none"),
        ("to_hex(parse_hex(\"6AbC\") ?? to_bytes(\"\"))", "6abc"),
        ("length(to_bytes(\"ä\"))", "2"),
        ("is_empty(to_bytes(\"\"))", "true"),
        ("mask_last4(\"12345678\")", "****5678"),
        ("mask_email(\"no address\")", "********"),
        ("mask_email(\"a@b@c.d\")", "a***@c.d"),
        ("mask_iban(\"DE893704004\")", "***********"),
        ("short_id(\"order 4711\") == short_id(\"order 4711\")", "true"),
    ]);
}

#[test]
fn json() {
    let parse = |json: &str| {
        format!(
            "parse(\"{}\")",
            json.replace('\\', "\\\\").replace('"', "\\\"").replace('{', "\\{").replace('}', "\\}")
        )
    };
    let many: Vec<(String, &str)> = [
        ("P", r#" { "a" : [ 1 , "x y" ] } "#, r#"{"a":[1,"x y"]}"#),
        ("P", "[1 2]", "none"),
        ("P", "1 2", "none"),
        ("P", "", "none"),
        ("P", r#"["\"  ]"]"#, r#"["\"  ]"]"#),
        ("at(P, \"\")", "7", "7"),
        ("at(P, \"/a~1b/~0\")", r#"{"a/b":{"~":null}}"#, "null"),
        ("at(P, \"/1\")", "[10,20]", "20"),
        ("at(P, \"/01\")", "[10,20]", "none"),
        ("at(P, \"/-\")", "[10,20]", "none"),
        ("at(P, \"a\")", r#"{"a":1}"#, "none"),
        ("at(P, \"/a/b\")", r#"{"a":1}"#, "none"),
        ("as_decimal(P)", "0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("as_decimal(P)", "-12.50e-1", "-1.25"),
        ("as_decimal(P)", "1E2", "100"),
        ("as_decimal(P)", "1e400", "none"),
        ("as_decimal(P)", "0e400", "0"),
        ("as_decimal(P)", "1e34", "none"),
        ("as_int(P)", "1.0", "1"),
        ("as_int(P)", "1.5", "none"),
        ("as_int(P)", "9223372036854775808", "none"),
        ("as_text(P)", r#""é\n""#, "é\n"),
        ("as_text(P)", r#""\ud800""#, "none"),
        ("as_bool(P)", "1", "none"),
        ("as_list(P)", "[1,[2.50]]", "[1, [2.50]]"),
        ("as_map(P)", r#"{"b":1,"a":{},"b":2}"#, "{a: {}, b: 2}"),
        ("is_null(P)", " null ", "true"),
        ("render(P)", "[ 1.50 ]", "[1.50]"),
    ]
    .iter()
    .map(|(text, json, expected)| (text.replace('P', &parse(json)), *expected))
    .collect();
    let table: Vec<(&str, &str)> = many.iter().map(|(text, expected)| (text.as_str(), *expected)).collect();
    check(&table);
    let deep = "[".repeat(65) + &"]".repeat(65);
    check(&[(&parse(&deep), "none")]);
    check(&[
        ("to_json((a: none, b: [date(\"2026-11-24\")], c: 2h))", r#"{"b":["2026-11-24"],"c":"PT2H"}"#),
        ("to_json(put(empty_map(), 7, to_set([1])))", r#"{"7":[1]}"#),
        ("to_json(put(empty_map(), 1h, 1))", r#"[{"key":"PT1H","value":1}]"#),
        ("to_json(to_bytes(\"ab\"))", r#""YWI=""#),
        ("to_json(Declined(code: \"AM04\"))", r#"{"kind":"Declined","code":"AM04"}"#),
    ]);
}
