//! Reports about text that fits nowhere, and about constructs that this version leaves out.

use wfl_source::{Applicability, Code, Diagnostic, closest};

use crate::grammar::Rule;
use crate::report::place::Scan;

const ITEM_WORDS: [&str; 10] =
    ["module", "import", "record", "enum", "type", "error", "event", "service", "workflow", "test"];
const STATEMENT_WORDS: [&str; 14] = [
    "let", "step", "pivot", "if", "match", "saga", "emit", "ensure", "return", "fail", "yield", "rollback",
    "commit", "use",
];
const OPTION_WORDS: [&str; 8] =
    ["effect", "idempotent", "confirm", "raises", "timeout", "retry", "accepts", "on"];
const CLAUSE_WORDS: [&str; 5] = ["version", "key", "deadline", "compensation", "raises"];
const TEST_WORDS: [&str; 4] = ["given", "mock", "at", "expect"];

/// Reports node `at` if it is such text; its parts are then not looked at.
pub(crate) fn report(scan: &mut Scan<'_>, at: usize) -> bool {
    match scan.node(at).rule {
        Rule::unsupported_s | Rule::unsupported_run | Rule::unsupported_item | Rule::unsupported_opt => {
            unsupported(scan, at);
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
        Rule::bad_item => ("a declaration", &ITEM_WORDS),
        Rule::bad_stmt => ("a statement", &STATEMENT_WORDS),
        Rule::bad_opt => ("an option", &OPTION_WORDS),
        Rule::bad_clause => ("a clause or `{`", &CLAUSE_WORDS),
        Rule::bad_test => ("`given`, `mock`, `at` or `expect`", &TEST_WORDS),
        Rule::bad_member => ("an operation", &["operation"]),
        Rule::bad_field => ("a field such as `name: Type`", &[]),
        Rule::bad_variant => ("a variant", &[]),
        Rule::bad_head | Rule::bad_cond => ("`{`", &[]),
        Rule::bad_arm => ("an arm such as `Variant(field) -> value`", &[]),
        Rule::bad_arg => ("`,` or `)`", &[]),
        _ => return None,
    })
}

fn unexpected(scan: &mut Scan<'_>, at: usize, what: &str, words: &[&str]) {
    let node = scan.node(at);
    let key = scan.previous_end(node.start);
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
            "there are no functions: pure values are named by `let`, calls are steps"
        }
        "for" | "while" | "loop" => "there are no loops in this version",
        "try" | "catch" | "throw" => "errors are handled where they arise: `step x = … { on Error -> … }`",
        "raise" => "a workflow ends with an error by `fail Error(…)`",
        "switch" | "case" => "choose by `match value { Variant -> … }`",
        "else" => "`else` stands behind the `}` of an `if`",
        "async" => "every step is durable; nothing has to be marked as asynchronous",
        _ => return None,
    })
}

fn unsupported(scan: &mut Scan<'_>, at: usize) {
    let text = scan.text_of(at);
    let end = text.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(text.len());
    let word = if text.starts_with("at ") { "at most once" } else { &text[..end] };
    let mut place = scan.span_of(at);
    place.end = place.start + word.len() as u32;
    let title = format!("`{word}` is not supported by this version");
    let diagnostic =
        Diagnostic::new(Code::E0190, title, place, "belongs to the language, but not to this compiler");
    let help = match word {
        "parallel" | "foreach" => "write the steps one after the other",
        "repeat" => "`retry` repeats a step that failed; nothing else repeats in this version",
        "await" | "wait" => {
            "let an operation wait: one that is called by a step may take as long as its timeout"
        }
        "run" => "call an operation that starts the other workflow",
        "alias" => "write the type out, or make a new one by `type Name = …`",
        "fn" => "name the value by `let` where it is used",
        "at most once" => "say `confirm with …` or `idempotent by …`",
        _ => "remove it",
    };
    scan.report(diagnostic.help(help));
}
