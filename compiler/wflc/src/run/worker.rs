//! The project's workers: child processes that live on a pipe and end with their parent.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::exit::{Failure, Status};

/// How long a worker may take to announce itself. The first start may have to compile it.
const ANNOUNCE_WITHIN: Duration = Duration::from_secs(900);
/// How long a worker may take to end once its standard input is closed.
const END_WITHIN: Duration = Duration::from_secs(5);

/// A worker that has announced its address.
pub(crate) struct Worker {
    pub(crate) name: String,
    pub(crate) url: String,
    child: Child,
    /// The pipe that it lives on. Not the child's own: waiting for a child closes that one.
    stdin: Option<ChildStdin>,
}

/// The one line that a worker prints when it is ready.
#[derive(Deserialize)]
struct Announcement {
    wfl: String,
    url: String,
}

impl Worker {
    /// Starts a worker in the project's folder and waits for its announcement. What it says on standard error goes
    /// into `.wfl/worker-NAME.log`.
    pub(crate) async fn start(root: &Path, name: &str, command: &[String]) -> Result<Worker, Failure> {
        let log = root.join(".wfl").join(format!("worker-{name}.log"));
        let see = format!("what it said is in {}", log.display());
        let failed =
            |what: String| Failure::new(Status::Unavailable, format!("worker `{name}` {what}"), &see);
        let [program, args @ ..] = command else {
            let help =
                format!("write `command = [\"program\", \"argument\"]` under [worker.{name}] in wfl.toml");
            return Err(Failure::new(Status::Unavailable, format!("worker `{name}` has no command"), help));
        };
        let stderr =
            std::fs::File::create(&log).map_err(|error| failed(format!("cannot be logged: {error}")))?;
        let child = Command::new(program)
            .args(args)
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn();
        let mut child = child.map_err(|error| {
            let help = format!("wfl.toml starts it with `{}`", command.join(" "));
            Failure::new(Status::Unavailable, format!("worker `{name}` cannot be started: {error}"), help)
        })?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or_else(|| failed("has no standard output".into()))?;
        let mut lines = BufReader::new(stdout).lines();
        let announced = tokio::time::timeout(ANNOUNCE_WITHIN, announcement(&mut lines)).await;
        match announced {
            Ok(Some(url)) => {
                tokio::spawn(drain(lines));
                Ok(Worker { name: name.to_owned(), url, child, stdin })
            }
            Ok(None) => {
                let status = child.wait().await.map(|status| status.to_string()).unwrap_or_default();
                Err(failed(format!("ended before it was ready ({status}){}", last_line(&log))))
            }
            Err(_) => {
                Err(failed(format!("did not announce its address within {} s", ANNOUNCE_WITHIN.as_secs())))
            }
        }
    }

    /// Waits until the worker ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> Failure {
        let status = self.child.wait().await.map(|status| status.to_string()).unwrap_or_default();
        let help = "nothing is lost: the same command starts it again and goes on from the journal";
        Failure::new(Status::Unavailable, format!("worker `{}` ended ({status})", self.name), help)
    }

    /// Closes the pipe that the worker lives on and waits for its end.
    pub(crate) async fn stop(mut self) {
        drop(self.stdin.take());
        // One that does not end is killed when the child is dropped.
        let _ = tokio::time::timeout(END_WITHIN, self.child.wait()).await;
    }
}

async fn announcement(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Ok(announcement) = serde_json::from_str::<Announcement>(&line)
            && announcement.wfl == "worker"
        {
            return Some(announcement.url);
        }
    }
    None
}

/// A worker that prints more must not be stopped by a full pipe.
async fn drain(mut lines: Lines<BufReader<ChildStdout>>) {
    while let Ok(Some(_)) = lines.next_line().await {}
}

/// The last thing that a worker said, as the end of a sentence.
fn last_line(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    last.map(|line| format!(": {}", line.trim())).unwrap_or_default()
}
