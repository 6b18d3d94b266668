//! Takes parts of a program away for as long as it fails without them.

use crate::program::tree::{Program, Statement};

/// The smallest program found that still fails.
pub fn shrink(program: &Program, fails: &mut dyn FnMut(&Program) -> bool) -> Program {
    let mut best = program.clone();
    loop {
        let count: usize = best.workflows.iter().map(|(_, body)| size(body)).sum();
        let smaller =
            (0..count).rev().flat_map(|at| candidates(&best, at)).find(|candidate| fails(candidate));
        match smaller {
            Some(smaller) => best = smaller,
            None => return best,
        }
    }
}

fn size(body: &[Statement]) -> usize {
    body.iter().map(|it| 1 + it.blocks.iter().map(|(inner, _)| size(inner)).sum::<usize>()).sum()
}

/// Programs without the statement with this number: without all of it, or with only what one of its blocks holds.
fn candidates(program: &Program, at: usize) -> Vec<Program> {
    let mut found = Vec::new();
    for keep in [None, Some(0), Some(1), Some(2)] {
        let mut candidate = program.clone();
        let mut left = at;
        let mut gone = None;
        for (_, body) in &mut candidate.workflows {
            if gone.is_none() {
                gone = cut(body, &mut left, keep);
            }
        }
        if let Some(gone) = gone.filter(|_| candidate != *program) {
            if let Some(name) = gone {
                candidate.workflows.iter_mut().for_each(|(_, body)| forget(body, &name));
            }
            found.push(candidate);
        }
    }
    found
}

/// Takes a statement away: its name, if it was there.
fn cut(body: &mut Vec<Statement>, left: &mut usize, keep: Option<usize>) -> Option<Option<String>> {
    for at in 0..body.len() {
        if *left == 0 {
            // The number of a round is a part of keys.
            if body[at].head.ends_with("= round") {
                return None;
            }
            let inside = match keep {
                None => Vec::new(),
                Some(block) => {
                    let (mut inner, _) = body[at].blocks.get(block)?.clone();
                    inner.retain(|it| !it.head.starts_with("yield"));
                    inner
                }
            };
            let gone = body[at].name.clone();
            body.splice(at..=at, inside);
            return Some(gone);
        }
        *left -= 1;
        for (inner, _) in &mut body[at].blocks {
            if let Some(gone) = cut(inner, left, keep) {
                return Some(gone);
            }
        }
    }
    None
}

/// Puts a constant in place of a name that is gone.
fn forget(body: &mut [Statement], name: &str) {
    for statement in body {
        statement.head = without(&statement.head, name);
        for (inner, tail) in &mut statement.blocks {
            forget(inner, name);
            *tail = without(tail, name);
        }
    }
}

/// A text in which what is read of a name is a constant.
fn without(text: &str, name: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, from) = rest.split_at(at);
        let behind = &from[name.len()..];
        let joined = before.chars().last().is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '.')
            || behind.starts_with(|c: char| c.is_alphanumeric());
        out.push_str(before);
        if joined {
            out.push_str(name);
            rest = behind;
            continue;
        }
        out.push('1');
        rest = path(behind);
    }
    out + rest
}

/// What stands behind a path of fields and calls without arguments.
fn path(mut rest: &str) -> &str {
    while let Some(behind) = rest.strip_prefix('.') {
        let end = behind.find(|c: char| !c.is_alphanumeric()).unwrap_or(behind.len());
        rest = behind[end..].strip_prefix("()").unwrap_or(&behind[end..]);
    }
    rest
}
