//! Which aliases stand for a type in the end: looked into before any of them is followed.

use wfl_source::{Code, Diagnostic};
use wfl_syntax::ast::{TypeExpr, TypeKind};

use crate::names::Space;
use crate::session::Session;
use crate::tables::{AliasWorth, Tables, Thing};

/// How long a chain of aliases may be.
const MOST_STEPS: u32 = 32;
/// How many aliases may be put into one type, counted each time.
const MOST_PARTS: u32 = 1_000;

/// Following one alias to the end.
struct Visit {
    alias: usize,
    inside: Vec<usize>,
    next: usize,
    steps: u32,
    parts: u32,
}

/// Fills [`AliasInfo::worth`](crate::tables::AliasInfo::worth).
pub(crate) fn judge(session: &mut Session<'_>, tables: &mut Tables) {
    // Steps and parts of those that have been looked into.
    let mut known: Vec<Option<(u32, u32)>> = vec![None; tables.aliases.len()];
    let mut open = vec![false; tables.aliases.len()];
    for first in 0..tables.aliases.len() {
        let mut trail = Vec::new();
        if known[first].is_none() {
            trail.push(visit(session, tables, first));
        }
        while let Some(top) = trail.last_mut() {
            open[top.alias] = true;
            let Some(inner) = top.inside.get(top.next).copied() else {
                let (alias, steps, parts) = (top.alias, top.steps + 1, top.parts.saturating_add(1));
                let worth = &mut tables.aliases[alias].worth;
                if (steps > MOST_STEPS || parts > MOST_PARTS) && *worth == AliasWorth::Type {
                    *worth = AliasWorth::TooMuch;
                }
                // One that is not followed is no burden to those that lead to it.
                let size = if *worth == AliasWorth::Type { (steps, parts) } else { (1, 1) };
                (known[alias], open[alias]) = (Some(size), false);
                trail.pop();
                continue;
            };
            if let Some((steps, parts)) = known[inner] {
                top.next += 1;
                top.steps = top.steps.max(steps);
                top.parts = top.parts.saturating_add(parts);
            } else if open[inner] {
                top.next += 1;
                let ring = trail.iter().rev().map(|it| it.alias);
                let ring: Vec<usize> = ring.take_while(|alias| *alias != inner).chain([inner]).collect();
                for alias in ring {
                    tables.aliases[alias].worth = AliasWorth::Ring;
                }
            } else {
                let visit = visit(session, tables, inner);
                trail.push(visit);
            }
        }
    }
}

fn visit(session: &mut Session<'_>, tables: &Tables, alias: usize) -> Visit {
    let mut inside = Vec::new();
    let info = &tables.aliases[alias];
    aliases_in(session, tables, info.module, &info.source.ty, &mut inside);
    Visit { alias, inside, next: 0, steps: 0, parts: 0 }
}

fn aliases_in(
    session: &mut Session<'_>,
    tables: &Tables,
    module: usize,
    ty: &TypeExpr,
    found: &mut Vec<usize>,
) {
    match &ty.kind {
        TypeKind::Named { path, arguments } => {
            if let Some(Thing::Alias(alias)) = tables.find_path(session, module, Space::Type, path) {
                found.push(alias as usize);
            }
            arguments.iter().for_each(|argument| aliases_in(session, tables, module, argument, found));
        }
        TypeKind::Function { parameters, result } => {
            parameters.iter().for_each(|parameter| aliases_in(session, tables, module, parameter, found));
            aliases_in(session, tables, module, result, found);
        }
        TypeKind::Missing => {}
    }
}

/// Reports an alias that stands for nothing that one could go on with; true if it is one.
pub(crate) fn report(session: &mut Session<'_>, tables: &Tables, alias: usize) -> bool {
    let name = &tables.aliases[alias].source.name;
    match tables.aliases[alias].worth {
        AliasWorth::Type => return false,
        AliasWorth::Ring => {
            let title = format!("the alias `{}` leads to itself", name.text);
            session.error(Code::E0216, title, name.span, "stands for no type in the end");
        }
        AliasWorth::TooMuch => {
            let title = format!("the alias `{}` stands for too much", name.text);
            let diagnostic = Diagnostic::new(Code::E0199, title, name.span, "made of many other aliases");
            session.report(diagnostic.help("declare a `record` or a `type` in between"));
        }
    }
    true
}
