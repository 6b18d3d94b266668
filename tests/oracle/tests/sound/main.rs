//! The prover against the machine: no program that it accepts does in a run what its rules forbid.
//!
//! Programs are drawn with care and then changed without a thought, so that many are wrong, each in its own way.
//! `WFL_SEED` looks at one program and tells what is reported; `WFL_LONG` looks at many. `WFL_SHOW` names the findings whose
//! paths were not shown, and `WFL_STORY` tells what happened on each try.

#![expect(clippy::print_stdout, reason = "what was tried is there to be read")]

mod acting;
mod monitor;
mod replay;
mod stage;

use std::collections::BTreeMap;

use wfl_compiler::{Examined, Memory, examine};
use wfl_ir::{Duration, NodeKind};
use wfl_machine::{Ending, Instance, heard, listen};
use wfl_oracle::program::{Program, reckless};
use wfl_oracle::{SCHEDULES, Trial};

use monitor::{Broken, broken};
use replay::{Replayed, replay};

/// Under how many schedules each accepted program runs.
const EACH: u64 = 2;

/// The codes of rules that monitors know.
const RULES: [&str; 8] = ["E0312", "E0313", "E0320", "E0321", "E0322", "E0323", "E0331", "E0340"];

fn command(number: u64) -> String {
    format!("WFL_SEED={number} cargo test -p wfl-oracle --test sound")
}

/// What became of all programs.
#[derive(Default)]
struct Sums {
    accepted: u64,
    runs: u64,
    /// Programs that are refused by a rule, by its code.
    refused: BTreeMap<String, u64>,
    /// Programs with other mistakes.
    other: u64,
    /// What came of the paths of findings, by code.
    replayed: BTreeMap<String, [u64; 3]>,
}

/// A program, with what the prover knows of it.
struct Case {
    program: Program,
    codes: Vec<String>,
    examined: Vec<Examined>,
}

impl Case {
    fn new(number: u64) -> Case {
        let program = reckless(number);
        let (compilation, examined) = examine(&Memory::new([("main.wfl", program.text())]));
        let errors = compilation.diagnostics.iter().filter(|it| it.is_error());
        let codes = errors.map(|it| it.code.to_string()).collect();
        Case { program, codes, examined }
    }

    /// What its runs break of the rules, and of the promises.
    fn run(&self, seed: u64) -> (Broken, Vec<String>) {
        let trial = Trial::of(self.program.clone()).unwrap_or_else(|why| unreachable!("it compiles: {why}"));
        let simulated = trial.simulate(seed, listen);
        let mut found = broken(&self.examined, &heard(), &|id| simulated.plan_of(id));
        if simulated.calm {
            // Nothing is sent twice by itself, so that what comes twice are two calls.
            let twice = simulated.sim.books().entries().iter().filter(|entry| entry.times > 1);
            found.extend(twice.map(|entry| ("E0331", entry.call.step.to_string())));
        }
        let mut violations = simulated.report.violations;
        for seen in simulated.report.observed.values().map(|seen| &seen.state) {
            let examined = self.examined.iter().find(|it| it.hash == seen.plan());
            violations.extend(examined.and_then(|it| bounds(it, seen, simulated.calm)));
        }
        (found, violations)
    }

    /// A rule of the program's policy is broken by it only if it has one.
    fn forbids(&self, code: &str) -> bool {
        let text = &self.program.declarations;
        match code {
            "nobody looked" => text.contains("policy"),
            "one looked" => text.contains("approvals 2"),
            _ => true,
        }
    }
}

impl Sums {
    fn program(&mut self, number: u64) {
        let case = Case::new(number);
        if !case.codes.is_empty() {
            let proved = case.codes.iter().all(|code| is_rule(code));
            if proved {
                case.codes.iter().for_each(|code| *self.refused.entry(code.clone()).or_default() += 1);
                self.replay(&case, number);
            } else {
                self.other += 1;
            }
            return;
        }
        self.accepted += 1;
        for seed in (0..EACH).map(|schedule| number * SCHEDULES + schedule) {
            let (mut found, violations) = case.run(seed);
            found.retain(|(code, _)| !["open", "unknown"].contains(code) && case.forbids(code));
            self.runs += 1;
            let text = case.program.text();
            assert!(
                found.is_empty() && violations.is_empty(),
                "{}\nseed {seed}\n{text}\n{found:#?}\n{violations:#?}",
                command(number)
            );
        }
    }

    /// Each finding's path leads a run to what is wrong.
    fn replay(&mut self, case: &Case, number: u64) {
        // What has the key of something else does nothing, also nothing wrong.
        let twice =
            case.codes.iter().any(|code| code == "E0331") && case.codes.iter().any(|code| code != "E0331");
        for it in case.examined.iter().filter(|_| !twice) {
            for finding in it.findings.iter().filter(|finding| is_replayed(&finding.report.code.to_string()))
            {
                let came = replay(&case.examined, it, finding);
                let counts = self.replayed.entry(finding.report.code.to_string()).or_default();
                counts[came as usize] += 1;
                if came == Replayed::Not && std::env::var_os("WFL_SHOW").is_some() {
                    println!("{}: {} {:?}", command(number), finding.report.title, finding.report.notes);
                }
            }
        }
    }

    fn add(&mut self, other: Sums) {
        self.accepted += other.accepted;
        self.runs += other.runs;
        self.other += other.other;
        for (code, counts) in other.replayed {
            let known = self.replayed.entry(code).or_default();
            known.iter_mut().zip(counts).for_each(|(known, count)| *known += count);
        }
        other.refused.into_iter().for_each(|(code, count)| *self.refused.entry(code).or_default() += count);
    }
}

/// How much time the simulation itself takes for a step, and how many records come uninvited, at most.
const SLACK: i64 = 60_000_000;

/// A run of one life that ended well keeps within the bounds of its workflow: it is never faster than the best case, and if
/// nothing went wrong neither slower than the worst case nor longer in its history than the greatest number of records.
fn bounds(examined: &Examined, seen: &Instance, calm: bool) -> Option<String> {
    let ended = seen.ended_at().filter(|_| matches!(seen.ending(), Some(Ending::Completed(_))))?;
    let (took, whole) = (ended.since(seen.started_at()), examined.times.whole);
    let name = &examined.lowered.plan.workflow;
    if seen.epoch() > 0 || took < whole.best {
        return (seen.epoch() == 0)
            .then(|| format!("{name} took {took}, and {} is the best case", whole.best));
    }
    let worst = Duration(whole.worst.known.0 + SLACK * examined.lowered.plan.nodes.len() as i64);
    if calm && whole.worst.open.is_closed() && took > worst {
        return Some(format!("{name} took {took}, and {} is the worst case", whole.worst.known));
    }
    let records = examined.cost.records;
    // People, and who sends messages, say more than they are asked for.
    let asks = examined.lowered.plan.nodes.iter().any(|node| matches!(node.kind, NodeKind::Await(_)));
    let more = calm && !asks && !records.more && seen.count() > records.times;
    more.then(|| format!("{name} wrote {} records, and {} is the most", seen.count(), records.times))
}

/// Codes whose paths are gone: those of rules that monitors know, and endless tries.
fn is_replayed(code: &str) -> bool {
    RULES.contains(&code) || code == "E0604"
}

fn is_rule(code: &str) -> bool {
    RULES.contains(&code) || ["E0341", "E0601", "E0603", "E0604"].contains(&code)
}

#[test]
fn what_is_accepted_breaks_no_rule() {
    if let Some(number) = std::env::var("WFL_SEED").ok().and_then(|seed| seed.parse::<u64>().ok()) {
        let case = Case::new(number);
        println!("{}\n{:?}", case.program.text(), case.codes);
        for it in &case.examined {
            it.findings.iter().for_each(|finding| println!("{:#?}", finding.report));
        }
        let mut sums = Sums::default();
        sums.program(number);
        println!("paths (shown, not, beyond): {:?}", sums.replayed);
        return;
    }
    let long = std::env::var_os("WFL_LONG").is_some();
    let programs = std::env::var("WFL_SEEDS").ok().and_then(|count| count.parse().ok());
    let programs: u64 = programs.unwrap_or(if long { 100_000 } else { 5_000 });
    let half = |first: u64| {
        let mut sums = Sums::default();
        (first..=programs).step_by(2).for_each(|number| sums.program(number));
        sums
    };
    let sums = std::thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        let mut sums = half(2);
        sums.add(odd.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        sums
    });
    let Sums { accepted, runs, refused, other, replayed } = sums;
    println!("paths that were gone (shown, not, beyond): {replayed:?}");
    println!(
        "{programs} programs: {accepted} accepted ({runs} runs), refused {refused:?}, {other} with other mistakes"
    );
    for (code, [shown, not, _]) in &replayed {
        // Of what is lost in branches, when it is lost is hard to bring about from outside.
        let enough = if code == "E0323" { shown > not } else { not * 8 < shown + not };
        assert!(enough, "{code}: {shown} paths lead to what is wrong, {not} do not");
    }
    assert!(accepted * 4 > programs, "few programs are accepted");
    let never = RULES.iter().filter(|code| !refused.contains_key(**code)).collect::<Vec<_>>();
    assert!(never.is_empty(), "never refused by {never:?}");
}
