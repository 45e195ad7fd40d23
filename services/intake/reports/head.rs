//! What the head of a request says: who reports, and in which form.

use std::net::IpAddr;

use axum::http::{HeaderMap, StatusCode, Uri, header};
use dateline_events::reports::BodyForm;

use super::limits::Reporter;
use crate::shared::config::Reporting;
use crate::shared::http::address::forwarded;
use crate::shared::http::{Caller, Problem};

/// Who reports, if that one may.
pub(super) fn reporter(caller: &Caller, rules: &Reporting, headers: &HeaderMap, peer: Option<IpAddr>, history: bool) -> Result<Reporter, Problem> {
    match caller.key() {
        Some(key) if caller.may_report() => Ok(Reporter::Key(format!("key/{key}"))),
        None if caller.may_report() => Ok(Reporter::Owner),
        // Totals of everybody would make an outage of one request; see `count`.
        None if rules.open && !history => Ok(Reporter::Address(forwarded(headers, peer, &rules.proxies))),
        _ => Err(caller.refuse("report")),
    }
}

/// How the reports of the body are written.
pub(super) fn form(headers: &HeaderMap, uri: &Uri) -> Result<BodyForm, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        Ok(BodyForm::Json)
    } else if media_type.eq_ignore_ascii_case("application/x-ndjson") {
        Ok(BodyForm::Lines)
    } else {
        let shown: String = given.chars().take(80).collect();
        let detail = format!(
            "{} does not take the content type {shown:?}; send application/json (a report, or an array of them) or application/x-ndjson (one a line)",
            uri.path()
        );
        Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Not reports", detail))
    }
}
