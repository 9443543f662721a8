//! GraphQL over HTTP: `/graphql`, and whatever else an application serves.
//!
//! The router runs the texts that clients send; an edge gives it other [`Documents`]: those that it
//! stores. `/graphql` is dispatched without a router or boxed futures: it is the hot path.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, header};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::engine::{self, Allow, Engine, Outcome};
use crate::http::body::{self, BodyLimits};
use crate::http::caller::Authenticator;
use crate::http::cors::Cors;
use crate::http::metrics::Metrics;
use crate::http::negotiate::{MediaType, negotiate, refuse};
use crate::http::params::Params;
use crate::http::{csrf, health};
use crate::refusal::{Refusal, RefusalCode};
use crate::serve::{App, Shutdown};

/// Where GraphQL is served.
pub const PATH: &str = "/graphql";

/// How GraphQL is served.
pub struct GraphqlOptions {
    /// What answers operations.
    pub engine: Arc<Engine>,
    /// What verifies callers; without it everybody is unknown.
    pub authenticator: Option<Arc<Authenticator>>,
    /// Which pages of other origins may call.
    pub cors: Cors,
    /// Headers of clients that travel on to all subgraphs.
    pub forward: Vec<HeaderName>,
    /// What a body may cost.
    pub body: BodyLimits,
    /// From the end of the body to the answer.
    pub request_time: Duration,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
}

/// What a request runs.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The document's text.
    pub query: Arc<str>,
    /// We store it: it may have shaping directives.
    pub stored: bool,
    /// Which of its operations.
    pub operation_name: Option<String>,
}

/// Chooses what a request runs by its parameters.
pub trait Documents: Send + Sync + 'static {
    /// What the parameters `query`, `documentId`, `operationName` and `extensions` ask for.
    ///
    /// # Errors
    /// Nothing, or nothing that may run here.
    fn choose(&self, params: &Params) -> Result<Chosen, Refusal>;
}

/// The texts that clients send.
#[derive(Debug, Clone, Copy)]
pub struct Texts;

/// The application.
#[derive(Clone)]
pub struct GraphqlApp {
    options: Arc<GraphqlOptions>,
    documents: Arc<dyn Documents>,
    others: axum::Router,
}

impl GraphqlApp {
    /// The router's application: texts, health that follows `shutdown`, and 404 for all else.
    pub fn new(options: GraphqlOptions, shutdown: &Shutdown) -> Self {
        let others = health::app(shutdown);
        Self::with_documents(options, Arc::new(Texts), others)
    }

    /// An application that runs what `documents` chooses; `others` answers every path but
    /// `/graphql`.
    pub fn with_documents(
        options: GraphqlOptions,
        documents: Arc<dyn Documents>,
        others: axum::Router,
    ) -> Self {
        Self { options: Arc::new(options), documents, others }
    }

    async fn graphql(&self, request: Request<Body>) -> Response {
        let (parts, body) = request.into_parts();
        let options = &*self.options;
        if parts.method == Method::OPTIONS
            && let Some(response) = options.cors.preflight(&parts.headers)
        {
            return response;
        }
        let media = match negotiate(&parts.headers) {
            Ok(media) => media,
            Err(refusal) => return refuse(MediaType::Json, &refusal),
        };
        let mut response = match self.answer(&parts, body).await {
            Ok(response) => {
                options.metrics.graphql(response.outcome == Outcome::Executed);
                respond(media, response)
            }
            Err(refusal) => {
                options.metrics.graphql(false);
                refuse(media, &refusal)
            }
        };
        options.cors.mark(&parts.headers, &mut response);
        response
    }

    async fn answer(&self, parts: &Parts, body: Body) -> Result<engine::Response, Refusal> {
        let options = &*self.options;
        let (params, allow) = read(parts, body, options.body).await?;
        let caller = match &options.authenticator {
            Some(authenticator) => authenticator.caller(&parts.headers).await?,
            None => None,
        };
        let Chosen { query, stored, operation_name } = self.documents.choose(&params)?;
        let request = engine::Request {
            query,
            stored,
            operation_name,
            variables: params.variables,
            caller,
            headers: braid_executor::forwardable(&parts.headers, &options.forward),
            deadline: Instant::now() + options.request_time,
            allow,
        };
        Ok(options.engine.execute(request).await)
    }
}

impl App for GraphqlApp {
    async fn call(&self, request: Request<Body>) -> Response {
        if request.uri().path() == PATH {
            self.graphql(request).await
        } else {
            let Ok(response) = self.others.clone().oneshot(request).await;
            response
        }
    }
}

impl Documents for Texts {
    fn choose(&self, params: &Params) -> Result<Chosen, Refusal> {
        if params.document_id.is_some() {
            let message = "no documents are stored here; send the text of the document";
            return Err(Refusal::new(RefusalCode::UnknownDocument, message));
        }
        let Some(query) = &params.query else {
            return Err(Refusal::bad_request("the parameter `query` is missing"));
        };
        let operation_name = params.operation_name.clone();
        Ok(Chosen { query: query.as_str().into(), stored: false, operation_name })
    }
}

/// Reads the parameters of a GET or POST, after all checks of its headers.
///
/// # Errors
/// It is no GraphQL-over-HTTP request, or one that another site could have caused.
pub async fn read(
    parts: &Parts,
    body: Body,
    limits: BodyLimits,
) -> Result<(Params, Allow), Refusal> {
    match parts.method {
        Method::POST => {
            csrf::check_post(&parts.headers)?;
            Params::none_in_url(parts.uri.query())?;
            let body = body::read(&parts.headers, body, limits).await?;
            Ok((Params::from_body(&body)?, Allow::Any))
        }
        Method::GET => {
            csrf::check_get(&parts.headers)?;
            let params = Params::from_query_string(parts.uri.query().unwrap_or_default())?;
            Ok((params, Allow::Queries))
        }
        _ => Err(Refusal::method("GET, POST")),
    }
}

/// An answer of the engine as one of that media type.
pub fn respond(media: MediaType, response: engine::Response) -> Response {
    let status = match response.outcome {
        Outcome::Executed => http::StatusCode::OK,
        Outcome::Refused { status } => media.status(status),
    };
    let mut answer = (status, Body::from(response.body)).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, media.header());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == http::StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    answer
}
