//! Labels of values without a declared type, what tests and counts say, and places with rules of their own.

use wfl_tests::marked::{HERE, Program, assert_fine};

/// Declarations of the programs below.
const CUSTOMER: &str = "record Customer {
  id: String
  name: pii String
  names: List<pii String>
  listed: pii Bool
  maybe: pii Bool?
  flags: List<pii Bool>
  extra: pii Json
}
event Seen(text: String)
event Told(said: Bool)
event Counted(many: Int)
event Private(text: pii String)
event PrivatelyTold(said: pii Bool)
event PrivatelyCounted(many: pii Int)
error Lost
service Desk {
  operation look(id: String) -> Unit {
    effect read
    raises Lost
  }
}
fn known(it: Bool?) -> Bool = it ?? false
fn some(all: List<Bool>) -> Bool = all.first() ?? false
fn keys(batch: Batch<Unit>) -> List<String> = batch.errors.map(it => it.key)
";

/// Values of the text, `Bool` or `Int` that is published last, with statements before.
const VALUES: [(&str, &str, &str); 29] = [
    (
        "Seen",
        "let all = [(text: c.name), (text: \"\")]\nlet it = all.map(one => one.text).first() ?? \"\"",
        "it",
    ),
    (
        "Seen",
        "let all = [(text: \"\"), (text: c.name)]\nlet it = all.map(one => one.text).first() ?? \"\"",
        "it",
    ),
    ("Seen", "let one = if c.id == \"\" then (text: c.name) else (text: \"\")", "one.text"),
    ("Seen", "let one = if c.id == \"\" then (text: \"\") else (text: c.name)", "one.text"),
    ("Seen", "let one = match c.id {\n  \"\" -> (text: c.name)\n  _ -> (text: \"\")\n}", "one.text"),
    ("Seen", "let one = [(text: c.name)].first() ?? (text: \"\")", "one.text"),
    ("Seen", "let one = [(text: \"\")].first() ?? (text: c.name)", "one.text"),
    (
        "Seen",
        "let one = [1].fold((text: \"\"), (so_far, _n) => if so_far.text == \"\" then (text: c.name) else so_far)",
        "one.text",
    ),
    (
        "Seen",
        "let all = [(text: c.name)].map(it => (inner: it))\nlet it = all.map(one => one.inner.text).first() ?? \"\"",
        "it",
    ),
    (
        "Seen",
        "let one = parallel join any {\n  branch a { yield \"\" }\n  on shortfall -> yield c.name\n}",
        "one",
    ),
    (
        "Seen",
        "let one = parallel join any {\n  branch a { yield (text: \"\") }\n  branch b { yield (text: c.name) }\n  on shortfall -> yield (text: \"\")\n}",
        "one.text",
    ),
    (
        "Seen",
        "let one = parallel join any {\n  branch a { yield (text: \"\") }\n  on shortfall -> yield (text: c.name)\n}",
        "one.text",
    ),
    (
        "Seen",
        "let all = foreach name in [\"\"] {\n  step _ = Desk.look(id: name)\n  yield name\n  on Lost -> yield c.names\n}",
        "all.first() ?? \"\"",
    ),
    (
        "Seen",
        "let one = saga {\n  step _ = Desk.look(id: c.id)\n  yield (text: \"\")\n  on Lost -> yield (text: c.name)\n}",
        "one.text",
    ),
    (
        "Seen",
        "let batch = foreach name in c.names keyed by name tolerate 50% {\n  step _ = Desk.look(id: \"1\")\n}",
        "batch.errors.map(it => it.key).first() ?? \"\"",
    ),
    (
        "Seen",
        "let batch: Batch<Unit> = foreach name in c.names keyed by name tolerate 50% {\n  step _ = Desk.look(id: \"1\")\n}",
        "batch.errors.map(it => it.key).first() ?? \"\"",
    ),
    (
        "Seen",
        "let batch = foreach name in c.names keyed by name tolerate 50% {\n  step _ = Desk.look(id: \"1\")\n}",
        "keys(batch).first() ?? \"\"",
    ),
    ("Told", "", "c.maybe == true"),
    ("Told", "", "c.maybe is Some(true)"),
    ("Told", "", "[c.listed] == [true]"),
    ("Told", "", "(it: c.listed) == (it: true)"),
    ("Told", "", "c.flags.contains(true)"),
    ("Told", "", "c.flags.any(it => it)"),
    ("Told", "", "c.flags.all(it => it)"),
    ("Told", "", "c.flags.fold(false, (_so_far, it) => it)"),
    ("Told", "", "known(c.maybe)"),
    ("Told", "", "some(c.flags)"),
    ("Told", "", "c.extra == c.extra"),
    ("Counted", "", "c.flags.count(it => it)"),
];

fn about(name: &str, body: &str) -> Program {
    let text = format!(
        "{CUSTOMER}workflow Look(c: Customer) -> Unit\n  version 1\n  key c.id\n  raises Lost, TooManyFailures, DuplicateKey\n{{\n{body}\n}}\n"
    );
    Program { name: name.to_owned(), text }
}

#[test]
fn values_without_a_declared_type_and_what_tests_say() {
    let mut programs = Vec::new();
    for (event, before, value) in VALUES {
        let (field, private) = match event {
            "Seen" => ("text", "Private"),
            "Told" => ("said", "PrivatelyTold"),
            _ => ("many", "PrivatelyCounted"),
        };
        let name = format!("{before} {value}");
        programs.push(about(&name, &format!("{before}\nemit {event}({field}: {value}) {HERE}")));
        programs
            .push(about(&format!("{name}, marked"), &format!("{before}\nemit {private}({field}: {value})")));
        let open = format!("declassify({value}, because: \"known\")");
        programs.push(about(&format!("{name}, open"), &format!("{before}\nemit {event}({field}: {open})")));
    }
    assert_fine(&programs);
}

/// What does not give a value away stays public.
#[test]
fn what_says_little() {
    let fine = [
        ("Told", "c.name == \"x\""),
        ("Told", "c.maybe is Some(some)"),
        ("Told", "c.maybe is none"),
        ("Told", "c.names.any(it => it == \"x\")"),
        ("Told", "c.names.contains(\"x\")"),
        ("Told", "c.flags.is_empty()"),
        ("Counted", "c.flags.count()"),
        ("Counted", "c.flags.length()"),
        ("Counted", "c.names.count(it => it == \"x\")"),
    ];
    let programs = fine.map(|(event, value)| {
        about(value, &format!("emit {event}({}: {value})", if event == "Told" { "said" } else { "many" }))
    });
    assert_fine(&programs);
}

/// Handlers, channels and people: each wrong, and right beside it.
#[test]
fn places_of_their_own() {
    let bodies = [
        (
            "use",
            "let one = parallel join all {\n  branch a {\n    step _ = Desk.look(id: c.id)\n    yield \"\"\n  }\n  on Lost -> use (a: VALUE) HERE\n}\nemit Seen(text: one.a)",
            "\"\"",
        ),
        (
            "channel",
            "let one = await signal name(VALUE)\nlet two = await signal name(pii String) HERE\nemit Private(text: one)\nemit Private(text: two)",
            "pii String",
        ),
        (
            "escalation of the title",
            "await human Ask(Bool) {\n  role \"desk\"\n  title \"{VALUE}\"\n  escalate after 1d to \"manager\" HERE\n}",
            "c.id",
        ),
        (
            "escalation of a whole record",
            "await human Ask(Bool) {\n  role \"desk\"\n  show VALUE\n  escalate after 1d to \"manager\" HERE\n}",
            "(id: c.id)",
        ),
        (
            "second escalation",
            "await human Ask(Bool) {\n  role \"desk\"\n  show (name: VALUE)\n  escalate after 1d to \"vault\"\n  escalate after 2d to \"manager\" HERE\n}",
            "c.id",
        ),
        (
            "computed escalation",
            "await human Ask(Bool) {\n  role \"desk\"\n  show (name: VALUE)\n  escalate after 1d to c.id HERE\n}",
            "c.id",
        ),
    ];
    let mut programs = Vec::new();
    for (name, body, fine) in bodies {
        let leak = match name {
            "channel" => "String",
            "escalation of a whole record" => "c",
            _ => "c.name",
        };
        programs.push(about(name, &body.replace("VALUE", leak).replace("HERE", HERE)));
        programs.push(about(&format!("{name}, fine"), &body.replace("VALUE", fine).replace("HERE", "")));
    }
    assert_fine(&programs);
}
