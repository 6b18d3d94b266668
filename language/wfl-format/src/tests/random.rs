//! Random damage to good programs: whatever comes out is laid out once and for all, and stays the same program.
//!
//! `WFL_SEED` repeats a run, `WFL_LONG` makes it long.

use super::check::{cases, checked};

const PROGRAMS: [&str; 3] = [
    include_str!("../../testdata/programs/transfer.wfl"),
    include_str!("../../testdata/programs/loan.wfl"),
    include_str!("../../testdata/programs/payout.wfl"),
];

/// What is put between tokens.
const SNIPPETS: [&str; 59] = [
    " ",
    "\n",
    "\t",
    "\r\n",
    "\n\n\n",
    "\u{FEFF}",
    "\u{A0}",
    "// one\n",
    " // two\n",
    "\n// three\n",
    "\n\n// four\n\n",
    "/// doc\n",
    "//! inner\n",
    "////\n",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "->",
    "=>",
    "=",
    "\"",
    "\"a {b}\"",
    "-",
    "!",
    "..",
    "@a(1)",
    "@",
    "let",
    "on",
    "where",
    "if",
    "then",
    "else",
    "return",
    "workflow",
    "record A { a: Int }",
    "1",
    "é",
    "and",
    "?",
    ";",
    "test",
    "service",
    "x",
    "\"x\"",
    "policy ",
    "/",
    "parallel",
    "step",
    "branch",
    "\r",
    "a.b(c)",
    "// x\r\n",
    ".",
];

/// Xorshift: enough to damage texts with, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }
}

/// Cuts a text into words, texts, comments, blanks and signs.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    let length = |rest: &str, test: &dyn Fn(char) -> bool| rest.find(|it| !test(it)).unwrap_or(rest.len());
    while let Some(first) = rest.chars().next() {
        let end = if rest.starts_with("//") {
            length(rest, &|it| it != '\n')
        } else if first == '"' {
            let end = rest[1..].find(['"', '\n']).map_or(rest.len(), |end| end + 1);
            end + usize::from(rest[end..].starts_with('"'))
        } else if first.is_alphanumeric() || first == '_' {
            length(rest, &|it| it.is_alphanumeric() || it == '_')
        } else if first.is_whitespace() {
            length(rest, &|it| it.is_whitespace())
        } else {
            first.len_utf8()
        };
        found.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    found
}

/// Declarations that belong together, and single lines of long ones.
fn piece(random: &mut Random, cases: &[(&str, String)]) -> String {
    let lines: Vec<&str> = match random.below(3) {
        0 => {
            let items: Vec<&str> = PROGRAMS[random.below(PROGRAMS.len())].split("\n\n").collect();
            let at = random.below(items.len());
            items[at..(at + 3).min(items.len())].iter().flat_map(|item| item.lines().chain([""])).collect()
        }
        _ => cases[random.below(cases.len())].1.lines().collect(),
    };
    let at = random.below(lines.len().saturating_sub(12).max(1));
    let within = at + 1..(at + 11).min(lines.len());
    let ends = [lines.first(), lines.last()].map(|it| it.copied().unwrap_or_default());
    format!("{}\n{}\n{}\n", ends[0], lines.get(within).unwrap_or_default().join("\n"), ends[1])
}

fn damaged(random: &mut Random, cases: &[(&str, String)]) -> String {
    let mut tokens = tokens(&piece(random, cases));
    for _ in 0..random.below(6) + 1 {
        let at = random.below(tokens.len());
        let Some(token) = tokens.get(at).cloned() else { break };
        match random.below(8) {
            0 => _ = tokens.remove(at),
            1 => tokens.insert(at, token),
            2 => tokens[at] = if token.trim().is_empty() { String::new() } else { format!(" {token} ") },
            3 => tokens.truncate(tokens.len().max(10) - random.below(10)),
            4 => {
                let other = random.below(tokens.len());
                tokens.swap(at, other);
            }
            _ => tokens.insert(at, SNIPPETS[random.below(SNIPPETS.len())].to_owned()),
        }
    }
    tokens.concat()
}

#[test]
fn damaged_programs_are_laid_out() {
    let (start, count) = match std::env::var("WFL_SEED").map(|seed| seed.parse::<u64>()) {
        Ok(Ok(seed)) => (seed, 1),
        _ if std::env::var_os("WFL_LONG").is_some() => (1, 100_000),
        _ => (1, 3_000),
    };
    let (cases, mut failures) = (cases(), Vec::new());
    for seed in start..start + count {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        if let Err(what) = checked(&damaged(&mut random, &cases)) {
            failures.push((seed, what));
        }
    }
    if let Some((seed, what)) = failures.iter().min_by_key(|(_, what)| what.len()) {
        panic!("{} of {count} fail; WFL_SEED={seed}\n{what}", failures.len());
    }
}

/// Comments between any two tokens of a good program are kept.
#[test]
fn comments_may_stand_anywhere() {
    for item in PROGRAMS.iter().flat_map(|program| program.split("\n\n")) {
        let tokens = tokens(item);
        // On both sides of a blank, the comment stands between the same tokens.
        let is_token = |at: &usize| !tokens.get(*at).is_some_and(|token| token.trim().is_empty());
        for at in (0..=tokens.len()).filter(is_token) {
            let comment = ["// c\n", "\n// c\n", "\n\n// c\n\n// d\n"][at % 3];
            let text = format!("{}{comment}{}", tokens[..at].concat(), tokens[at..].concat());
            assert_eq!(checked(&text).map(|_| ()), Ok(()));
        }
    }
}
