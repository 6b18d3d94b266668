//! The bank over HTTP: routes, limits, and connections that close without an answer when a fault asks for it.

use crate::answer::{Refusal, Reply};
use crate::bank::{Bank, Delivery};
use crate::fault::Arming;
use crate::operation;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// The largest request body, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The longest idempotency key, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// How long a client may take to send a request's head; also how long an idle connection lives. Longer than the 90 s
/// that HTTP clients commonly keep one, so that the client closes it and no request meets a closing connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a client may take to send a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long open requests may still run after the order to stop.
const DRAIN: Duration = Duration::from_secs(5);
/// A pause after a failed accept, so that a full file table does not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Marks a response that must not be sent: the connection is closed instead.
#[derive(Clone, Copy)]
struct Abandon;

#[derive(Debug, thiserror::Error)]
#[error("the answer is lost on purpose")]
struct Abandoned;

/// Serves until `stop` is ready, lets open requests end (at most 5 s), then closes the database.
///
/// With `test_faults` the control route `/_test/faults` exists.
pub async fn serve(
    listener: TcpListener,
    bank: Arc<Bank>,
    test_faults: bool,
    stop: impl Future<Output = ()>,
) {
    let router = router(Arc::clone(&bank), test_faults);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => connect(stream, &router, &connections),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still open at the end");
    }
    bank.close().await;
}

fn connect(stream: TcpStream, router: &Router, connections: &GracefulShutdown) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let routes = TowerToHyperService::new(router.clone());
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let response = routes.call(request);
        async move { deliver(response.await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection closed");
        }
    });
}

/// An error from a service makes hyper close the connection without a byte of an answer.
fn deliver(response: Result<Response, Infallible>) -> Result<Response, Abandoned> {
    match response {
        Ok(response) if response.extensions().get::<Abandon>().is_some() => Err(Abandoned),
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}

fn router(bank: Arc<Bank>, test_faults: bool) -> Router {
    let mut router = Router::new()
        .route("/{service}/{operation}", post(call).fallback(only_post))
        .route("/_audit", get(audit));
    if test_faults {
        router = router.route("/_test/faults", get(list_faults).post(arm_fault).delete(clear_faults));
    }
    router
        .fallback(async || respond(Refusal::NotFound("there is no such route".to_owned()).into_reply()))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(bank)
}

async fn only_post() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")]).into_response()
}

async fn call(
    State(bank): State<Arc<Bank>>,
    Path((service, operation)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let arguments = match read(body).await {
        Ok(arguments) => arguments,
        Err(refused) => return refused,
    };
    let key = match idempotency_key(&headers) {
        Ok(key) => key.map(str::to_owned),
        Err(refusal) => return respond(refusal.into_reply()),
    };
    // A task of its own: hyper drops this handler when the client hangs up, and the effect must not depend on that.
    let name = format!("{service}.{operation}");
    let task = tokio::spawn(async move { bank.call(&name, key.as_deref(), arguments).await });
    match task.await {
        Ok(Delivery::Reply(reply)) => respond(reply),
        Ok(Delivery::Lost) => {
            let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
            response.extensions_mut().insert(Abandon);
            response
        }
        Err(error) => respond(Refusal::Broken(error.to_string()).into_reply()),
    }
}

async fn read(body: Body) -> Result<Value, Response> {
    let collected = tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, BODY_BYTES_MAX)).await;
    let Ok(collected) = collected else { return Err(StatusCode::REQUEST_TIMEOUT.into_response()) };
    let bytes = collected.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    serde_json::from_slice(&bytes).map_err(|error| {
        respond(Refusal::BadArguments(format!("the body is not JSON: {error}")).into_reply())
    })
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next() else { return Ok(None) };
    match key.to_str() {
        Ok(text) if (1..=KEY_BYTES_MAX).contains(&text.len()) && keys.next().is_none() => Ok(Some(text)),
        _ => Err(Refusal::BadArguments("one Idempotency-Key of 1 to 255 ASCII characters".to_owned())),
    }
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::new(reply.body.map_or_else(Body::empty, Body::from));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media = if reply.status < 400 { "application/json" } else { "application/problem+json" };
    if reply.status != 204 {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    }
    if let Some(name) = reply.header {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static("true"));
    }
    response
}

async fn audit(State(bank): State<Arc<Bank>>) -> Response {
    match bank.audit().await {
        Ok(audit) => axum::Json(audit).into_response(),
        Err(error) => respond(Refusal::from(error).into_reply()),
    }
}

async fn list_faults(State(bank): State<Arc<Bank>>) -> Response {
    axum::Json(json!({"armed": bank.armed().list()})).into_response()
}

async fn clear_faults(State(bank): State<Arc<Bank>>) -> StatusCode {
    bank.armed().clear();
    StatusCode::NO_CONTENT
}

async fn arm_fault(State(bank): State<Arc<Bank>>, body: Result<Bytes, BytesRejection>) -> Response {
    let refuse = |detail: String| respond(Refusal::BadArguments(detail).into_reply());
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return rejection.into_response(),
    };
    let arming: Arming = match serde_json::from_slice(&body) {
        Ok(arming) => arming,
        Err(error) => return refuse(error.to_string()),
    };
    if !operation::NAMES.contains(&arming.operation.as_str()) {
        return refuse(format!("there is no operation {:?}", arming.operation));
    }
    match bank.armed().arm(arming) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(detail) => refuse(detail),
    }
}
