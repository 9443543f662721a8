//! Requests that are refused before anything is executed, and how the refusal is written.
//!
//! One table of codes for everything the server itself says, whatever edge says it. A refusal has
//! what the client may know and nothing else: no internals, no addresses, at most
//! [`ECHO_CHARACTERS_MAX`] characters of what the client sent.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

/// How much of a client's own text a message repeats, in characters.
pub const ECHO_CHARACTERS_MAX: usize = 100;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $status:literal $text:literal,)*) => {
        /// Why a request is refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RefusalCode {
            $($(#[$doc])* $code,)*
        }

        impl RefusalCode {
            /// As it stands in `extensions.code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$code => $status,)* }
            }
        }
    };
}
codes! {
    /// Not a GraphQL-over-HTTP request.
    BadRequest 400 "BAD_REQUEST",
    /// A browser may have been made to send it by another site.
    Csrf 400 "CSRF_PREVENTION",
    /// An array of operations.
    Batch 400 "BATCHING_NOT_SUPPORTED",
    /// A stored document is asked for by its id, where none are stored.
    UnknownDocument 400 "PERSISTED_QUERY_NOT_SUPPORTED",
    /// Only stored documents run here, and the request has a text.
    TextRefused 400 "PERSISTED_QUERY_ID_REQUIRED",
    /// No document of that id is stored.
    DocumentNotFound 404 "PERSISTED_QUERY_NOT_FOUND",
    /// The bearer token is none that we take.
    Unauthenticated 401 "UNAUTHENTICATED",
    /// Nothing is served at this path.
    NotFound 404 "NOT_FOUND",
    /// Another method is to be used.
    MethodNotAllowed 405 "METHOD_NOT_ALLOWED",
    /// We cannot answer in what the client accepts.
    NotAcceptable 406 "NOT_ACCEPTABLE",
    /// The body did not come in time.
    RequestTimeout 408 "REQUEST_TIMEOUT",
    /// The body is larger than allowed.
    PayloadTooLarge 413 "PAYLOAD_TOO_LARGE",
    /// The body is not JSON by its header.
    UnsupportedMediaType 415 "UNSUPPORTED_MEDIA_TYPE",
    /// The headers are larger than allowed.
    HeadersTooLarge 431 "HEADERS_TOO_LARGE",
    /// We failed; the log knows why.
    Internal 500 "INTERNAL_SERVER_ERROR",
    /// As many requests as allowed are being served.
    Overloaded 503 "OVERLOADED",
    /// The keys of access tokens cannot be had.
    IdentityUnavailable 503 "IDENTITY_UNAVAILABLE",
    /// The operation could not be planned in time.
    PlanningTimeout 503 "PLANNING_TIMEOUT",
    /// The operation can be planned, but not within the limits.
    PlanningLimit 400 "PLANNING_LIMIT",
    /// Nothing resolves what the operation asks.
    Unplannable 400 "QUERY_PLANNING_FAILED",
    /// The operation reads the schema, which is not open.
    IntrospectionDisabled 400 "INTROSPECTION_DISABLED",
    /// A subscription over a transport without any.
    Subscription 400 "SUBSCRIPTIONS_NOT_SUPPORTED",
}

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// The same for people, with what to do about it.
    pub message: Cow<'static, str>,
    /// A header that belongs to the answer, such as `allow`.
    pub header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// A refusal without further headers.
    pub fn new(code: RefusalCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), header: None }
    }

    /// [`RefusalCode::BadRequest`]
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(RefusalCode::BadRequest, message)
    }

    /// The method is not allowed; these are.
    pub fn method(allowed: &'static str) -> Self {
        Self::new(RefusalCode::MethodNotAllowed, format!("use one of the methods {allowed}"))
            .with_header(http::header::ALLOW, allowed)
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, HeaderValue::from_static(value))), ..self }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).expect("the table holds valid statuses only")
    }

    /// The answer's body: a GraphQL response without `data` (specification, section 7.1).
    pub fn body(&self) -> Bytes {
        let error = WireError { code: self.code.as_str(), message: &self.message, locations: &[] };
        errors_body(std::iter::once(error))
    }
}

/// An error of a request that has no data.
#[derive(Debug, Clone, Copy)]
pub struct WireError<'a> {
    /// `extensions.code`
    pub code: &'a str,
    /// `message`
    pub message: &'a str,
    /// `locations`: line and column; left out if empty.
    pub locations: &'a [(u32, u32)],
}

/// `{"errors":[…]}`
pub fn errors_body<'a>(errors: impl Iterator<Item = WireError<'a>>) -> Bytes {
    let mut body = Vec::with_capacity(256);
    body.extend_from_slice(b"{\"errors\":[");
    for (index, error) in errors.enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(b"{\"message\":");
        write_string(&mut body, error.message);
        if !error.locations.is_empty() {
            body.extend_from_slice(b",\"locations\":[");
            for (index, (line, column)) in error.locations.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                let location = format!("{comma}{{\"line\":{line},\"column\":{column}}}");
                body.extend_from_slice(location.as_bytes());
            }
            body.push(b']');
        }
        body.extend_from_slice(b",\"extensions\":{\"code\":");
        write_string(&mut body, error.code);
        body.extend_from_slice(b"}}");
    }
    body.extend_from_slice(b"]}");
    body.into()
}

/// Something that a client sent, cut for a message.
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(ECHO_CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A JSON string (RFC 8259, section 7).
fn write_string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing a string to memory does not fail");
}
