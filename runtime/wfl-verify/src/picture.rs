//! The story of a run as a sequence picture: the workflows and the services side by side, time downwards, arrows between
//! them for what was sent and came back.

use wfl_ir::{Duration, Plan, Timestamp};
use wfl_machine::{CancelMode, Control, Ending, Fact, Purpose, TimerKind};
use wfl_record::InstanceId;

use crate::literal::short;
use crate::moves::{Fate, Move};
use crate::program::Program;
use crate::story::{Chapter, Story};
use crate::values::START;

/// How a line of a picture is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The names above the columns.
    Head,
    /// Something sent, or come back well.
    Plain,
    /// Something that went wrong.
    Fault,
    /// Something that undoes.
    Undo,
    /// What people and time do, and what the workflow says.
    Note,
    /// The end.
    End,
}

/// A line of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How it is meant.
    pub tone: Tone,
    /// The line.
    pub text: String,
}

/// The width of the column for times.
const TIME: usize = 11;

/// How far columns stand apart.
const APART: usize = 23;

struct Canvas {
    names: Vec<String>,
    lines: Vec<Line>,
    last: Option<Timestamp>,
}

/// Draws a story.
pub fn picture(program: &Program, story: &Story) -> Vec<Line> {
    let mut canvas = Canvas { names: columns(program, story), lines: Vec::new(), last: None };
    canvas.head();
    for chapter in &story.chapters {
        draw(program, story, chapter, &mut canvas);
    }
    canvas.lines
}

/// The workflows and services of a story, in the order in which they come up.
fn columns(program: &Program, story: &Story) -> Vec<String> {
    let mut names = Vec::new();
    for (at, (_, workflow, _)) in story.instances.iter().enumerate() {
        names.push(instance_name(story, at, short(workflow)));
    }
    for chapter in &story.chapters {
        if let (Move::Answer(id, ..), Some(call)) = (&chapter.step, &chapter.call)
            && let Some(plan) = plan_of(program, story, *id)
        {
            let service = plan.operations[call.operation as usize].service.to_string();
            if !names.contains(&service) {
                names.push(service);
            }
        }
    }
    names
}

/// Several instances of one workflow are numbered.
fn instance_name(story: &Story, at: usize, name: &str) -> String {
    let same = story.instances.iter().filter(|(_, workflow, _)| short(workflow) == name).count();
    let before = story.instances[..at].iter().filter(|(_, workflow, _)| short(workflow) == name).count();
    if same > 1 { format!("{name} {}", before + 1) } else { name.to_owned() }
}

fn plan_of<'p>(program: &'p Program, story: &Story, id: InstanceId) -> Option<&'p Plan> {
    let (_, _, hash) = story.instances.iter().find(|(of, ..)| *of == id)?;
    program.plan(*hash).map(|plan| &**plan)
}

fn column_of(story: &Story, id: InstanceId) -> usize {
    story.instances.iter().position(|(of, ..)| *of == id).unwrap_or_default()
}

fn draw(program: &Program, story: &Story, chapter: &Chapter, canvas: &mut Canvas) {
    let at = chapter.at;
    match &chapter.step {
        Move::Answer(id, call, fate) => {
            let (Some(effect), Some(plan)) = (&chapter.call, plan_of(program, story, *id)) else { return };
            let operation = &plan.operations[effect.operation as usize];
            let to = canvas.names.iter().position(|name| *name == operation.service.as_str());
            let (from, to) = (column_of(story, *id), to.unwrap_or_default());
            let what = match call.purpose {
                Purpose::Undo => format!("undo: {}", operation.name),
                Purpose::Do | Purpose::Confirm | Purpose::Remind => operation.name.to_string(),
            };
            let again = if call.attempt > 1 { format!(" ({})", call.attempt) } else { String::new() };
            let undoes = call.purpose == Purpose::Undo;
            canvas.exchange(at, from, to, &format!("{what}{again}"), undoes, &back(plan, fate));
        }
        Move::Start { parent, in_use, .. } => {
            let child = chapter.facts.iter().find_map(|(id, fact)| match fact {
                Fact::Started { .. } => Some(*id),
                _ => None,
            });
            match child.filter(|_| !in_use) {
                Some(child) => {
                    canvas.arrow(at, column_of(story, *parent), column_of(story, child), "run", Tone::Plain);
                }
                None => canvas.note(at, "the child's key is in use", Tone::Fault),
            }
        }
        Move::Letter(from, _) | Move::Tell(from, _) => {
            let to = chapter.facts.iter().find(|(id, _)| id != from).map(|(id, _)| *id);
            if let Some(to) = to {
                canvas.arrow(at, column_of(story, *from), column_of(story, to), "letter", Tone::Plain);
            }
        }
        other => {
            let (text, tone) = words(other);
            canvas.note(at, &text, tone);
        }
    }
    let root = story.root;
    for (id, fact) in &chapter.facts {
        if let Some((text, tone)) = says(fact) {
            let whose = if *id == root {
                String::new()
            } else {
                format!("{}: ", canvas.names[column_of(story, *id)])
            };
            canvas.note(at, &format!("{whose}{text}"), tone);
        }
    }
}

/// What comes back, and how: none if nothing does.
struct Back {
    /// Whether the request arrives.
    arrives: bool,
    /// What is answered; none if the answer is lost.
    answer: Option<String>,
    fault: bool,
}

fn back(plan: &Plan, fate: &Fate) -> Back {
    let answer = |text: &str, fault| Back { arrives: true, answer: Some(text.to_owned()), fault };
    match fate {
        Fate::Returns(value) => answer(&format!("{value}"), false),
        Fate::Declares(error, _) => answer(plan.types[*error as usize].short_name(), true),
        Fate::Unavailable => answer("Unavailable", true),
        Fate::LostBefore | Fate::Delayed(_) | Fate::Overdue(_) => {
            Back { arrives: false, answer: None, fault: true }
        }
        Fate::LostAfter(_) => Back { arrives: true, answer: None, fault: true },
    }
}

/// What is neither an answer nor a letter, in words.
fn words(step: &Move) -> (String, Tone) {
    let text = match step {
        Move::Claim(..) => "the one attempt is claimed".to_owned(),
        Move::Land(_) => return ("what seemed lost arrives".to_owned(), Tone::Fault),
        Move::Timer(_, timer) => match timer.timer.kind {
            TimerKind::Deadline => "the deadline passes".to_owned(),
            TimerKind::Backoff | TimerKind::Undo => "the pause before the next attempt is over".to_owned(),
            TimerKind::Confirm => "the pause before the next question is over".to_owned(),
            TimerKind::Total => "the time for all attempts is over".to_owned(),
            TimerKind::Await => "the time of the wait is over".to_owned(),
            TimerKind::Wait => "the wait is over".to_owned(),
            kind => format!("time passes: {}", kind.word()),
        },
        Move::Signal(_, signal) => {
            format!("signal {} {}", signal.channel, String::from_utf8_lossy(&signal.payload))
        }
        Move::Decide(_, decision) => {
            format!("{} answers {}", decision.person, String::from_utf8_lossy(&decision.payload))
        }
        Move::Remedy(_, control, _) => format!("an operator: {}", wish(control)),
        Move::Wish(_, control) => return (wish(control).to_owned(), Tone::Fault),
        Move::Crash(length) if *length == Duration::default() => {
            return ("the engine ends, and begins again".to_owned(), Tone::Fault);
        }
        Move::Crash(length) => return (format!("the engine ends, and is away for {length}"), Tone::Fault),
        Move::Answer(..) | Move::Start { .. } | Move::Tell(..) | Move::Letter(..) => String::new(),
    };
    (text, Tone::Note)
}

fn wish(control: &Control) -> &'static str {
    match control {
        Control::Retry { .. } => "try again",
        Control::Cancel { mode: CancelMode::Stop, .. } => "cancel, and leave everything as it is",
        Control::Cancel { .. } => "cancel",
        Control::Kill { .. } => "kill",
        Control::Pause { .. } => "pause",
        Control::Resume { .. } => "resume",
        Control::Edit { .. } => "it did not happen: begin the step anew",
        Control::Complete { .. } => "it has happened: complete by hand",
        Control::Fail { .. } => "it has failed",
        Control::Skip { .. } => "skip",
        Control::Rewind { .. } => "go back",
    }
}

/// What an instance says that is worth a line.
fn says(fact: &Fact) -> Option<(String, Tone)> {
    Some(match fact {
        Fact::Suspended { step, why } => (format!("{} waits for a person: {why}", local(step)), Tone::Fault),
        Fact::PivotPassed { .. } => ("the point of no return is passed".to_owned(), Tone::Note),
        Fact::CompensationStarted { debts, reason, .. } => (format!("undoes {debts}: {reason}"), Tone::Undo),
        Fact::FoundAbsent { step } => (format!("{}: it did not happen", local(step)), Tone::Note),
        Fact::Reopened { step } => (format!("{}: it happened after all", local(step)), Tone::Fault),
        Fact::LateEffect { step } => {
            (format!("{}: it happened after all, and cannot be undone", local(step)), Tone::Fault)
        }
        Fact::Ended { ending, .. } => (ended(ending), Tone::End),
        _ => return None,
    })
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Completed(value) => format!("completes with {value}"),
        Ending::Failed(..) => "fails".to_owned(),
        Ending::TimedOut => "has timed out".to_owned(),
        Ending::Cancelled => "is cancelled".to_owned(),
        Ending::Killed => "is killed".to_owned(),
    }
}

fn local(step: &str) -> &str {
    step.split_once('/').map_or(step, |(_, rest)| rest)
}

impl Canvas {
    fn x(column: usize) -> usize {
        TIME + 2 + column * APART
    }

    fn head(&mut self) {
        let mut text = String::new();
        for (column, name) in self.names.iter().enumerate() {
            pad(&mut text, Canvas::x(column));
            let name: String = name.chars().take(APART - 2).collect();
            text.push_str(&name);
        }
        self.lines.push(Line { tone: Tone::Head, text });
    }

    /// A line with the bars of all columns, and its time if that is another one than before.
    fn bars(&mut self, at: Timestamp) -> Vec<char> {
        let stamp = if self.last == Some(at) { String::new() } else { seconds(at) };
        self.last = Some(at);
        let width = Canvas::x(self.names.len().saturating_sub(1)) + 1;
        let mut line: Vec<char> = format!("{stamp:>TIME$}").chars().collect();
        line.resize(width, ' ');
        for column in 0..self.names.len() {
            line[Canvas::x(column)] = '│';
        }
        line
    }

    fn push(&mut self, line: Vec<char>, tone: Tone) {
        let text: String = line.into_iter().collect();
        self.lines.push(Line { tone, text: text.trim_end().to_owned() });
    }

    /// A request and what comes back.
    fn exchange(&mut self, at: Timestamp, from: usize, to: usize, what: &str, undoes: bool, back: &Back) {
        let tone = match (undoes, back.arrives) {
            (_, false) => Tone::Fault,
            (true, true) => Tone::Undo,
            (false, true) => Tone::Plain,
        };
        let (shaft, lost) = (if undoes { '═' } else { '─' }, !back.arrives);
        let line = self.drawn(at, from, to, what, shaft, lost);
        self.push(line, tone);
        if back.arrives {
            let answer = back.answer.clone().unwrap_or_default();
            let line = self.drawn(at, to, from, &answer, '╌', back.answer.is_none());
            self.push(line, if back.fault { Tone::Fault } else { tone });
        }
    }

    fn arrow(&mut self, at: Timestamp, from: usize, to: usize, what: &str, tone: Tone) {
        let line = self.drawn(at, from, to, what, '─', false);
        self.push(line, tone);
    }

    fn drawn(
        &mut self,
        at: Timestamp,
        from: usize,
        to: usize,
        what: &str,
        shaft: char,
        lost: bool,
    ) -> Vec<char> {
        let mut line = self.bars(at);
        if from == to {
            return line;
        }
        let (left, right) = (Canvas::x(from.min(to)) + 1, Canvas::x(from.max(to)) - 1);
        line[left..=right].fill(shaft);
        let room = (right - left).saturating_sub(5);
        let label: Vec<char> = if what.chars().count() > room {
            what.chars().take(room.saturating_sub(1)).chain(['…']).collect()
        } else {
            what.chars().collect()
        };
        if !label.is_empty() {
            // Beside the one that sends, so that labels of one column stand below each other.
            let start = if from < to { left + 2 } else { right.saturating_sub(label.len() + 2) };
            let start = start.max(left + 2);
            line[start - 1] = ' ';
            for (offset, letter) in label.iter().enumerate() {
                line[start + offset] = *letter;
            }
            line[start + label.len()] = ' ';
        }
        let (head, at) = match (from < to, lost) {
            (true, false) => ('▶', right),
            (false, false) => ('◀', left),
            (true, true) => ('✗', right - 2),
            (false, true) => ('✗', left + 2),
        };
        if lost {
            let (first, last) = if from < to { (right - 1, right) } else { (left, left + 1) };
            line[first] = ' ';
            line[last] = ' ';
        }
        line[at] = head;
        line
    }

    /// Words beside the first column.
    fn note(&mut self, at: Timestamp, text: &str, tone: Tone) {
        let line = self.bars(at);
        let mut head: String = line[..=Canvas::x(0)].iter().collect();
        head.push_str(" · ");
        head.push_str(text);
        self.lines.push(Line { tone, text: head });
    }
}

fn pad(text: &mut String, to: usize) {
    let have = text.chars().count();
    text.extend(std::iter::repeat_n(' ', to.saturating_sub(have)));
}

/// A time since the start.
fn seconds(at: Timestamp) -> String {
    let passed = Duration(at.0 - START);
    if passed.0 < 1_000_000_000 {
        return format!("{}.{:03}s", passed.0 / 1_000_000, passed.0 / 1_000 % 1_000);
    }
    Duration(passed.0 / 1_000_000 * 1_000_000).to_string()
}
