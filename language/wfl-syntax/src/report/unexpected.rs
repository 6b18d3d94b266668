//! Reports about text that fits nowhere.

use wfl_source::{Applicability, Code, Diagnostic, Span, closest};

use crate::grammar::Rule;
use crate::report::place::Scan;

const ITEM_WORDS: [&str; 15] = [
    "module",
    "import",
    "record",
    "enum",
    "type",
    "error",
    "event",
    "service",
    "workflow",
    "test",
    "fn",
    "alias",
    "migrate",
    "policy",
    "invariant",
];
const STATEMENT_WORDS: [&str; 21] = [
    "let", "step", "pivot", "if", "match", "saga", "emit", "ensure", "return", "fail", "yield", "rollback",
    "commit", "use", "parallel", "foreach", "repeat", "await", "wait", "shield", "restart",
];
const OPTION_WORDS: [&str; 14] = [
    "effect",
    "idempotent",
    "confirm",
    "raises",
    "timeout",
    "retry",
    "accepts",
    "heartbeat",
    "undo",
    "reads",
    "writes",
    "at",
    "when",
    "on",
];
const CLAUSE_WORDS: [&str; 8] =
    ["version", "key", "deadline", "compensation", "raises", "attributes", "limit", "priority"];
const AWAIT_WORDS: [&str; 9] =
    ["role", "approvals", "title", "show", "remind", "escalate", "timeout", "where", "on"];
const TEST_WORDS: [&str; 4] = ["given", "mock", "at", "expect"];

/// Reports node `at` if it is such text; its parts are then not looked at.
pub(crate) fn report(scan: &mut Scan<'_>, at: usize) -> bool {
    match scan.node(at).rule {
        Rule::loose_run => {
            loose_run(scan, at);
            false
        }
        Rule::loose_stmt | Rule::loose_branch => {
            // Once braces are in disorder, much is out of place; the first of it is told.
            let around = if scan.node(at).rule == Rule::loose_stmt { scan.parent() } else { scan.item() };
            if scan.first_in(around) {
                loose(scan, at);
            }
            false
        }
        Rule::bad_close
        | Rule::bad_close_operation
        | Rule::bad_close_field
        | Rule::bad_close_variant
        | Rule::bad_close_test => {
            let around = scan.item();
            if scan.first_in(around) {
                closes_nothing(scan, at);
            }
            true
        }
        rule => match place(rule) {
            Some((what, words)) => {
                unexpected(scan, at, what, words);
                true
            }
            None => false,
        },
    }
}

/// What belongs where a `bad_*` node stands, and the words with which it begins.
fn place(rule: Rule) -> Option<(&'static str, &'static [&'static str])> {
    Some(match rule {
        Rule::bad_item | Rule::loose_body => ("a declaration", &ITEM_WORDS),
        Rule::bad_stmt => ("a statement", &STATEMENT_WORDS),
        Rule::bad_opt => ("an option", &OPTION_WORDS),
        Rule::bad_clause => ("a clause or `{`", &CLAUSE_WORDS),
        Rule::bad_test => ("`given`, `mock`, `at` or `expect`", &TEST_WORDS),
        Rule::bad_member => ("an operation", &["operation"]),
        Rule::bad_field => ("a field such as `name: Type`", &[]),
        Rule::bad_variant => ("a variant", &[]),
        Rule::bad_head | Rule::bad_cond => ("`{`", &[]),
        Rule::bad_branch => ("`branch name { … }` or a handler", &["branch", "on"]),
        Rule::bad_await => ("an option of the await", &AWAIT_WORDS),
        Rule::bad_migration => ("`rename`, `drop`, `input` or `pin`", &["rename", "drop", "input", "pin"]),
        Rule::bad_rule => ("a rule such as `call @label requires human role \"r\"`", &["call"]),
        Rule::bad_parallel => ("`join`, `within`, `on failure` or `{`", &["join", "within", "on"]),
        Rule::bad_foreach => (
            "`keyed by`, `limit`, `rate`, `tolerate`, `stop` or `{`",
            &["keyed", "limit", "rate", "tolerate", "stop"],
        ),
        Rule::bad_arm => ("an arm such as `Variant(field) -> value`", &[]),
        Rule::bad_arg | Rule::bad_param => ("`,` or `)`", &[]),
        _ => return None,
    })
}

fn unexpected(scan: &mut Scan<'_>, at: usize, what: &str, words: &[&str]) {
    let node = scan.node(at);
    // What stands in front of an item may be in another chunk.
    let in_list = matches!(node.rule, Rule::bad_arg | Rule::bad_param);
    let parent = scan.parent();
    if in_list && scan.is_unclosed(parent) {
        return;
    }
    // A run of broken statements is one mistake, unless there is something to be said about one of them.
    let in_runs = matches!(node.rule, Rule::bad_stmt | Rule::bad_item | Rule::loose_body);
    // What may decorate an item can stand at the beginning of a chunk, where nothing is known of the one before.
    let decorates = scan.text_of(at).starts_with(['@', '/']);
    let goes_on = in_runs && scan.follows_broken(at) && !decorates;
    if goes_on && !has_advice(scan, at, words) {
        return;
    }
    let key = if node.rule == Rule::bad_item { node.start } else { scan.previous_end(node.start) };
    scan.report_at(key, |scan| {
        let text = scan.text_of(at);
        let line = text.lines().next().unwrap_or_default().trim_end();
        let place = scan.span(node.start, node.start + line.len() as u32);
        if line.starts_with("//") {
            let diagnostic = Diagnostic::new(Code::E0111, "this doc comment documents nothing", place, "");
            return diagnostic
                .help("`///` stands above a declaration, `//!` at the top of a file; elsewhere write `//`");
        }
        let title = format!("unexpected `{}`", shortened(line));
        let message = match scan.construct() {
            Some(construct) => format!("expected {what}, in {construct}"),
            None => format!("expected {what}"),
        };
        advise(Diagnostic::new(Code::E0102, title, place, message), scan, at, words)
    });
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Whether more is to be said about text that fits nowhere than that it does not.
fn has_advice(scan: &Scan<'_>, at: usize, words: &[&str]) -> bool {
    let text = scan.text_of(at);
    let end = text.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(text.len());
    let (first, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let assigns = rest.starts_with('=') && !rest.starts_with("==");
    text.starts_with(';')
        || assigns
        || text.starts_with("//")
        || other_language(first).is_some()
        || (!first.is_empty() && closest(first, words.iter().copied()).is_some())
}

fn advise(diagnostic: Diagnostic, scan: &Scan<'_>, at: usize, words: &[&str]) -> Diagnostic {
    let text = scan.text_of(at);
    let start = scan.span_of(at).start;
    let end =
        text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    let first = &text[..end];
    if text.starts_with(';') {
        let mut place = scan.span_of(at);
        place.end = start + 1;
        return diagnostic.help("statements end where the next one begins; `;` is not needed").fix(
            "remove `;`",
            place,
            "",
            Applicability::Safe,
        );
    }
    if let Some(help) = other_language(first) {
        return diagnostic.help(help);
    }
    let attribute = text.strip_prefix('@').unwrap_or_default();
    if attribute.trim_start_matches(|it: char| it.is_alphanumeric() || it == '_').starts_with('(') {
        return diagnostic
            .help("the arguments of an attribute are texts, all on its line: `@owner(\"team\")`");
    }
    let Some(meant) = closest(first, words.iter().copied()).filter(|_| !first.is_empty()) else {
        return match scan.node(at).rule {
            Rule::bad_stmt if !first.is_empty() => diagnostic
                .help("each statement begins with a keyword; to name a value write `let x = …`, to call `step x = …`"),
            _ => diagnostic,
        };
    };
    let mut place = scan.span_of(at);
    place.end = start + end as u32;
    diagnostic.help(format!("did you mean `{meant}`?")).fix(
        format!("write `{meant}`"),
        place,
        meant,
        Applicability::Maybe,
    )
}

fn other_language(word: &str) -> Option<&'static str> {
    Some(match word {
        "var" | "const" | "val" => "values are named by `let x = …` and never change",
        "struct" | "class" | "data" => "fields are put together by `record Name { field: Type }`",
        "union" | "sealed" => "alternatives are declared by `enum Name { A, B(field: Type) }`",
        "interface" | "trait" => "operations of the outside world are declared in `service Name { … }`",
        "func" | "def" | "function" => {
            "a pure function is `fn name(parameters) -> Type = value`; what calls the outside is a workflow"
        }
        "for" => "write `foreach item in items { … }`, or `items.map(x => …)` for a mere value",
        "while" | "loop" => "every loop is bounded: `repeat up to n every d until condition { … }`",
        "on" => "handlers stand in braces behind their step: `step x = call(…) { on Error -> … }`",
        "sleep" => "write `wait 5m` or `wait until instant`",
        "branch" => "branches stand in `parallel { … }`",
        "try" | "catch" | "throw" => "errors are handled where they arise: `step x = … { on Error -> … }`",
        "raise" => "a workflow ends with an error by `fail Error(…)`",
        "switch" | "case" => "choose by `match value { Variant -> … }`",
        "else" => "`else` stands behind the `}` of an `if`",
        "async" => "every step is durable; nothing has to be marked as asynchronous",
        _ => return None,
    })
}

// A child has an outcome, which a step names; the parts are scanned as usual.
fn loose_run(scan: &mut Scan<'_>, at: usize) {
    let place = scan.span_of(at + 1);
    let diagnostic = Diagnostic::new(Code::E0102, "`run` needs a step", place, "the child has no name here");
    let start = Span::new(place.file, place.start, place.start);
    let in_let = scan.node(scan.parent()).rule == Rule::let_s;
    let diagnostic =
        diagnostic.help("write `step name = run Workflow(…)`, or `step _ = …` if its result is not used");
    scan.report(match in_let {
        true => diagnostic,
        false => diagnostic.fix("name the step `_`", start, "step _ = ", Applicability::Maybe),
    });
}

fn loose(scan: &mut Scan<'_>, at: usize) {
    let word = scan.span_of(at + 2);
    let place = Span::new(word.file, scan.span_of(at).start, word.end.max(scan.span_of(at).start));
    let parent = scan.node(scan.parent()).rule;
    scan.report(match scan.node(at).rule {
        Rule::loose_branch => Diagnostic::new(
            Code::E0102,
            "this `branch` is in no `parallel`",
            place,
            "stands alone",
        )
        .help("write `parallel { branch a { … } branch b { … } }`, or close the braces of the branch before"),
        _ if parent == Rule::test_d => {
            Diagnostic::new(Code::E0102, "a test has no statements", place, "directly in `test`")
                .help("a test says `given`, `mock`, `at` and `expect`; it runs the workflow behind `for`")
        }
        _ if parent == Rule::match_x => {
            Diagnostic::new(Code::E0102, "this statement is in no arm", place, "directly in `match`")
                .help("write `Pattern -> { … }` around it, or close the braces of the `match` before")
        }
        _ => Diagnostic::new(Code::E0102, "this statement is in no branch", place, "directly in `parallel`")
            .help("write `branch name { … }` around it, or move it out of the `parallel`"),
    });
}

fn closes_nothing(scan: &mut Scan<'_>, at: usize) {
    let place = scan.span_of(at);
    let title = match scan.construct() {
        Some(construct) => format!("`}}` in {construct} closes nothing"),
        None => "`}` closes nothing".to_owned(),
    };
    let diagnostic = Diagnostic::new(Code::E0102, title, place, "what follows still belongs to it");
    scan.report(diagnostic.help("this `}`, or one above, is too many"));
}
