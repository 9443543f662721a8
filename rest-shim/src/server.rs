//! The HTTP surface: matching a path to a route, running it, answering.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use braid_documents::Method;
use braid_edge::Bundle;
use braid_edge::auth::{self, AuthHandler};
use braid_edge::stored::EdgeParts;
use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_planner::document::Conditions;
use braid_planner::operation::Selection;
use braid_router::engine::{self, Allow, Outcome};
use braid_router::http::{body, health};
use braid_router::serve::{App, Shutdown};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::answer::{Done, Reading};
use crate::binding::{Route, route};
use crate::problem::Problem;
use crate::request::{self, Parts};

const PREFIX: &str = "/v1/";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The REST edge's application.
#[derive(Clone)]
pub struct RestApp {
    inner: Arc<Inner>,
    others: Router,
}

struct Inner {
    parts: EdgeParts,
    routes: Vec<Served>,
    openapi: String,
}

/// A route with what running it needs.
struct Served {
    route: Route,
    segments: Vec<Segment>,
    text: Arc<str>,
    reading: Reading,
}

#[derive(PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Named(String),
}

/// The edge: the routes of the documents, `/v1/openapi.json`, sign-in, health.
pub fn app(parts: EdgeParts, bundle: &Bundle, auth: AuthHandler, shutdown: &Shutdown) -> RestApp {
    let schema = Arc::clone(parts.engine.schema());
    let routes = bundle.documents().iter().filter_map(|stored| {
        let route = route(&schema, stored)?;
        let segments = route.rest.path.split('/').map(segment).collect();
        let reading = reading(&schema, stored)?;
        Some(Served { route, segments, text: Arc::clone(&stored.text), reading })
    });
    let routes = routes.collect();
    let openapi = format!("{:#}\n", crate::openapi(&schema, bundle));
    let others = health::routes(shutdown)
        .merge(auth::routes(auth))
        .fallback(async || Problem::not_found().into_response());
    RestApp { inner: Arc::new(Inner { parts, routes, openapi }), others }
}

fn segment(text: &str) -> Segment {
    match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => Segment::Named(name.to_owned()),
        None => Segment::Fixed(text.to_owned()),
    }
}

fn reading(schema: &Supergraph, stored: &braid_documents::Stored) -> Option<Reading> {
    let operation = stored.document.normalise(schema, Conditions::default(), &AuthSet::new());
    operation.selections.iter().find_map(|selection| match selection {
        Selection::Field(field) => Some(Reading::of(schema, field)),
        Selection::Typename { .. } | Selection::Fragment { .. } => None,
    })
}

impl App for RestApp {
    async fn call(&self, request: Request<Body>) -> Response {
        let path = request.uri().path();
        if path == "/v1/openapi.json" && request.method() == http::Method::GET {
            let json = [(header::CONTENT_TYPE, "application/json")];
            return (json, self.inner.openapi.clone()).into_response();
        }
        if path == "/v1/health" {
            return (
                StatusCode::OK,
                [(header::CONTENT_TYPE, "application/json")],
                "{\"status\":\"UP\"}",
            )
                .into_response();
        }
        if path.starts_with(PREFIX) {
            let answer = self.inner.answer(request).await;
            return answer.unwrap_or_else(axum::response::IntoResponse::into_response);
        }
        let Ok(response) = self.others.clone().oneshot(request).await;
        response
    }
}

impl Inner {
    async fn answer(&self, request: Request<Body>) -> Result<Response, Problem> {
        let (served, path) = self.find(&request)?;
        let (head, body) = request.into_parts();
        let caller = self.parts.authenticator.caller(&head.headers).await;
        let caller = caller.map_err(|refusal| Problem::of_refusal(&refusal))?;
        let body = self.body(served, &head.headers, body).await?;
        let parts = Parts {
            path,
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body: &body,
        };
        let variables = request::variables(self.parts.engine.schema(), &served.route, &parts)?;
        let signed_in = caller.is_some();
        let request = engine::Request {
            query: Arc::clone(&served.text),
            stored: true,
            operation_name: None,
            variables: Value::Object(variables).to_string().into(),
            caller,
            headers: Vec::new(),
            deadline: tokio::time::Instant::now() + self.parts.request_time,
            allow: if served.route.rest.method == Method::Get {
                Allow::Queries
            } else {
                Allow::Any
            },
        };
        let response = self.parts.engine.execute(request).await;
        self.parts.metrics.graphql(response.outcome == Outcome::Executed);
        let answer: Value =
            serde_json::from_slice(&response.body).map_err(|_| Problem::internal())?;
        let done = served.reading.read(answer, signed_in)?;
        Ok(respond(&served.route, done, &head.uri, &head.headers))
    }

    fn find(&self, request: &Request<Body>) -> Result<(&Served, HashMap<String, String>), Problem> {
        let mut allowed = Vec::new();
        for served in &self.routes {
            let Some(names) = matches(&served.segments, request.uri().path()) else { continue };
            let method = served.route.rest.method.as_str();
            if method == request.method().as_str() {
                return Ok((served, names));
            }
            allowed.push(method);
        }
        if allowed.is_empty() { Err(Problem::not_found()) } else { Err(Problem::method(&allowed)) }
    }

    async fn body(
        &self,
        served: &Served,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<bytes::Bytes, Problem> {
        if served.route.rest.method == Method::Get {
            return Ok(bytes::Bytes::new());
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
            let detail = "send JSON with `content-type: application/json`";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                detail,
            ));
        }
        let body = body::read(headers, body, self.parts.body).await;
        body.map_err(|refusal| Problem::of_refusal(&refusal))
    }
}

/// The named segments of a path, if it is one of these.
fn matches(segments: &[Segment], path: &str) -> Option<HashMap<String, String>> {
    let mut names = HashMap::new();
    let mut given = path.split('/');
    for segment in segments {
        let text = given.next()?;
        match segment {
            Segment::Fixed(fixed) if fixed == text => {}
            Segment::Fixed(_) => return None,
            // Ids and codes of ours need no percent encoding, so an escaped one is none of them.
            Segment::Named(name) if !text.is_empty() => {
                names.insert(name.clone(), text.to_owned());
            }
            Segment::Named(_) => return None,
        }
    }
    given.next().is_none().then_some(names)
}

fn respond(route: &Route, done: Done, uri: &http::Uri, asked: &HeaderMap) -> Response {
    let Done { mut body, next_page_token, replayed, partial } = done;
    let location =
        body.get("id").and_then(Value::as_str).map(|id| format!("{}/{id}", route.rest.path));
    if !partial.is_empty()
        && let Value::Object(members) = &mut body
    {
        members.insert("meta".to_owned(), serde_json::json!({ "partial": partial }));
    }
    let text = body.to_string();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let mut add = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    let mut status = StatusCode::from_u16(route.rest.status).unwrap_or(StatusCode::OK);
    if route.rest.method == Method::Get {
        let tag = format!("\"{}\"", braid_documents::hash(&text));
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
    if let Some(location) = location.filter(|_| status == StatusCode::CREATED) {
        add(header::LOCATION, location);
    }
    if replayed {
        add(REPLAYED, "true".to_owned());
    }
    let body = if status == StatusCode::NOT_MODIFIED { String::new() } else { text };
    (status, headers, body).into_response()
}

/// `If-None-Match` (RFC 9110, section 13.1.2).
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let lists = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    })
}

fn next_page(uri: &http::Uri, token: &str) -> String {
    let kept = uri.query().unwrap_or_default().split('&');
    let kept = kept.filter(|pair| !pair.is_empty() && !pair.starts_with("page_token="));
    let token: String = token
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.push(format!("page_token={token}"));
    format!("{}?{}", uri.path(), pairs.join("&"))
}
