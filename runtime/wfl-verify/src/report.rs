//! The report on a workflow: for people as lines with their tones, for machines as JSON.

use serde_json::{Value as Json, json};
use wfl_ir::{Name, PlanHash};

use crate::explore::Counterexample;
use crate::literal::short;
use crate::picture::{Line, Tone, picture};
use crate::program::Program;
use crate::scenario::{Scenario, scenario};
use crate::story::{Story, tell};
use crate::verdict::Verdict;
use crate::violation::Rule;

/// A workflow with what came of it.
pub struct Report<'a> {
    /// The plans.
    pub program: &'a Program,
    /// The workflow's full name.
    pub workflow: &'a Name,
    /// Its plan.
    pub hash: PlanHash,
    /// What came of it.
    pub verdict: &'a Verdict,
    /// The services of the project, with the paths of their modules.
    pub services: &'a [(String, String)],
}

/// A number with its thousands apart, and a noun.
fn count(number: usize, noun: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let ending = if number == 1 || noun.is_empty() { "" } else { "s" };
    format!("{text} {noun}{ending}").trim_end().to_owned()
}

impl Report<'_> {
    /// Whether nothing was found that should not be.
    pub fn holds(&self) -> bool {
        self.verdict.exploration.violations.is_empty()
    }

    /// The story of a counterexample, and its test.
    pub fn told(&self, counterexample: &Counterexample) -> Option<(Story, Option<Scenario>)> {
        let (bounds, exploration) = (&self.verdict.bounds, &self.verdict.exploration);
        let story = tell(self.program, self.hash, bounds, exploration, counterexample)?;
        let test = scenario(self.program, &story, counterexample, self.services);
        Some((story, test))
    }

    /// The report for people.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut say = |tone, text: String| lines.push(Line { tone, text });
        say(Tone::Head, short(self.workflow).to_owned());
        let exploration = &self.verdict.exploration;
        match (self.holds(), exploration.complete) {
            (true, true) => say(Tone::End, "  all invariants hold".to_owned()),
            (true, false) => say(Tone::Note, "  all invariants hold, as far as it was looked at".to_owned()),
            (false, _) => {
                let broken = exploration.violations.len();
                say(Tone::Fault, format!("  {} broken", count(broken, "invariant")));
            }
        }
        let deep = count(exploration.deepest as usize, "move");
        let (states, moves) = (count(self.verdict.states, "state"), count(self.verdict.transitions, "move"));
        let inputs = count(exploration.inputs.len(), "input");
        say(Tone::Plain, format!("  explored    {states}, {moves}, runs of up to {deep}; {inputs}"));
        if self.verdict.bounds.reduction {
            let left = count(exploration.put_off, "move");
            say(Tone::Plain, format!("  reduction   {left} left out, since another order of them was made"));
        }
        say(Tone::Plain, format!("  bounds      {}", self.bounds()));
        if !exploration.complete {
            say(Tone::Note, format!("  stopped     {}", self.stopped()));
        }
        let own = self.program.get(self.hash).map_or(0, |loaded| loaded.invariants.len());
        let own =
            if own == 0 { String::new() } else { format!(" and {} of its own", count(own, "invariant")) };
        say(Tone::Plain, format!("  checked     {}{own}", count(Rule::ALL.len() - 1, "rule")));
        say(Tone::Plain, format!("  endings     {}", count(exploration.endings.len(), "")));
        for (outcome, number) in &exploration.endings {
            say(Tone::Plain, format!("  {:>14}  {outcome}", count(*number, "")));
        }
        for counterexample in &exploration.violations {
            lines.extend(self.broken(counterexample));
        }
        lines
    }

    fn bounds(&self) -> String {
        let bounds = &self.verdict.bounds;
        format!(
            "{}, {}, {} for a type, lists of up to {}, {} per wait{}",
            count(bounds.faults.into(), "fault"),
            count(bounds.disturbances.into(), "disturbance"),
            count(bounds.values, "value"),
            count(bounds.items, "item"),
            count(bounds.reminders as usize, "reminder"),
            if bounds.late { ", late effects" } else { "" },
        )
    }

    fn stopped(&self) -> String {
        let states = count(self.verdict.states, "state");
        match self.verdict.full {
            Some((faults, disturbances)) => format!(
                "after {states}; all runs with up to {} and {} were looked at",
                count(faults.into(), "fault"),
                count(disturbances.into(), "disturbance"),
            ),
            None => format!("after {states}; not even all runs without faults were looked at"),
        }
    }

    fn broken(&self, counterexample: &Counterexample) -> Vec<Line> {
        let violation = &counterexample.violation;
        let mut lines = vec![Line { tone: Tone::Plain, text: String::new() }];
        let text = format!("✗ {}: {}", violation.rule.word(), violation.what);
        lines.push(Line { tone: Tone::Fault, text });
        let times = count(counterexample.times, "run");
        let moves = count(counterexample.path.len(), "move");
        let text = format!("  found in {times}; a shortest one, {moves}:");
        lines.push(Line { tone: Tone::Plain, text });
        let Some((story, test)) = self.told(counterexample) else { return lines };
        lines.push(Line { tone: Tone::Plain, text: String::new() });
        lines.extend(picture(self.program, &story));
        let Some(test) = test else { return lines };
        lines.push(Line { tone: Tone::Plain, text: String::new() });
        lines.extend(test.test.lines().map(|line| Line { tone: Tone::Plain, text: format!("  {line}") }));
        lines
    }

    /// The report for machines.
    pub fn json(&self) -> Json {
        let (exploration, bounds) = (&self.verdict.exploration, &self.verdict.bounds);
        let ending = |(outcome, number): (&crate::rest::Outcome, &usize)| {
            json!({
                "status": outcome.status,
                "error": outcome.error,
                "compensation": outcome.compensation,
                "count": number,
            })
        };
        let full = self
            .verdict
            .full
            .map(|(faults, disturbances)| json!({ "faults": faults, "disturbances": disturbances }));
        json!({
            "workflow": self.workflow,
            "plan": self.hash.to_string(),
            "holds": self.holds(),
            "complete": exploration.complete,
            "full": full,
            "states": self.verdict.states,
            "transitions": self.verdict.transitions,
            "left_out": exploration.put_off,
            "deepest": exploration.deepest,
            "inputs": exploration.inputs.len(),
            "bounds": {
                "faults": bounds.faults,
                "disturbances": bounds.disturbances,
                "values": bounds.values,
                "items": bounds.items,
                "reminders": bounds.reminders,
                "late": bounds.late,
                "reduction": bounds.reduction,
            },
            "endings": exploration.endings.iter().map(ending).collect::<Vec<_>>(),
            "violations": exploration.violations.iter().map(|it| self.violation(it)).collect::<Vec<_>>(),
        })
    }

    fn violation(&self, counterexample: &Counterexample) -> Json {
        let violation = &counterexample.violation;
        let told = self.told(counterexample);
        let drawn = told.as_ref().map(|(story, _)| {
            picture(self.program, story).into_iter().map(|line| line.text).collect::<Vec<_>>()
        });
        let test = told.and_then(|(_, test)| test).map(|test| test.text());
        json!({
            "rule": violation.rule.word(),
            "title": violation.title,
            "what": violation.what,
            "count": counterexample.times,
            "moves": counterexample.path.len(),
            "picture": drawn,
            "test": test,
        })
    }
}
