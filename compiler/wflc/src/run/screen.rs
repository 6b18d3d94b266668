//! What is seen while a workflow runs: a live list on a terminal, one line per event in a pipe, or JSON lines.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value as Json, json};
use wfl_ir::{NodeKind, Plan, RegionKind};
use wfl_machine::Fact;

use crate::colour;
use crate::exit::Status;
use crate::run::story::{self, End, Line, Tone};
use crate::say::say;

/// How to show what happens.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}

/// Where the story is shown.
pub(crate) struct Screen {
    output: Output,
    colour: bool,
    /// On a terminal: the line at the bottom that tells what is under way.
    busy: Option<ProgressBar>,
    width: usize,
}

impl Screen {
    pub(crate) fn new(output: Output) -> Screen {
        let stdout = std::io::stdout();
        let live = output == Output::Text && stdout.is_terminal();
        let busy = live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
            let style = ProgressStyle::with_template("  {spinner} {msg}");
            bar.set_style(
                style.unwrap_or_else(|_| ProgressStyle::default_spinner()).tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "),
            );
            bar.enable_steady_tick(Duration::from_millis(80));
            bar
        });
        Screen { output, colour: colour::wanted(&stdout), busy, width: 12 }
    }

    /// Columns are as wide as the longest step of the plan.
    pub(crate) fn fit(&mut self, plan: &Plan) {
        let name = |id: &str| id.split_once('/').map_or(id.len(), |(_, rest)| rest.len());
        let told = |node: &&wfl_ir::Node| {
            matches!(
                node.kind,
                NodeKind::Call(_)
                    | NodeKind::SubWorkflow(_)
                    | NodeKind::Fork(_)
                    | NodeKind::Map(_)
                    | NodeKind::Await(_)
                    | NodeKind::Timer { .. }
            )
        };
        // Where an item or a round is told of, its key stands behind the name.
        let key =
            |node: &wfl_ir::Node| match plan.regions.get(node.region as usize).map(|region| &region.kind) {
                Some(RegionKind::Item { .. } | RegionKind::Round { .. }) => 8,
                _ => 0,
            };
        let widths = plan.nodes.iter().filter(told).map(|node| name(&node.id) + key(node));
        self.width = widths.max().unwrap_or_default().clamp(12, 40);
    }

    /// Tells of work outside of the instance: starting a worker.
    pub(crate) fn busy(&self, text: &str) {
        match &self.busy {
            Some(bar) => bar.set_message(text.to_owned()),
            None if self.output == Output::Text => say(format_args!("  {text}")),
            None => {}
        }
    }

    /// Tells of something that is over.
    pub(crate) fn note(&self, text: &str) {
        match self.output {
            Output::Text => self.print(&format!("  {}", self.paint(Tone::Plain, text))),
            Output::Json => say(format_args!("{}", json!({ "type": "note", "text": text }))),
        }
    }

    /// The first line.
    pub(crate) fn head(&self, plan: &Plan, id: &str, hash: &str) {
        match self.output {
            Output::Text => {
                let name = plan.workflow.rsplit('.').next().unwrap_or(&plan.workflow);
                let title = if self.colour { format!("\x1b[1m{name}\x1b[0m") } else { name.to_owned() };
                self.print(&format!("{title} version {} · instance {id} · plan {hash}", plan.version));
            }
            Output::Json => {
                let head = json!({
                    "type": "instance", "id": id, "workflow": plan.workflow, "version": plan.version, "plan": hash,
                });
                say(format_args!("{head}"));
            }
        }
    }

    /// A fact, so many microseconds after the instance's start.
    pub(crate) fn fact(&self, plan: &Plan, fact: &Fact, since_start: i64) {
        let Some(line) = story::tell(plan, fact) else { return };
        match (&self.busy, self.output) {
            (_, Output::Json) => say(format_args!("{}", self.json(&line, fact, since_start))),
            (Some(bar), _) if line.passing => {
                bar.set_message(format!("{} {} {}", line.subject, line.operation, line.text));
            }
            (None, _) if line.passing => {}
            _ => self.print(&self.text(&line, since_start)),
        }
    }

    fn json(&self, line: &Line, fact: &Fact, since_start: i64) -> Json {
        let mut json = json!({
            "type": story::word(fact), "elapsed_ms": since_start / 1_000, "subject": line.subject, "text": line.text,
        });
        if !line.operation.is_empty() {
            json["operation"] = Json::from(line.operation.as_str());
        }
        json
    }

    fn text(&self, line: &Line, since_start: i64) -> String {
        let sign = match line.tone {
            Tone::Good => "✓",
            Tone::Busy => "…",
            Tone::Warn => "!",
            Tone::Bad => "✗",
            Tone::Undo => "↩",
            Tone::Plain => "·",
        };
        let seconds = format!("{}.{:03}s", since_start / 1_000_000, since_start / 1_000 % 1_000);
        let (sign, seconds) = (self.paint(line.tone, sign), self.faint(&format!("{seconds:>9}")));
        let subject = format!("{:<width$}", line.subject, width = self.width);
        let operation = self.faint(&format!("{:<20}", line.operation));
        format!("{seconds}  {sign} {subject}  {operation}  {}", line.text).trim_end().to_owned()
    }

    /// One of many instances was taken: from here on it is not lost.
    pub(crate) fn acknowledged(&self, id: &str, existed: bool) {
        if self.output == Output::Json {
            say(format_args!("{}", json!({ "type": "instance", "id": id, "existed": existed })));
        }
    }

    /// One of many instances has ended, or waits for a person.
    pub(crate) fn one_ended(&self, id: &str, end: &End, (settled, all): (usize, usize)) {
        match self.output {
            Output::Text => {
                let seconds =
                    format!("{}.{:03}s", end.since_start / 1_000_000, end.since_start / 1_000 % 1_000);
                let seconds = self.faint(&format!("{seconds:>9}"));
                let word = self.paint(end.tone, &format!("{:<18}", end.word));
                let result = if end.status == Status::Fine { String::new() } else { end.result.to_string() };
                self.print(format!("{seconds}  {word}  {id}  {result}").trim_end());
                if let Some(bar) = &self.busy {
                    bar.set_message(format!("{settled} of {all}"));
                }
            }
            Output::Json => {
                let end = json!({
                    "type": "end", "id": id, "status": end.word, "result": end.result,
                    "elapsed_ms": end.since_start / 1_000, "undone": end.undone,
                });
                say(format_args!("{end}"));
            }
        }
    }

    /// What became of many instances.
    pub(crate) fn total(&self, by_state: &BTreeMap<&'static str, usize>, took: Duration) {
        let all: usize = by_state.values().sum();
        match self.output {
            Output::Text => {
                self.finish();
                let states: Vec<String> =
                    by_state.iter().map(|(word, count)| format!("{count} {word}")).collect();
                let noun = if all == 1 { "instance" } else { "instances" };
                say(format_args!("{all} {noun} in {:.3}s: {}", took.as_secs_f64(), states.join(", ")));
            }
            Output::Json => {
                let took = took.as_millis() as u64;
                say(format_args!("{}", json!({ "type": "total", "states": by_state, "elapsed_ms": took })));
            }
        }
    }

    /// The last line.
    pub(crate) fn ended(&self, tone: Tone, word: &str, result: &Json, since_start: i64, undone: u32) {
        match self.output {
            Output::Text => {
                self.finish();
                let seconds = format!("{}.{:03}s", since_start / 1_000_000, since_start / 1_000 % 1_000);
                let undone = if undone > 0 { format!(", {undone} undone") } else { String::new() };
                say(format_args!("{} in {seconds}{undone}", self.paint(tone, word)));
                say(format_args!("{}", serde_json::to_string_pretty(result).unwrap_or_default()));
            }
            Output::Json => {
                let end = json!({
                    "type": "end", "status": word, "result": result, "elapsed_ms": since_start / 1_000,
                    "undone": undone,
                });
                say(format_args!("{end}"));
            }
        }
    }

    /// Takes the live line away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.busy {
            bar.finish_and_clear();
        }
    }

    fn print(&self, line: &str) {
        match &self.busy {
            Some(bar) => bar.suspend(|| say(format_args!("{line}"))),
            None => say(format_args!("{line}")),
        }
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Busy | Tone::Plain => "36",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Undo => "35",
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn faint(&self, text: &str) -> String {
        if self.colour { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() }
    }
}
