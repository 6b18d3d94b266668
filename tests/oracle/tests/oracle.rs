//! Random programs in worlds that fail: what they come to must be something that the reference interpreter allows.

use std::collections::BTreeMap;

use wfl_oracle::program::shrink;
use wfl_oracle::{Counts, Trial, Verdict};

fn class(v: &Verdict) -> Option<String> {
    let lenient = ["it was settled as undone, and is there", "behind the point of no return", "end of the shield"];
    if let Some(x) = v.violations.iter().find(|v| !lenient.iter().any(|l| v.contains(l))) {
        let skip = ["44ozwc", "Main", "Shop", "Bank", "Rail"];
        return Some(x.split(' ').filter(|w| !skip.iter().any(|s| w.contains(s))).take(6).collect::<Vec<_>>().join(" "));
    }
    (v.judgement.allowed == Some(false)).then(|| "judge".to_owned())
}

#[test]
fn first() {
    let (mut refused, mut n, mut ways, mut undecided) = (0, 0u64, 0usize, 0);
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    let programs: u64 = std::env::var("P").ok().and_then(|x| x.parse().ok()).unwrap_or(50);
    let from: u64 = std::env::var("F").ok().and_then(|x| x.parse().ok()).unwrap_or(1);
    let mut counts = Counts::new();
    let mut bad = 0;
    let mut classes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for number in from..from + programs {
        match Trial::new(number) {
            Err(reports) => {
                refused += 1;
                if std::env::var_os("SHOW").is_some() { println!("{reports}"); }
                for line in reports.lines().filter(|l| l.starts_with('E')) {
                    *codes.entry(line.to_owned()).or_default() += 1;
                }
            }
            Ok(trial) => {
                trial.count(&mut counts);
                for k in 0..4 {
                    let seed = number * 1000 + k;
                    let v = trial.run(seed);
                    n += 1;
                    ways += v.judgement.ways;
                    if v.judgement.allowed.is_none() { undecided += 1; }
                    if let Some(c) = class(&v) { bad += 1; classes.entry(c).or_default().push(seed); }
                }
            }
        }
    }
    println!("refused {refused} of {programs}; runs {n}, bad {bad} undecided {undecided} ways {ways}");
    println!("{classes:#?}");
    println!("{counts:?}");
    let mut c: Vec<_> = codes.into_iter().collect();
    c.sort_by_key(|x| std::cmp::Reverse(x.1));
    for (code, count) in c.iter().take(15) { println!("{count} {code}"); }
}

#[test]
fn one() {
    let Some(seed) = std::env::var("WFL_SEED").ok().and_then(|s| s.parse::<u64>().ok()) else { return };
    let trial = Trial::new(seed / 1000).unwrap();
    let v = trial.run(seed);
    let wanted = class(&v);
    println!("{wanted:?} {:?}", v.violations);
    let mut program = trial.program.clone();
    let mut last = seed;
    if wanted.is_some() && std::env::var_os("WHOLE").is_none() {
        program = shrink(&program, &mut |candidate| {
            let Ok(trial) = Trial::of(candidate.clone()) else { return false };
            let more = (0..12).map(|k| seed / 1000 * 1000 + k);
            for s in std::iter::once(last).chain(more) {
                if class(&trial.run(s)) == wanted { last = s; return true; }
            }
            false
        });
    }
    let trial = Trial::of(program).unwrap();
    println!("{}", trial.program.text());
    let v = trial.run(last);
    println!("{}\n{:#?} {:?}", v.story, v.judgement, v.violations);
}

#[test]
fn file() {
    let Ok(path) = std::env::var("WFL_FILE") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let trial = Trial::of(wfl_oracle::program::Program { declarations: text, workflows: Vec::new() }).unwrap();
    let (mut bad, mut first) = (0, None);
    for seed in 0..400 {
        let v = trial.run(seed);
        if class(&v).is_some() { bad += 1; first.get_or_insert((seed, v)); }
    }
    println!("{bad} of 400");
    if let Some((seed, v)) = first { println!("seed {seed}\n{}\n{:#?} {:?}", v.story, v.judgement, v.violations); }
}
