//! Exit statuses, the same for every verb, and the error that carries one.

use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// All is well.
    Fine = 0,
    /// The program or its input has errors.
    Diagnostics = 1,
    /// Something was tested, and does not hold; or it differs more than its version says.
    TestsFailed = 3,
    /// The workflow ended, but not well.
    Unsuccessful = 4,
    /// The workflow waits for a person.
    Suspended = 5,
    /// The command line makes no sense.
    Usage = 64,
    /// Something that is needed is not there: a worker, the journal, a port.
    Unavailable = 69,
    /// A bug of `wflc`.
    Internal = 70,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

/// Why a verb gave up: a report for people and a status for scripts.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    pub(crate) report: miette::Report,
}

impl Failure {
    /// A report of one message and what to do about it.
    pub(crate) fn new(
        status: Status,
        message: impl std::fmt::Display,
        help: impl std::fmt::Display,
    ) -> Failure {
        let report = miette::miette!(help = help.to_string(), "{message}");
        Failure { status, report }
    }

    /// Adds what was being done.
    pub(crate) fn while_doing(self, what: impl std::fmt::Display + Send + Sync + 'static) -> Failure {
        Failure { report: self.report.wrap_err(what.to_string()), ..self }
    }
}

/// What a verb comes to.
pub(crate) type Outcome = Result<Status, Failure>;
