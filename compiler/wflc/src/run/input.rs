//! The workflow's arguments: read, parsed and held against types and rules before anything starts.

use std::io::Read;
use std::path::Path;

use miette::{NamedSource, SourceSpan};
use serde_json::Value as Json;
use wfl_ir::Plan;

use crate::exit::{Failure, Status};

/// The largest input, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Arguments with the name of where they came from.
pub(crate) struct Input {
    pub(crate) json: Arguments,
    name: String,
}

/// The arguments of one instance, or of many.
pub(crate) enum Arguments {
    One(Json),
    /// A line each.
    Many(Vec<Json>),
}

/// Text that is no JSON, shown where it stops being it.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the input is not JSON: {message}")]
#[diagnostic(help("the input is a JSON object with one member per parameter of the workflow"))]
struct NotJson {
    message: String,
    #[source_code]
    text: NamedSource<String>,
    #[label("here")]
    at: SourceSpan,
}

/// Reads a file, or standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Input, Failure> {
    let name = path.display().to_string();
    let mut text = String::new();
    let read = if name == "-" {
        std::io::stdin().take(MAX_BYTES).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
    };
    read.map_err(|error| {
        let help = "name a JSON file with the workflow's arguments, or `-` for standard input";
        Failure::new(Status::Usage, format!("the input {name} cannot be read: {error}"), help)
    })?;
    let lines = path.extension().is_some_and(|ending| ending == "jsonl" || ending == "ndjson");
    let json = if lines {
        let filled = text.split_inclusive('\n').scan(0, |at, line| {
            *at += line.len();
            Some((*at - line.len(), line))
        });
        let filled = filled.filter(|(_, line)| !line.trim().is_empty());
        let parsed = filled.map(|(at, line)| {
            // Where it is is shown, and the parser knows of one line only.
            let plain = |why: String| why.split(" at line ").next().unwrap_or_default().to_owned();
            parse(line).map_err(|(within, why)| (at + within, plain(why)))
        });
        parsed.collect::<Result<Vec<Json>, _>>().map(Arguments::Many)
    } else {
        parse(&text).map(Arguments::One)
    };
    match json {
        Ok(Arguments::Many(all)) if all.is_empty() => {
            let help = "each line is a JSON object with one member per parameter of the workflow";
            Err(Failure::new(Status::Usage, format!("the input {name} has no lines"), help))
        }
        Ok(json) => Ok(Input { json, name }),
        Err((at, message)) => {
            let at = at.min(text.len().saturating_sub(1));
            let report = NotJson { message, text: NamedSource::new(name, text), at: (at, 0).into() }.into();
            Err(Failure { status: Status::Diagnostics, report })
        }
    }
}

/// Parses a text; where and why it is no JSON.
fn parse(text: &str) -> Result<Json, (usize, String)> {
    serde_json::from_str(text).map_err(|error| {
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        let line_start: usize = lines.map(str::len).sum();
        (line_start + error.column().saturating_sub(1), error.to_string())
    })
}

impl Input {
    /// Refuses arguments that break a type or a rule, naming the place and the rule.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), Failure> {
        let check = |json: &Json, place: &str| {
            wfl_eval::decode_fields(plan.library(), &plan.params, json).map(|_| ()).map_err(|invalid| {
                let message = format!("the input {}{place} is refused: {invalid}", self.name);
                Failure::new(
                    Status::Diagnostics,
                    message,
                    "nothing was started; correct the input and run again",
                )
            })
        };
        match &self.json {
            Arguments::One(json) => check(json, ""),
            Arguments::Many(all) => all
                .iter()
                .enumerate()
                .try_for_each(|(at, json)| check(json, &format!(", object {},", at + 1))),
        }
    }
}
