//! `wflc fmt`: lays out programs in the one way there is.

mod sources;

use std::io::{Read, Write};
use std::path::PathBuf;

use wfl_format::{format, same_program};

use crate::exit::{Failure, Outcome, Status};
use crate::fmt::sources::Source;
use crate::render;
use crate::replace::print_diff;
use crate::say::{say, tell};

/// Programs to lay out.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// .wfl files, or folders with all .wfl files below; `-` reads standard input and writes standard output
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Change nothing; list the files that are not laid out, and fail if there are any
    #[arg(long)]
    check: bool,
    /// Change nothing; print what would change as a unified diff
    #[arg(long)]
    diff: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        return standard_input(args);
    }
    let sources = sources::find(&args.paths)?;
    let (mut changed, mut worst) = (0, Status::Fine);
    for source in &sources {
        match one(args, source) {
            Ok(true) => changed += 1,
            Ok(false) => {}
            // The other files can still be laid out.
            Err(failure) => {
                tell(format_args!("{:?}", failure.report));
                worst = if failure.status as u8 > worst as u8 { failure.status } else { worst };
            }
        }
    }
    let files = render::count(sources.len(), "file");
    let summary = match (args.check, worst, changed) {
        (true, Status::Fine, 0) => format!("ok: {files}"),
        (true, ..) => format!("check failed: {changed} of {files} would change"),
        (false, Status::Fine, _) => {
            format!("ok: {files}, {changed} {}", if args.diff { "to change" } else { "changed" })
        }
        (false, ..) => format!("failed: {files}, {changed} changed"),
    };
    // The diff alone is on standard output, so that it can be piped.
    if args.diff {
        tell(format_args!("{summary}"))
    } else {
        say(format_args!("{summary}"))
    }
    Ok(if args.check && worst == Status::Fine && changed > 0 { Status::Diagnostics } else { worst })
}

/// Lays one file out as the options say; whether it is not yet.
fn one(args: &Args, source: &Source) -> Result<bool, Failure> {
    let before = source.read()?;
    let after = laid_out(&before, &source.name)?;
    if before == after {
        return Ok(false);
    }
    if args.diff {
        print_diff(&source.name, &before, &after);
    } else {
        if !args.check {
            source.write(&before, &after)?;
        }
        say(format_args!("{}", source.name));
    }
    Ok(true)
}

fn standard_input(args: &Args) -> Outcome {
    if args.paths.len() > 1 {
        let help = "name files and folders, or `-` by itself";
        return Err(Failure::new(Status::Usage, "standard input cannot be laid out along with files", help));
    }
    let (name, mut before) = ("standard input", Vec::new());
    let read = std::io::stdin().read_to_end(&mut before);
    read.map_err(|error| {
        Failure::new(Status::Unavailable, format!("{name} cannot be read: {error}"), "pipe a program to it")
    })?;
    let before = sources::text(before, name)?;
    let after = laid_out(&before, name)?;
    if args.diff {
        print_diff(name, &before, &after);
    } else if !args.check {
        let _ = std::io::stdout().write_all(after.as_bytes());
    }
    Ok(if args.check && before != after { Status::Diagnostics } else { Status::Fine })
}

/// The text laid out, after the check that it is still the same program.
fn laid_out(before: &str, name: &str) -> Result<String, Failure> {
    let formatted = format(before);
    if !same_program(before, &formatted.text) {
        let message = format!("laying out {name} would change the program, so it is left as it is");
        let help = "this is a mistake of wflc; please report it with the file";
        return Err(Failure::new(Status::Internal, message, help));
    }
    if formatted.copied > 0 {
        let parts = render::count(formatted.copied, "part");
        tell(format_args!("{name}: {parts} with syntax errors left as they are, see `wflc check`"));
    }
    Ok(formatted.text)
}
