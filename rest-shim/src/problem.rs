//! What went wrong, as `application/problem+json` (RFC 9457).
//!
//! The table of statuses is that of the domain (section 11.3). A problem says what the client may
//! know: messages of subgraphs' faults are never among it.

use axum::response::{IntoResponse, Response};
use braid_router::refusal::Refusal;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::binding::{Route, Source};
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
    /// A header that belongs to it; boxed, because most problems have none.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let (code, detail) = (code.to_owned(), detail.into());
        Self { status, code, detail, errors: Vec::new(), header: None }
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

    pub(crate) fn unauthenticated() -> Self {
        let detail = "send an access token: `Authorization: Bearer …`; POST /auth/token issues one";
        let challenge = (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        let problem = Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", detail);
        Self { header: Some(Box::new(challenge)), ..problem }
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", "your client may not do this")
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "a part of the system does not answer; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", detail)
    }

    /// The path is there for other methods.
    pub(crate) fn method(allowed: &[&str]) -> Self {
        let detail = format!("this path is for {}", allowed.join(" and "));
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail);
        let allow = HeaderValue::try_from(allowed.join(", ")).ok();
        Self { header: allow.map(|allow| Box::new((header::ALLOW, allow))), ..problem }
    }

    /// What the HTTP layer refused.
    pub(crate) fn of_refusal(refusal: &Refusal) -> Self {
        let (status, code) = (refusal.status(), refusal.code.as_str());
        let problem = match status {
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(),
            _ => Self::new(status, code, refusal.message.clone()),
        };
        Self { header: refusal.header.clone().map(Box::new), ..problem }
    }

    /// A member of the body that cannot be taken; `pointer` says which, `message` why.
    pub(crate) fn member(pointer: &str, code: &str, message: &str) -> Self {
        let detail = format!("`{pointer}` of the body {message}");
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID", detail);
        let error = json!({ "pointer": pointer, "code": code, "message": message });
        Self { errors: vec![error], ..problem }
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

    /// An error in the answer to an operation that was executed. Its message is the subgraph's.
    pub(crate) fn of_error(error: &Value, signed_in: bool) -> Self {
        match code_of(error) {
            "UNAUTHENTICATED" => Self::unauthenticated(),
            "FORBIDDEN" | "UNAUTHORIZED_FIELD_OR_TYPE" if !signed_in => Self::unauthenticated(),
            "FORBIDDEN" | "UNAUTHORIZED_FIELD_OR_TYPE" => Self::forbidden(),
            "NOT_FOUND" => Self::not_found(),
            "BAD_USER_INPUT" => Self::bad_request("a parameter has a value that cannot be taken"),
            code @ ("RATE_LIMITED" | "COST_EXCEEDED") => {
                let detail = "too much was asked for in a short time; try again later";
                Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail)
            }
            "SUBGRAPH_UNAVAILABLE" | "TIMEOUT" | "CIRCUIT_OPEN" | "SHUTTING_DOWN" => {
                Self::unavailable()
            }
            code if code.starts_with("SUBREQUEST_") => Self::unavailable(),
            _ => Self::internal(),
        }
    }

    /// The engine's refusal to execute the operation of a route. The document was checked, so what
    /// is to blame is a value, or we.
    pub(crate) fn of_refused(status: u16, answer: &[u8], route: &Route) -> Self {
        match status {
            503 | 504 => return Self::unavailable(),
            401 => return Self::unauthenticated(),
            _ => {}
        }
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let error = answer.pointer("/errors/0").cloned().unwrap_or_default();
        if code_of(&error) == "BAD_USER_INPUT" {
            return of_coercion(&text(&error, "message"), route);
        }
        tracing::error!(code = code_of(&error), "the engine refused the document of a route");
        Self::internal()
    }
}

/// The engine names a value by its place in the variables, a client knows it by another name.
fn of_coercion(message: &str, route: &Route) -> Problem {
    let Some(((variable, path), wrong)) = blamed(message) else {
        return Problem::bad_request(message);
    };
    let binding = route.variables.iter().find(|binding| binding.variable == variable);
    let first = || path.first().map(|step| snake(step)).unwrap_or_default();
    let name = match binding.map(|binding| &binding.source) {
        Some(Source::Body) => {
            let pointer: String = path.iter().map(|step| format!("/{}", snake(step))).collect();
            return Problem::member(&pointer, "INVALID", wrong);
        }
        Some(Source::Path) => return Problem::not_found(),
        Some(Source::Query(name)) => name.clone(),
        Some(Source::Filter(_)) => first(),
        Some(Source::PageSize) => "page_size".to_owned(),
        Some(Source::PageToken) => "page_token".to_owned(),
        Some(Source::IdempotencyKey) | None => variable.to_owned(),
    };
    Problem::bad_request(format!("the parameter `{name}` {wrong}"))
}

/// The place that a message of coercion begins with (`` `$in.lines[0].quantity` ``), taken apart,
/// and what the message says of it, without types of the schema.
fn blamed(message: &str) -> Option<((&str, Vec<&str>), &str)> {
    let (place, wrong) = message.strip_prefix("`$")?.split_once('`')?;
    let mut steps = place.split(['.', '[']).map(|step| step.trim_end_matches(']'));
    let variable = steps.next()?;
    let wrong = wrong.trim_start();
    let wrong = match wrong.strip_prefix("of type `") {
        Some(typed) => typed.split_once("` ")?.1,
        None => wrong,
    };
    Some(((variable, steps.collect()), wrong))
}

/// The domain, section 11.3: which refusal of a mutation is which status.
fn status_of_user_error(code: &str) -> StatusCode {
    match code {
        "NOT_FOUND" => StatusCode::NOT_FOUND,
        "QUOTE_EXPIRED" | "OFFER_EXPIRED" => StatusCode::GONE,
        "WRONG_STATUS" | "DUPLICATE" | "EXISTS" | "VERSION_CONFLICT" => StatusCode::CONFLICT,
        "FORBIDDEN" | "SELF_APPROVAL" => StatusCode::FORBIDDEN,
        "RATE_LIMITED" | "COST_EXCEEDED" => StatusCode::TOO_MANY_REQUESTS,
        "PROVIDER_UNAVAILABLE" | "SUBGRAPH_UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        code if code.starts_with("NOT_YOUR_") => StatusCode::FORBIDDEN,
        code if code.ends_with("_TAKEN") || code.ends_with("_EXISTS") => StatusCode::CONFLICT,
        // INVALID, EMPTY, UNKNOWN_*, IDEMPOTENCY_MISMATCH and whatever else the input is to blame for.
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// `["input", "lines", "0", "quantity"]` -> `/lines/0/quantity`: the body is the input. The key of
/// idempotency stands in a header, which has no pointer.
fn pointer(path: Option<&Value>) -> Option<String> {
    let mut steps = path?.as_array()?.iter().filter_map(Value::as_str).peekable();
    if steps.peek() == Some(&"idempotencyKey") {
        return None;
    }
    steps.next_if(|step| matches!(*step, "input" | "in"));
    Some(steps.map(|step| format!("/{}", snake(step))).collect())
}

fn code_of(error: &Value) -> &str {
    error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or("INTERNAL")
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Problem");
        // Written out for the order of members: what people look for first comes first.
        let mut body = format!(
            "{{\"type\":\"about:blank\",\"title\":{},\"status\":{},\"code\":{},\"detail\":{}",
            Value::from(title),
            self.status.as_u16(),
            Value::from(self.code),
            Value::from(self.detail),
        );
        if !self.errors.is_empty() {
            body.push_str(&format!(",\"errors\":{}", Value::from(self.errors)));
        }
        body.push('}');
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        if let Some((name, value)) = self.header.map(|header| *header) {
            headers.insert(name, value);
        }
        response
    }
}
