//! `wflc explain`: the page about a code.

mod markdown;
#[cfg(test)]
mod tests;

use std::io::IsTerminal;

use wfl_source::{Code, Severity, closest};

use crate::colour::{self, paint};
use crate::exit::{Failure, Outcome, Status};
use crate::pages::Page;
use crate::say::say;

/// Lines longer than this are tiring to read.
const WIDEST: usize = 96;

/// Which code.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The code of a report, for example E0205
    #[arg(required_unless_present = "list")]
    code: Option<String>,
    /// List all codes with their titles
    #[arg(long, conflicts_with = "code")]
    list: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.code {
        Some(word) => explain(known(word)?),
        None => {
            list();
            Ok(Status::Fine)
        }
    }
}

fn style(code: Code) -> (&'static str, &'static str) {
    match code.severity() {
        Severity::Error => ("error", "1;31"),
        Severity::Warning => ("warning", "1;33"),
    }
}

fn list() {
    let colour = colour::wanted(&std::io::stdout());
    for code in Code::ALL {
        say(format_args!("{}  {}", paint(colour, style(*code).1, code.as_str()), code.title()));
    }
}

/// The code that a word stands for; case does not matter.
fn known(word: &str) -> Result<Code, Failure> {
    Code::parse(&word.to_uppercase()).ok_or_else(|| {
        let meant = closest(word, Code::ALL.iter().map(|code| code.as_str()));
        let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
        let help = format!("{meant}`wflc explain --list` shows all codes");
        Failure::new(Status::Usage, format!("there is no code `{word}`"), help)
    })
}

fn explain(code: Code) -> Outcome {
    let Some(page) = Page::of(code) else {
        let message = format!("`{code}` is a code, but no page has been written about it");
        return Err(Failure::new(Status::Internal, message, format!("it stands for: {}", code.title())));
    };
    let stdout = std::io::stdout();
    let colour = colour::wanted(&stdout);
    let (word, style) = style(code);
    let head =
        format!("{}: {}", paint(colour, style, &format!("{word}[{code}]")), paint(colour, "1", code.title()));
    let about = format!("since {} · {}", page.field("since"), page.tags().join(", "));
    if stdout.is_terminal() || colour {
        let columns = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
        let width = columns.clamp(40, WIDEST);
        let drawn = markdown::draw(&page.markdown(), width, colour);
        say(format_args!("{head}\n{}\n\n{}", paint(colour, "2", &about), drawn.trim_end()));
    } else {
        say(format_args!("{head}\n{about}\n\n{}", page.markdown().trim_end()));
    }
    Ok(Status::Fine)
}
