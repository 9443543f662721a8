//! Requests that another web site could make a browser send with the user's cookies or from the
//! user's network.
//!
//! A browser sends some requests to foreign sites without asking the server first ("simple"
//! requests, Fetch standard). Those are refused: a POST must have a content type that no form can
//! have; a GET must carry a header that a page cannot set for a foreign site without a preflight,
//! or accept one of our media types by name without any sign of a foreign page.

use http::{HeaderMap, header};

use crate::http::negotiate::names_json;
use crate::refusal::{Refusal, RefusalCode};

/// Headers whose mere presence shows that no simple request is at hand.
const PREFLIGHT_HEADERS: [&str; 4] = [
    "graphql-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "x-requested-with",
];

/// Checks the `Content-Type` of a POST.
///
/// # Errors
/// It is not JSON in UTF-8 (415), or there are several (400).
pub fn check_post(headers: &HeaderMap) -> Result<(), Refusal> {
    if content_type(headers)?.is_some_and(is_json) { Ok(()) } else { Err(not_json()) }
}

/// Checks that a GET is none that a foreign page could cause.
///
/// # Errors
/// It may be one (400), or has a content type other than JSON (415).
pub fn check_get(headers: &HeaderMap) -> Result<(), Refusal> {
    match content_type(headers)? {
        Some(value) if is_json(value) => return Ok(()), // not a simple request
        Some(_) => return Err(not_json()),
        None => {}
    }
    if PREFLIGHT_HEADERS.iter().any(|name| headers.contains_key(*name)) {
        return Ok(());
    }
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    let foreign = headers.contains_key(header::ORIGIN)
        || site.is_some_and(|site| site != b"same-origin" && site != b"none");
    if names_json(headers) && !foreign {
        return Ok(());
    }
    let message = "this request could have been caused by another web site: accept \
                   application/graphql-response+json, or add the header graphql-require-preflight";
    Err(Refusal::new(RefusalCode::Csrf, message))
}

fn not_json() -> Refusal {
    Refusal::new(RefusalCode::UnsupportedMediaType, "the content type must be application/json")
}

/// The one content type, if there is one.
fn content_type(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refusal::bad_request("more than one content-type header"));
    }
    value.to_str().map(Some).map_err(|_| not_json())
}

/// `application/json`, with no other parameter than `charset=utf-8`.
fn is_json(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    named
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim().trim_matches('"');
            parameter.is_empty()
                || (name.trim().eq_ignore_ascii_case("charset")
                    && value.eq_ignore_ascii_case("utf-8"))
        })
}
