//! A successful answer as an HTTP response: status, validators, links.

use axum::response::{IntoResponse as _, Response};
use braid_documents::Method;
use braid_router::http::params::decode;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};

use crate::answer::Done;
use crate::binding::Route;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The response to a request for `uri` with the headers `asked`.
pub(crate) fn respond(route: &Route, done: Done, uri: &Uri, asked: &HeaderMap) -> Response {
    let Done { mut body, id, next_page_token, replayed, partial } = done;
    if !partial.is_empty() {
        add_meta(&mut body, &partial);
    }
    let mut headers = HeaderMap::new();
    let mut add = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    let mut status = StatusCode::from_u16(route.rest.status).unwrap_or(StatusCode::OK);
    if route.rest.method == Method::Get {
        let tag = tag(&body);
        // The answer depends on who asks, so only the client may keep it, and asks again.
        add(header::CACHE_CONTROL, "private, no-cache".to_owned());
        add(header::VARY, "authorization".to_owned());
        if is_known(asked, &tag) {
            status = StatusCode::NOT_MODIFIED;
        }
        add(header::ETAG, tag);
    } else {
        add(header::CACHE_CONTROL, "no-store".to_owned());
    }
    if let Some(token) = next_page_token {
        add(header::LINK, format!("<{}>; rel=\"next\"", next_page(uri, &token)));
    }
    if let Some(id) = id.filter(|_| status == StatusCode::CREATED) {
        add(header::LOCATION, format!("{}/{}", route.rest.path, encoded(&id)));
    }
    if replayed {
        add(REPLAYED, "true".to_owned());
    }
    if status == StatusCode::NOT_MODIFIED {
        return (status, headers).into_response();
    }
    add(header::CONTENT_TYPE, "application/json".to_owned());
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned());
    (status, headers, body).into_response()
}

/// A JSON text that is the same for everybody, for a long time.
pub(crate) fn document(body: &str, asked: &HeaderMap) -> Response {
    let tag = tag(body);
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::ETAG, tag.clone()),
    ];
    if is_known(asked, &tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, body.to_owned()).into_response()
}

fn tag(body: &str) -> String {
    format!("\"{}\"", braid_documents::hash(body))
}

/// `body` is a JSON object.
fn add_meta(body: &mut String, partial: &[String]) {
    let comma = if body == "{}" { "" } else { "," };
    let meta = serde_json::json!({ "partial": partial });
    body.truncate(body.len().saturating_sub(1));
    body.push_str(&format!("{comma}\"meta\":{meta}}}"));
}

/// `If-None-Match` (RFC 9110, section 13.1.2).
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let lists = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    })
}

/// The same request with another page token.
fn next_page(uri: &Uri, token: &str) -> String {
    let kept = uri.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && decode(name).is_ok_and(|name| name != "page_token")
    });
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.push(format!("page_token={}", encoded(token)));
    format!("{}?{}", uri.path(), pairs.join("&"))
}

/// Percent encoding of all but the unreserved characters (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
