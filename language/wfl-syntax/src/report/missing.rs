//! Reports about marks for what is not there.

use wfl_source::{Applicability, Code, Diagnostic};

use crate::chunk::is_reserved;
use crate::grammar::Rule;
use crate::report::place::Scan;

/// Reports node `at` if it is such a mark.
pub(crate) fn report(scan: &mut Scan<'_>, at: usize) -> bool {
    let (node, parent) = (scan.node(at), scan.parent());
    match node.rule {
        // Where a list is not closed, what seems to be missing in it may belong behind it.
        Rule::miss_comma if scan.is_unclosed(parent) => {}
        // `if … then …` as a statement is reported as a whole.
        Rule::miss_else | Rule::miss_expr if scan.is_value_of_statement(at) => {}
        Rule::miss_rbrace => unclosed(scan, node.start, '{', "}"),
        Rule::miss_rpar => unclosed(scan, node.start, '(', ")"),
        Rule::miss_rbrack => unclosed(scan, node.start, '[', "]"),
        Rule::miss_gt => unclosed(scan, node.start, '<', ">"),
        Rule::miss_quote => unclosed(scan, node.start, '"', "\""),
        rule => match what(rule) {
            Some(what) => expected(scan, node.start, rule, what),
            None => return false,
        },
    }
    true
}

/// Whether the mark stands for a closing bracket.
pub(crate) fn is_bracket(rule: Rule) -> bool {
    matches!(rule, Rule::miss_rbrace | Rule::miss_rpar)
}

/// What a mark stands for.
fn what(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::miss_name => "a name",
        Rule::miss_type => "a type",
        Rule::miss_expr => "a value",
        Rule::miss_call => "a call such as `Service.operation(…)`",
        Rule::miss_action => "an action or a block",
        Rule::miss_args => "arguments in parentheses",
        Rule::miss_params => "parameters in parentheses",
        Rule::miss_lbrace => "`{`",
        Rule::miss_eq => "`=`",
        Rule::miss_arrow => "`->`",
        Rule::miss_colon => "`:` and a type",
        Rule::miss_comma => "`,`",
        Rule::miss_by => "`by`",
        Rule::miss_with => "`with`",
        Rule::miss_effect => "the kind of effect",
        Rule::miss_label => "a label",
        Rule::miss_step => "`step`",
        Rule::miss_deadline => "`deadline`",
        Rule::miss_else => "`else`",
        Rule::miss_string => "a text in quotes",
        Rule::miss_for => "`for` and a workflow",
        Rule::miss_event => "what happens then",
        Rule::miss_of => "`of` and the number of branches",
        Rule::miss_in => "`in` and a list",
        Rule::miss_to => "`to`",
        Rule::miss_per => "`per` and a duration",
        Rule::miss_every => "`every`",
        Rule::miss_after => "`after`",
        Rule::miss_up => "`up to`",
        Rule::miss_number => "a number",
        Rule::miss_join => "`all`, `any` or `2 of 3`",
        Rule::miss_siblings => "`cancel` or `finish`",
        Rule::miss_await => "`signal` or `human`",
        Rule::miss_cancelled => "`cancelled`",
        Rule::miss_cancel => "`cancel`, `await` or `abandon`",
        Rule::miss_retry => "`retry` and a policy",
        Rule::miss_once => "`most once`",
        Rule::miss_from => "`from` and a version",
        Rule::miss_before => "`before` or `after`",
        Rule::miss_requires => "`requires`",
        Rule::miss_human => "`human`",
        Rule::miss_role => "`role` and who must approve",
        _ => return None,
    })
}

fn help(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::miss_action => {
            "after `->` stands `return`, `fail`, `yield`, `use`, `rollback`, `commit`, `restart` or `{ … }`"
        }
        Rule::miss_effect => "write `read`, `write`, `irreversible` or `compensable by undo(…)`",
        Rule::miss_label => "write `internal`, `pii`, `pci` or `secret`",
        Rule::miss_else => "an `if` that gives a value needs both branches: `if a then b else c`",
        Rule::miss_join => "write `join all`, `join any` or `join 2 of 3`",
        Rule::miss_siblings => "write `on failure cancel` or `on failure finish`",
        Rule::miss_await => "write `await signal channel(Type)` or `await human Task(Type)`",
        Rule::miss_cancel => "write `when cancelled cancel`, `await` or `abandon`",
        Rule::miss_once => "an operation that must never be tried twice says `at most once`",
        Rule::miss_up => "every loop is bounded: `repeat up to 5 every 1m until value.done { … }`",
        Rule::miss_event => "write `signal`, `answer`, `crash`, `cancel` or `expect`",
        _ => return None,
    })
}

fn expected(scan: &mut Scan<'_>, offset: u32, rule: Rule, what: &str) {
    let end = scan.previous_end(offset);
    scan.report_at(end, |scan| {
        let parent = scan.parent();
        let heads = matches!(scan.node(parent).rule, Rule::operation | Rule::workflow_d | Rule::fn_d);
        let (what, place) = match (rule, scan.name_of(parent)) {
            (Rule::miss_arrow, Some(name)) if heads => {
                ("`->` and a type", Some(format!("the parameters of `{name}`")))
            }
            _ => (what, scan.previous_token(offset)),
        };
        let title = match place {
            Some(place) => format!("expected {what} after {place}"),
            None => format!("expected {what}"),
        };
        let found = match scan.next_token(end) {
            Some(token) => format!("found `{token}`"),
            None => "nothing stands here".to_owned(),
        };
        let message = match scan.construct() {
            Some(construct) => format!("{found}, in {construct}"),
            None => found,
        };
        let place = scan.span(end, end);
        let mut diagnostic = Diagnostic::new(Code::E0101, title, place, message);
        diagnostic.help = help(rule).map(str::to_owned);
        if let Some(word) = scan.next_token(end).filter(|it| rule == Rule::miss_name && is_reserved(it)) {
            diagnostic.help = Some(format!("`{word}` is a reserved word, which cannot be a name"));
        }
        match rule {
            Rule::miss_comma => diagnostic.fix("insert `,`", place, ",", Applicability::Safe),
            _ => diagnostic,
        }
    });
}

fn unclosed(scan: &mut Scan<'_>, offset: u32, open: char, close: &str) {
    let parent = scan.parent();
    // Without its opening bracket, which has been reported, nothing needs to be closed.
    if scan.has(parent, Rule::miss_lbrace) {
        return;
    }
    let Some(opening) = scan.opening(parent, open) else { return };
    let end = scan.previous_end(offset);
    let suspect = if open == '{' { scan.closed_too_far_left(parent) } else { None };
    scan.report_at(end, |scan| {
        let place = scan.span(opening, opening + 1);
        if open == '"' {
            let title = "this text is not closed";
            let help = "a text ends on the line on which it begins";
            return Diagnostic::new(Code::E0103, title, place, "begins here").help(help);
        }
        let construct = match suspect {
            Some((inner, _)) => scan.construct_at(inner),
            None => scan.construct(),
        };
        let place = suspect.map_or(place, |(_, opening)| scan.span(opening, opening + 1));
        let title = match construct {
            Some(construct) => format!("`{open}` in {construct} is not closed"),
            None => format!("`{open}` is not closed"),
        };
        let diagnostic =
            Diagnostic::new(Code::E0103, title, place, format!("this `{open}` has no `{close}`"));
        diagnostic.label(scan.span(end, end), format!("`{close}` expected here at the latest"))
    });
}
