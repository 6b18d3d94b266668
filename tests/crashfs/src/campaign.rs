//! Cases: a seed, what goes wrong, and the processes that follow each other on one disk. A case repeats itself.

use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use wfl_sim::Random;

use crate::disk::Disk;
use crate::fault::{Counts, Fault, Lies};
use crate::ledger::Ledger;
use crate::process::{self, Disks, End};
use crate::script::{Step, script};

/// Far longer than any case takes: one that takes longer hangs.
const HANGS: Duration = Duration::from_secs(60);
/// Disks fail in at most so many threads at once.
const THREADS: usize = 2;

/// A case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// What is done, and what a power cut leaves.
    pub seed: u64,
    /// How many steps the first process takes.
    pub steps: usize,
    /// What goes wrong in the first process; none for a run without faults.
    pub fault: Option<Fault>,
    /// How the disk lies, always.
    pub lies: Lies,
}

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
    /// True when the first process said that it takes nothing more.
    pub has_failed: bool,
    /// The promise that was broken.
    pub result: Result<(), String>,
}

/// All outcomes together.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many cases were run.
    pub cases: usize,
    /// What all disks counted.
    pub counts: Counts,
    /// How many records were acknowledged.
    pub acknowledged: usize,
    /// In how many cases the first process said that it takes nothing more.
    pub has_failed: usize,
    /// The first cases that broke a promise, with what they broke.
    pub broken: Vec<(Case, String)>,
}

impl Case {
    /// The name of the case, which repeats it: see [`Case::parse`].
    pub fn name(&self) -> String {
        let fault = match self.fault {
            None => "none".to_owned(),
            Some(Fault::PowerCut { at }) => format!("cut:{at}"),
            Some(Fault::Kill { at }) => format!("kill:{at}"),
            Some(Fault::Full { at }) => format!("full:{at}"),
            Some(Fault::Error { kind, at, is_lasting }) => {
                format!("{}:{}:{at}", if is_lasting { "hard" } else { "soft" }, kind.place())
            }
        };
        format!("{}/{}/{fault}", self.seed, self.steps)
    }

    /// The case of a name, on a disk that does not lie.
    pub fn parse(name: &str) -> Option<Case> {
        let [seed, steps, fault] = name.split('/').collect::<Vec<_>>()[..] else { return None };
        let number = |text: &str| text.parse::<u64>().ok();
        let error = |kind: &str, at: &str, is_lasting| {
            let kind = *crate::fault::KINDS.get(number(kind)? as usize)?;
            Some(Some(Fault::Error { kind, at: number(at)?, is_lasting }))
        };
        let fault = match fault.split(':').collect::<Vec<_>>()[..] {
            ["none"] => None,
            ["cut", at] => Some(Fault::PowerCut { at: number(at)? }),
            ["kill", at] => Some(Fault::Kill { at: number(at)? }),
            ["full", at] => Some(Fault::Full { at: number(at)? }),
            ["soft", kind, at] => error(kind, at, false)?,
            ["hard", kind, at] => error(kind, at, true)?,
            _ => return None,
        };
        Some(Case { seed: number(seed)?, steps: steps.parse().ok()?, fault, lies: Lies::default() })
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Runs a case on a disk in a folder.
pub fn run(folder: &Path, case: Case) -> Outcome {
    let disk = Disk::new(folder, case.seed);
    disk.lie(case.lies);
    let mut story = Story { case, ledger: Ledger::default(), first: Counts::default(), has_failed: false };
    let result = in_real_time(story.tell(&disk));
    let (counts, acknowledged) = (disk.counts(), story.ledger.acknowledged());
    Outcome { case, counts, first: story.first, acknowledged, has_failed: story.has_failed, result }
}

/// Runs cases, several at once.
pub fn run_all(cases: &[Case]) -> Summary {
    let (next, summary) = (AtomicUsize::new(0), Mutex::new(Summary::default()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let Ok(folder) = tempfile::tempdir() else { return };
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = run(folder.path(), *case);
                    if let Ok(mut summary) = summary.lock() {
                        summary.add(outcome);
                    }
                }
            });
        }
    });
    summary.into_inner().unwrap_or_default()
}

impl Summary {
    fn add(&mut self, outcome: Outcome) {
        self.cases += 1;
        self.counts.add(&outcome.counts);
        self.acknowledged += outcome.acknowledged;
        self.has_failed += usize::from(outcome.has_failed);
        if let Err(what) = outcome.result {
            self.broken.push((outcome.case, what));
        }
    }
}

/// Time stands still but for the idle ticks of the scripts: else a wait for the threads of the database would count as
/// time without work. A case that hangs in earnest is an error.
fn in_real_time(case: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let (ended, end) = channel::<()>();
    let result = runtime.block_on(async {
        // As long as this waits, the clock does not run ahead by itself.
        let hangs = tokio::task::spawn_blocking(move || end.recv_timeout(HANGS) == Err(RecvTimeoutError::Timeout));
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
    has_failed: bool,
}

impl Story {
    async fn tell(&mut self, disk: &Disk) -> Result<(), String> {
        let Case { seed, steps, fault, .. } = self.case;
        let mut random = Random::new(seed ^ fault_number(fault));
        let disks = if fault.is_some() { Disks::Failing } else { Disks::Sound };
        if let Some(fault) = fault {
            disk.arm(fault);
        }
        let end = self.process(disk, &script(seed, steps), disks, "the first process").await?;
        (self.first, self.has_failed) = (disk.counts(), end == End::Failed);
        disk.mend();
        match fault {
            None | Some(Fault::PowerCut { .. }) => {
                disk.cut_power();
                disk.start();
                // The power may go again while the journal recovers, and soon after.
                disk.arm(Fault::PowerCut { at: 1 + random.below(40) });
            }
            Some(Fault::Kill { .. }) => {
                // What this one reads it may act on: it must be there after a power cut.
                disk.start();
                self.process(disk, &[Step::PowerCut], Disks::Sound, "after the kill").await?;
                disk.start();
            }
            Some(Fault::Full { .. } | Fault::Error { .. }) => {
                if random.below(2) == 0 {
                    disk.cut_power();
                }
                disk.start();
            }
        }
        let mut more = script(seed ^ 1, 4);
        more.push(Step::PowerCut);
        self.process(disk, &more, Disks::Sound, "the second process").await?;
        disk.mend();
        disk.start();
        self.process(disk, &script(seed ^ 2, 2), Disks::Sound, "the third process").await?;
        Ok(())
    }

    async fn process(
        &mut self,
        disk: &Disk,
        script: &[Step],
        disks: Disks,
        who: &str,
    ) -> Result<End, String> {
        let end = process::run(disk, &mut self.ledger, script, disks).await;
        end.map_err(|what| format!("{who}: {what}"))
    }
}

/// So that cases of one seed differ also in what comes after.
fn fault_number(fault: Option<Fault>) -> u64 {
    match fault {
        None => 0,
        Some(Fault::PowerCut { at }) => at << 3 | 1,
        Some(Fault::Kill { at }) => at << 3 | 2,
        Some(Fault::Full { at }) => at << 3 | 3,
        Some(Fault::Error { kind, at, is_lasting }) => {
            at << 8 | (kind.place() as u64) << 4 | u64::from(is_lasting) << 3 | 4
        }
    }
}
