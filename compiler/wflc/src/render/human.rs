//! Source reports for people, drawn by codespan-reporting from our own line tables.

use std::io::{Error as IoError, Result as IoResult, Write};
use std::ops::Range;

use codespan_reporting::diagnostic::{Diagnostic as Report, Label, LabelStyle, Severity as Level};
use codespan_reporting::files::{self, Error};
use codespan_reporting::term::termcolor::{Ansi, Color};
use codespan_reporting::term::{self, Config, Styles, StylesWriter};
use wfl_source::{Diagnostic, FileId, Severity, SourceFile};

use crate::colour::paint;
use crate::render::sources::Reports;

/// Our files as codespan wants them; nothing is copied.
struct Lines<'a>(&'a Reports<'a>);

impl<'a> Lines<'a> {
    fn file(&self, id: u32) -> Result<&'a SourceFile, Error> {
        self.0.files.get(FileId(id)).ok_or(Error::FileMissing)
    }
}

impl<'a> files::Files<'a> for Lines<'a> {
    type FileId = u32;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: u32) -> Result<&'a str, Error> {
        self.0.name(FileId(id)).ok_or(Error::FileMissing)
    }

    fn source(&'a self, id: u32) -> Result<&'a str, Error> {
        self.file(id).map(SourceFile::text)
    }

    fn line_index(&'a self, id: u32, byte: usize) -> Result<usize, Error> {
        Ok(self.file(id)?.utf8_position(byte as u32).line as usize)
    }

    fn line_range(&'a self, id: u32, line: usize) -> Result<Range<usize>, Error> {
        let file = self.file(id)?;
        let missing = Error::LineTooLarge { given: line, max: file.line_count() };
        let (start, end) = file.line_range(line as u32).ok_or(missing)?;
        Ok(start as usize..end as usize)
    }
}

/// Writes reports with their lines of source, in the order given.
pub(crate) fn write(projects: &[Reports<'_>], colour: bool, out: &mut dyn Write) -> IoResult<()> {
    let config = Config { start_context_lines: 0, end_context_lines: 0, ..Config::default() };
    let styles = styles();
    for project in projects {
        let lines = Lines(project);
        for diagnostic in &project.list {
            let report = report(diagnostic, colour);
            let mut drawn = Ansi::new(Vec::new());
            let done = if colour {
                term::emit_to_write_style(
                    &mut StylesWriter::new(&mut drawn, &styles),
                    &config,
                    &lines,
                    &report,
                )
            } else {
                term::emit_to_io_write(drawn.get_mut(), &config, &lines, &report)
            };
            done.map_err(IoError::other)?;
            out.write_all(&drawn.into_inner())?;
        }
    }
    Ok(())
}

/// Dark blue cannot be read on dark terminals: what is not the matter itself is cyan.
fn styles() -> Styles {
    let mut styles = Styles::default();
    for style in [&mut styles.secondary_label, &mut styles.line_number, &mut styles.source_border] {
        style.set_fg(Some(Color::Cyan));
    }
    styles.note_bullet.set_fg(Some(Color::Cyan));
    styles
}

fn report(diagnostic: &Diagnostic, colour: bool) -> Report<u32> {
    let level = match diagnostic.severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
    };
    let labels = diagnostic.labels.iter().map(|label| {
        let style = if label.primary { LabelStyle::Primary } else { LabelStyle::Secondary };
        let range = label.span.start as usize..label.span.end as usize;
        Label::new(style, label.span.file.0, range).with_message(&label.message)
    });
    let word = paint(colour, "1;36", "help");
    let help = diagnostic.help.iter().map(|help| format!("{word}: {help}"));
    Report::new(level)
        .with_code(diagnostic.code.as_str())
        .with_message(&diagnostic.title)
        .with_labels(labels.collect())
        .with_notes(diagnostic.notes.iter().cloned().chain(help).collect())
}
