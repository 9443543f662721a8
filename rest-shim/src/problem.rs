//! What went wrong, as `application/problem+json` (RFC 9457).

use axum::response::{IntoResponse, Response};
use braid_router::refusal::Refusal;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::case::snake;

/// How long a client is to wait when a part of the system is away.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

/// A refusal or failure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    status: StatusCode,
    code: String,
    detail: String,
    errors: Vec<Value>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), detail: detail.into(), errors: Vec::new() }
    }

    /// What was asked for does not exist, or is not the caller's to see: nobody can tell which.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing here for you")
    }

    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the request could not be served")
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", detail)
    }

    /// The path is there for other methods.
    pub(crate) fn method(allowed: &[&str]) -> Self {
        let detail = format!("this path is for {}", allowed.join(" and "));
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail)
    }

    /// What the HTTP layer refused.
    pub(crate) fn of_refusal(refusal: &Refusal) -> Self {
        match refusal.status() {
            StatusCode::UNAUTHORIZED => Self::unauthenticated(),
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(),
            status => Self::new(status, refusal.code.as_str(), refusal.message.clone()),
        }
    }

    /// A member of the body that the schema does not have; `place` is its JSON pointer.
    pub(crate) fn unknown_member(place: &str) -> Self {
        let message = "there is no such member";
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID", message);
        let error = json!({ "pointer": place, "code": "UNKNOWN_MEMBER", "message": message });
        problem.errors.push(error);
        problem
    }

    /// The refusals of a mutation: data in GraphQL, a status here. The first decides.
    pub(crate) fn of_user_errors(refusals: &[Value]) -> Self {
        let code = |refusal: &Value| text(refusal, "code");
        let first = refusals.first().map(code).unwrap_or_default();
        let detail = refusals.first().map(|refusal| text(refusal, "message")).unwrap_or_default();
        let mut problem = Self::new(status_of_user_error(&first), &first, detail);
        problem.errors = refusals
            .iter()
            .map(|refusal| {
                let mut error = Map::new();
                if let Some(pointer) = pointer(refusal.get("path")) {
                    error.insert("pointer".to_owned(), pointer.into());
                }
                error.insert("code".to_owned(), code(refusal).into());
                error.insert("message".to_owned(), text(refusal, "message").into());
                Value::Object(error)
            })
            .collect();
        problem
    }

    /// An error of a GraphQL answer.
    pub(crate) fn of_error(error: &Value, signed_in: bool) -> Self {
        let code = error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or("INTERNAL");
        let message = text(error, "message");
        match code {
            "UNAUTHENTICATED" => Self::unauthenticated(),
            "FORBIDDEN" | "UNAUTHORIZED_FIELD_OR_TYPE" if !signed_in => Self::unauthenticated(),
            "FORBIDDEN" | "UNAUTHORIZED_FIELD_OR_TYPE" => {
                Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", "your client may not do this")
            }
            "BAD_USER_INPUT" | "BAD_REQUEST" | "GRAPHQL_VALIDATION_FAILED" => {
                Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
            }
            "RATE_LIMITED" | "COST_EXCEEDED" => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, code, message)
            }
            "SUBGRAPH_UNAVAILABLE" | "TIMEOUT" | "CIRCUIT_OPEN" => Self::unavailable(),
            code if code.starts_with("SUBREQUEST_") => Self::unavailable(),
            _ => Self::internal(),
        }
    }

    pub(crate) fn unauthenticated() -> Self {
        let detail = "send an access token: `Authorization: Bearer …`; POST /auth/token issues one";
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", detail)
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "a part of the system does not answer; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", detail)
    }
}

/// DOMAIN: which refusal of a mutation is which status.
fn status_of_user_error(code: &str) -> StatusCode {
    match code {
        "NOT_FOUND" => StatusCode::NOT_FOUND,
        "QUOTE_EXPIRED" | "OFFER_EXPIRED" => StatusCode::GONE,
        "WRONG_STATUS" | "DUPLICATE" | "EXISTS" | "VERSION_CONFLICT" => StatusCode::CONFLICT,
        "FORBIDDEN" | "SELF_APPROVAL" => StatusCode::FORBIDDEN,
        "PROVIDER_UNAVAILABLE" | "SUBGRAPH_UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        code if code.starts_with("NOT_YOUR_") => StatusCode::FORBIDDEN,
        code if code.ends_with("_TAKEN") => StatusCode::CONFLICT,
        // INVALID, EMPTY, UNKNOWN_*, IDEMPOTENCY_MISMATCH and whatever else the input is to blame for.
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// `["input", "lines", "0", "quantity"]` -> `/lines/0/quantity`: the body is the input.
fn pointer(path: Option<&Value>) -> Option<String> {
    let steps = path?.as_array()?.iter().filter_map(Value::as_str);
    let inner = steps.skip_while(|step| matches!(*step, "input" | "in"));
    let pointer: String = inner.map(|step| format!("/{}", snake(step))).collect();
    Some(pointer)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Problem");
        let mut body = json!({
            "type": "about:blank", "title": title, "status": self.status.as_u16(),
            "code": self.code, "detail": self.detail,
        });
        if !self.errors.is_empty() {
            body["errors"] = Value::Array(self.errors);
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            _ => {}
        }
        response
    }
}
