//! Random programs in worlds that fail: what they come to must be something that the reference interpreter allows.

use std::collections::BTreeMap;

use wfl_oracle::{Counts, Trial};

#[test]
fn first() {
    let (mut refused, mut n, mut ways, mut undecided) = (0, 0u64, 0usize, 0);
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    let programs: u64 = std::env::var("P").ok().and_then(|x| x.parse().ok()).unwrap_or(50);
    let mut counts = Counts::new();
    let mut bad = 0;
    for number in 1..=programs {
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
                    if v.judgement.allowed == Some(false) || !v.violations.is_empty() { bad += 1; println!("SEED {seed} {:?} {:?}", v.judgement.why.last(), v.violations); }
                }
            }
        }
    }
    println!("refused {refused} of {programs}; runs {n}, bad {bad} undecided {undecided} ways {ways}");
    println!("{counts:?}");
    let mut c: Vec<_> = codes.into_iter().collect();
    c.sort_by_key(|x| std::cmp::Reverse(x.1));
    for (code, count) in c.iter().take(15) { println!("{count} {code}"); }
}

#[test]
fn one() {
    let Some(seed) = std::env::var("WFL_SEED").ok().and_then(|s| s.parse::<u64>().ok()) else { return };
    let trial = Trial::new(seed / 1000).unwrap();
    println!("{}", trial.program.text());
    let v = trial.run(seed);
    println!("{}\n{:#?} {:?}", v.story, v.judgement, v.violations);
}
