//! Many cases by chance: the fuzz targets without a fuzzer. Every case has a seed of its own, which repeats it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::generate::Generator;
use crate::mutate::Mutator;
use crate::program::{examples, library};
use crate::property::{self, ALONE, Case};
use crate::random::Random;

/// The stack of the threads, as that of a thread of a server.
const STACK: usize = 2 << 20;
/// How many failures are kept.
const KEPT: usize = 20;

/// What is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// [`property::parse`].
    Parse,
    /// [`property::check`].
    Check,
    /// [`property::format`].
    Format,
}

impl Target {
    /// The target with this name.
    pub fn named(name: &str) -> Option<Target> {
        match name {
            "parse" => Some(Target::Parse),
            "check" => Some(Target::Check),
            "format" => Some(Target::Format),
            _ => None,
        }
    }

    /// Checks one case.
    pub fn holds(self, case: &Case) -> Result<(), String> {
        match self {
            Target::Parse => property::parse(&case.text).map(|_| ()),
            Target::Check => property::check(case),
            Target::Format => property::format(&case.text),
        }
    }
}

/// Makes cases.
#[derive(Clone, Debug)]
pub struct Cases {
    mutator: Mutator,
    generator: Generator,
}

impl Cases {
    /// For one target: the compiler is given whole files, which have something to be understood.
    pub fn new(target: Target) -> Cases {
        let mut programs = examples();
        if target != Target::Check {
            programs.extend(library());
        }
        Cases { mutator: Mutator::new(programs), generator: Generator::new() }
    }

    /// The case of a seed.
    pub fn case(&self, target: Target, seed: u64) -> Case {
        let mut random = Random::new(seed);
        let alone = |text| Case { path: ALONE.to_owned(), text };
        match random.below(8) {
            0 => alone(self.generator.text(&mut random)),
            1 => self.mutator.file(&mut random),
            _ if target == Target::Check => self.mutator.file(&mut random),
            _ => alone(self.mutator.excerpt(&mut random)),
        }
    }
}

/// A case that fails.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What does not hold.
    pub what: String,
}

/// What a campaign found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many cases were tried.
    pub cases: u64,
    /// How many bytes they had.
    pub bytes: u64,
    /// How long it took.
    pub time: Duration,
    /// How many failed.
    pub failed: u64,
    /// The first failures.
    pub failures: Vec<Failure>,
    /// Seeds and times of the slowest cases, and their bytes.
    pub slowest: Vec<(u64, Duration, usize)>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time.as_secs_f64();
        let rate = self.cases as f64 / seconds.max(0.001);
        writeln!(f, "{} cases, {} bytes, in {seconds:.1} s: {rate:.0} a second", self.cases, self.bytes)?;
        for (seed, time, bytes) in &self.slowest {
            writeln!(f, "slow: {:.1} ms for {bytes} bytes, seed {seed}", time.as_secs_f64() * 1_000.0)?;
        }
        for failure in &self.failures {
            writeln!(f, "fails: seed {}: {}", failure.seed, failure.what)?;
        }
        write!(f, "{} failures", self.failed)
    }
}

impl Outcome {
    fn add(&mut self, seed: u64, bytes: usize, time: Duration, result: Result<(), String>) {
        self.cases += 1;
        self.bytes += bytes as u64;
        self.slowest.push((seed, time, bytes));
        self.slowest.sort_by_key(|(_, time, _)| std::cmp::Reverse(*time));
        self.slowest.truncate(3);
        if let Err(what) = result {
            self.failed += 1;
            if self.failures.len() < KEPT {
                self.failures.push(Failure { seed, what });
            }
        }
    }

    fn merge(&mut self, other: Outcome) {
        self.cases += other.cases;
        self.bytes += other.bytes;
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.slowest.extend(other.slowest);
        self.slowest.sort_by_key(|(_, time, _)| std::cmp::Reverse(*time));
        self.slowest.truncate(3);
    }
}

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// The most cases.
    pub cases: u64,
    /// The most time.
    pub time: Duration,
    /// The most threads.
    pub threads: usize,
}

/// The seed of the case with this number.
pub fn seed_of(seed: u64, number: u64) -> u64 {
    Random::new(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).next()
}

/// Checks one case; a panic is a failure.
pub fn attempt(target: Target, case: &Case) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| target.holds(case))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        Err(format!("a panic: {text}"))
    })
}

/// A smaller text that still fails: parts are left out as long as that is so.
pub fn shrink(target: Target, case: &Case) -> Case {
    let mut small = case.clone();
    let mut size = small.text.len() / 2;
    while size > 0 {
        let mut at = 0;
        let mut shorter = false;
        while at < small.text.len() {
            let end = (at + size).min(small.text.len());
            let cut = (small.text.is_char_boundary(at) && small.text.is_char_boundary(end)).then(|| Case {
                path: small.path.clone(),
                text: [&small.text[..at], &small.text[end..]].concat(),
            });
            match cut.filter(|cut| attempt(target, cut).is_err()) {
                Some(cut) => (small, shorter) = (cut, true),
                None => at += size,
            }
        }
        if !shorter {
            size /= 2;
        }
    }
    small
}

/// Tries cases until there were enough.
pub fn run(target: Target, seed: u64, amount: Amount) -> Outcome {
    let cases = Cases::new(target);
    let begun = Instant::now();
    let next = AtomicU64::new(0);
    let total = Mutex::new(Outcome::default());
    let work = || {
        let mut outcome = Outcome::default();
        while begun.elapsed() < amount.time {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= amount.cases {
                break;
            }
            let seed = seed_of(seed, number);
            let case = cases.case(target, seed);
            let started = Instant::now();
            let result = attempt(target, &case);
            outcome.add(seed, case.text.len(), started.elapsed(), result);
        }
        if let Ok(mut total) = total.lock() {
            total.merge(outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..amount.threads {
            let spawned = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            spawned.unwrap_or_else(|e| unreachable!("a thread begins: {e}"));
        }
    });
    let mut outcome = total.into_inner().unwrap_or_default();
    outcome.time = begun.elapsed();
    outcome
}
