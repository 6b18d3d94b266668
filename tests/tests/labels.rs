//! Where labelled data gets to: whatever it is wrapped in, however it is read and wherever it goes, it is reported; its
//! twin, whose place is marked or whose value is masked, is not.

use wfl_tests::marked::{HERE, Program, assert_fine};

/// What every program begins with.
const IMPORTS: &str = "import std.list (to_list)\nimport std.redact (mask_all)\n\n";

/// A type with card numbers in it.
struct Wrapped {
    name: &'static str,
    /// The declarations that it needs.
    declared: &'static str,
    /// As it is written where it is used.
    ty: &'static str,
    /// A text out of a value `v` of the type.
    read: &'static str,
}

const fn wrapped(
    name: &'static str,
    declared: &'static str,
    ty: &'static str,
    read: &'static str,
) -> Wrapped {
    Wrapped { name, declared, ty, read }
}

const FIRST: &str = "v.first() ?? \"\"";

const TYPES: [Wrapped; 30] = [
    wrapped("written", "", "pci String", "v"),
    wrapped("alias", "alias Card = pci String", "Card", "v"),
    wrapped("alias of an alias", "alias Card = No\nalias No = pci String", "Card", "v"),
    wrapped("type", "type CardNo = pci String", "CardNo", "v"),
    wrapped("type of a type", "type CardNo = No\ntype No = pci String", "CardNo", "v"),
    wrapped("type of an alias", "alias Card = pci String\ntype CardNo = Card", "CardNo", "v"),
    wrapped(
        "type of a type by an alias",
        "type CardNo = Card\nalias Card = No\ntype No = pci String",
        "CardNo",
        "v",
    ),
    wrapped("alias of a type", "alias Card = CardNo\ntype CardNo = pci String", "Card", "v"),
    wrapped(
        "type with a rule",
        "alias Card = pci String\ntype CardNo = Card where length(value) in 0..19",
        "CardNo",
        "v",
    ),
    wrapped("lower label before", "alias Card = pci String\ntype CardNo = pii Card", "CardNo", "v"),
    wrapped(
        "long chain down",
        "type A = B\ntype B = C\ntype C = D\ntype D = E\ntype E = F\ntype F = G\ntype G = H\ntype H = I\ntype I = J\ntype J = K\ntype K = pci String",
        "A",
        "v",
    ),
    wrapped(
        "long chain up",
        "type K = pci String\ntype J = K\ntype I = J\ntype H = I\ntype G = H\ntype F = G\ntype E = F\ntype D = E\ntype C = D\ntype B = C\ntype A = B",
        "A",
        "v",
    ),
    wrapped("optional", "type CardNo = pci String", "CardNo?", "v ?? \"\""),
    wrapped("optional alias", "alias Card = pci String?", "Card", "v ?? \"\""),
    wrapped("list", "alias Card = pci String", "List<Card>", FIRST),
    wrapped("alias of a list", "alias Cards = List<pci String>", "Cards", FIRST),
    wrapped("type of a list", "type Cards = List<pci String>", "Cards", FIRST),
    wrapped(
        "type of a list of a type",
        "type CardNo = pci String\ntype Cards = List<CardNo>",
        "Cards",
        FIRST,
    ),
    wrapped(
        "type of a list by an alias",
        "alias Cards = List<pci String>\ntype Wallet = Cards",
        "Wallet",
        FIRST,
    ),
    wrapped(
        "list of lists",
        "type Cards = List<pci String>\ntype Wallets = List<Cards>",
        "Wallets",
        "v.flat_map(x => x).first() ?? \"\"",
    ),
    wrapped("set", "type Cards = Set<pci String>", "Cards", "v.to_list().first() ?? \"\""),
    wrapped(
        "keys of a map",
        "alias Card = pci String\ntype Uses = Map<Card, Int>",
        "Uses",
        "v.keys().first() ?? \"\"",
    ),
    wrapped(
        "values of a map",
        "alias Card = pci String\ntype Cards = Map<String, Card>",
        "Cards",
        "v[\"first\"] ?? \"\"",
    ),
    wrapped(
        "result",
        "alias Card = pci String\nerror Bad\nalias Answer = Result<Card, Bad>",
        "Answer",
        "match v { Ok(value: it) -> it\n Err(error: _) -> \"\" }",
    ),
    wrapped(
        "marked error of a result",
        "error Bad(why: String)\nalias Answer = Result<Int, pci Bad>",
        "Answer",
        "match v { Ok(value: _) -> \"\"\n Err(error: it) -> it.why }",
    ),
    wrapped(
        "error of a result",
        "alias Card = pci String\nerror Bad(card: Card)",
        "Result<Int, Bad>",
        "match v { Ok(value: _) -> \"\"\n Err(error: it) -> it.card }",
    ),
    wrapped(
        "record",
        "alias Card = pci String\ntype CardNo = Card\nrecord Owner { no: CardNo }",
        "Owner",
        "v.no",
    ),
    wrapped(
        "record in a record",
        "type Cards = List<pci String>\nrecord Owner { cards: Cards }\nrecord Shop { owners: List<Owner> }",
        "Shop",
        "v.owners.flat_map(it => it.cards).first() ?? \"\"",
    ),
    wrapped(
        "variant",
        "alias Card = pci String\nenum Means { Cash  ByCard(no: Card) }",
        "Means",
        "match v { ByCard(no: it) -> it\n Cash -> \"\" }",
    ),
    wrapped(
        "type of a record",
        "alias Card = pci String\nrecord Owner { no: Card }\ntype Vip = Owner",
        "Vip",
        "v.no",
    ),
];

/// A way by which a workflow comes to a value `v`.
struct Way {
    name: &'static str,
    /// Declarations; `TYPE` is the type.
    declared: &'static str,
    /// Parameters behind `id`.
    params: &'static str,
    /// Statements; `SINK` is what happens with the value.
    body: &'static str,
}

const fn way(name: &'static str, declared: &'static str, params: &'static str, body: &'static str) -> Way {
    Way { name, declared, params, body }
}

const VAULT: &str = "service Vault {\n  operation fetch(id: String) -> TYPE { effect read }\n}";

const WAYS: [Way; 15] = [
    way("a parameter", "", ", v: TYPE", "SINK"),
    way("a field", "record Box { held: TYPE }", ", box: Box", "let v = box.held\nSINK"),
    way("a name with a type", "", ", given: TYPE", "let v: TYPE = given\nSINK"),
    way("a step", VAULT, "", "step v = Vault.fetch(id: id)\nSINK"),
    way("a signal", "", "", "let v = await signal got(TYPE)\nSINK"),
    way("a person", "", "", "let v = await human Ask(TYPE) { role \"clerk\" }\nSINK"),
    way(
        "a child",
        "workflow Child(id: String, v: TYPE) -> TYPE\n  version 1\n  key id\n{\n  return v\n}",
        ", given: TYPE",
        "step v = run Child(id: id, v: given)\nSINK",
    ),
    way(
        "an error",
        "error Lost(v: TYPE)\nservice Desk {\n  operation look(id: String) -> Unit {\n    effect read\n    raises Lost\n  }\n}",
        "",
        "step _ = Desk.look(id: id) {\n  on Lost as lost -> {\n    let v = lost.v\n    SINK\n  }\n}",
    ),
    way("an item", "", ", all: List<TYPE>", "foreach v in all { SINK }"),
    way(
        "a pattern of a record",
        "enum Held { Nothing  Something(v: TYPE) }",
        ", held: Held",
        "if held is Something(v: v) { SINK }",
    ),
    way(
        "an arm",
        "enum Held { Nothing  Something(v: TYPE) }",
        ", held: Held",
        "match held {\n  Something(v: v) -> { SINK }\n  Nothing -> {}\n}",
    ),
    way(
        "a branch",
        "",
        ", given: TYPE",
        "let both = parallel join all {\n  branch one { yield given }\n  branch two { yield 2 }\n}\nlet v = both.one\nSINK",
    ),
    way("a saga", "", ", given: TYPE", "let v = saga { yield given }\nSINK"),
    way(
        "a record without a name",
        "",
        ", given: TYPE",
        "let both = (one: given, two: 2)\nlet v = both.one\nSINK",
    ),
    way("a position", "", ", all: List<TYPE>", "if all[0] is Some(v) { SINK }"),
];

/// A place for a text.
struct Sink {
    name: &'static str,
    /// Declarations; `MARK` stands for the label of the place, if it has one.
    declared: &'static str,
    /// Statements, the one with `TEXT` on a line of its own.
    body: &'static str,
    /// The type of the workflow's result.
    result: &'static str,
}

const fn sink(name: &'static str, declared: &'static str, body: &'static str, result: &'static str) -> Sink {
    Sink { name, declared, body, result }
}

const EVENT: Sink = sink("event", "event Seen(text: MARK String)", "emit Seen(text: TEXT)", "Unit");

const SINKS: [Sink; 11] = [
    EVENT,
    sink("result", "", "return TEXT", "MARK String"),
    sink("error", "error Broken(text: MARK String)", "fail Broken(text: TEXT)", "Unit"),
    sink(
        "operation",
        "service Post {\n  operation send(text: MARK String) -> Unit {\n    effect write\n    idempotent by workflow.key\n  }\n}",
        "step _ = Post.send(text: TEXT)",
        "Unit",
    ),
    sink(
        "child",
        "workflow Tell(id: String, text: MARK String) -> Unit\n  version 1\n  key id\n{\n  ensure text != \"\"\n}",
        "step _ = run Tell(id: id, text: TEXT)",
        "Unit",
    ),
    sink("record", "record Note { text: MARK String }", "let _note = Note(text: TEXT)", "Unit"),
    sink("variant", "enum Note { Empty  Full(text: MARK String) }", "let _note = Full(text: TEXT)", "Unit"),
    sink(
        "value of a handler",
        "service Names {\n  operation name(id: String) -> MARK String { effect read }\n}",
        "step name = Names.name(id: id) {\n  on Unavailable -> use TEXT\n}\nensure name != \"\"",
        "Unit",
    ),
    sink("title", "", "await human Ask(Bool) {\n  role \"ROLE\"\n  title TEXT\n}", "Unit"),
    sink("show", "", "await human Ask(Bool) {\n  role \"ROLE\"\n  show (text: TEXT)\n}", "Unit"),
    sink(
        "escalation",
        "",
        "await human Ask(Bool) {\n  role \"vault\"\n  show (text: TEXT)\n  escalate after 1d to \"ROLE\"\n}",
        "Unit",
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Twin {
    Leak,
    Marked,
    Masked,
}

fn program(wrapped: &Wrapped, way: &Way, sink: &Sink, twin: Twin) -> Program {
    let kind = match twin {
        Twin::Leak => "leak",
        Twin::Marked => "marked",
        Twin::Masked => "masked",
    };
    let name = format!("{} by {} into {}: {kind}", wrapped.name, way.name, sink.name);
    let (mark, role) = if twin == Twin::Marked { ("pci ", "vault") } else { ("", "clerk") };
    let read =
        if twin == Twin::Masked { format!("mask_all({})", wrapped.read) } else { wrapped.read.to_owned() };
    let here = if twin == Twin::Leak { HERE } else { "" };
    let lines = sink.body.lines().map(|line| {
        let reported = line.contains("TEXT") && sink.name != "escalation" || line.contains("escalate");
        format!("{line} {}\n", if reported { here } else { "" })
    });
    let happens = format!("let text = {read}\n{}", lines.collect::<String>().replace("TEXT", "text"));
    let raises = if sink.name == "error" { "Broken, " } else { "" };
    let text = format!(
        "{IMPORTS}{}\n{}\n{}\n\nworkflow Look(id: String{}) -> {}\n  version 1\n  key id\n  raises {raises}KeyInUse\n{{\n{}\n}}\n",
        wrapped.declared, way.declared, sink.declared, way.params, sink.result, way.body,
    );
    let text = text.replace("SINK", &happens).replace("TYPE", wrapped.ty);
    Program { name, text: text.replace("MARK ", mark).replace("ROLE", role) }
}

/// Whether a type may stand where an optional is taken apart by the way itself.
fn makes_sense(wrapped: &Wrapped, way: &Way) -> bool {
    !(wrapped.name.starts_with("optional") && way.name == "a position")
}

#[test]
fn whatever_it_is_wrapped_in_and_however_it_is_read() {
    let mut programs = Vec::new();
    for wrapped in &TYPES {
        for way in WAYS.iter().filter(|way| makes_sense(wrapped, way)) {
            programs.extend([Twin::Leak, Twin::Marked].map(|twin| program(wrapped, way, &EVENT, twin)));
        }
    }
    assert!(programs.len() >= 800, "{}", programs.len());
    assert_fine(&programs);
}

#[test]
fn whatever_it_is_wrapped_in_and_wherever_it_goes() {
    let mut programs = Vec::new();
    for wrapped in &TYPES {
        for sink in &SINKS {
            let twins = [Twin::Leak, Twin::Marked, Twin::Masked];
            programs.extend(twins.map(|twin| program(wrapped, &WAYS[0], sink, twin)));
        }
    }
    assert!(programs.len() >= 900, "{}", programs.len());
    assert_fine(&programs);
}

/// What a function says of a value is as sensitive, its place says so or not.
#[test]
fn functions_and_small_functions() {
    let mut programs = Vec::new();
    for Wrapped { name, declared, ty, read } in &TYPES {
        for (mark, here) in [("", HERE), ("pci ", "")] {
            // A value that is written over several lines is reported at its first.
            let value = format!("{read}{here}").replacen(
                '\n',
                &format!(" {here}\n"),
                usize::from(read.contains('\n')),
            );
            let value = if read.contains('\n') { value.trim_end_matches(HERE).to_owned() } else { value };
            programs.push(Program {
                name: format!("{name} out of a function, {mark}"),
                text: format!("{IMPORTS}{declared}\nfn text(v: {ty}) -> {mark}String = {value}\n"),
            });
            programs.push(Program {
                name: format!("{name} by a small function, {mark}"),
                text: format!(
                    "{IMPORTS}{declared}\nevent Seen(text: {mark}String)\nworkflow Look(id: String, all: List<{ty}>) -> Unit\n  version 1\n  key id\n{{\n  let texts = all.map(v => {read})\n  emit Seen(text: texts.first() ?? \"\") {here}\n}}\n"
                ),
            });
            programs.push(Program {
                name: format!("{name} as an attribute, {mark}"),
                text: format!(
                    "{IMPORTS}{declared}\nfn text(v: {ty}) -> pci String = {read}\nworkflow Look(id: String, v: {ty}) -> Unit\n  version 1\n  key id\n  attributes (\n    text: {} {here}\n  )\n{{\n}}\n",
                    if here.is_empty() { "mask_all(text(v))" } else { "text(v)" }
                ),
            });
        }
    }
    assert_fine(&programs);
}
