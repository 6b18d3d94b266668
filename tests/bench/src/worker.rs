//! The worker: a process of its own that answers calls over HTTP and ends with its parent.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// Serves until its input ends. Says its address first.
#[expect(clippy::print_stdout, reason = "whoever starts it reads the address there")]
pub(crate) async fn serve() -> std::io::Result<()> {
    let answer = |body: axum::body::Bytes| async move {
        let sent: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        ([(CONTENT_TYPE, "application/json")], sent["number"].to_string())
    };
    let router = Router::new().route("/Work/put", post(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    tokio::spawn(async {
        let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
        std::process::exit(0);
    });
    axum::serve(listener, router).await
}

/// A worker that runs. Ends when it is dropped.
pub(crate) struct Worker {
    child: Child,
    pub(crate) address: String,
}

impl Worker {
    pub(crate) fn start() -> std::io::Result<Worker> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut address)?;
        }
        Ok(Worker { child, address: address.trim().to_owned() })
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
