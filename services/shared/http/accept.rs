//! Lists that say what somebody takes: `Accept`, `Accept-Language`, `Accept-Encoding` (RFC 9110, sections 12.4.2 and 12.5).

use std::cmp::Reverse;

use axum::http::{HeaderMap, HeaderName, header};

/// What a header names, in small letters and without parameters, each with its weight in thousandths; in the order in which it names
/// them. Several lines are one list.
pub fn weighed(headers: &HeaderMap, name: &HeaderName) -> Vec<(String, u16)> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(member).filter(|(named, _)| !named.is_empty()).collect()
}

fn member(text: &str) -> (String, u16) {
    let text = text.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_owned();
    let weight = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse::<f32>().ok()).unwrap_or(1.0);
    (name, (weight.clamp(0.0, 1.0) * 1000.0) as u16)
}

/// Which of the offered media types the reader likes best: by weight, then by the order in which it names them, then by that of the
/// offer; None where it takes none of them.
pub fn preferred<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Option<&'a str> {
    let ranges = weighed(headers, &header::ACCEPT);
    if ranges.is_empty() {
        return offered.first().copied();
    }
    let weighed = offered.iter().enumerate().filter_map(|(place, media_type)| {
        let whole_type = media_type.split_once('/').map(|(main, _)| format!("{main}/*"));
        let patterns = [Some((*media_type).to_owned()), whole_type, Some("*/*".to_owned())];
        // The most specific range that fits says the weight.
        let (named, weight) = patterns
            .iter()
            .flatten()
            .find_map(|pattern| ranges.iter().enumerate().find(|(_, (range, _))| range == pattern).map(|(named, (_, weight))| (named, *weight)))?;
        (weight > 0).then_some((Reverse(weight), named, place, *media_type))
    });
    weighed.min().map(|(.., media_type)| media_type)
}

/// True where the reader takes gzip and likes it no less than the answer as it is.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = weighed(headers, &header::ACCEPT_ENCODING);
    let weight = |names: &[&str]| names.iter().find_map(|name| codings.iter().find(|(coding, _)| coding == name)).map(|(_, weight)| *weight);
    let gzip = weight(&["gzip", "x-gzip", "*"]).unwrap_or(0);
    // Nobody has to name the answer as it is; then anything named is liked better.
    gzip > 0 && gzip >= weight(&["identity"]).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    //! Weights, lines and letters are read alike in each of the lists.

    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{takes_gzip, weighed};

    fn headers(name: &header::HeaderName, lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn a_list_may_stand_in_several_lines_and_weigh_what_it_names() {
        let lines = headers(&header::ACCEPT_LANGUAGE, &["bn-BD;q= 0.5 , EN;x=y;Q=0.25", ",*;q=7"]);
        assert_eq!(weighed(&lines, &header::ACCEPT_LANGUAGE), [("bn-bd".to_owned(), 500), ("en".to_owned(), 250), ("*".to_owned(), 1000)]);
    }

    #[test]
    fn gzip_is_sent_to_whoever_takes_it_only() {
        for line in ["gzip", "br, gzip", "GZIP;q=0.5", "deflate, gzip;q=1.0, *;q=0.5", "*", "x-gzip", "identity, gzip"] {
            assert!(takes_gzip(&headers(&header::ACCEPT_ENCODING, &[line])), "{line}");
        }
        for line in ["", "br", "gzip;q=0", "gzip;q=0, *", "identity;q=1, gzip;q=0.5", "identity"] {
            assert!(!takes_gzip(&headers(&header::ACCEPT_ENCODING, &[line])), "{line}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
