//! `bindings.toml`: where the operations of an environment live.
//!
//! ```toml
//! [service.Ledger]
//! worker = "bank"                                   # or: url = "https://ledger.example/api"
//! headers = { Authorization = "env:LEDGER_TOKEN" }
//!
//! [service.Ledger.reserve]
//! path = "/holds"                                   # default: /Ledger/reserve
//! concurrent = 8                                    # so many calls at once; without it, no limit
//! rate = "50 per 1s"                                # so many calls begun in a time; without it, no limit
//! ```

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Uri};
use serde::Deserialize;
use wfl_ir::Duration;

use crate::filter::is_forbidden;

/// The bindings as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bindings {
    #[serde(default)]
    service: BTreeMap<String, Service>,
}

#[derive(Clone, Debug, Deserialize)]
struct Service {
    url: Option<String>,
    worker: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(flatten)]
    operations: BTreeMap<String, Operation>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    path: Option<String>,
    concurrent: Option<u32>,
    rate: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// Where an operation is called, and with what besides the call itself.
#[derive(Clone, Debug)]
pub struct Route {
    /// The whole address.
    pub uri: Uri,
    /// Header lines; values may be secrets and are marked as sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// How many calls may be under way at once.
    pub concurrent: Option<u32>,
    /// How many calls may be begun in a time.
    pub rate: Option<(u32, Duration)>,
}

/// Why bindings do not lead anywhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// Not the format of the file. The range is in bytes of the text.
    #[error("{message}")]
    Malformed {
        /// What is wrong.
        message: String,
        /// Where.
        span: Option<std::ops::Range<usize>>,
    },
    /// A service that the program calls is not bound.
    #[error("service {0} is not bound")]
    Unbound(String),
    /// Neither, or both, of `url` and `worker`.
    #[error("service {0} needs either `url` or `worker`")]
    NoTarget(String),
    /// A worker that the project does not start.
    #[error("service {service} is bound to the worker `{worker}`, which the project does not name")]
    NoWorker {
        /// The service.
        service: String,
        /// The worker's name.
        worker: String,
    },
    /// Not an address that can be called.
    #[error("service {service}: `{url}` cannot be called: {reason}")]
    Url {
        /// The service.
        service: String,
        /// The address.
        url: String,
        /// Why not.
        reason: String,
    },
    /// Not a limit that lets anything through.
    #[error("{operation}: {limit} is no limit: {reason}")]
    Limit {
        /// `Service.operation`.
        operation: String,
        /// As written.
        limit: String,
        /// Why not.
        reason: String,
    },
    /// Not a header, or its variable is not set.
    #[error("service {service}: header {header}: {reason}")]
    Header {
        /// The service.
        service: String,
        /// The header's name.
        header: String,
        /// Why not.
        reason: String,
    },
}

impl Bindings {
    /// Reads the text of a `bindings.toml`.
    pub fn parse(text: &str) -> Result<Bindings, BindingError> {
        toml::from_str(text).map_err(|error| BindingError::Malformed {
            message: error.message().to_owned(),
            span: error.span(),
        })
    }

    /// The workers that services are bound to.
    pub fn workers(&self) -> impl Iterator<Item = &str> {
        self.service.values().filter_map(|service| service.worker.as_deref())
    }

    /// The route of an operation. `workers` are the addresses of the workers that run, by name; `env` gives
    /// environment variables.
    pub fn route(
        &self,
        service: &str,
        operation: &str,
        workers: &BTreeMap<String, String>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Route, BindingError> {
        let bound = self.service.get(service).ok_or_else(|| BindingError::Unbound(service.to_owned()))?;
        let base = match (&bound.url, &bound.worker) {
            (Some(url), None) => url.clone(),
            (None, Some(worker)) => workers.get(worker).cloned().ok_or_else(|| BindingError::NoWorker {
                service: service.to_owned(),
                worker: worker.clone(),
            })?,
            _ => return Err(BindingError::NoTarget(service.to_owned())),
        };
        let own = bound.operations.get(operation);
        let path = own.and_then(|own| own.path.clone()).unwrap_or_else(|| format!("/{service}/{operation}"));
        let url = format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'));
        let uri = callable(&url).map_err(|reason| BindingError::Url {
            service: service.to_owned(),
            url,
            reason,
        })?;
        let lines = bound.headers.iter().chain(own.into_iter().flat_map(|own| &own.headers));
        let headers =
            lines.map(|(name, value)| header(service, name, value, &env)).collect::<Result<_, _>>()?;
        let wrong = |limit: &str, reason: &str| BindingError::Limit {
            operation: format!("{service}.{operation}"),
            limit: limit.to_owned(),
            reason: reason.to_owned(),
        };
        let concurrent = own.and_then(|own| own.concurrent);
        if concurrent == Some(0) {
            return Err(wrong("concurrent = 0", "at least one call has to be possible"));
        }
        let rate = own.and_then(|own| own.rate.as_deref());
        let rate =
            rate.map(|text| rate_of(text).map_err(|reason| wrong(&format!("rate = {text:?}"), reason)));
        Ok(Route { uri, headers, concurrent, rate: rate.transpose()? })
    }
}

/// Reads `50 per 1s`.
fn rate_of(text: &str) -> Result<(u32, Duration), &'static str> {
    let (count, per) = text.split_once(" per ").ok_or("it is written as \"50 per 1s\"")?;
    let count: u32 = count.trim().parse().map_err(|_| "the number of calls is a whole number")?;
    let per: Duration = per.trim().parse().map_err(|_| "the time is written as 1s, 5m or 2h30m")?;
    if count == 0 || per.0 <= 0 {
        return Err("at least one call in more than no time has to be possible");
    }
    Ok((count, per))
}

fn callable(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| "it is not a URL".to_owned())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("only http and https are called".into());
    }
    let host = uri.host().ok_or("it has no host")?;
    let address = host.trim_matches(['[', ']']).parse();
    if address.is_ok_and(is_forbidden) {
        return Err("no operation lives at such an address".into());
    }
    Ok(uri)
}

fn header(
    service: &str,
    name: &str,
    value: &str,
    env: &impl Fn(&str) -> Option<String>,
) -> Result<(HeaderName, HeaderValue), BindingError> {
    let wrong = |reason: String| BindingError::Header {
        service: service.to_owned(),
        header: name.to_owned(),
        reason,
    };
    let value = match value.strip_prefix("env:") {
        Some(variable) => {
            env(variable).ok_or_else(|| wrong(format!("the variable {variable} is not set")))?
        }
        None => value.to_owned(),
    };
    let name: HeaderName = name.parse().map_err(|_| wrong("it is not a header's name".into()))?;
    let mut value: HeaderValue =
        value.parse().map_err(|_| wrong("its value has forbidden characters".into()))?;
    value.set_sensitive(true);
    Ok((name, value))
}
