//! The workflow's arguments: read, parsed and held against types and rules before anything starts.

use std::io::Read;
use std::path::Path;

use miette::{NamedSource, SourceSpan};
use serde_json::Value as Json;
use wfl_ir::Plan;

use crate::exit::{Failure, Status};

/// The largest input, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Arguments with the text that they came from.
pub(crate) struct Input {
    pub(crate) json: Json,
    name: String,
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
    match serde_json::from_str(&text) {
        Ok(json) => Ok(Input { json, name }),
        Err(error) => {
            let line_start: usize =
                text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let at = (line_start + error.column().saturating_sub(1)).min(text.len().saturating_sub(1));
            let message = error.to_string();
            let report = NotJson { message, text: NamedSource::new(name, text), at: (at, 0).into() }.into();
            Err(Failure { status: Status::Diagnostics, report })
        }
    }
}

impl Input {
    /// Refuses arguments that break a type or a rule, naming the place and the rule.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), Failure> {
        wfl_eval::decode_fields(plan.library(), &plan.params, &self.json).map(|_| ()).map_err(|invalid| {
            let message = format!("the input {} is refused: {invalid}", self.name);
            Failure::new(Status::Diagnostics, message, "nothing was started; correct the input and run again")
        })
    }
}
