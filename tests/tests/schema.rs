//! JSON Schema against the border: what one takes the other takes too, but for what schemas have no words for.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it did"
)]

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Value as Json, json};
use wfl_compiler::{Disk, compile};
use wfl_eval::{InvalidData, decode, encode};
use wfl_ir::schema::{Schemas, Side, of_type};
use wfl_ir::{Binary, Builtin, Expr, Library, Rule, Type, TypeDef, TypeKind, Value};
use wfl_tests::binaries::{Project, Ran};
use wfl_tests::project::root;
use wfl_tests::typed::{self, PATTERNS, Random};

fn random(test: &str) -> (Random, usize) {
    let seed = std::env::var("WFL_SEED").map_or(20_261_124, |seed| seed.parse().unwrap());
    println!("replay with: WFL_SEED={seed} cargo test -p wfl-tests --test schema {test}");
    let rounds = if std::env::var_os("WFL_LONG").is_some() { 50 } else { 1 };
    (Random(seed), rounds)
}

fn validator(schema: &Json) -> Validator {
    jsonschema::draft202012::new(schema).unwrap_or_else(|error| panic!("{error}: {schema:#}"))
}

/// Tests also what `format` says, as some validators do.
fn with_formats(schema: &Json) -> Validator {
    let mut options = jsonschema::options();
    options.with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
    options.build(schema).unwrap_or_else(|error| panic!("{error}: {schema:#}"))
}

/// What a schema may take although the border refuses it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Weaker {
    /// A rule that has no words in JSON Schema.
    Rule,
    /// A day, an instant or a length of time that is none: `format` says it.
    Format,
    /// An item or a key that is there already, written otherwise.
    Twice,
    /// `1.0`.
    Whole,
    /// An integer of more than 64 bits as the name of a member.
    Key,
}

/// Why the border alone refuses something; none for what a schema must refuse as well.
fn excuse(invalid: &InvalidData, json: &Json) -> Option<Weaker> {
    let problem = invalid.problem.as_str();
    let says = |words: &str| problem.contains(words);
    if says("the rule `~") {
        Some(Weaker::Rule)
    } else if says("is not an RFC 3339 time stamp")
        || says("is not a day")
        || says("is not an ISO 8601 duration")
    {
        Some(Weaker::Format)
    } else if says("is in the set already") || says("has two entries with one key") {
        Some(Weaker::Twice)
    } else if says("is not a whole number of 64 bits, written") && has_whole_float(json) {
        Some(Weaker::Whole)
    } else if says("is not a whole number of 64 bits as a key")
        && json.to_string().contains("9223372036854775808")
    {
        Some(Weaker::Key)
    } else {
        None
    }
}

fn has_whole_float(json: &Json) -> bool {
    match json {
        Json::Number(number) => number.is_f64() && number.as_f64().is_some_and(|it| it.fract() == 0.0),
        Json::Array(items) => items.iter().any(has_whole_float),
        Json::Object(members) => members.values().any(has_whole_float),
        _ => false,
    }
}

/// Holds the two against each other; the excuse where they differ.
fn compare(library: Library<'_>, ty: &Type, schema: &Validator, json: &Json) -> (bool, Option<Weaker>) {
    let taken = decode(library, ty, json);
    let valid = schema.is_valid(json);
    let show = || format!("{ty:?} over {:#?}\n{json:#}\n{:#}", library.types, of_type(library, ty, Side::In));
    match (&taken, valid) {
        (Ok(_), false) => panic!("the schema refuses what the border takes: {}", show()),
        (Err(invalid), true) => match excuse(invalid, json) {
            Some(weaker) => (false, Some(weaker)),
            None => panic!("the schema takes what the border refuses, {invalid}: {}", show()),
        },
        (taken, _) => (taken.is_ok(), None),
    }
}

#[test]
fn schemas_and_the_border_agree() {
    let (mut random, rounds) = random("schemas_and_the_border_agree");
    let (mut cases, mut refused, mut weaker) = (0, 0, BTreeMap::<Weaker, usize>::new());
    for _ in 0..400 * rounds {
        let types = typed::types(&mut random);
        let library = Library::of_types(&types);
        let ty = match random.below(3) {
            0 => typed::ty(&mut random, 3, types.len() as u32),
            _ => Type::Named(types.len() as u32 - 1),
        };
        let Some(value) = typed::value(&mut random, &types, &ty, 0) else { continue };
        let (open, closed) = (of_type(library, &ty, Side::In), of_type(library, &ty, Side::Out));
        let strict = with_formats(&open);
        let (open, closed) = (validator(&open), validator(&closed));
        // As it arrives: through text.
        let json: Json = serde_json::from_str(&encode(library, &ty, &value).to_string()).unwrap();
        let back = decode(library, &ty, &json);
        assert!(back.is_ok(), "{back:?}: {ty:?} over {types:?}\n{json:#}");
        assert_eq!(compare(library, &ty, &open, &json), (true, None));
        assert!(strict.is_valid(&json), "the formats of {ty:?} over {types:?}\n{json:#}");
        assert!(closed.is_valid(&json), "{ty:?} over {types:#?}\n{json:#}");
        for _ in 0..16 {
            let mut other = typed::mutated(&mut random, &json);
            if random.below(3) == 0 {
                other = typed::mutated(&mut random, &other);
            }
            let (taken, difference) = compare(library, &ty, &open, &other);
            refused += usize::from(!taken);
            difference.into_iter().for_each(|it| *weaker.entry(it).or_default() += 1);
            // What is closed takes nothing that is refused when it is open.
            assert!(open.is_valid(&other) || !closed.is_valid(&other), "{other:#}");
            cases += 1;
        }
    }
    println!("{cases} cases, {refused} refused, of which the schema takes {weaker:?}");
    assert!(cases > 3_000 && refused > cases / 4 && cases - refused > cases / 10, "{cases} {refused}");
}

#[test]
fn what_goes_out_has_no_unknown_members() {
    let field =
        |name: &str, ty| wfl_ir::Field { name: name.into(), ty, rule: None, label: Default::default() };
    let record = TypeKind::Record(vec![field("a", Type::Optional(Box::new(Type::Int)))]);
    let types = [TypeDef { name: "m.R".into(), kind: record }];
    let ty = Type::List(Box::new(Type::Named(0)));
    let take = |side, json: Json| validator(&of_type(Library::of_types(&types), &ty, side)).is_valid(&json);
    for (json, open, closed) in [
        (json!([{ "a": 1 }, {}, { "a": null }]), true, true),
        (json!([{ "a": 1, "b": 2 }]), true, false),
        (json!([{ "a": "1" }]), false, false),
    ] {
        assert_eq!(take(Side::In, json.clone()), open, "{json}");
        assert_eq!(take(Side::Out, json.clone()), closed, "{json}");
    }
}

#[test]
fn rules_speak_of_values_that_are_there() {
    let text = |text: &str| Expr::Const(Value::text(text));
    let optional = Type::Optional(Box::new(Type::String));
    let refined = |rule| TypeKind::Refined { base: optional.clone(), rule };
    let one_of = Expr::List(vec![text("a"), text("b")]);
    let (subject, length) = (|| Box::new(Expr::Subject), Expr::Call(Builtin::Length, vec![Expr::Subject]));
    for holds in [
        Expr::Binary(Binary::In, subject(), Box::new(one_of)),
        Expr::Binary(Binary::Equal, subject(), Box::new(text("a"))),
        Expr::Binary(Binary::Less, Box::new(length), Box::new(Expr::Const(Value::Int(0)))),
    ] {
        let rule = || Some(Rule { holds: holds.clone(), text: "~".into() });
        let field =
            |name: &str, ty| wfl_ir::Field { name: name.into(), ty, rule: rule(), label: Default::default() };
        let types = [
            TypeDef { name: "m.Bare".into(), kind: refined(None) },
            TypeDef { name: "m.Ruled".into(), kind: refined(rule()) },
            TypeDef {
                name: "m.R".into(),
                kind: TypeKind::Record(vec![field("a", optional.clone()), field("b", Type::Named(0))]),
            },
        ];
        let library = Library::of_types(&types);
        for (ty, json) in [
            (Type::Named(1), json!(null)),
            (Type::Named(1), json!("a")),
            (Type::Named(1), json!("z")),
            (Type::Named(2), json!({ "a": null, "b": null })),
            (Type::Named(2), json!({ "b": null })),
            (Type::Named(2), json!({ "a": "a", "b": "a" })),
            (Type::Named(2), json!({ "a": "z", "b": null })),
            (Type::Named(2), json!({ "a": 1, "b": null })),
        ] {
            let valid = validator(&of_type(library, &ty, Side::In)).is_valid(&json);
            assert_eq!(valid, decode(library, &ty, &json).is_ok(), "{holds:?} of {json}");
        }
    }
}

fn schema_of_pattern(pattern: &str) -> (Vec<TypeDef>, Json) {
    let arguments = vec![Expr::Subject, Expr::Const(Value::text(pattern))];
    let rule = Rule { holds: Expr::Call(Builtin::Matches, arguments), text: "~".into() };
    let def =
        TypeDef { name: "m.T".into(), kind: TypeKind::Refined { base: Type::String, rule: Some(rule) } };
    let schema = of_type(Library::of_types(std::slice::from_ref(&def)), &Type::Named(0), Side::In);
    (vec![def], schema)
}

#[test]
fn patterns_mean_the_same() {
    let texts = [
        "",
        "a",
        "b",
        "c",
        "ab",
        "aab",
        "a\n",
        "\n",
        "a b",
        "acc_1",
        "A7",
        "-",
        ".",
        "ä€𝄞",
        "\u{85}",
        "x\u{2028}y",
    ];
    for pattern in
        PATTERNS.iter().chain(&["", "a{2}b?", "(a|b){1,2}", r"\.|\-|/", "[]a]", r"[\^\-\]]+", "(^a)*"])
    {
        let (types, schema) = schema_of_pattern(pattern);
        let said = &schema["$defs"]["m.T"]["pattern"];
        assert!(said.is_string(), "{pattern} can be said: {schema:#}");
        let (library, validator) = (Library::of_types(&types), validator(&schema));
        for text in texts {
            let json = json!(text);
            let taken = decode(library, &Type::Named(0), &json).is_ok();
            assert_eq!(validator.is_valid(&json), taken, "{pattern} as {said} of {text:?}");
        }
    }
    // Digits and letters of all scripts, flags, sets of characters that are computed, words.
    for pattern in [r"\d+", r"\w", r"(?i)a", r"[a-z&&[^b]]", r"\bx", r"\pL", r"[\d]", r"[^\W]"] {
        assert_eq!(schema_of_pattern(pattern).1["$defs"]["m.T"]["pattern"], Json::Null, "{pattern}");
    }
}

#[test]
fn schemas_of_the_examples() {
    for example in ["transfer", "loan", "payout"] {
        let compilation = compile(&Disk::new(root().join("examples").join(example)));
        assert!(!compilation.has_errors(), "{:?}", compilation.diagnostics);
        for workflow in &compilation.workflows {
            let schemas = Schemas::new(&workflow.plan, &workflow.guide);
            let by_name = |all: Vec<(wfl_ir::Name, Json)>| {
                all.into_iter().map(|(name, schema)| (name.to_string(), schema)).collect::<BTreeMap<_, _>>()
            };
            let groups =
                [schemas.events(), schemas.errors(), schemas.signals(), schemas.tasks()].map(by_name);
            let singles = [schemas.input(), schemas.result()];
            groups.iter().flat_map(BTreeMap::values).chain(&singles).for_each(|schema| {
                validator(schema);
            });
            let [events, errors, signals, tasks] = groups;
            let [input, result] = singles;
            let all = json!({
                "input": input, "result": result, "events": events, "errors": errors, "signals": signals, "tasks": tasks,
            });
            insta::assert_snapshot!(workflow.short_name.as_str(), format!("{all:#}"));
        }
    }
}

#[test]
fn the_inputs_of_the_example_fit_its_schema() {
    let folder = root().join("examples/transfer");
    let compilation = compile(&Disk::new(&folder));
    let workflow = compilation.workflow("TransferFunds").unwrap();
    let input = validator(&Schemas::new(&workflow.plan, &workflow.guide).input());
    for entry in std::fs::read_dir(folder.join("inputs")).unwrap() {
        let path = entry.unwrap().path();
        let json: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert!(input.is_valid(&json), "{}", path.display());
    }
    assert!(!input.is_valid(&json!({ "req": {} })));
}

#[test]
fn the_command_prints_and_writes_them() {
    let project = Project::new("");
    let run = |args: &[&str]| Ran::of(project.wflc(args).output().unwrap());
    let printed = run(&["schema", ".", "--what", "input"]);
    assert_eq!(printed.status, Some(0), "{printed:#?}");
    let schema: Json = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(schema["$id"], "urn:wfl:payments.transfer.TransferFunds:input");
    let all = run(&["schema", ".", "--workflow", "TransferFunds"]);
    let all: Json = serde_json::from_str(&all.stdout).unwrap();
    assert_eq!(all["input"], schema);
    assert_eq!(all["events"]["payments.transfer.TransferSettled"]["additionalProperties"], json!(false));

    let written = run(&["schema", ".", "--what", "events", "-o", "out/"]);
    assert_eq!(written.status, Some(0), "{written:#?}");
    let file = project.path().join("out/payments.transfer.TransferSettled.schema.json");
    let event: Json = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(event, all["events"]["payments.transfer.TransferSettled"]);
    assert_eq!(run(&["schema", ".", "--what", "result", "-o", "result.json"]).status, Some(0));
    assert!(project.path().join("result.json").is_file());

    for (args, status, words) in [
        (vec!["schema", ".", "--workflow", "Nope"], 64, "no workflow `Nope`"),
        (vec!["schema", ".", "--what", "weather"], 64, "weather"),
        (vec!["schema", "nowhere"], 64, "nowhere cannot be read"),
        (vec!["schema", ".", "-o", "wfl.toml/x.json"], 69, "cannot be written"),
    ] {
        let ran = run(&args);
        assert_eq!(ran.status, Some(status), "{args:?}: {ran:#?}");
        assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
    }
    project.write("payments/transfer.wfl", "workflow X");
    let broken = run(&["schema", "."]);
    assert_eq!((broken.status, broken.stdout.as_str()), (Some(1), ""), "{broken:#?}");
}
