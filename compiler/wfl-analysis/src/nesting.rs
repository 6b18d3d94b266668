//! That values of every declared type come to an end, and do not go too deep.

use wfl_source::{Code, Diagnostic};

use crate::session::Session;
use crate::tables::{Shape, Tables};
use crate::ty::Ty;

/// How many declared types may lie inside each other, each of them always there.
const MOST_DEPTH: u32 = 200;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    /// Comes to an end, after so many types.
    Ends(u32),
    /// Lies on a ring, or holds a type that does; the ring has been told.
    Endless,
}

/// What was found on the way.
#[derive(Default)]
struct Found {
    rings: Vec<u32>,
    deep: Vec<u32>,
}

/// Reports types that contain themselves without an optional or a list between: they would have no end. A ring is
/// told once, at the type of it that comes first. Reports types that are too deep, too.
pub(crate) fn check(session: &mut Session<'_>, tables: &mut Tables) {
    let mut states = vec![State::New; tables.types.len()];
    for index in 0..tables.types.len() as u32 {
        let mut found = Found::default();
        ends(tables, index, 0, &mut states, &mut found);
        for ring in found.rings {
            let info = &tables.types[ring as usize];
            let title = format!("`{}` contains itself", info.name);
            let diagnostic = Diagnostic::new(Code::E0216, title, info.span, "a value of it would never end");
            session.report(diagnostic.help("put `?` or `List<…>` around the inner one"));
            if let Shape::Refined { base, .. } = &mut tables.types[ring as usize].shape {
                *base = Ty::Unknown;
            }
        }
        for deep in found.deep {
            let info = &mut tables.types[deep as usize];
            let title = format!("`{}` is nested too deeply", info.name);
            let message = format!("more than {MOST_DEPTH} types inside each other");
            session.report(
                Diagnostic::new(Code::E0199, title, info.span, message).help("leave out some of them"),
            );
            forget_parts(&mut info.shape);
        }
    }
}

/// Later phases walk through types recursively.
fn forget_parts(shape: &mut Shape) {
    let forget = |ty: &mut Ty| {
        if matches!(ty, Ty::Named(_)) {
            *ty = Ty::Unknown;
        }
    };
    match shape {
        Shape::Record(fields) | Shape::Error(fields) | Shape::Event(fields) => {
            fields.iter_mut().for_each(|field| forget(&mut field.ty));
        }
        Shape::Refined { base, .. } => forget(base),
        Shape::Enum(variants) => {
            let fields = variants.iter_mut().flat_map(|variant| &mut variant.fields);
            fields.for_each(|field| forget(&mut field.ty));
        }
    }
}

/// Whether values of a type come to an end. Each type is looked into once.
fn ends(tables: &Tables, index: u32, depth: u32, states: &mut Vec<State>, found: &mut Found) -> bool {
    match states[index as usize] {
        State::Ends(_) | State::Endless => return true,
        State::Open => {
            found.rings.push(index);
            return false;
        }
        // It will be looked into for itself.
        State::New if depth > MOST_DEPTH => return true,
        State::New => {}
    }
    states[index as usize] = State::Open;
    let (mut height, rings) = (0, found.rings.len());
    let mut inside = |ty: &Ty| match ty {
        Ty::Named(inner) => {
            let is_end = ends(tables, *inner, depth + 1, states, found);
            if let State::Ends(inner) = states[*inner as usize] {
                height = height.max(inner);
            }
            is_end
        }
        _ => true,
    };
    let is_end = match &tables.types[index as usize].shape {
        Shape::Record(fields) | Shape::Error(fields) | Shape::Event(fields) => {
            // All of them, so that each ring is found.
            fields.iter().filter(|field| !inside(&field.ty)).count() == 0
        }
        Shape::Refined { base, .. } => inside(base),
        // A choice ends as soon as one of its variants does.
        Shape::Enum(variants) => {
            variants.is_empty()
                || variants.iter().any(|variant| variant.fields.iter().all(|field| inside(&field.ty)))
        }
    };
    if matches!(tables.types[index as usize].shape, Shape::Enum(_)) && is_end {
        // Where its other variants lead back to, they are no rings; those that lie inside of them are.
        let mut at = 0;
        found.rings.retain(|ring| {
            at += 1;
            at <= rings || states[*ring as usize] != State::Open
        });
    }
    height += 1;
    if height > MOST_DEPTH {
        found.deep.push(index);
        height = 0;
    }
    states[index as usize] = if is_end { State::Ends(height) } else { State::Endless };
    is_end
}
