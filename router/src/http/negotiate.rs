//! Which media type an answer has, by the `Accept` header (RFC 9110, section 12.5.1; GraphQL over
//! HTTP, section 6).
//!
//! Two types are offered. `application/graphql-response+json` tells by its status whether the
//! request was good; with `application/json`, the type of older clients, every well-formed request
//! is answered with 200. Whoever accepts both alike by name gets the newer one; who names neither
//! (`*/*`, no header) gets `application/json`, as clients that don't know better expect.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::refusal::{Refusal, RefusalCode};

/// The media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MediaType {
    /// `application/json`
    #[default]
    Json,
    /// `application/graphql-response+json`
    GraphqlResponse,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    /// The status for a well-formed request that was not executed, whose natural one is `status`.
    /// A broken rule of the document (400) is told by the body alone to older clients.
    pub fn status(self, status: u16) -> StatusCode {
        let status = if self == Self::Json && status == 400 { 200 } else { status };
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// A refusal as an answer of that type.
pub fn refuse(media: MediaType, refusal: &Refusal) -> Response {
    let mut response = (refusal.status(), refusal.body()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.header());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some((name, value)) = &refusal.header {
        headers.insert(name, value.clone());
    }
    response
}

/// Chooses the type of the answer.
///
/// # Errors
/// The client accepts neither type, or its header cannot be read.
pub fn negotiate(headers: &HeaderMap) -> Result<MediaType, Refusal> {
    let mut best = Preference::default();
    let mut asked = false;
    for value in headers.get_all(header::ACCEPT) {
        let value = value.to_str().map_err(|_| Refusal::bad_request("malformed accept header"))?;
        asked |= !value.trim().is_empty();
        for range in split_outside_quotes(value, ',') {
            best.consider(range.trim())?;
        }
    }
    if !asked {
        return Ok(MediaType::Json);
    }
    best.choose().ok_or_else(|| {
        let message =
            "the answer can be application/graphql-response+json or application/json; accept one";
        Refusal::new(RefusalCode::NotAcceptable, message)
    })
}

/// Whether `Accept` names one of our types itself, which no browser does on its own account.
pub(crate) fn names_json(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| split_outside_quotes(value, ',')).any(|range| {
        let name = range.split(';').next().unwrap_or_default().trim();
        [JSON, GRAPHQL_RESPONSE].iter().any(|ours| name.eq_ignore_ascii_case(ours))
    })
}

const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

/// The quality for each type in thousandths, with how precisely the range named it: 1 `*/*`,
/// 2 `application/*`, 3 by name. The most precise range decides.
#[derive(Default)]
struct Preference {
    json: (u8, u16),
    graphql: (u8, u16),
}

impl Preference {
    fn consider(&mut self, range: &str) -> Result<(), Refusal> {
        let mut parts = split_outside_quotes(range, ';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        if name.is_empty() && parts.next().is_none() {
            return Ok(()); // RFC 9110, section 5.6.1: empty elements of a list are ignored
        }
        let (json, graphql) = match name {
            "*/*" => (1, 1),
            name if name.eq_ignore_ascii_case("application/*") => (2, 2),
            name if name.eq_ignore_ascii_case(JSON) => (3, 0),
            name if name.eq_ignore_ascii_case(GRAPHQL_RESPONSE) => (0, 3),
            _ => return Ok(()),
        };
        let mut quality = 1_000;
        for parameter in split_outside_quotes(range, ';').skip(1) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let (name, value) = (name.trim(), value.trim().trim_matches('"'));
            if name.eq_ignore_ascii_case("q") {
                quality = parse_quality(value)
                    .ok_or_else(|| Refusal::bad_request("malformed q-value in accept header"))?;
            } else if name.eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
                return Ok(()); // another type than ours: we answer in UTF-8 only
            }
        }
        for (known, precision) in [(&mut self.json, json), (&mut self.graphql, graphql)] {
            if precision > known.0 || (precision == known.0 && quality > known.1) {
                *known = (precision, quality);
            }
        }
        Ok(())
    }

    fn choose(&self) -> Option<MediaType> {
        let (json, graphql) = (self.json, self.graphql);
        if json.1 == 0 && graphql.1 == 0 {
            return None;
        }
        let graphql_is_better = graphql.1 > json.1 || (graphql.1 == json.1 && graphql.0 == 3);
        Some(if graphql_is_better { MediaType::GraphqlResponse } else { MediaType::Json })
    }
}

/// RFC 9110, section 12.4.2: `0`, `1`, with up to three decimals.
fn parse_quality(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

/// The parts of a header value between separators, which mean nothing within quotes.
pub(crate) fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c: char| {
        let inside = quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == separator && !inside
    })
}
