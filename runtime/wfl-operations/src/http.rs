//! The HTTP client: one pool for all operations, with size and address limits. Redirects are never followed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::answer::classify;
use crate::bindings::Route;
use crate::call::{Operations, Reply, Request};
use crate::filter::FilteredResolver;

/// The largest answer, in bytes.
pub const MAX_ANSWER_BYTES: usize = 16 << 20;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an unused connection is kept. Below the minute after which many servers close theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

type Connector = HttpsConnector<HttpConnector<FilteredResolver>>;

/// Carries calls to HTTP workers as the routes say.
#[derive(Clone)]
pub struct HttpOperations {
    client: Client<Connector, Full<Bytes>>,
    routes: Arc<BTreeMap<(String, String), Route>>,
}

impl HttpOperations {
    /// A client for these routes, by service and operation. Fails only if the TLS library refuses its own defaults.
    pub fn new(routes: BTreeMap<(String, String), Route>) -> Result<HttpOperations, rustls::Error> {
        let mut http = HttpConnector::new_with_resolver(FilteredResolver);
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.set_nodelay(true);
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls =
            rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(roots)
                .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Ok(HttpOperations { client, routes: Arc::new(routes) })
    }
}

impl Operations for HttpOperations {
    fn call(&self, request: Request) -> BoxFuture<'static, Reply> {
        let this = self.clone();
        async move {
            let key = (request.service.clone(), request.operation.clone());
            match this.routes.get(&key) {
                Some(route) => this.send(route, &request).await,
                None => {
                    let reason = format!("{} is not bound in this process", request.qualified());
                    Reply::Unavailable { reason, retry_after: None }
                }
            }
        }
        .boxed()
    }
}

impl HttpOperations {
    async fn send(&self, route: &Route, request: &Request) -> Reply {
        let mut outgoing = http::Request::new(Full::new(Bytes::from(request.args.to_string())));
        *outgoing.method_mut() = Method::POST;
        *outgoing.uri_mut() = route.uri.clone();
        *outgoing.headers_mut() = headers(route, request);
        let answer = match self.client.request(outgoing).await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => {
                return Reply::Unavailable {
                    reason: format!("no connection: {}", innermost(&error)),
                    retry_after: None,
                };
            }
            Err(error) => {
                return Reply::Unknown { reason: format!("the connection was lost: {}", innermost(&error)) };
            }
        };
        let (parts, body) = answer.into_parts();
        match Limited::new(body, MAX_ANSWER_BYTES).collect().await {
            Ok(body) => classify(parts.status, &parts.headers, &body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Reply::Refused {
                reason: format!("the answer is larger than {MAX_ANSWER_BYTES} bytes"),
                raw: Vec::new(),
            },
            Err(_) => Reply::Unknown { reason: "the connection was lost in the middle of the answer".into() },
        }
    }
}

fn headers(route: &Route, request: &Request) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/problem+json"));
    let mut set = |name: &'static str, value: Option<String>| {
        // Names of steps and operations are ASCII: a value that is none is left out rather than sent wrong.
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("idempotency-key", request.key.clone());
    set("wfl-operation", Some(request.qualified()));
    set("wfl-instance", Some(request.instance.clone()));
    set("wfl-step", Some(request.step.clone()));
    set("wfl-attempt", Some(request.attempt.to_string()));
    set("wfl-deadline", Some(request.deadline.clone()));
    set("wfl-timeout-ms", Some(request.timeout.as_millis().to_string()));
    set("traceparent", request.traceparent.clone());
    headers.extend(route.headers.iter().cloned());
    headers
}

/// The cause at the bottom: the layers above it only repeat that something failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
