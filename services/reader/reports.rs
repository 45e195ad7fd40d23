//! `GET /v1/services/{slug}/reports.svg`: what users reported of a service, as a picture: now, or about a moment of an anomaly.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use dateline_timelines::tell::{Lang, PlotWords, told_service};
use serde::Deserialize;

use super::{Reader, axes};
use crate::shared::http::{Problem, parameters};
use crate::shared::plot::Plot;
use crate::shared::plots;

/// What the picture may do wherever it is opened: nothing but be seen.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// Whoever shows it may keep it so long.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("max-age=30");

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    at: Option<String>,
    lang: Option<String>,
}

pub async fn svg(State(reader): State<Reader>, Path(slug): Path<String>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    reader.gate.reader(&headers).await?;
    let parameters: Parameters = parameters::read(&uri)?;
    let lang = axes::language(parameters.lang.as_deref(), &headers)?;
    let at_s = parameters.at.as_deref().map(|text| parameters::instant("at", text)).transpose()?.map(|at| at.0.div_euclid(1_000_000));
    let unknown = || Problem::not_found(format!("there is no plot of the reports of \"{slug}\" at that time; POST /v1/reports brings some"));
    if !dateline_events::is_slug(&slug) {
        return Err(unknown());
    }
    let plot = find(&reader, &slug, at_s).await?.ok_or_else(unknown)?;
    let name = name_of(&reader, &slug, lang).await?;
    let svg = plot.svg(&PlotWords::of_reports(&name, plot.bucket_seconds / 60, lang));
    let mut response = ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    response.headers_mut().insert(header::CACHE_CONTROL, CACHE_CONTROL);
    Ok(response)
}

/// What readers call a service now.
async fn name_of(reader: &Reader, slug: &str, lang: Lang) -> Result<String, Problem> {
    let cursor = reader.timelines.views.reached().await?.position;
    let registered = reader.timelines.registry(&[slug.to_owned()], cursor).await?;
    Ok(told_service(slug, &registered.0, lang))
}

/// The plot of a service that shows a moment, in Unix seconds; None of the moment: now.
pub async fn find(reader: &Reader, service: &str, at_s: Option<i64>) -> Result<Option<Plot>, Problem> {
    plots::get(&reader.state_store, service, at_s).await.map_err(|error| match error.downcast::<dateline_backends::StateError>() {
        Ok(error) => error.into(),
        Err(error) => Problem::internal(format!("{error:#}")),
    })
}
