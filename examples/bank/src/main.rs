//! The program `wfl-bank`: opens the books, announces its address on one line of stdout, serves until it is told to end.

use clap::{Parser, ValueEnum};
use std::io::{self, IsTerminal, Read, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use wfl_bank::Bank;

/// sysexits.h `EX_UNAVAILABLE`: a port or a directory that the bank needs cannot be had.
const EXIT_UNAVAILABLE: u8 = 69;

/// The bank that the example workflows call.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where the books are kept; created when it is not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// The port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Where to print the line {"wfl":"worker","url":"http://127.0.0.1:PORT"} when the bank is ready.
    #[arg(long, value_enum, default_value = "stdout")]
    announce: Announce,

    /// End when standard input ends: the bank lives no longer than the process that started it.
    #[arg(long)]
    with_parent: bool,

    /// Serve the control route /_test/faults.
    #[arg(long)]
    test_faults: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Announce {
    /// On standard output; everything else goes to standard error.
    Stdout,
    /// Nowhere.
    None,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("wfl_bank=info,warn"));
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return unavailable(&format!("no runtime: {error}")),
    };
    match runtime.block_on(run(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => unavailable(&line),
    }
}

fn unavailable(line: &str) -> ExitCode {
    // Nothing is left to tell it to when standard error is gone too.
    let _ = writeln!(io::stderr(), "wfl-bank: {line}");
    ExitCode::from(EXIT_UNAVAILABLE)
}

/// Serves until the end; `Err` is the one line that says why it could not.
async fn run(options: Options) -> Result<(), String> {
    let port = options.port;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error}"))?;
    let address = listener.local_addr().map_err(|error| format!("no address: {error}"))?;
    let bank = Bank::open(&options.data).await.map_err(|error| error.to_string())?;
    let stop = stop(options.with_parent).map_err(|error| format!("cannot wait for signals: {error}"))?;
    if options.announce == Announce::Stdout {
        let line = format!("{{\"wfl\":\"worker\",\"url\":\"http://{address}\"}}\n");
        let mut stdout = io::stdout();
        stdout
            .write_all(line.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| format!("cannot announce the address: {error}"))?;
    }
    tracing::info!(%address, "ready");
    wfl_bank::serve(listener, Arc::new(bank), options.test_faults, stop).await;
    tracing::info!("ended");
    Ok(())
}

/// Ready when a signal says to stop or, `with_parent`, when standard input ends.
fn stop(with_parent: bool) -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let orphaned = with_parent.then(end_of_stdin);
    Ok(async move {
        let orphaned = async move {
            match orphaned {
                Some(end) => {
                    let _ = end.await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => tracing::info!("told to end"),
            _ = interrupt.recv() => tracing::info!("interrupted"),
            () = orphaned => tracing::info!("the parent is gone"),
        }
    })
}

/// Ready when standard input ends or fails. A thread, because a blocked read must not keep the runtime from ending.
fn end_of_stdin() -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 1024];
        let mut stdin = io::stdin().lock();
        loop {
            match stdin.read(&mut buffer) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        let _ = ended.send(());
    });
    end
}
