//! The HTTP surface: matching a path to a route, and running it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use braid_documents::{Method, Segment, Stored};
use braid_edge::Bundle;
use braid_edge::auth::{self, AuthHandler};
use braid_edge::stored::EdgeParts;
use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_planner::document::Conditions;
use braid_planner::operation::Selection;
use braid_router::engine::{self, Allow, Outcome};
use braid_router::http::params::decode;
use braid_router::http::{body, csrf, health};
use braid_router::serve::{App, Shutdown};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt as _;

use crate::answer::Reading;
use crate::binding::{Route, Source, route};
use crate::problem::Problem;
use crate::request::{self, Parts};
use crate::respond;

/// The REST edge's application.
#[derive(Clone)]
pub struct RestApp {
    inner: Arc<Inner>,
    others: Router,
}

struct Inner {
    parts: EdgeParts,
    routes: Vec<Served>,
}

/// A route with what running it needs.
struct Served {
    route: Route,
    text: Arc<str>,
    reading: Reading,
}

/// A route for a path, and the values of the path's parameters.
type Found<'a> = (&'a Served, HashMap<String, String>);

/// The edge: the routes of the documents, `/v1/openapi.json`, sign-in, health.
pub fn app(parts: EdgeParts, bundle: &Bundle, auth: AuthHandler, shutdown: &Shutdown) -> RestApp {
    let schema = Arc::clone(parts.engine.schema());
    let routes = bundle.documents().iter().filter_map(|stored| {
        let (route, reading) = (route(&schema, stored)?, reading(&schema, stored)?);
        Some(Served { route, text: Arc::clone(&stored.text), reading })
    });
    let routes = routes.collect();
    let openapi: Arc<str> = format!("{:#}\n", crate::openapi(&schema, bundle)).into();
    let own = Router::new()
        .route(
            "/v1/openapi.json",
            get(async move |headers: HeaderMap| respond::document(&openapi, &headers)),
        )
        .route(
            "/v1/health",
            get(async || respond::document("{\"status\":\"UP\"}", &HeaderMap::new())),
        );
    let others = own
        .merge(health::routes(shutdown))
        .merge(auth::routes(auth))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            let detail = "this path has another method";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail)
        });
    RestApp { inner: Arc::new(Inner { parts, routes }), others }
}

fn reading(schema: &Supergraph, stored: &Stored) -> Option<Reading> {
    let operation = stored.document.normalise(schema, Conditions::default(), &AuthSet::new());
    operation.selections.iter().find_map(|selection| match selection {
        Selection::Field(field) => Some(Reading::of(schema, field)),
        Selection::Typename { .. } | Selection::Fragment { .. } => None,
    })
}

impl App for RestApp {
    async fn call(&self, request: Request<Body>) -> Response {
        match self.inner.find(&request) {
            Ok(Some(found)) => {
                let answer = self.inner.answer(found, request).await;
                answer.unwrap_or_else(axum::response::IntoResponse::into_response)
            }
            Ok(None) => {
                let Ok(response) = self.others.clone().oneshot(request).await;
                response
            }
            Err(problem) => problem.into_response(),
        }
    }
}

impl Inner {
    /// The route for a request, if the path is that of any.
    fn find(&self, request: &Request<Body>) -> Result<Option<Found<'_>>, Problem> {
        // A HEAD is a GET whose body the server leaves out (RFC 9110, section 9.3.2).
        let method = match request.method() {
            &http::Method::HEAD => &http::Method::GET,
            method => method,
        };
        let mut allowed = Vec::new();
        for served in &self.routes {
            let rest = &served.route.rest;
            let Some(names) = matches(&rest.segments, request.uri().path()) else { continue };
            if rest.method.as_str() == method.as_str() {
                return names.map(|names| Some((served, names)));
            }
            allowed.push(rest.method.as_str());
            if rest.method == Method::Get {
                allowed.push("HEAD");
            }
        }
        if allowed.is_empty() { Ok(None) } else { Err(Problem::method(&allowed)) }
    }

    async fn answer(
        &self,
        (served, path): Found<'_>,
        request: Request<Body>,
    ) -> Result<Response, Problem> {
        let (head, body) = request.into_parts();
        let refused = |refusal| Problem::of_refusal(&refusal);
        let caller = self.parts.authenticator.caller(&head.headers).await.map_err(refused)?;
        let body = self.body(&served.route, &head.headers, body).await?;
        let parts = Parts {
            path,
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body: &body,
        };
        let variables = request::variables(self.parts.engine.schema(), &served.route, &parts)?;
        let signed_in = caller.is_some();
        let is_get = served.route.rest.method == Method::Get;
        let request = engine::Request {
            query: Arc::clone(&served.text),
            stored: true,
            operation_name: None,
            variables: variables.into(),
            caller,
            headers: Vec::new(),
            deadline: tokio::time::Instant::now() + self.parts.request_time,
            allow: if is_get { Allow::Queries } else { Allow::Any },
        };
        let response = self.parts.engine.execute(request).await;
        self.parts.metrics.graphql(response.outcome == Outcome::Executed);
        if let Outcome::Refused { status } = response.outcome {
            return Err(Problem::of_refused(status, &response.body, &served.route));
        }
        let done = served.reading.read(&response.body, signed_in)?;
        Ok(respond::respond(&served.route, done, &head.uri, &head.headers))
    }

    async fn body(&self, route: &Route, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
        let refused = |refusal| Problem::of_refusal(&refusal);
        if route.rest.method == Method::Get {
            return Ok(Bytes::new());
        }
        let takes_one = route.variables.iter().any(|binding| binding.source == Source::Body);
        if takes_one {
            csrf::check_post(headers).map_err(refused)?;
        }
        let body = body::read(headers, body, self.parts.body).await.map_err(refused)?;
        if !takes_one && !body.is_empty() {
            return Err(Problem::bad_request("this request takes no body"));
        }
        Ok(body)
    }
}

/// The named segments of a path, decoded, if it is one of these.
fn matches(segments: &[Segment], path: &str) -> Option<Result<HashMap<String, String>, Problem>> {
    let mut names = HashMap::new();
    let mut malformed = false;
    let mut given = path.strip_prefix('/')?.split('/');
    for segment in segments {
        match (segment, given.next()?) {
            (Segment::Fixed(fixed), text) if fixed == text => {}
            (Segment::Fixed(_), _) | (Segment::Named(_), "") => return None,
            // Decoded after the path was split, so an escaped `/` separates nothing. In a path, a
            // `+` is a plus.
            (Segment::Named(name), text) => match decode(&text.replace('+', "%2B")) {
                // No id or code of ours has such characters.
                Ok(text) if text.contains(char::is_control) => return None,
                Ok(text) => drop(names.insert(name.clone(), text)),
                Err(_) => malformed = true,
            },
        }
    }
    if given.next().is_some() {
        return None;
    }
    let message = "the path is not valid percent encoding";
    Some(if malformed { Err(Problem::bad_request(message)) } else { Ok(names) })
}
