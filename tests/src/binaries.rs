//! The real binaries: built once, run in folders of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::project::root;

/// Where `wflc` and `wfl-bank` lie, built from what is in the tree.
fn target() -> &'static Path {
    static TARGET: LazyLock<PathBuf> = LazyLock::new(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let build = Command::new(cargo)
            .args(["build", "--quiet", "--locked", "-p", "wflc", "-p", "wfl-bank"])
            .current_dir(root())
            .status();
        assert!(build.is_ok_and(|status| status.success()), "the binaries are built");
        let test = std::env::current_exe().unwrap_or_else(|e| unreachable!("{e}"));
        let folder = test.parent().and_then(Path::parent);
        folder.unwrap_or_else(|| unreachable!("a test lies in target/debug/deps")).to_owned()
    });
    &TARGET
}

/// `wflc` with these arguments, in this folder.
pub fn wflc(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(target().join("wflc"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A copy of `examples/transfer` that starts the built bank.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// A fresh copy, with these options for the bank besides its own.
    pub fn new(bank_options: &str) -> Project {
        let folder = tempfile::tempdir().unwrap_or_else(|e| unreachable!("{e}"));
        let project = Project { folder };
        copy(&root().join("examples/transfer"), project.path());
        let bank = target().join("wfl-bank");
        project.write(
            "wfl.toml",
            &format!(
                "[project]\nname = \"payments\"\n[worker.bank]\ncommand = [{bank:?}, \"--data\", \".wfl/bank\", \"--with-parent\"{bank_options}]\n"
            ),
        );
        project
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap_or_else(|e| unreachable!("{e}"));
    }

    /// `wflc` with these arguments, in the project's folder.
    pub fn wflc(&self, args: &[&str]) -> Command {
        wflc(self.path(), args)
    }

    /// Runs an input to its end.
    pub fn run(&self, input: &str) -> Ran {
        let output = self.wflc(&["run", ".", "--output", "json", "--input", input]).output();
        Ran::of(output.unwrap_or_else(|e| unreachable!("{e}")))
    }

    /// The books of the bank, which must not be running.
    pub fn audit(&self) -> Json {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let audit = async {
            let bank = wfl_bank::Bank::open(&self.path().join(".wfl/bank"))
                .await
                .unwrap_or_else(|e| unreachable!("{e}"));
            let audit = bank.audit().await.unwrap_or_else(|e| unreachable!("{e}"));
            bank.close().await;
            audit
        };
        runtime.unwrap_or_else(|e| unreachable!("{e}")).block_on(audit)
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap_or_else(|e| unreachable!("{e}")).flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == ".wfl" {
            continue;
        }
        if source.is_dir() {
            std::fs::create_dir_all(&target).unwrap_or_else(|e| unreachable!("{e}"));
            copy(&source, &target);
        } else {
            std::fs::copy(&source, &target).unwrap_or_else(|e| unreachable!("{e}"));
        }
    }
}

/// What a run of `wflc` left behind.
#[derive(Debug)]
pub struct Ran {
    /// The exit status; none after a kill.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Reads what a process said.
    pub fn of(output: Output) -> Ran {
        Ran {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The result in the last line of JSON output.
    pub fn result(&self) -> Json {
        let last = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str::<Json>(last).map(|json| json["result"].clone()).unwrap_or_default()
    }
}
