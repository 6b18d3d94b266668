//! How fast a project is checked: generated projects of 1,000, 10,000 and 100,000 lines, and one file of 10,000 lines
//! after a change of one of its items.
//!
//! `cargo run --release -p wfl-compiler --example check_bench` prints the figures;
//! `… -- FOLDER 100000` writes such a project, for `wflc check`.
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use wfl_compiler::{Effort, Memory, Settings, Workspace, compile};

/// Modules of about 250 lines, each of which uses the one before it.
fn project(lines: usize) -> (Vec<(String, String)>, usize) {
    let (mut files, mut total, mut number) = (Vec::new(), 0, 0);
    while total < lines {
        let text = module(number);
        total += text.lines().count();
        files.push((format!("m{number}.wfl"), text));
        number += 1;
    }
    (files, total)
}

/// One module of so many lines.
fn file(lines: usize) -> String {
    let mut out = "module m0\n\nimport std.money (percent)\nimport std.retry (forever)\n".to_owned();
    let mut unit = 0;
    while out.lines().count() < lines {
        (0..10).for_each(|at| out.push_str(&unit_text(0, unit + at)));
        unit += 10;
    }
    out
}

fn module(number: usize) -> String {
    let mut out = format!(
        "//! Module {number}.\nmodule m{number}\n\nimport std.money (percent)\nimport std.retry (forever)\n"
    );
    if number > 0 {
        let _ = writeln!(out, "import m{} (Account{}x0)", number - 1, number - 1);
    }
    for unit in 0..5 {
        out.push_str(&unit_text(number, unit));
    }
    if number > 0 {
        let _ = writeln!(out, "record Link{number} {{ account: Account{}x0 }}", number - 1);
    }
    out
}

fn unit_text(number: usize, unit: usize) -> String {
    let id = format!("{number}x{unit}");
    TEMPLATE.replace("ID", &id)
}

const TEMPLATE: &str = r#"
/// An account of the books.
type AccountID = String where matches(value, r"^acc_[0-9a-z]{20}$")

record RequestID {
  id: Uuid
  account: AccountID
  amount: Money<EUR> where value.amount > 0
  memo: String? where length(value) <= 140
}

record HoldID { id: String, until: Timestamp }

enum ReasonID { Frozen  Limits(code: String)  Other }

enum OutcomeID {
  Done(reference: String)
  Refused(reason: ReasonID)
}

error NoFundsID(available: Money)
error FrozenID

service LedgerID {
  operation look(account: AccountID) -> HoldID {
    effect read
    timeout 3s
  }

  operation reserve(account: AccountID, amount: Money) -> HoldID {
    effect compensable by release(hold: result.id)
    idempotent by workflow.key
    raises NoFundsID, FrozenID
    timeout 3s
  }

  operation release(hold: String) -> Unit {
    effect write
    idempotent by hold
  }

  operation settle(hold: String, note: String) -> Unit {
    effect write
    idempotent by hold
  }
}

fn feeID(amount: Money<EUR>) -> Money<EUR> = percent(amount, 0.2).at_least(EUR(0.50))

workflow MoveID(req: RequestID) -> OutcomeID
  version 1
  key req.id
  deadline 1h
{
  let seen = parallel join all {
    branch first {
      step a = LedgerID.look(account: req.account)
      yield a.until
    }
    branch second {
      step b = LedgerID.look(account: req.account)
      yield b.id
    }
  }
  let done = saga money {
    step hold = LedgerID.reserve(account: req.account, amount: req.amount + feeID(req.amount)) {
      on NoFundsID as e -> return Refused(reason: Limits(code: "{e.available}"))
      on FrozenID -> return Refused(reason: Frozen)
    }
    if req.amount > EUR(1000) && seen.second != "" {
      step _ = LedgerID.settle(hold: hold.id, note: req.memo ?? "none") { retry forever(every: 30s) }
    }
    yield (reference: hold.id, at: seen.first)
  }
  wait until done.at + 24h
  return Done(reference: done.reference)
}
"#;

/// Writes a project to a folder.
fn write(folder: &Path, lines: usize) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let (files, lines) = project(lines);
    for (name, text) in &files {
        std::fs::write(folder.join(name), text)?;
    }
    std::fs::write(folder.join("wfl.toml"), "[project]\nname = \"generated\"\n")?;
    println!("{lines} lines in {} modules", files.len());
    Ok(())
}

/// Changes that are measured: what they are, what is replaced wherever it stands, and by what.
const CHANGES: [(&str, &str, &str); 5] = [
    ("a letter in the body of a workflow", "yield a.until", "yield a.untilx"),
    (
        "a step more in a workflow",
        "  return Done",
        "  step more = LedgerID.look(account: req.account)\n  return Done",
    ),
    ("a field of a record", "  memo: String?", "  memoir: Int\n  memo: String?"),
    ("the rule of a type", "{20}$", "{21}$"),
    ("the text of a function", "0.2)", "0.3)"),
];

/// After each change one chunk is parsed, and what it touches is checked; the change is then taken back, which counts
/// as well.
fn edits(lines: usize) {
    let text = file(lines);
    let world = Memory::new([("m0.wfl", text.clone())]);
    let started = Instant::now();
    let mut workspace = Workspace::open(&world, &Settings::default());
    assert_eq!(workspace.check(), []);
    println!(
        "\none file of {} lines, opened and checked in {:.1} ms",
        text.lines().count(),
        ms(started.elapsed())
    );
    println!("median ms\t99 %\tmost\titems\tbodies\tchange");
    for (what, old, new) in CHANGES {
        let old = old.replace("ID", "0x");
        let (mut times, mut effort) = (Vec::new(), Effort::default());
        let places = text.match_indices(old.split("0x").next().unwrap_or_default());
        for (at, _) in places.collect::<Vec<_>>().into_iter().step_by(2) {
            let length = text[at..].find(old.split("0x").next().unwrap_or_default()).map_or(0, |_| old.len());
            let number = text[..at].rfind("workflow Move").map(|at| &text[at + 13..]).unwrap_or_default();
            let number = &number[..number.find('(').unwrap_or_default()];
            let changed = [&text[..at], &new.replace("ID", number), &text[at + length..]].concat();
            for text in [&changed, &text] {
                let started = Instant::now();
                workspace.set_text("m0.wfl", text);
                let reports = workspace.check();
                times.push(started.elapsed());
                std::hint::black_box(reports);
                let now = workspace.effort();
                effort = if now.bodies > effort.bodies { now } else { effort };
            }
        }
        times.sort_unstable();
        let at = |share: f64| ms(times[((times.len() - 1) as f64 * share) as usize]);
        println!(
            "{:.2}\t{:.2}\t{:.2}\t{}\t{}\t{what}",
            at(0.5),
            at(0.99),
            at(1.0),
            effort.items,
            effort.bodies
        );
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn main() -> std::io::Result<()> {
    let arguments = std::env::args().collect::<Vec<_>>();
    if let [_, folder, lines] = arguments.as_slice() {
        let lines = lines.parse().map_err(std::io::Error::other)?;
        return write(Path::new(folder), lines);
    }
    println!("lines\tmodules\tms\tlines/s");
    for wanted in [1_000, 10_000, 100_000] {
        let (files, lines) = project(wanted);
        let modules = files.len();
        let world = Memory::new(files);
        let rounds = if wanted < 100_000 { 10 } else { 5 };
        let mut best = Duration::MAX;
        for _ in 0..rounds {
            let started = Instant::now();
            let compilation = compile(&world);
            best = best.min(started.elapsed());
            let first = compilation.diagnostics.first();
            assert!(!compilation.has_errors(), "{first:?}");
        }
        let per_second = lines as f64 / best.as_secs_f64();
        println!("{lines}\t{modules}\t{:.1}\t{per_second:.0}", ms(best));
    }
    edits(10_000);
    Ok(())
}
