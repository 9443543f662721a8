//! Cross-origin requests (Fetch standard, section 3.2): answered for configured origins, compared
//! whole; off by default. Never `*`, never with credentials: clients authenticate by a header.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// The origins whose pages may use this server.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    /// Such as `https://app.example.com`.
    pub origins: Vec<String>,
}

impl Cors {
    /// The request's origin, if its page may use this server.
    fn allowed<'h>(&self, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let origin = origins.next().filter(|_| origins.next().is_none())?;
        self.origins.iter().any(|known| known.as_bytes() == origin.as_bytes()).then_some(origin)
    }

    /// The answer to a preflight, if it is one from a known origin.
    pub fn preflight(&self, headers: &HeaderMap) -> Option<Response> {
        let origin = self.allowed(headers)?;
        headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        let mut response = StatusCode::NO_CONTENT.into_response();
        let answer = response.headers_mut();
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, OPTIONS"),
        );
        answer.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(
                "authorization, content-type, accept, graphql-require-preflight, \
                 apollo-require-preflight, graphql-client-name, graphql-client-version",
            ),
        );
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        answer.insert(header::VARY, HeaderValue::from_static("origin"));
        Some(response)
    }

    /// Lets a page of a known origin read the answer.
    pub fn mark(&self, request: &HeaderMap, response: &mut Response) {
        if self.origins.is_empty() {
            return;
        }
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.allowed(request) {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }
}
