//! A bank in this process, on a free port, over a directory of its own.

use crate::client::Client;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wfl_bank::Bank;

pub struct Running {
    client: Client,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    directory: TempDir,
}

impl Running {
    pub async fn start() -> Self {
        Self::over(tempfile::tempdir().unwrap(), true).await
    }

    pub async fn without_test_faults() -> Self {
        Self::over(tempfile::tempdir().unwrap(), false).await
    }

    async fn over(directory: TempDir, test_faults: bool) -> Self {
        let (client, stop, served) = serve(directory.path(), test_faults).await;
        Self { client, stop, served, directory }
    }

    /// Ends the bank in good order and starts it again over the same books.
    pub async fn restart(self) -> Self {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
        Self::over(self.directory, true).await
    }
}

impl Deref for Running {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

async fn serve(directory: &Path, test_faults: bool) -> (Client, oneshot::Sender<()>, JoinHandle<()>) {
    let bank = Arc::new(Bank::open(directory).await.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(wfl_bank::serve(listener, bank, test_faults, async {
        // A test that forgets its bank drops the sender; that is an end like any other.
        let _ = stopped.await;
    }));
    (Client { address }, stop, served)
}
