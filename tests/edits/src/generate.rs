//! Makes texts out of the grammar itself, so that no construct is forgotten.

use std::collections::BTreeMap;

use pest_meta::ast::Expr;
use pest_meta::parser::{Rule, consume_rules, parse};

use crate::random::Random;

/// Names of which some are declared again and again, so that texts mean something now and then.
const WORDS: [&str; 24] = [
    "a", "b", "req", "value", "x", "A", "B", "Foo", "Int", "String", "Bool", "Money", "EUR", "List", "Some",
    "Ledger", "reserve", "id", "amount", "step", "on", "workflow", "now", "length",
];

/// The most characters of one text.
const LIMIT: usize = 4_000;

/// The rules of the grammar.
#[derive(Clone, Debug)]
pub struct Generator {
    rules: BTreeMap<String, Expr>,
    names: Vec<String>,
}

impl Generator {
    /// Reads the grammar.
    pub fn new() -> Generator {
        let text = include_str!("../../../language/wfl-syntax/src/grammar.pest");
        let pairs = parse(Rule::grammar_rules, text)
            .unwrap_or_else(|e| unreachable!("the parser is made of it: {e}"));
        let rules = consume_rules(pairs).unwrap_or_else(|e| unreachable!("the parser is made of it: {e:?}"));
        let names = rules.iter().map(|rule| rule.name.clone()).collect();
        Generator { rules: rules.into_iter().map(|rule| (rule.name, rule.expr)).collect(), names }
    }

    /// A text: mostly some items, sometimes any part of the grammar.
    pub fn text(&self, random: &mut Random) -> String {
        let mut text = String::new();
        for _ in 0..1 + random.below(4) {
            let rule = match random.below(4) {
                0 => &self.names[random.below(self.names.len())],
                1 => "workflow_d",
                _ => "item",
            };
            self.rule(rule, 24, random, &mut text);
            text.push('\n');
        }
        text
    }

    fn rule(&self, name: &str, fuel: usize, random: &mut Random, out: &mut String) {
        match name {
            // The marks of what is missing, and what swallows the rest.
            _ if name.starts_with("miss_") || (name.starts_with("bad_") && !random.once_in(8)) => {}
            "ident" | "word" | "type_name" if !random.once_in(16) => out.push_str(random.one_of(&WORDS)),
            "chunk" => out.push_str(random.one_of(&["a", "é", "\\n", "\\u{20AC}", " "])),
            "number" => out.push_str(random.one_of(&["0", "1", "12.50", "3s", "2h30m", "900000000000"])),
            "WHITESPACE" | "blank" | "gap" | "inward" => out.push(' '),
            "COMMENT" => out.push_str("// why\n"),
            "inner_doc" | "doc" => {
                out.push_str("\n/// doc\n");
            }
            _ => match self.rules.get(name) {
                Some(expr) => self.expr(expr, fuel.saturating_sub(1), random, out),
                None => built_in(name, random, out),
            },
        }
    }

    fn expr(&self, expr: &Expr, fuel: usize, random: &mut Random, out: &mut String) {
        if out.len() > LIMIT {
            return;
        }
        let times = |random: &mut Random, least: usize| match fuel {
            0 => least,
            _ => least + random.below(4) / 2 + if random.once_in(40) { 20 } else { 0 },
        };
        match expr {
            Expr::Str(text) | Expr::Insens(text) => out.push_str(text),
            Expr::Range(from, _) => out.push_str(from),
            Expr::Ident(name) => self.rule(name, fuel, random, out),
            Expr::Seq(left, right) => {
                // One part in a hundred is left out.
                if !random.once_in(100) {
                    self.expr(left, fuel, random, out);
                }
                self.gap(random, out);
                self.expr(right, fuel, random, out);
            }
            Expr::Choice(..) => {
                let mut choices = Vec::new();
                flatten(expr, &mut choices);
                // Without fuel, what stands last: mostly it is what cannot go on.
                let chosen = if fuel == 0 { choices.len() - 1 } else { random.below(choices.len()) };
                self.expr(choices[chosen], fuel, random, out);
            }
            Expr::Opt(inner) if fuel > 0 && random.once_in(2) => self.expr(inner, fuel, random, out),
            Expr::Rep(inner) => {
                for _ in 0..times(random, 0) {
                    self.expr(inner, fuel, random, out);
                    self.gap(random, out);
                }
            }
            Expr::RepOnce(inner) | Expr::RepMin(inner, _) => {
                for _ in 0..times(random, 1) {
                    self.expr(inner, fuel, random, out);
                    self.gap(random, out);
                }
            }
            _ => {}
        }
    }

    fn gap(&self, random: &mut Random, out: &mut String) {
        let touches = out.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        match random.below(24) {
            0 => out.push_str("\n  "),
            1 => out.push_str(" // c\n"),
            2..6 => out.push(' '),
            _ if touches => out.push(' '),
            _ => {}
        }
    }
}

impl Default for Generator {
    fn default() -> Generator {
        Generator::new()
    }
}

fn flatten<'e>(expr: &'e Expr, choices: &mut Vec<&'e Expr>) {
    match expr {
        Expr::Choice(left, right) => {
            flatten(left, choices);
            flatten(right, choices);
        }
        other => choices.push(other),
    }
}

fn built_in(name: &str, random: &mut Random, out: &mut String) {
    match name {
        "ASCII_DIGIT" => out.push(char::from(b'0' + random.below(10) as u8)),
        "ASCII_ALPHA" | "ASCII_ALPHANUMERIC" => out.push(char::from(b'a' + random.below(26) as u8)),
        "XID_START" | "XID_CONTINUE" if random.once_in(8) => out.push('ö'),
        "XID_START" | "XID_CONTINUE" => out.push(char::from(b'a' + random.below(26) as u8)),
        "ANY" => out.push(char::from(32 + random.below(95) as u8)),
        _ => {}
    }
}
