//! Answers of the sign-in endpoint, and the two encodings that OAuth clients send.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::ACCESS_S;

/// A good answer.
pub(super) enum Reply {
    Tokens(Tokens),
    Nothing,
}

/// RFC 6749, 5.1.
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
}

/// RFC 6749, 5.2.
pub(super) struct Problem {
    status: StatusCode,
    error: &'static str,
    header: Option<(header::HeaderName, String)>,
}

impl Reply {
    pub(super) fn into_response(self) -> http::Response<Bytes> {
        match self {
            Self::Nothing => respond(StatusCode::NO_CONTENT, Bytes::new()),
            Self::Tokens(tokens) => {
                let mut body = serde_json::json!({
                    "access_token": tokens.access_token,
                    "token_type": "Bearer",
                    "expires_in": ACCESS_S,
                });
                if let Some(refresh_token) = tokens.refresh_token {
                    body["refresh_token"] = refresh_token.into();
                }
                respond(StatusCode::OK, Bytes::from(body.to_string()))
            }
        }
    }
}

impl Problem {
    pub(super) fn status(status: StatusCode, error: &'static str) -> Self {
        Self { status, error, header: None }
    }

    /// Wrong password, unknown user, used or expired token: all alike.
    pub(super) fn invalid_grant() -> Self {
        Self::status(StatusCode::UNAUTHORIZED, "invalid_grant")
    }

    pub(super) fn invalid_client() -> Self {
        let challenge = (header::WWW_AUTHENTICATE, "Basic realm=\"corridor\"".to_owned());
        Self { header: Some(challenge), ..Self::status(StatusCode::UNAUTHORIZED, "invalid_client") }
    }

    pub(super) fn invalid_request() -> Self {
        Self::status(StatusCode::BAD_REQUEST, "invalid_request")
    }

    pub(super) fn unavailable() -> Self {
        Self::status(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
    }

    pub(super) fn slow_down(after_s: i64) -> Self {
        let header = Some((header::RETRY_AFTER, after_s.max(1).to_string()));
        Self { header, ..Self::status(StatusCode::TOO_MANY_REQUESTS, "slow_down") }
    }

    pub(super) fn method(allow: &'static str) -> Self {
        let header = Some((header::ALLOW, allow.to_owned()));
        Self { header, ..Self::status(StatusCode::METHOD_NOT_ALLOWED, "invalid_request") }
    }

    pub(super) fn into_response(self) -> http::Response<Bytes> {
        let body = serde_json::json!({ "error": self.error }).to_string();
        let mut response = respond(self.status, Bytes::from(body));
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::try_from(value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// The key set; the same for everybody, so it may be cached.
pub(super) fn jwks(document: &str) -> http::Response<Bytes> {
    let mut response = respond(StatusCode::OK, Bytes::from(document.to_owned()));
    let cache = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response
}

fn respond(status: StatusCode, body: Bytes) -> http::Response<Bytes> {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The fields of an `application/x-www-form-urlencoded` body; `None` when it is malformed or has a
/// field twice (RFC 6749, 3.2).
pub(super) fn form(body: &[u8]) -> Option<HashMap<String, String>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut fields = HashMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if fields.insert(unescape(name)?, unescape(value)?).is_some() {
            return None;
        }
    }
    Some(fields)
}

/// Id and secret of an `Authorization: Basic` header (RFC 6749, 2.3.1: both are form-encoded).
pub(super) fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let read = || {
        let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((unescape(id)?, unescape(secret)?))
    };
    read().map(Some).ok_or_else(Problem::invalid_client)
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let high = digit(rest.next()?)?;
                let low = digit(rest.next()?)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}
