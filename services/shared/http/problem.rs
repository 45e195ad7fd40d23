//! Errors as readers and publishers get them: RFC 9457 problem details, with every fault by JSON pointer (RFC 6901).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dateline_backends::{LedgerError, ReportsError, StateError, ViewsError};
use dateline_events::{Fault, Faults};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// A problem: what went wrong, where, and what to do about it.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// `urn:dateline:problem:<slug>`; stable, for programs.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same in words.
    pub title: String,
    /// The HTTP status.
    #[serde(serialize_with = "status_number")]
    pub status: StatusCode,
    /// What is wrong here, and what to do.
    pub detail: String,
    /// The faults of an event, each by JSON pointer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Members of this kind of problem alone.
    #[serde(flatten)]
    pub more: BTreeMap<String, Box<RawValue>>,
    /// Headers that go with it.
    #[serde(skip)]
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem with a slug, a title, and what to do.
    pub fn new(status: StatusCode, slug: &str, title: &str, detail: impl Into<String>) -> Self {
        let kind = format!("urn:dateline:problem:{slug}");
        Self { kind, title: title.to_owned(), status, detail: detail.into(), faults: Vec::new(), more: BTreeMap::new(), headers: Vec::new() }
    }

    /// The event has faults.
    pub fn invalid_event(faults: Faults) -> Self {
        let too_large = faults.named.iter().any(|fault| fault.is_too_large);
        let malformed = faults.named.iter().any(|fault| fault.pointer.is_empty());
        let status = if too_large {
            StatusCode::PAYLOAD_TOO_LARGE
        } else if malformed {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        let mut problem = Self::new(status, "invalid-event", "The event was not accepted", faults.to_string());
        problem.faults = faults.named;
        problem
    }

    /// The same without what is said of this one case: for one among many that are counted only.
    #[must_use]
    pub fn emptied(self) -> Self {
        Self::new(self.status, "", "", "")
    }

    /// A parameter of the query is wrong.
    pub fn invalid_parameter(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-parameter", "A parameter is wrong", detail)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// Something inside failed; it was logged where it happened.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something failed here", detail)
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        match to_raw_value(&value.into()) {
            Ok(value) => drop(self.more.insert(name.to_owned(), value)),
            Err(error) => tracing::error!(%error, name, "a member of a problem cannot be written, and is left out"),
        }
        self
    }

    /// Adds an event as a member, byte for byte; as a text where it is no JSON (another version of the program stored it).
    #[must_use]
    pub fn with_event(mut self, name: &str, bytes: &[u8]) -> Self {
        let event = serde_json::from_slice::<Box<RawValue>>(bytes);
        match event.or_else(|_| to_raw_value(&String::from_utf8_lossy(bytes))) {
            Ok(event) => drop(self.more.insert(name.to_owned(), event)),
            Err(error) => tracing::error!(%error, name, "a member of a problem cannot be written, and is left out"),
        }
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says when to come again, in seconds.
    #[must_use]
    pub fn retry(self, seconds: u16) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}

impl From<tokio::task::JoinError> for Problem {
    fn from(error: tokio::task::JoinError) -> Self {
        tracing::error!(%error, "work on an answer broke off");
        Self::internal(format!("the answer could not be made: {error}"))
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        let detail = error.to_string();
        match error {
            LedgerError::Full => Self::new(StatusCode::INSUFFICIENT_STORAGE, "ledger-full", "The ledger's disk is full", detail).retry(30),
            LedgerError::Overloaded => Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much waits to be written", detail).retry(1),
            LedgerError::ClockUnsettled { retry_s } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "clock_unsettled", "The clock ran ahead", detail).retry(retry_s)
            }
            LedgerError::TooMany { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many-events", "Too many events at once", detail),
            _ => {
                tracing::error!(%detail, "the ledger failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "ledger-unavailable", "The ledger cannot answer", detail).retry(5)
            }
        }
    }
}

impl From<ReportsError> for Problem {
    fn from(error: ReportsError) -> Self {
        let detail = error.to_string();
        tracing::error!(%detail, "the log of reports failed");
        match error {
            ReportsError::Full => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "reports-full", "The disk of the log of reports is full", detail).retry(30)
            }
            _ => Self::new(StatusCode::SERVICE_UNAVAILABLE, "reports-unavailable", "The log of reports cannot answer", detail).retry(5),
        }
    }
}

impl From<ViewsError> for Problem {
    fn from(error: ViewsError) -> Self {
        let detail = error.to_string();
        match error {
            ViewsError::TooLarge { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "incident-too-large", "The incident is too large to tell at once", detail)
            }
            ViewsError::Rebuilding { position, .. } => {
                let title = "The views have not read so far yet";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-caught-up", title, detail).with("position", position).retry(1)
            }
            ViewsError::TooMany { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too-many-values", "Too much was asked at once", detail),
            _ => {
                tracing::error!(%detail, "the views failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "views-unavailable", "The views cannot answer", detail).retry(5)
            }
        }
    }
}

impl From<StateError> for Problem {
    fn from(error: StateError) -> Self {
        let detail = error.to_string();
        tracing::error!(%detail, "the state store failed");
        if error == StateError::Full {
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, "state-store-full", "The state store's disk is full", detail).retry(30);
        }
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "state-store-unavailable", "The state store cannot answer", detail).retry(5)
    }
}
