//! The command line: verbs, options, and how failures are told.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::colour::{self, Colour};
use crate::exit::Status;
use crate::{audit, build, check, diff, doc, explain, fix, graph, new, run, schema, verify};

/// Check, build, draw and run WFL workflows.
#[derive(Parser, Debug)]
#[command(name = "wflc", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// When to colour: on a terminal unless `NO_COLOR` is set, always, or never
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        global = true,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    color: Colour,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    /// Make a project in a new folder
    New(new::NewArgs),
    /// Make a project in this folder
    Init(new::InitArgs),
    /// Check programs and report every error with its place
    Check(check::Args),
    /// Lay out programs in the one way there is
    Fmt(crate::fmt::Args),
    /// Put right what can be put right without asking
    Fix(fix::Args),
    /// Explain a code: what happened, why it matters, how to put it right
    Explain(explain::Args),
    /// Compile a project into plans
    Build(build::Args),
    /// Draw a workflow as Mermaid, DOT or SVG
    Graph(graph::Args),
    /// Tell what differs between two versions, what it breaks, and what becomes of running instances
    Diff(diff::Args),
    /// Write the documentation of a project
    Doc(doc::Args),
    /// Print JSON Schema of what a workflow takes and gives
    Schema(schema::Args),
    /// Explore all that can happen to workflows, within bounds, and what must hold
    Verify(verify::Args),
    /// Report everything that an auditor asks about: what cannot be undone, who decides, what data leaves
    Audit(audit::Args),
    /// Run a workflow on the embedded journal; the same command again goes on where it was
    Run(run::Args),
}

/// Tells what the engine does on standard error if `WFL_LOG` asks for it (`WFL_LOG=debug`). Values are never told.
fn trace() {
    if let Ok(filter) = tracing_subscriber::EnvFilter::try_from_env("WFL_LOG") {
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
}

/// Parses the command line and carries the verb out.
pub(crate) fn main() -> ExitCode {
    trace();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // Where the text cannot be printed, the status still tells.
            let _ = error.print();
            return if asked { Status::Fine } else { Status::Usage }.into();
        }
    };
    colour::choose(cli.color);
    // Reports keep their width in pipes and logs.
    let options = || miette::MietteHandlerOpts::new().width(100).color(colour::wanted(&std::io::stderr()));
    let hook = miette::set_hook(Box::new(move |_| Box::new(options().build())));
    debug_assert!(hook.is_ok(), "the hook is set once");
    let outcome = match &cli.verb {
        Verb::New(args) => new::new(args),
        Verb::Init(args) => new::init(args),
        Verb::Check(args) => check::run(args),
        Verb::Fmt(args) => crate::fmt::run(args),
        Verb::Fix(args) => fix::run(args),
        Verb::Explain(args) => explain::run(args),
        Verb::Build(args) => build::run(args),
        Verb::Graph(args) => graph::run(args),
        Verb::Diff(args) => diff::run(args),
        Verb::Doc(args) => doc::run(args),
        Verb::Schema(args) => schema::run(args),
        Verb::Verify(args) => verify::run(args),
        Verb::Audit(args) => audit::run(args),
        Verb::Run(args) => run::run(args),
    };
    match outcome {
        Ok(status) => status.into(),
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{:?}", failure.report);
            failure.status.into()
        }
    }
}
