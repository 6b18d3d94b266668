//! Tests of bindings, of the table of answers, and of the client against a real server.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Bindings, HttpOperations, MAX_ANSWER_BYTES, Operations, Reply, Request, classify};

fn word(reply: &Reply) -> &'static str {
    match reply {
        Reply::Returned(_) => "returned",
        Reply::Empty => "empty",
        Reply::Declared { .. } => "declared",
        Reply::Unavailable { .. } => "unavailable",
        Reply::Unknown { .. } => "unknown",
        Reply::Refused { .. } => "refused",
    }
}

#[test]
fn answers_prove_what_the_table_says() {
    let error = r#"{"type":"urn:wfl:error","error":"Declined","data":{"code":"AM04"}}"#;
    for (status, header, body, expected) in [
        (200, "", r#"{"id":"h1"}"#, "returned"),
        (204, "", "", "empty"),
        (422, "", error, "declared"),
        (422, "", r#"{"type":"urn:wfl:key-reused"}"#, "refused"),
        (422, "", r#"{"type":"urn:wfl:error"}"#, "refused"),
        (422, "", "no", "refused"),
        (429, "", "", "unavailable"),
        (503, "wfl-not-executed", "", "unavailable"),
        (503, "", "", "unknown"),
        (409, "wfl-in-progress", "", "unknown"),
        (409, "", "", "refused"),
        (408, "", "", "unknown"),
        (500, "", "", "unknown"),
        (201, "", "{}", "refused"),
        (202, "", "", "refused"),
        (301, "", "", "refused"),
        (400, "", "", "refused"),
        (404, "", "", "refused"),
    ] {
        let mut headers = HeaderMap::new();
        if !header.is_empty() {
            headers.insert(http::HeaderName::from_static(header), HeaderValue::from_static("true"));
        }
        let reply = classify(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes());
        assert_eq!(word(&reply), expected, "{status} {header} {body}: {reply:?}");
    }
    let declared = classify(StatusCode::UNPROCESSABLE_ENTITY, &HeaderMap::new(), error.as_bytes());
    assert_eq!(declared, Reply::Declared { error: "Declined".into(), data: br#"{"code":"AM04"}"#.to_vec() });
}

#[test]
fn retry_after_is_read() {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_static("7"));
    let reply = classify(StatusCode::TOO_MANY_REQUESTS, &headers, b"");
    assert!(
        matches!(reply, Reply::Unavailable { retry_after: Some(wait), .. } if wait == Duration::from_secs(7))
    );
}

#[test]
fn bindings_lead_somewhere_or_say_why_not() {
    let workers = BTreeMap::from([("bank".to_owned(), "http://127.0.0.1:9".to_owned())]);
    let env = |name: &str| (name == "TOKEN").then(|| "s3cret".to_owned());
    let route = |text: &str| {
        let bindings = Bindings::parse(text).map_err(|e| e.to_string())?;
        bindings.route("Ledger", "reserve", &workers, env).map_err(|e| e.to_string())
    };
    let uri = |text: &str| route(text).unwrap().uri.to_string();
    assert_eq!(uri("[service.Ledger]\nworker = \"bank\""), "http://127.0.0.1:9/Ledger/reserve");
    assert_eq!(
        uri("[service.Ledger]\nurl = \"https://x.example/api/\""),
        "https://x.example/api/Ledger/reserve"
    );
    let own = "[service.Ledger]\nurl = \"https://x.example\"\n[service.Ledger.reserve]\npath = \"/holds\"";
    assert_eq!(uri(own), "https://x.example/holds");
    let headers = route("[service.Ledger]\nworker = \"bank\"\nheaders = { Authorization = \"env:TOKEN\" }")
        .unwrap()
        .headers;
    assert!(headers[0].1.is_sensitive() && headers[0].1 == "s3cret");
    assert!(!format!("{headers:?}").contains("s3cret"), "a secret is not shown");
    let limited = |lines: &str| {
        route(&format!("[service.Ledger]\nurl = \"http://a\"\n[service.Ledger.reserve]\n{lines}"))
    };
    let limits = limited("concurrent = 8\nrate = \"50 per 1m\"").unwrap();
    assert_eq!((limits.concurrent, limits.rate), (Some(8), Some((50, wfl_ir::Duration::from_secs(60)))));
    for (lines, says) in [
        ("concurrent = 0", "Ledger.reserve: concurrent = 0 is no limit"),
        ("rate = \"50\"", "it is written as \"50 per 1s\""),
        ("rate = \"x per 1s\"", "the number of calls is a whole number"),
        ("rate = \"5 per soon\"", "the time is written as 1s"),
        ("rate = \"0 per 1s\"", "at least one call"),
    ] {
        let error = limited(lines).unwrap_err();
        assert!(error.contains(says), "{lines}: {error}");
    }
    for (text, says) in [
        ("", "service Ledger is not bound"),
        ("[service.Ledger]\nworker = \"till\"", "which the project does not name"),
        ("[service.Ledger]", "needs either `url` or `worker`"),
        ("[service.Ledger]\nurl = \"http://a\"\nworker = \"bank\"", "needs either `url` or `worker`"),
        ("[service.Ledger]\nurl = \"ftp://a\"", "only http and https"),
        (
            "[service.Ledger]\nurl = \"http://169.254.169.254/latest\"",
            "no operation lives at such an address",
        ),
        ("[service.Ledger]\nurl = \"http://[fe80::1]/\"", "no operation lives at such an address"),
        ("[service.Ledger]\nworker = \"bank\"\nheaders = { A = \"env:NO\" }", "the variable NO is not set"),
        ("[service.Ledger]\nworker = \"bank\"\nheaders = { \"a b\" = \"c\" }", "not a header's name"),
        ("[service", "unclosed"),
    ] {
        let error = route(text).unwrap_err();
        assert!(error.contains(says), "{text:?}: {error}");
    }
}

/// A server that reads a request and answers with these bytes, or with none.
async fn server(answer: Vec<u8>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or_default();
            if read > 0 && !answer.is_empty() {
                // The client may have hung up on an answer that is too large.
                let _ = stream.write_all(&answer).await;
            }
        }
    });
    url
}

async fn call(url: &str) -> Reply {
    let bindings = Bindings::parse(&format!("[service.Ledger]\nurl = \"{url}\"")).unwrap();
    let route = bindings.route("Ledger", "reserve", &BTreeMap::new(), |_| None).unwrap();
    let routes = BTreeMap::from([(("Ledger".to_owned(), "reserve".to_owned()), route)]);
    let request = Request {
        service: "Ledger".into(),
        operation: "reserve".into(),
        args: json!({ "account": "a" }),
        key: Some("k".into()),
        instance: "i".into(),
        step: "W/s".into(),
        attempt: 1,
        deadline: "2026-11-24T08:00:00Z".into(),
        timeout: Duration::from_secs(3),
        traceparent: None,
    };
    HttpOperations::new(routes).unwrap().call(request).await
}

fn response(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_real_server_is_understood() {
    let good = server(response("200 OK", b"{\"id\":1}")).await;
    assert_eq!(call(&good).await, Reply::Returned(b"{\"id\":1}".to_vec()));
    let nothing = server(Vec::new()).await;
    assert_eq!(word(&call(&nothing).await), "unknown", "a connection that closes without an answer");
    let half = server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec()).await;
    assert_eq!(word(&call(&half).await), "unknown", "an answer that ends too early");
    let large = server(response("200 OK", &vec![b'x'; MAX_ANSWER_BYTES + 1])).await;
    assert_eq!(word(&call(&large).await), "refused", "an answer that is too large");
    let elsewhere = server(response(&format!("307 Go\r\nlocation: {good}"), b"")).await;
    assert_eq!(word(&call(&elsewhere).await), "refused", "a redirect is not followed");
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(word(&call(&format!("http://{closed}")).await), "unavailable", "nobody listens");
}
