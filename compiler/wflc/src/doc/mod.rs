//! `wflc doc`: the documentation of a project, as pages to read.

mod place;
mod prose;
mod neutral;
mod markdown;
mod html;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use wfl_compiler::book::Book;
use wfl_compiler::{Disk, Memory, Settings, document};

use crate::exit::{Failure, Outcome, Status};
use crate::project;
use crate::render;
use crate::say::say;

/// What to document, how and where.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A project folder or one of its files
    #[arg(required_unless_present = "std")]
    project: Option<PathBuf>,
    /// The folder for the pages; `.wfl/doc` of the project unless said
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What the pages are written in
    #[arg(long, value_enum, default_value = "html")]
    format: Format,
    /// The standard library, too; without a project, it alone
    #[arg(long)]
    std: bool,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Format {
    /// Markdown, to be put beside other texts
    Markdown,
    /// Pages that need nothing else, for light and dark
    Html,
}

/// A file of the documentation: its name and its text.
type File = (String, String);

pub(crate) fn run(args: &Args) -> Outcome {
    let root = args.project.as_deref().map(project::root_of).transpose()?;
    let Some(mut book) = book(root.as_deref()) else { return Ok(Status::Diagnostics) };
    match root {
        Some(_) if !args.std => book = book.without_standard(),
        Some(_) => {}
        None => book.name = "std".to_owned(),
    }
    let files = match args.format {
        Format::Markdown => markdown::files(&book),
        Format::Html => html::files(&book),
    };
    let home = root.unwrap_or_default();
    let folder = args.out.clone().unwrap_or_else(|| home.join(".wfl").join("doc"));
    write(&folder, &files).map_err(|(path, error)| {
        let message = format!("{} cannot be written: {error}", path.display());
        Failure::new(Status::Unavailable, message, "choose another folder with --out")
    })?;
    let index = files.first().map(|(name, _)| folder.join(name)).unwrap_or_default();
    say(format_args!("{} in {}", render::count(book.pages.len(), "module"), index.display()));
    Ok(Status::Fine)
}

/// The documentation of a project, or of the library alone; none when the project has errors, which are printed.
fn book(root: Option<&Path>) -> Option<Book> {
    let settings = Settings::default();
    match root {
        Some(root) => {
            let (compilation, book) = document(&Disk::new(root), &settings);
            project::report(root, &compilation);
            (!compilation.has_errors()).then_some(book)
        }
        None => Some(document(&Memory::default(), &settings).1),
    }
}

fn write(folder: &Path, files: &[File]) -> Result<(), (PathBuf, std::io::Error)> {
    std::fs::create_dir_all(folder).map_err(|error| (folder.to_owned(), error))?;
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| (path, error))?;
    }
    Ok(())
}
