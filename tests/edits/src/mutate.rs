//! Damages good programs by chance.

use crate::edit::UNFINISHED;
use crate::program::Program;
use crate::property::Case;
use crate::random::Random;
use crate::token::tokens;

/// What is put between tokens: every sign and many words, and what is easily read wrongly.
const PIECES: [&str; 128] = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ",",
    ":",
    ".",
    "..",
    "?.",
    "?",
    "??",
    "->",
    "=>",
    "=",
    "==",
    "===",
    "!=",
    "!",
    "&&",
    "||",
    "+",
    "-",
    "*",
    "/",
    "%",
    "@",
    ";",
    "\"",
    "r\"",
    "\\",
    "'",
    "`",
    "#",
    "$",
    "~",
    "//",
    "///",
    "//!",
    "////",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\u{FEFF}",
    "\u{A0}",
    "\u{2028}",
    "é",
    "größe",
    "😀",
    "\0",
    "\"{",
    "{\"",
    "\"{a}\"",
    "\"{\"{b}\"}\"",
    "\"a\\\"",
    "\"\\u{110000}\"",
    "\"\\u{\"",
    "r\"\\d{2}\"",
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999999999999999999",
    "0.1",
    "1.",
    ".5",
    "1e9",
    "1_0",
    "12abc",
    "2h30m",
    "99999999999999w",
    "1ms",
    "1d1w1h",
    "true",
    "none",
    "unit",
    "null",
    "_",
    "a",
    "A",
    "value",
    "workflow ",
    "record R { a: Int }",
    "record",
    "enum E { A }",
    "test \"t\" for W {",
    "on",
    "on X -> ",
    "as",
    "if ",
    "if a then b else c",
    "else",
    "then",
    "match a { ",
    "let x = ",
    "step s = ",
    "step _ = ",
    "pivot ",
    "run ",
    "saga {",
    "parallel join 1 of 2 {",
    "branch b { ",
    "foreach x in xs {",
    "repeat up to 3 {",
    "await signal s(Int)",
    "wait ",
    "shield {",
    "return ",
    "yield ",
    "fail ",
    "use ",
    "raises ",
    "where ",
    "is ",
    "in ",
    "and",
    "not ",
    "fn f() -> Int = ",
    "operation o() -> Int { effect read }",
    "@allow(W0410, because: \"x\")",
    "expect ",
    "mock ",
];

/// Programs to damage, cut into declarations.
#[derive(Clone, Debug)]
pub struct Mutator {
    programs: Vec<Program>,
    pieces: Vec<Vec<String>>,
}

impl Mutator {
    /// Damages these programs.
    pub fn new(programs: Vec<Program>) -> Mutator {
        let pieces = programs.iter().map(|program| declarations(&program.text)).collect();
        Mutator { programs, pieces }
    }

    /// A damaged file, at its place in its project.
    pub fn file(&self, random: &mut Random) -> Case {
        let program = &self.programs[random.below(self.programs.len())];
        let times = 1 + random.below(4);
        Case { path: program.name.clone(), text: self.damaged(program.text.clone(), times, random) }
    }

    /// A few damaged declarations, which is faster than a file.
    pub fn excerpt(&self, random: &mut Random) -> String {
        let pieces = &self.pieces[random.below(self.pieces.len())];
        let from = random.below(pieces.len());
        let to = (from + 1 + random.below(3)).min(pieces.len());
        let times = 1 + random.below(6);
        self.damaged(pieces[from..to].concat(), times, random)
    }

    fn damaged(&self, mut text: String, times: usize, random: &mut Random) -> String {
        for _ in 0..times {
            text = self.damage(text, random);
        }
        text
    }

    fn damage(&self, text: String, random: &mut Random) -> String {
        let tokens = tokens(&text);
        if tokens.is_empty() {
            return format!("{text}{}", random.one_of(&PIECES));
        }
        let (start, end) = tokens[random.below(tokens.len())];
        let (other, other_end) = tokens[random.below(tokens.len())];
        let splice = |start: usize, end: usize, insert: &str| [&text[..start], insert, &text[end..]].concat();
        match random.below(16) {
            0 => splice(start, end, ""),
            1 => splice(end, end, &text[start..end]),
            2 => splice(start, start, &text[other..other_end]),
            3 => splice(start, end, &text[other..other_end]),
            4 => splice(start, end, random.one_of(&PIECES)),
            5 | 6 | 7 => splice(start, start, random.one_of(&PIECES)),
            8 => splice(start.min(other), end.max(other_end), ""),
            9 => splice(start, start, &text[start.min(other)..end.max(other_end)]),
            10 => text[..start].to_owned(),
            11 => text[start..].to_owned(),
            12 => splice(start, start, &format!("\n  {}\n", random.one_of(&UNFINISHED))),
            13 => {
                let others = &self.pieces[random.below(self.pieces.len())];
                splice(start, start, &others[random.below(others.len())])
            }
            14 => splice(start, start, &repeated(random)),
            _ => character(&text, random),
        }
    }
}

/// Something many times: deep nesting, or long lists.
fn repeated(random: &mut Random) -> String {
    let piece = random.one_of(&PIECES);
    let count = match random.below(12) {
        0 => 3_000 / piece.len(),
        1 | 2 => 150,
        _ => 2 + random.below(8),
    };
    let glue = random.one_of(&["", "", " ", "\n"]);
    let mut text = format!("{piece}{glue}").repeat(count);
    if random.once_in(2) {
        let close = random.one_of(&[")", "}", "]", "\"", " a ", ">"]);
        text.push_str(&close.repeat(count));
    }
    text
}

/// Deletes or inserts one character anywhere, also inside of words and comments.
fn character(text: &str, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = random.below(characters.len());
    if random.once_in(2) {
        characters.remove(at);
    } else {
        let any = char::from_u32(random.below(0x3000) as u32).unwrap_or('\u{FFFD}');
        let inserted = if random.once_in(4) { any } else { char::from(32 + random.below(95) as u8) };
        characters.insert(at, inserted);
    }
    characters.into_iter().collect()
}

/// The parts of a text between empty lines.
fn declarations(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if let Some(last) = parts.last_mut() {
            last.push_str(line);
        }
        if line.trim().is_empty() {
            parts.push(String::new());
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}
