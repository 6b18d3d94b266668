//! Makes edits of good programs and counts what is kept.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wfl_source::FileId;

use crate::edit::{Edit, Kind, edits};
use crate::names::{Named, lost, names};
use crate::program::Program;
use crate::property;

/// One edit, and what became of the program.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Number of the program.
    pub program: usize,
    /// The edit.
    pub edit: Edit,
    /// How many names there were.
    pub names: usize,
    /// How many of them are gone.
    pub lost: usize,
    /// How many mistakes were reported.
    pub reports: usize,
    /// How long the checks took.
    pub time: Duration,
    /// The property that does not hold.
    pub broken: Option<String>,
}

/// What all edits of one kind did.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// How many there were.
    pub edits: usize,
    /// Names before all of them.
    pub names: usize,
    /// Names that were lost.
    pub lost: usize,
    /// Edits that lost one name at most.
    pub at_most_one: usize,
    /// Edits that were reported more than three times.
    pub loud: usize,
}

impl Row {
    /// The share of names that were kept, in percent.
    pub fn kept(&self) -> f64 {
        share(self.names - self.lost, self.names)
    }

    /// Adds what another row counted.
    pub fn add(&mut self, other: &Row) {
        self.edits += other.edits;
        self.names += other.names;
        self.lost += other.lost;
        self.at_most_one += other.at_most_one;
        self.loud += other.loud;
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, loud) = (share(self.at_most_one, self.edits), share(self.loud, self.edits));
        write!(f, "| {:6} | {:6.2} | {one:6.1} | {loud:5.1} |", self.edits, self.kept())
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// Makes every `every`-th edit of the programs, on all cores, and gives the outcomes in order.
pub fn run(programs: &[Program], every: usize) -> Vec<Outcome> {
    let named: Vec<Vec<Named>> =
        programs.iter().map(|program| names(&wfl_syntax::parse(FileId(0), &program.text).file)).collect();
    let all = programs
        .iter()
        .enumerate()
        .flat_map(|(at, program)| edits(program).into_iter().map(move |edit| (at, edit)));
    let mut all: Vec<(usize, Edit)> = all.collect();
    // Kind by kind, so that each has its share of a sample.
    all.sort_by_key(|(_, edit)| edit.kind);
    let all: Vec<(usize, Edit)> = all.into_iter().step_by(every).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut outcomes = Vec::new();
        while let Some((program, edit)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            outcomes.push(outcome(*program, edit, &programs[*program].text, &named[*program]));
        }
        outcomes
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let mut outcomes = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let outcomes = workers.into_iter().map(|worker| worker.join());
        outcomes
            .flat_map(|outcomes| outcomes.unwrap_or_else(|_| unreachable!("the parser panicked")))
            .collect::<Vec<_>>()
    });
    outcomes.sort_by_key(|it| (it.program, it.edit.kind, it.edit.start));
    outcomes
}

fn outcome(program: usize, edit: &Edit, text: &str, named: &[Named]) -> Outcome {
    let edited = edit.apply(text);
    let begun = Instant::now();
    let parsed = property::parse(&edited);
    let time = begun.elapsed();
    // What the cut took away was not lost by the parser.
    let remains = |name: &&Named| edit.kind != Kind::Truncate || name.end as usize <= edit.start;
    let before: Vec<&Named> = named.iter().filter(remains).collect();
    let mut outcome =
        Outcome { program, edit: edit.clone(), names: before.len(), lost: 0, reports: 0, time, broken: None };
    match parsed {
        Ok(parsed) => {
            outcome.lost = lost(before, &names(&parsed.file));
            outcome.reports = parsed.diagnostics.len();
        }
        Err(what) => outcome.broken = Some(what),
    }
    outcome
}

/// The table of outcomes by kind.
pub fn table(outcomes: &[Outcome]) -> BTreeMap<Kind, Row> {
    let mut table: BTreeMap<Kind, Row> = BTreeMap::new();
    for outcome in outcomes {
        table.entry(outcome.edit.kind).or_default().add(&Row {
            edits: 1,
            names: outcome.names,
            lost: outcome.lost,
            at_most_one: usize::from(outcome.lost <= 1),
            loud: usize::from(outcome.reports > 3),
        });
    }
    table
}

/// The table as lines of text, with a last line for everything.
pub fn shown(table: &BTreeMap<Kind, Row>) -> String {
    let line = |name: String, row: &Row| format!("| {name:32} {row}\n");
    let mut total = Row::default();
    let mut out =
        "| edit                             |  edits | kept % | lost ≤ 1 % | > 3 reports % |\n".to_owned();
    for (kind, row) in table {
        out += &line(kind.to_string(), row);
        total.add(row);
    }
    out + &line("all".to_owned(), &total)
}
