//! Expressions: chains of operators and of calls, choices, and what they are made of.

use wfl_syntax::Rule;

use crate::document::Keep;
use crate::layout::Layout;
use crate::token::Part;

/// An operand with its prefixes, behind the operator in front of it.
struct Term<'p> {
    operator: Option<Part>,
    operand: &'p [Part],
}

/// The one operator that needs no blanks.
const RANGE: u8 = 5;

/// How strongly an operator binds, as the lowering groups them.
fn strength(operator: &str) -> u8 {
    match operator {
        "||" | "or" => 1,
        "&&" | "and" => 2,
        "??" => 4,
        ".." => RANGE,
        "+" | "-" => 6,
        "*" | "/" | "%" => 7,
        _ => 3,
    }
}

impl Layout<'_, '_> {
    /// An expression: one line, or each operand of the weakest operators on a line of its own.
    pub(crate) fn expression(&mut self, part: Part) {
        self.open();
        self.expression_inside(part);
        self.close();
    }

    fn terms<'p>(&self, parts: &'p [Part]) -> Vec<Term<'p>> {
        let is_operator = |part: &Part| self.source.is(*part, &[Rule::bin_op]);
        let mut terms = Vec::new();
        let mut rest = parts;
        loop {
            let (operator, behind) = match rest {
                [first, behind @ ..] if is_operator(first) => (Some(*first), behind),
                _ => (None, rest),
            };
            let end = behind.iter().position(is_operator).unwrap_or(behind.len());
            terms.push(Term { operator, operand: &behind[..end] });
            rest = &behind[end..];
            if rest.is_empty() {
                break;
            }
        }
        terms
    }

    /// An expression in the group of the caller.
    pub(crate) fn expression_inside(&mut self, part: Part) {
        let parts = self.source.parts(part);
        self.chain(&self.terms(&parts));
    }

    fn strength_of(&self, term: &Term<'_>) -> u8 {
        term.operator.map_or(u8::MAX, |operator| strength(self.source.first(operator).text))
    }

    fn chain(&mut self, terms: &[Term<'_>]) {
        let [first, others @ ..] = terms else { return };
        let Some(weakest) = others.iter().map(|term| self.strength_of(term)).min() else {
            return self.run(first.operand);
        };
        let mut starts: Vec<usize> = vec![0];
        starts.extend((1..terms.len()).filter(|at| self.strength_of(&terms[*at]) == weakest));
        let ends = starts.iter().skip(1).copied().chain([terms.len()]);
        let is_tight = weakest == RANGE && starts.len() == terms.len();
        for (start, end) in starts.iter().zip(ends) {
            if let Some(operator) = terms[*start].operator.filter(|_| *start > 0) {
                if !is_tight {
                    self.line(1, Keep::Never);
                }
                self.part(operator);
                if !is_tight {
                    self.space();
                }
            }
            self.open();
            self.chain(&terms[*start..end]);
            self.close();
            if *start == 0 {
                self.indent();
            }
        }
        self.dedent();
    }

    /// An operand with members, indices and arguments. Where two or more methods do not fit on one line, each is on
    /// its own.
    pub(crate) fn postfix(&mut self, part: Part) {
        let parts = self.source.parts(part);
        let is_call = |at: usize| {
            let arguments = parts.get(at + 1).is_some_and(|next| self.source.is(*next, &[Rule::args]));
            arguments && self.source.is(parts[at], &[Rule::member])
        };
        let calls: Vec<usize> = (1..parts.len()).filter(|at| is_call(*at)).collect();
        if calls.len() < 2 {
            return self.run(&parts);
        }
        self.open();
        for (at, part) in parts.iter().enumerate() {
            if calls.binary_search(&at).is_ok() {
                self.line(0, Keep::Never);
            }
            self.part(*part);
            if at == 0 {
                self.indent();
            }
        }
        self.dedent();
        self.close();
    }

    /// `if a then b else c`: one line, or each `else` on a line of its own.
    pub(crate) fn choice(&mut self, part: Part) {
        let mut parts = self.source.parts(part);
        let mut is_first = true;
        self.open();
        while let [word, condition, then, value, otherwise, other] = parts[..] {
            self.open();
            self.run(&[word, condition]);
            self.indent();
            self.line(1, Keep::Never);
            self.run(&[then, value]);
            self.dedent();
            self.close();
            if std::mem::take(&mut is_first) {
                self.indent();
            }
            self.line(1, Keep::Never);
            self.part(otherwise);
            self.space();
            let Some(next) = self.other_choice(other) else {
                self.part(other);
                parts.clear();
                break;
            };
            parts = self.source.parts(next);
        }
        self.run(&parts);
        self.dedent();
        self.close();
    }

    /// The choice that is all of an expression.
    fn other_choice(&self, expression: Part) -> Option<Part> {
        let choice = self.only(self.only(expression)?)?;
        let is_choice = self.source.is(choice, &[Rule::if_x]) && self.is_choice(choice);
        is_choice.then_some(choice)
    }

    /// Whether an `if` gives a value by `then` and `else`.
    pub(crate) fn is_choice(&self, part: Part) -> bool {
        let parts = self.source.parts(part);
        parts.len() == 6 && self.source.is(parts[2], &[Rule::kw_then])
    }
}
