//! Reports about spellings that people bring along from other languages.

use wfl_source::{Applicability, Code, Diagnostic, Edit, Fix};

use crate::grammar::Rule;
use crate::lowering::is_null;
use crate::report::place::Scan;

const BLANKS: [char; 2] = [' ', '\t'];

/// Reports node `at` if it is such a spelling; the lowering has understood it all the same.
pub(crate) fn report(scan: &mut Scan<'_>, at: usize) -> bool {
    match scan.node(at).rule {
        Rule::fat_arrow => fat_arrow(scan, at),
        Rule::brace_args => braces(scan, at),
        Rule::eq_for_colon => equals(scan, at),
        Rule::bin_op | Rule::unary_op => return operator(scan, at),
        Rule::ident if is_null(scan.text_of(at)) && scan.node(scan.parent()).rule == Rule::postfix => {
            null(scan, at)
        }
        _ => return false,
    }
    true
}

fn fat_arrow(scan: &mut Scan<'_>, at: usize) {
    let place = scan.span_of(at);
    let diagnostic =
        Diagnostic::new(Code::E0120, "arms and handlers are written with `->`", place, "not `=>`");
    let diagnostic = diagnostic.help("`=>` belongs to small functions such as `map(x => x.amount)`");
    scan.report(diagnostic.fix("write `->`", place, "->", Applicability::Safe));
}

fn braces(scan: &mut Scan<'_>, at: usize) {
    let whole = scan.span_of(at);
    let diagnostic =
        Diagnostic::new(Code::E0121, "records are built with parentheses", whole, "braces are for blocks");
    let mut diagnostic = diagnostic.help("write `Name(field: value)`");
    if scan.text_of(at).ends_with('}') {
        // The blanks that braces have inside of them go with them.
        let inside = &scan.text_of(at)[1..scan.text_of(at).len() - 1];
        let (head, tail) = (inside.trim_start_matches(BLANKS), inside.trim_end_matches(BLANKS));
        let own_line = tail.ends_with('\n');
        let (mut open, mut close) = (whole, whole);
        open.end = whole.start + 1 + (inside.len() - head.len()) as u32;
        close.start = whole.end - 1 - if own_line { 0 } else { (inside.len() - tail.len()) as u32 };
        open.start = scan.previous_end(scan.node(at).start) + (whole.start - scan.node(at).start);
        let edits = vec![
            Edit { span: open, replacement: "(".to_owned() },
            Edit { span: close, replacement: ")".to_owned() },
        ];
        let title = "write parentheses".to_owned();
        diagnostic.fixes.push(Fix { title, edits, applicability: Applicability::Safe });
    }
    scan.report(diagnostic);
}

fn equals(scan: &mut Scan<'_>, at: usize) {
    let place = scan.span_of(at);
    let diagnostic = Diagnostic::new(Code::E0123, "named arguments are written with `:`", place, "not `=`");
    scan.report(diagnostic.fix("write `:`", place, ":", Applicability::Maybe));
}

fn operator(scan: &mut Scan<'_>, at: usize) -> bool {
    let text = scan.text_of(at);
    let ours = match text {
        "and" => "&&",
        "or" => "||",
        "not" => "!",
        "===" | "=" => "==",
        "%" => "",
        _ => return false,
    };
    let place = scan.span_of(at);
    let title = format!("there is no operator `{text}`");
    let diagnostic = Diagnostic::new(Code::E0124, title, place, "spelled differently here");
    scan.report(match ours {
        "" => diagnostic.help("a share of an amount is `percent(amount, 0.2)` of `std.money`"),
        _ => {
            let write = format!("write `{ours}`");
            let help = match text {
                "=" => "`let` gives a name to a value by `=`; two values are compared by `==`",
                _ => &write,
            };
            diagnostic.help(help).fix(&write, place, ours, Applicability::Maybe)
        }
    });
    true
}

fn null(scan: &mut Scan<'_>, at: usize) {
    let place = scan.span_of(at);
    let title = format!("there is no `{}`", scan.text_of(at));
    let diagnostic = Diagnostic::new(Code::E0122, title, place, "nothing is ever null");
    let diagnostic = diagnostic.help("a value that may be absent has a type `T?`, and its absence is `none`");
    scan.report(diagnostic.fix("write `none`", place, "none", Applicability::Safe));
}
