//! The services of a random program: the same operations, with errors and limits as the seed says.

use wfl_sim::Random;

/// What a program may do with an operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// `Service.operation`.
    pub(crate) name: &'static str,
    /// The errors that it declares.
    pub(crate) raises: Vec<&'static str>,
    /// What its result is as a number, with `$` for its name; none for `Unit`.
    pub(crate) number: Option<&'static str>,
    /// Whether its attempts or its time may be used up.
    pub(crate) hasty: bool,
    /// How often it is taken.
    pub(crate) weight: u64,
}

/// The errors of a program, with what `fail` says of them.
pub(crate) const ERRORS: [(&str, &str); 2] = [("Denied", "Denied"), ("Broken", "Broken(code: 4)")];

const FIRST: &str = "import std.retry (exponential, forever)

error Denied
error Broken(code: Int)
event Noted(text: String)
enum Colour { Red Green Blue(depth: Int) }
record Ticket { number: Int, colour: Colour }
";

const COLOUR: &str = "(match $.colour { Red -> 1 Green -> 2 Blue(depth) -> depth })";

/// How an operation stands in the table: its name, result, effect, its other clauses, and what belongs to it.
struct Row {
    name: &'static str,
    result: &'static str,
    clauses: &'static str,
    with: &'static str,
    may_raise: bool,
    hasty: bool,
    weight: u64,
    number: Option<&'static str>,
}

const fn row(name: &'static str, result: &'static str, clauses: &'static str, with: &'static str) -> Row {
    Row { name, result, clauses, with, may_raise: true, hasty: false, weight: 4, number: Some("$") }
}

const UNTAKE: &str = "operation untake(key: String, of: Int) -> Unit { effect write idempotent by key }";
const UNBOOK: &str = "operation unbook(key: String) -> Unit { effect write idempotent by key }
  operation booked(key: String) -> Int? { effect read }";
const UNWIRE: &str = "operation unwire(key: String, of: Int) -> Unit { effect write idempotent by key }
  operation wired(key: String) -> Int? { effect read }";
const UNRUSH: &str = "operation unrush(key: String) -> Unit { effect write idempotent by \"{key}/un\" }
  operation rushed(key: String) -> Int? { effect read }";

const ROWS: [Row; 10] = [
    Row { weight: 3, ..row("Shop.look", "Int", "effect read", "") },
    Row {
        weight: 2,
        number: Some(COLOUR),
        may_raise: false,
        ..row("Shop.view", "Ticket", "effect read", "")
    },
    Row {
        weight: 7,
        ..row(
            "Shop.take",
            "Int",
            "effect compensable by untake(key: key, of: result) idempotent by key",
            UNTAKE,
        )
    },
    Row {
        ..row(
            "Shop.book",
            "Int",
            "effect compensable by unbook(key: key) idempotent by key confirm with booked(key: key) after 1m",
            UNBOOK,
        )
    },
    Row {
        ..row(
            "Bank.wire",
            "Int",
            "effect compensable by unwire(key: key, of: result) confirm with wired(key: key) after 2m",
            UNWIRE,
        )
    },
    Row { weight: 3, ..row("Bank.note", "Int", "effect write idempotent by key", "") },
    Row {
        weight: 2,
        hasty: true,
        ..row(
            "Bank.haste",
            "Int",
            "effect read timeout 2s timeout total 20s retry exponential(initial: 1s, attempts: 2)",
            "",
        )
    },
    Row {
        weight: 3,
        hasty: true,
        ..row(
            "Bank.rush",
            "Int",
            "effect compensable by unrush(key: key) idempotent by key confirm with rushed(key: key) after 1m timeout 5s timeout total 1m retry exponential(initial: 1s, attempts: 2)",
            UNRUSH,
        )
    },
    Row {
        weight: 2,
        number: None,
        may_raise: false,
        ..row("Rail.fax", "Unit", "effect write at most once", "")
    },
    Row {
        weight: 0,
        ..row(
            "Rail.send",
            "Int",
            "effect irreversible idempotent by key confirm with sent(key: key) after 2m",
            "operation sent(key: String) -> Int? { effect read }",
        )
    },
];

/// Draws the services: their text, and the operations.
pub(crate) fn services(random: &mut Random) -> (String, Vec<Operation>) {
    let mut operations = Vec::new();
    let mut text = FIRST.to_owned();
    for service in ["Shop", "Bank", "Rail"] {
        text.push_str(&format!("\nservice {service} {{\n"));
        for row in ROWS.iter().filter(|row| row.name.starts_with(service)) {
            let raises: Vec<&str> = ERRORS
                .iter()
                .map(|(error, _)| *error)
                .filter(|_| row.may_raise && random.below(2) == 0)
                .collect();
            let short = &row.name[service.len() + 1..];
            let clause =
                if raises.is_empty() { String::new() } else { format!(" raises {}", raises.join(", ")) };
            // Some forget a key sooner than others.
            let sooner = row.clauses.ends_with("by key") && random.below(3) == 0;
            let window = if sooner { " for 10m" } else { "" };
            text.push_str(&format!(
                "  operation {short}(key: String) -> {} {{ {}{window}{clause} }}\n",
                row.result, row.clauses
            ));
            if !row.with.is_empty() {
                text.push_str(&format!("  {}\n", row.with));
            }
            let Row { name, number, hasty, weight, .. } = *row;
            operations.push(Operation { name, raises, number, hasty, weight });
        }
        text.push_str("}\n");
    }
    (text, operations)
}
