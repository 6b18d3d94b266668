//! Cases: a seed, what goes wrong, and the processes that follow each other on one disk; many of them in a campaign.

use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use wfl_sim::Random;

use crate::case::{Case, Plan};
use crate::disk::Disk;
use crate::fault::{Counts, Fault, KINDS};
use crate::ledger::Ledger;
use crate::process::{self, Disks, End};
use crate::script::{Step, script};

/// Far longer than any case takes: one that takes longer hangs.
const HANGS: Duration = Duration::from_secs(60);
/// Disks fail in so many threads at once.
const THREADS: usize = 4;

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The case.
    pub case: Case,
    /// What the disk counted.
    pub counts: Counts,
    /// Of these, what it counted while the first process ran.
    pub first: Counts,
    /// How many records were acknowledged.
    pub acknowledged: usize,
    /// How many processes said that they take nothing more.
    pub failed: usize,
    /// The promise that was broken.
    pub result: Result<(), String>,
}

/// All outcomes of a campaign together.
#[derive(Debug, Default)]
pub struct Summary {
    /// The file and the name of the test.
    pub test: (&'static str, &'static str),
    /// How many cases were run.
    pub cases: usize,
    /// What all disks counted.
    pub counts: Counts,
    /// How many records were acknowledged.
    pub acknowledged: usize,
    /// How many processes said that they take nothing more.
    pub failed: usize,
    /// How long it took.
    pub time: Duration,
    /// The cases that broke a promise, with what they broke.
    pub broken: Vec<(Case, String)>,
}

/// Runs a case on a disk in a folder.
pub fn run(folder: &Path, case: Case) -> Outcome {
    let disk = Disk::new(folder, case.seed);
    disk.lie(case.lies);
    let mut story = Story { case, ledger: Ledger::default(), first: Counts::default(), failed: 0 };
    let result = alone(story.tell(&disk));
    let (counts, acknowledged) = (disk.counts(), story.ledger.acknowledged());
    Outcome { case, counts, first: story.first, acknowledged, failed: story.failed, result }
}

/// Runs the cases of a test, several at once; only the one that `WFL_CASE` names, if it is set. The test is named as
/// cargo takes it: the file and the function.
pub fn run_all(test: (&'static str, &'static str), cases: &[Case]) -> Summary {
    let named = std::env::var("WFL_CASE").ok().and_then(|name| Case::parse(&name));
    let cases = named.as_ref().map_or(cases, std::slice::from_ref);
    let (begun, next, summary) = (Instant::now(), AtomicUsize::new(0), Mutex::new(Summary::default()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let folder = tempfile::tempdir().unwrap_or_else(|e| unreachable!("there is a folder: {e}"));
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run(folder.path(), *case);
                    if let Ok(mut summary) = summary.lock() {
                        summary.add(outcome);
                    }
                }
            });
        }
    });
    let mut summary = summary.into_inner().unwrap_or_default();
    (summary.test, summary.time) = (test, begun.elapsed());
    summary
}

impl Summary {
    fn add(&mut self, outcome: Outcome) {
        self.cases += 1;
        self.counts.add(&outcome.counts);
        self.acknowledged += outcome.acknowledged;
        self.failed += outcome.failed;
        if let Err(what) = outcome.result {
            self.broken.push((outcome.case, what));
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cases, seconds) = (self.cases, self.time.as_secs_f64());
        write!(f, "{cases} cases in {seconds:.1} s: {} records acknowledged, ", self.acknowledged)?;
        write!(f, "{} processes told that they take no more; {}", self.failed, self.counts)?;
        for (case, what) in self.broken.iter().take(10) {
            let (file, name) = self.test;
            let command = format!("WFL_CASE={case} cargo test -p wfl-crashfs --test {file} {name}");
            write!(f, "\nbroken: {what}\n  repeat it with: {command}")?;
        }
        Ok(())
    }
}

/// Time stands still but for the idle ticks of the scripts: else a wait for the threads of the database would count as
/// time without work. A case that hangs in earnest is an error.
fn alone(case: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let (ended, end) = channel::<()>();
    let result = runtime.block_on(async {
        // As long as this waits, the clock does not run ahead by itself.
        let hangs =
            tokio::task::spawn_blocking(move || end.recv_timeout(HANGS) == Err(RecvTimeoutError::Timeout));
        tokio::select! {
            result = case => result,
            _ = hangs => Err(format!("it hangs: no end within {} s", HANGS.as_secs())),
        }
    });
    drop(ended);
    runtime.shutdown_timeout(HANGS);
    result
}

/// The processes of a case.
struct Story {
    case: Case,
    ledger: Ledger,
    first: Counts,
    failed: usize,
}

impl Story {
    async fn tell(&mut self, disk: &Disk) -> Result<(), String> {
        let mut random = Random::new(self.case.seed ^ self.case.plan.number());
        match self.case.plan {
            Plan::Sound => self.single(disk, &mut random, None).await,
            Plan::Single(fault) => self.single(disk, &mut random, Some(fault)).await,
            Plan::Chain => self.chain(disk, &mut random).await,
        }
    }

    /// One fault, then processes that find what it left.
    async fn single(&mut self, disk: &Disk, random: &mut Random, fault: Option<Fault>) -> Result<(), String> {
        let Case { seed, steps, .. } = self.case;
        self.process(disk, &script(seed, steps), fault, "the first process").await?;
        self.first = disk.counts();
        match fault {
            None | Some(Fault::PowerCut { .. }) => disk.cut_power(),
            Some(Fault::Kill { .. }) => {
                // What this one reads it may act on: it must be there after a power cut.
                disk.start();
                if random.below(2) == 0 {
                    disk.arm(Fault::PowerCut { at: 1 + random.below(6) });
                }
                self.process(disk, &[Step::PowerCut], None, "the process after the kill").await?;
            }
            Some(Fault::Full { .. } | Fault::Error { .. }) if random.below(2) == 0 => disk.cut_power(),
            Some(Fault::Full { .. } | Fault::Error { .. }) => {}
        }
        disk.start();
        if matches!(fault, Some(Fault::PowerCut { .. })) || random.below(2) == 0 {
            // The power may go (again) while the journal recovers, or soon after.
            disk.arm(Fault::PowerCut { at: 1 + random.below(40) });
        }
        let mut more = script(seed ^ 1, 4);
        more.push(Step::PowerCut);
        self.process(disk, &more, None, "the second process").await?;
        disk.start();
        self.process(disk, &script(seed ^ 2, 2), None, "the third process").await
    }

    /// One fault after the other, and after some of them a process that looks.
    async fn chain(&mut self, disk: &Disk, random: &mut Random) -> Result<(), String> {
        for number in 0..6 {
            let fault = (number % 2 == 0 || random.below(2) == 0).then(|| draw(random));
            let mut steps = script(random.number(), self.case.steps);
            if random.below(3) == 0 {
                steps.push(Step::PowerCut);
            }
            self.process(disk, &steps, fault, &format!("process {number}")).await?;
            if random.below(3) == 0 {
                disk.cut_power();
            }
            disk.start();
        }
        self.process(disk, &[Step::PowerCut], None, "the last but one").await?;
        disk.start();
        self.process(disk, &[], None, "the last process").await
    }

    /// A process with something armed, or with none but what is armed already.
    async fn process(
        &mut self,
        disk: &Disk,
        script: &[Step],
        fault: Option<Fault>,
        who: &str,
    ) -> Result<(), String> {
        if let Some(fault) = fault {
            disk.arm(fault);
        }
        let disks = if fault.is_some() { Disks::Failing } else { Disks::Sound };
        let end = process::run(disk, &mut self.ledger, script, disks).await;
        disk.mend();
        self.failed += usize::from(end.map_err(|what| format!("{who}: {what}"))? == End::Failed);
        Ok(())
    }
}

/// Any fault.
fn draw(random: &mut Random) -> Fault {
    let at = 1 + random.below(120);
    match random.below(6) {
        0 | 1 => Fault::PowerCut { at },
        2 => Fault::Kill { at },
        3 => Fault::Full { at },
        _ => {
            let kind = KINDS[random.below(KINDS.len() as u64) as usize];
            // The rarer ones have smaller numbers.
            Fault::Error { kind, at: 1 + at / 8, is_lasting: random.below(2) == 0 }
        }
    }
}
