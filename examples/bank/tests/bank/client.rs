//! A client that opens a connection for each call, so that a lost answer is seen as one.

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;

/// The debtor of most tests: opens with EUR 10,000.00.
pub const DEBTOR: &str = "acc_00000000000000000001";
pub const CREDITOR: &str = "DE89370400440532013000";
pub const SANCTIONED: &str = "DE44500105170000666666";

#[derive(Clone, Debug)]
pub struct Received {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The string in this field of the answer.
    pub fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}")).to_owned()
    }

    pub fn says(&self, header: &str) -> bool {
        self.headers.get(header).is_some_and(|value| value == "true")
    }

    pub fn replayed(&self) -> bool {
        self.says("idempotency-replayed")
    }
}

/// The connection ended without an answer.
#[derive(Debug)]
pub struct Lost;

#[derive(Clone, Debug)]
pub struct Client {
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Client {
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Result<Received, Lost> {
        let stream = TcpStream::connect(&self.address).await.map_err(|_| Lost)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| Lost)?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", &self.address);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let response = sender.send_request(request).await.map_err(|_| Lost)?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|_| Lost)?.to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Ok(Received { status: head.status.as_u16(), headers: head.headers, text })
    }

    /// Calls `Service.operation`; an empty key is no key.
    pub async fn try_call(&self, operation: &str, key: &str, arguments: Value) -> Result<Received, Lost> {
        let path = format!("/{}", operation.replace('.', "/"));
        self.send(Method::POST, &path, Some(key).filter(|key| !key.is_empty()), arguments.to_string()).await
    }

    pub async fn call(&self, operation: &str, key: &str, arguments: Value) -> Received {
        let answer = self.try_call(operation, key, arguments).await;
        answer.unwrap_or_else(|_| panic!("the answer of {operation} was lost"))
    }

    pub async fn audit(&self) -> Value {
        self.send(Method::GET, "/_audit", None, "").await.unwrap().json()
    }

    /// The audit, after a look at what must hold whatever happened.
    pub async fn sound_audit(&self) -> Value {
        let audit = self.audit().await;
        assert_eq!(audit["balanced"], true, "{audit:#}");
        assert_eq!(audit["duplicates"], json!([]), "{audit:#}");
        audit
    }

    pub async fn arm(&self, fault: Value) {
        let answer = self.send(Method::POST, "/_test/faults", None, fault.to_string()).await.unwrap();
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    /// Waits until every armed fault has struck.
    pub async fn until_used(&self) {
        loop {
            let listed = self.send(Method::GET, "/_test/faults", None, "").await.unwrap().json();
            if listed["armed"] == json!([]) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Reserves and returns the hold's id.
    pub async fn hold(&self, account: &str, amount: &str, key: &str) -> String {
        let answer =
            self.call("Ledger.reserve", key, json!({"account": account, "amount": eur(amount)})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.field("id")
    }

    /// Posts a hold and returns the posting's id.
    pub async fn post(&self, hold: &str, amount: &str, fee: &str) -> String {
        let arguments = json!({"hold": hold, "amount": eur(amount), "fee": eur(fee)});
        let answer = self.call("Ledger.post", &format!("post {hold}"), arguments).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.field("id")
    }
}

pub fn eur(amount: &str) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

pub fn payment(amount: &str, reference: &str) -> Value {
    json!({"creditor": CREDITOR, "amount": eur(amount), "reference": reference})
}

pub fn uuid(n: u32) -> String {
    format!("018f6b1e-0000-7000-8000-{n:012}")
}
