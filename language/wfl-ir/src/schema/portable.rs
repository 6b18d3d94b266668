//! Regular expressions that mean the same in ECMA-262 as in the language.
//!
//! JSON Schema speaks ECMA-262. What the two kinds have in common is written anew, in the plain form that simpler
//! engines read too; for all else there is no answer, because a schema must never refuse what the border takes.

use regex_syntax::ast::{
    Assertion, AssertionKind, Ast, ClassBracketed, ClassPerlKind, ClassSet, ClassSetItem, Concat, GroupKind,
    Literal, RepetitionKind, RepetitionRange, parse::Parser,
};

/// The characters that `\s` stands for, which is not quite the same set in ECMA-262.
const BLANKS: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// An expression for the texts that fit `pattern` as a whole.
pub(crate) fn whole(pattern: &str) -> Option<String> {
    let ast = Parser::new().parse(pattern).ok()?;
    let inner = match &ast {
        Ast::Concat(concat) => trimmed(concat)?,
        Ast::Alternation(_) => format!("({})", tree(&ast)?),
        other => tree(other)?,
    };
    Some(format!("^{inner}$"))
}

/// An expression for the texts that begin like this.
pub(crate) fn prefix(text: &str) -> String {
    format!("^{}", text.chars().map(outside).collect::<String>())
}

/// A sequence without the anchors that all expressions have anyway.
fn trimmed(concat: &Concat) -> Option<String> {
    let mut parts = concat.asts.as_slice();
    if let [first, rest @ ..] = parts
        && is_start(first)
    {
        parts = rest;
    }
    if let [rest @ .., last] = parts
        && is_end(last)
    {
        parts = rest;
    }
    parts.iter().map(tree).collect()
}

fn is_start(ast: &Ast) -> bool {
    matches!(ast, Ast::Assertion(it) if matches!(it.kind, AssertionKind::StartLine | AssertionKind::StartText))
}

fn is_end(ast: &Ast) -> bool {
    matches!(ast, Ast::Assertion(it) if matches!(it.kind, AssertionKind::EndLine | AssertionKind::EndText))
}

fn tree(ast: &Ast) -> Option<String> {
    Some(match ast {
        Ast::Empty(_) => String::new(),
        Ast::Literal(literal) => outside(literal.c),
        Ast::Dot(_) => "[^\\n]".to_owned(),
        Ast::Assertion(assertion) => anchor(assertion)?.to_owned(),
        Ast::ClassPerl(class) if class.kind == ClassPerlKind::Space => {
            let not = if class.negated { "^" } else { "" };
            format!("[{not}{BLANKS}]")
        }
        Ast::ClassBracketed(class) => bracketed(class)?,
        Ast::Repetition(repetition) => {
            let inner = tree(&repetition.ast)?;
            let is_atom = matches!(
                *repetition.ast,
                Ast::Literal(_) | Ast::Dot(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) | Ast::Group(_)
            );
            let times = times(&repetition.op.kind);
            if is_atom { format!("{inner}{times}") } else { format!("({inner}){times}") }
        }
        Ast::Group(group) => match &group.kind {
            GroupKind::NonCapturing(flags) if !flags.items.is_empty() => return None,
            _ => format!("({})", tree(&group.ast)?),
        },
        Ast::Alternation(all) => all.asts.iter().map(tree).collect::<Option<Vec<_>>>()?.join("|"),
        Ast::Concat(all) => all.asts.iter().map(tree).collect::<Option<String>>()?,
        // Digits and letters of all scripts, flags.
        _ => return None,
    })
}

fn anchor(assertion: &Assertion) -> Option<&'static str> {
    match assertion.kind {
        AssertionKind::StartLine | AssertionKind::StartText => Some("^"),
        AssertionKind::EndLine | AssertionKind::EndText => Some("$"),
        _ => None,
    }
}

fn times(kind: &RepetitionKind) -> String {
    match kind {
        RepetitionKind::ZeroOrOne => "?".to_owned(),
        RepetitionKind::ZeroOrMore => "*".to_owned(),
        RepetitionKind::OneOrMore => "+".to_owned(),
        RepetitionKind::Range(RepetitionRange::Exactly(n)) => format!("{{{n}}}"),
        RepetitionKind::Range(RepetitionRange::AtLeast(n)) => format!("{{{n},}}"),
        RepetitionKind::Range(RepetitionRange::Bounded(from, to)) => format!("{{{from},{to}}}"),
    }
}

fn bracketed(class: &ClassBracketed) -> Option<String> {
    let ClassSet::Item(item) = &class.kind else { return None };
    let not = if class.negated { "^" } else { "" };
    Some(format!("[{not}{}]", members(item)?))
}

fn members(item: &ClassSetItem) -> Option<String> {
    Some(match item {
        ClassSetItem::Empty(_) => String::new(),
        ClassSetItem::Literal(literal) => inside(literal),
        ClassSetItem::Range(range) => format!("{}-{}", inside(&range.start), inside(&range.end)),
        ClassSetItem::Perl(class) if class.kind == ClassPerlKind::Space && !class.negated => {
            BLANKS.to_owned()
        }
        ClassSetItem::Bracketed(class) if !class.negated => match &class.kind {
            ClassSet::Item(item) => members(item)?,
            ClassSet::BinaryOp(_) => return None,
        },
        ClassSetItem::Union(union) => union.items.iter().map(members).collect::<Option<String>>()?,
        _ => return None,
    })
}

fn inside(literal: &Literal) -> String {
    match literal.c {
        c @ ('\\' | ']' | '[' | '^' | '-') => format!("\\{c}"),
        c => plain(c),
    }
}

fn outside(c: char) -> String {
    match c {
        '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' => {
            format!("\\{c}")
        }
        c => plain(c),
    }
}

/// What cannot be seen is written by its number.
fn plain(c: char) -> String {
    match c {
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    }
}
