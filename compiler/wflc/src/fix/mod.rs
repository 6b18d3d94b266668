//! `wflc fix`: puts right what reports say how to put right.

mod edits;
mod texts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use wfl_compiler::{Compilation, Settings, compile_with};
use wfl_source::{Applicability, FileId};

use crate::exit::{Failure, Outcome, Status};
use crate::fix::edits::{Chosen, apply};
use crate::fix::texts::Texts;
use crate::project;
use crate::render::{self, Reports};
use crate::replace::print_diff;
use crate::say::{say, tell};

/// Fixes may make others possible, but fixes that undo each other must come to an end.
const ROUNDS: usize = 16;

/// What to put right, and how far to go.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// .wfl files or folders; only files named here, or below a folder named here, are changed
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Print what would change as a unified diff, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Apply fixes that may not be what was meant, too
    #[arg(long)]
    maybe: bool,
}

/// What became of all projects.
#[derive(Default)]
struct Tally {
    fixes: usize,
    files: usize,
    kept: usize,
    left: Vec<wfl_source::Diagnostic>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let mut projects: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    for path in &args.paths {
        let full = path.canonicalize().unwrap_or_else(|_| path.clone());
        projects.entry(project::root_of(path)?).or_default().insert(full);
    }
    let mut tally = Tally::default();
    for (root, scope) in &projects {
        project(args, root, scope, &mut tally)?;
    }
    Ok(summarize(args, &tally))
}

fn summarize(args: &Args, tally: &Tally) -> Status {
    let done = if args.dry_run { "would fix" } else { "fixed" };
    let mut summary = match tally.fixes {
        0 => "nothing to fix".to_owned(),
        fixes => {
            format!("{done} {} in {}", render::count(fixes, "report"), render::count(tally.files, "file"))
        }
    };
    if let Some(left) = render::summary(&tally.left) {
        summary.push_str(&format!("; {left} left, see `wflc check`"));
    }
    // The diff alone is on standard output, so that it can be piped.
    if args.dry_run {
        tell(format_args!("{summary}"))
    } else {
        say(format_args!("{summary}"))
    }
    match tally {
        Tally { kept: 1.., .. } => Status::Unavailable,
        tally if tally.left.iter().any(|report| report.is_error()) => Status::Diagnostics,
        _ => Status::Fine,
    }
}

/// A fix that was made: the file as people see it, and what was done.
type Done = (String, String);

fn project(args: &Args, root: &Path, scope: &BTreeSet<PathBuf>, tally: &mut Tally) -> Result<(), Failure> {
    let mut texts = Texts::new(root);
    let mut done: Vec<Done> = Vec::new();
    let settings = Settings { today: Some(project::today()), ..Settings::default() };
    let mut compilation = compile_with(&texts, &settings);
    for _ in 0..ROUNDS {
        if !round(args, root, scope, &mut texts, &compilation, &mut done) {
            break;
        }
        compilation = compile_with(&texts, &settings);
    }
    let shown = Reports::new(root, &compilation.files, &[]);
    let name = |path: &str| {
        let file = compilation.files.iter().find(|(_, file)| file.name() == path);
        file.and_then(|(id, _)| shown.name(id)).unwrap_or(path).to_owned()
    };
    for (path, before, after) in texts.changed() {
        let name = name(path);
        if args.dry_run {
            print_diff(&name, before, after);
        } else if !write(&texts, path, &name, before, after)? {
            tally.kept += 1;
            tell(format_args!("{name} was changed meanwhile and is left as it is; give the command again"));
            done.retain(|(file, _)| *file != name);
            continue;
        }
        tally.files += 1;
    }
    if !args.dry_run {
        done.iter().for_each(|(file, what)| say(format_args!("{file}: {what}")));
    }
    tally.fixes += done.len();
    tally.left.extend(compilation.diagnostics);
    Ok(())
}

/// Applies what can be applied at once; false when there is nothing.
fn round(
    args: &Args,
    root: &Path,
    scope: &BTreeSet<PathBuf>,
    texts: &mut Texts,
    compilation: &Compilation,
    done: &mut Vec<Done>,
) -> bool {
    let files = &compilation.files;
    let least = if args.maybe { Applicability::Maybe } else { Applicability::Safe };
    let may_change = |id: FileId| {
        let Some(file) = files.get(id) else { return false };
        let path = root.join(file.name());
        scope.iter().any(|allowed| path.starts_with(allowed)) && texts.is_inside(file.name())
    };
    let chosen = Chosen::from(&compilation.diagnostics, files, least, may_change);
    let shown = Reports::new(root, files, &[]);
    for (report, fix) in &chosen.fixes {
        let file = fix.edits.first().and_then(|edit| shown.name(edit.span.file)).unwrap_or_default();
        done.push((file.to_owned(), format!("{} ({})", fix.title, report.code)));
    }
    for (id, changes) in &chosen.changes {
        if let Some(file) = files.get(*id) {
            texts.change(file.name(), file.text(), apply(file.text(), changes));
        }
    }
    !chosen.fixes.is_empty()
}

fn write(texts: &Texts, path: &str, name: &str, before: &str, after: &str) -> Result<bool, Failure> {
    match texts.write(path, before, after) {
        // A file that has gone is not what it was, either.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => {
            let message = format!("{name} cannot be written: {error}");
            Err(Failure::new(Status::Unavailable, message, "make the file and its folder writable"))
        }
        Ok(written) => Ok(written),
    }
}
