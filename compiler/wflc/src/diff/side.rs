//! One side of a comparison: a project on disk, or the files that it had in a revision of git.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use wfl_compiler::{Compilation, Disk, MANIFEST, Memory, World, compile};

use crate::exit::{Failure, Status};
use crate::project;

/// A project at one time.
pub(crate) struct Side {
    /// Where it lies, or would lie.
    pub(crate) root: PathBuf,
    /// How it is called: what was written on the command line.
    pub(crate) name: String,
    /// Its files.
    pub(crate) world: Box<dyn World>,
    /// What came of them.
    pub(crate) compilation: Compilation,
}

/// Both sides. A name that is no path is a revision of the project that the other side names, or else of the one in the
/// current folder.
pub(crate) fn both(old: &str, new: &str) -> Result<(Side, Side), Failure> {
    let exists = |name: &str| Path::new(name).exists();
    let here = match (exists(old), exists(new)) {
        (true, true) => Path::new("."),
        (true, false) => Path::new(old),
        (false, _) if exists(new) => Path::new(new),
        _ => Path::new("."),
    };
    Ok((side(old, here)?, side(new, here)?))
}

fn side(name: &str, here: &Path) -> Result<Side, Failure> {
    let path = Path::new(name);
    let (root, world): (PathBuf, Box<dyn World>) = if path.exists() {
        let root = project::root_of(path)?;
        (root.clone(), Box::new(Disk::new(root)))
    } else {
        let root = project::root_of(here)?;
        let world = revision(&root, name)?;
        (root, Box::new(world))
    };
    let compilation = compile(&*world);
    Ok(Side { root, name: name.to_owned(), world, compilation })
}

fn git(root: &Path, args: &[&OsStr]) -> Result<Output, Failure> {
    let ran = Command::new("git").args(args).current_dir(root).stdin(Stdio::null()).output();
    ran.map_err(|error| {
        let message = format!("git cannot be run: {error}");
        Failure::new(
            Status::Unavailable,
            message,
            "revisions are read with git: install it, or name a folder",
        )
    })
}

/// The files of the project in `root` as they were in a revision.
fn revision(root: &Path, name: &str) -> Result<Memory, Failure> {
    let commit = format!("{name}^{{commit}}");
    let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &commit].map(OsStr::new);
    let found = git(root, &args)?;
    if !found.status.success() {
        let message = format!("`{name}` is neither a path nor a revision of {}", root.display());
        let help = "name a project folder, a .wfl file, or a revision that `git rev-parse` knows";
        return Err(Failure::new(Status::Usage, message, help));
    }
    let hash = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    let listed = git(root, &["ls-tree", "-r", "-z", "--name-only", &hash].map(OsStr::new))?;
    let failed = |what: &str, ran: &Output| {
        let said = String::from_utf8_lossy(&ran.stderr).trim().to_owned();
        let message = format!("{what} of `{name}` cannot be read: {said}");
        Failure::new(Status::Unavailable, message, "see what `git fsck` says about the repository")
    };
    if !listed.status.success() {
        return Err(failed("the files", &listed));
    }
    let mut files = Vec::new();
    for path in listed.stdout.split(|byte| *byte == 0) {
        let Some(path) = std::str::from_utf8(path).ok().filter(|path| is_source(path)) else { continue };
        let shown = git(root, &["cat-file", "blob", &format!("{hash}:./{path}")].map(OsStr::new))?;
        match String::from_utf8(shown.stdout.clone()) {
            Ok(text) if shown.status.success() => files.push((path.to_owned(), text)),
            _ => return Err(failed(path, &shown)),
        }
    }
    if files.is_empty() {
        let message = format!("there is no project in {} at `{name}`", root.display());
        return Err(Failure::new(Status::Usage, message, "name a later revision"));
    }
    Ok(Memory::new(files))
}

/// What a compilation reads; hidden folders are left out as on disk.
fn is_source(path: &str) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    path == MANIFEST || path.ends_with(".wfl") && !hidden
}
