//! From a path on the command line to a compiled project.

use std::path::{Path, PathBuf};

use wfl_compiler::{Compilation, Compiled, Disk, MANIFEST, compile};

use crate::exit::{Failure, Status};
use crate::render::{self, Format, Reports};
use crate::say::tell;

/// The folder of the project that a file or folder belongs to: the nearest one upwards with a manifest, else the
/// folder itself, or for a lone file the folder that its module path starts from.
pub(crate) fn root_of(path: &Path) -> Result<PathBuf, Failure> {
    let missing = |error: std::io::Error| {
        let message = format!("{} cannot be read: {error}", path.display());
        Failure::new(Status::Usage, message, "name a .wfl file, or a folder with a wfl.toml")
    };
    let full = path.canonicalize().map_err(missing)?;
    if let Some(found) = full.ancestors().find(|folder| folder.join(MANIFEST).is_file()) {
        return Ok(found.to_owned());
    }
    if full.is_dir() {
        return Ok(full);
    }
    let text = std::fs::read_to_string(&full).map_err(missing)?;
    let module = text.lines().find_map(|line| line.trim().strip_prefix("module "));
    let depth = module.map_or(1, |module| module.trim().split('.').count());
    Ok(full.ancestors().nth(depth).unwrap_or(&full).to_owned())
}

/// The day in UTC.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// Compiles a project and prints its reports.
pub(crate) fn compiled(root: &Path) -> Compilation {
    let compilation = compile(&Disk::new(root));
    report(root, &compilation);
    compilation
}

/// Prints the reports on a project.
pub(crate) fn report(root: &Path, compilation: &Compilation) {
    let mut shown = [Reports::new(root, &compilation.files, &compilation.diagnostics)];
    let hidden = render::limit(&mut shown);
    render::print(Format::Human, &shown);
    if let Some(more) = render::summary(hidden.iter().copied()) {
        tell(format_args!("… and {more} more; `wflc check --all` shows everything\n"));
    }
}

/// The workflow that is asked for; without a name, the only one.
pub(crate) fn workflow<'c>(
    compilation: &'c Compilation,
    name: Option<&str>,
) -> Result<&'c Compiled, Failure> {
    let names: Vec<_> = compilation.workflows.iter().map(|workflow| workflow.name.as_str()).collect();
    let list = format!("its workflows: {}", names.join(", "));
    match (name, compilation.workflows.as_slice()) {
        (Some(name), _) => compilation.workflow(name).ok_or_else(|| {
            Failure::new(Status::Usage, format!("the project has no workflow `{name}`"), list)
        }),
        (None, [only]) => Ok(only),
        (None, []) => Err(Failure::new(
            Status::Usage,
            "the project has no workflow",
            "a workflow begins with `workflow Name(…) -> Result`",
        )),
        (None, _) => Err(Failure::new(
            Status::Usage,
            "the project has several workflows",
            format!("say which one with --workflow; {list}"),
        )),
    }
}
