//! `GET /v1/services/{slug}/reports.svg`: what users reported of a service, as a picture: now, or about a moment of an anomaly.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use dateline_timelines::tell::{Lang, bengali_digits};
use serde::Deserialize;

use super::{Reader, axes};
use crate::shared::http::{Problem, parameters};
use crate::shared::plot::{Plot, Words};
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
    let svg = plot.svg(&words(&slug, &plot, lang));
    let mut response = ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    response.headers_mut().insert(header::CACHE_CONTROL, CACHE_CONTROL);
    Ok(response)
}

/// The plot of a service that shows a moment, in Unix seconds; None of the moment: now.
pub async fn find(reader: &Reader, service: &str, at_s: Option<i64>) -> Result<Option<Plot>, Problem> {
    plots::get(&reader.state_store, service, at_s).await.map_err(|error| match error.downcast::<dateline_backends::StateError>() {
        Ok(error) => error.into(),
        Err(error) => Problem::internal(format!("{error:#}")),
    })
}

/// The words around it, in the reader's language.
fn words(service: &str, plot: &Plot, lang: Lang) -> Words {
    let minutes = (plot.bucket_seconds / 60).max(1);
    let plain = |text: &str| text.to_owned();
    if lang == Lang::En {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        return Words {
            lang: plain("en"),
            title: format!("{service}: users’ reports"),
            description: format!("How many users reported that {service} fails, in steps of {minutes} minutes, beside what is usual."),
            reports: format!("Reports in {minutes} min"),
            zone: plain("UTC"),
            zone_offset_s: 0,
            standing_out: plain("more than usual"),
            baseline: plain("usual"),
            range: plain("usual range"),
            unknown: plain("not known"),
            thinned: plain("each step: the highest of {}"),
            first: plain("first"),
            seen: plain("sure"),
            peak: plain("peak"),
            end: plain("as usual"),
            months: months.map(plain),
            digits: plain("0123456789"),
            lakhs: false,
        };
    }
    let months = ["জানু", "ফেব্রু", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্টে", "অক্টো", "নভে", "ডিসে"];
    let bengali = bengali_digits(&minutes.to_string());
    Words {
        lang: plain("bn"),
        title: format!("{service}: ব্যবহারকারীদের অভিযোগ"),
        description: format!("{service} কাজ না করার কথা কতজন ব্যবহারকারী জানিয়েছেন, প্রতি {bengali} মিনিটে, স্বাভাবিকের পাশে।"),
        reports: format!("{bengali} মিনিটে অভিযোগ"),
        zone: plain("ইউটিসি"),
        zone_offset_s: 0,
        standing_out: plain("স্বাভাবিকের বেশি"),
        baseline: plain("স্বাভাবিক"),
        range: plain("স্বাভাবিক সীমা"),
        unknown: plain("জানা নেই"),
        thinned: plain("প্রতি ধাপে {}টির সর্বোচ্চ"),
        first: plain("শুরু"),
        seen: plain("নিশ্চিত"),
        peak: plain("সর্বোচ্চ"),
        end: plain("স্বাভাবিক"),
        months: months.map(plain),
        digits: plain("০১২৩৪৫৬৭৮৯"),
        lakhs: true,
    }
}
