//! The program: its announcement, its ends, and its books after kill -9.

use crate::client::{Client, Received, eur, payment, uuid};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::tempdir;

/// A running program that is killed when the test forgets it.
struct Program {
    child: Child,
    client: Client,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wfl-bank"));
    command.arg("--data").arg(data).env("RUST_LOG", "warn");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(data: &Path, flags: &[&str]) -> Program {
    let mut child = command(data).args(flags).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let announced: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    assert_eq!(announced["wfl"], "worker");
    let address = announced["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    Program { child, client: Client { address } }
}

fn end(mut child: Child) -> (ExitStatus, String, String) {
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "the bank does not end");
        std::thread::sleep(Duration::from_millis(10));
    };
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    (status, out, err)
}

fn ends_in_good_order(program: &mut Program) {
    let started = Instant::now();
    loop {
        if let Some(status) = program.child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(5), "the bank does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn it_ends_with_its_parent() {
    let data = tempdir().unwrap();
    let mut bank = start(data.path(), &["--with-parent"]);
    bank.client.sound_audit().await;
    drop(bank.child.stdin.take());
    ends_in_good_order(&mut bank);
    let mut rest = String::new();
    bank.child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "one line on stdout and no more");
}

#[tokio::test]
async fn without_the_flag_the_end_of_stdin_means_nothing_and_sigterm_ends_it() {
    let data = tempdir().unwrap();
    let mut bank = start(data.path(), &["--port", "0"]);
    drop(bank.child.stdin.take());
    tokio::time::sleep(Duration::from_millis(100)).await;
    bank.client.sound_audit().await;
    let killed = Command::new("kill").arg("-TERM").arg(bank.child.id().to_string()).status().unwrap();
    assert!(killed.success());
    ends_in_good_order(&mut bank);
}

#[test]
fn what_it_needs_and_cannot_have_is_one_line_and_69() {
    let data = tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let file = data.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut port_taken = command(&data.path().join("a"));
    port_taken.args(["--port", &port]);
    let no_directory = command(&file);
    let damaged = data.path().join("b");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("bank.db"), "this is no database, whatever its name may be".repeat(40))
        .unwrap();
    for (mut command, says) in [
        (port_taken, "cannot listen on 127.0.0.1:"),
        (no_directory, "data directory"),
        (command(&damaged), "database"),
    ] {
        let (status, out, err) = end(command.spawn().unwrap());
        assert_eq!(status.code(), Some(69), "{err}");
        assert_eq!(out, "");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.starts_with("wfl-bank: ") && err.contains(says), "{err}");
    }
}

#[tokio::test]
async fn one_directory_has_one_bank() {
    let data = tempdir().unwrap();
    let first = start(data.path(), &[]);
    let second = command(data.path()).spawn().unwrap();
    let (status, _, err) = tokio::task::spawn_blocking(|| end(second)).await.unwrap();
    assert_eq!(status.code(), Some(69));
    assert!(err.contains("in use by another bank"), "{err}");
    first.client.sound_audit().await;
}

/// The calls of one transfer in order, each answered at most once before the bank died.
struct Transfer {
    n: u32,
    answers: Vec<Option<Received>>,
}

const CALLS: usize = 4;

impl Transfer {
    /// Calls one after the other; ends early when an answer is lost. With `all` nothing may be lost.
    async fn run(&mut self, client: &Client) -> bool {
        for call in self.answers.len()..CALLS {
            let answer = self.call(client, call).await;
            let lost = answer.is_none();
            self.answers.push(answer);
            if lost {
                return false;
            }
        }
        true
    }

    async fn call(&self, client: &Client, call: usize) -> Option<Received> {
        let id = |call: usize, name| self.answers[call].as_ref().unwrap().field(name);
        let account = format!("acc_{:020}", self.n % 7);
        let (operation, arguments) = match call {
            0 => ("Ledger.reserve", json!({"account": account, "amount": eur("10.50")})),
            1 => ("Ledger.post", json!({"hold": id(0, "id"), "amount": eur("10.00"), "fee": eur("0.50")})),
            2 => ("Rail.submit", payment("10.00", &uuid(self.n))),
            _ => ("Ledger.settle", json!({"hold": id(0, "id"), "rail_reference": id(2, "reference")})),
        };
        let answer =
            client.try_call(operation, &format!("transfer {} call {call}", self.n), arguments).await.ok()?;
        assert_eq!(answer.status, 200, "{operation}: {answer:?}");
        Some(answer)
    }

    /// After the restart: what was answered must be answered the same, the rest is carried on.
    async fn finish(mut self, client: &Client) {
        let before = std::mem::take(&mut self.answers);
        for answer in before.into_iter().flatten() {
            let call = self.answers.len();
            let again = self.call(client, call).await.unwrap();
            assert!(again.replayed(), "an answer that left the bank is gone: {answer:?}");
            assert_eq!(again.text, answer.text);
            self.answers.push(Some(again));
        }
        assert!(self.run(client).await, "nothing is lost after the restart");
    }
}

async fn load(client: Client, lane: u32, stop: Arc<AtomicBool>) -> Vec<Transfer> {
    let mut transfers = Vec::new();
    for round in 0.. {
        let mut transfer = Transfer { n: lane * 100_000 + round, answers: Vec::new() };
        let completed = transfer.run(&client).await;
        transfers.push(transfer);
        if !completed || stop.load(Ordering::Relaxed) {
            break;
        }
    }
    transfers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_minus_nine_loses_no_cent_and_repeats_nothing() {
    let data = tempdir().unwrap();
    let mut transfers = Vec::new();
    for life in 0..3_u32 {
        let mut bank = start(data.path(), &[]);
        let stop = Arc::new(AtomicBool::new(false));
        let lanes: Vec<_> = (0..8)
            .map(|lane| tokio::spawn(load(bank.client.clone(), life * 8 + lane, Arc::clone(&stop))))
            .collect();
        tokio::time::sleep(Duration::from_millis(300 + 70 * u64::from(life))).await;
        bank.child.kill().unwrap();
        bank.child.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        for lane in lanes {
            transfers.extend(lane.await.unwrap());
        }
    }
    let count = i64::try_from(transfers.len()).unwrap();
    assert!(count > 24, "the load did some work: {count}");
    let bank = start(data.path(), &[]);
    bank.client.sound_audit().await;
    for transfer in transfers {
        transfer.finish(&bank.client).await;
    }
    let audit = bank.client.sound_audit().await;
    assert_eq!(audit["open_holds"], json!([]));
    assert_eq!(audit["conflicts"], json!([]));
    for (list, what) in
        [("postings", "posting"), ("submissions", "submission"), ("settlements", "settlement")]
    {
        assert_eq!(
            i64::try_from(audit[list].as_array().unwrap().len()).unwrap(),
            count,
            "one {what} for each"
        );
    }
    assert_eq!(audit["accounts"]["nostro"]["balance"], eur(&format!("{}.00", count * 10)));
    let fees = format!("{}.{:02}", count / 2, count % 2 * 50);
    assert_eq!(audit["accounts"]["fee_income"]["balance"], eur(&fees));
}
