//! `wflc new` and `wflc init`: projects that check, build and run from the start.

use std::io::Write;
use std::path::{Path, PathBuf};

use wfl_compiler::{Memory, compile};

use crate::exit::{Failure, Outcome, Status};
use crate::say::say;

/// What the project is called in the template, in its texts and in the name of its module.
const STARTER: &str = "starter";

/// The files of a project, by their paths.
const FILES: [(&str, &str); 8] = [
    ("wfl.toml", include_str!("../template/wfl.toml")),
    ("starter.wfl", include_str!("../template/starter.wfl")),
    ("bindings.toml", include_str!("../template/bindings.toml")),
    ("inputs/order.json", include_str!("../template/inputs/order.json")),
    ("inputs/declined.json", include_str!("../template/inputs/declined.json")),
    ("worker.py", include_str!("../template/worker.py")),
    ("README.md", include_str!("../template/README.md")),
    (".gitignore", include_str!("../template/gitignore")),
];

/// What the project is called.
#[derive(clap::Args, Debug)]
pub(crate) struct NewArgs {
    /// The name of the project, of its folder and of its first module: small letters, digits and `_`
    name: String,
}

/// Where the project goes.
#[derive(clap::Args, Debug)]
pub(crate) struct InitArgs {
    /// The folder; made if it is not there
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The name of the project and of its first module; that of the folder unless said
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// Makes a project in a new folder.
pub(crate) fn new(args: &NewArgs) -> Outcome {
    let name = checked(&args.name)?;
    let folder = Path::new(name);
    if folder.symlink_metadata().is_ok() {
        let help = format!("choose another name, or make the project inside with `wflc init {name}`");
        return Err(Failure::new(Status::Usage, format!("`{name}` is there already"), help));
    }
    make(folder, name)
}

/// Makes a project in a folder that may be there.
pub(crate) fn init(args: &InitArgs) -> Outcome {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(&args.folder)?,
    };
    make(&args.folder, checked(&name)?)
}

/// The name that a folder's own gives.
fn name_of(folder: &Path) -> Result<String, Failure> {
    // A folder that is not there yet has the name that it is given.
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = full.file_name().map(|name| name.to_string_lossy().into_owned());
    name.map(|name| name.to_lowercase().replace(['-', ' ', '.'], "_")).ok_or_else(|| {
        let message = format!("`{}` has no name that a project could have", folder.display());
        Failure::new(Status::Usage, message, "say it with --name")
    })
}

/// A name of a module, as the compiler sees it.
fn checked(name: &str) -> Result<&str, Failure> {
    let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    let all_well = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let refused = |why: &str| {
        let message = format!("`{name}` is no name of a project: {why}");
        Failure::new(Status::Usage, message, "its first module is called like it, as in `new_orders`")
    };
    if !begins_well || !all_well {
        return Err(refused("it takes small letters, digits and `_`, and begins with a letter"));
    }
    if name == "std" {
        return Err(refused("the modules of the standard library begin so"));
    }
    let files = FILES.iter().map(|(path, text)| (named(path, name), named(text, name)));
    if compile(&Memory::new(files)).has_errors() {
        return Err(refused("it is a word of the language"));
    }
    Ok(name)
}

fn named(text: &str, name: &str) -> String {
    text.replace(STARTER, name)
}

fn make(folder: &Path, name: &str) -> Outcome {
    let folder = if folder == Path::new(".") { Path::new("") } else { folder };
    let files = FILES.map(|(path, text)| (folder.join(named(path, name)), named(text, name)));
    let in_the_way = |path: &&PathBuf| path.symlink_metadata().is_ok();
    let taken: Vec<String> = files
        .iter()
        .map(|(path, _)| path)
        .filter(in_the_way)
        .map(|path| path.display().to_string())
        .collect();
    if !taken.is_empty() {
        let message = format!("the project would overwrite {}", taken.join(", "));
        return Err(Failure::new(
            Status::Usage,
            message,
            "nothing was written; move it, or choose another folder",
        ));
    }
    for (path, text) in &files {
        write(path, text).map_err(|error| {
            let message = format!("{} cannot be written: {error}", path.display());
            Failure::new(Status::Unavailable, message, "choose a folder that can be written to")
        })?;
        say(format_args!("made {}", path.display()));
    }
    say(format_args!("\nNext:"));
    if folder != Path::new("") {
        say(format_args!("  cd {}", folder.display()));
    }
    for next in ["wflc check .", "wflc graph .", "wflc run . --input inputs/order.json"] {
        say(format_args!("  {next}"));
    }
    Ok(Status::Fine)
}

/// Writes a file that is not there.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::File::create_new(path)?.write_all(text.as_bytes())
}
