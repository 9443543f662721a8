//! Serving a subgraph: one handler for the in-process transport and for HTTP.
//!
//! A request is answered only when the router vouched for it (see `braid_vouch`); everything else
//! is 401, `_service` and `_entities` included. Then: limits, parsing, the expansion of
//! `_entities` ([`entities`]), execution under a deadline, and the repair of what async-graphql
//! leaves out: nulls for failed fields ([`nulls`]) and masked errors ([`errors`]).

mod entities;
mod errors;
mod measure;
mod nulls;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{
    Context, EmptySubscription, ObjectType, Request, Response, Schema, ServerError, Variables,
};
use braid_vouch::{CALLER_HEADER, Caller, TIMEOUT_HEADER, Verifier};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::fault::Fault;
use crate::sdl::{self, Extra, SdlError};
use crate::tasks::Tasks;

/// The path of the endpoint.
pub const PATH: &str = "/graphql";

/// What one request may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a request body.
    pub body_bytes_max: usize,
    /// Nested selection sets.
    pub depth_max: usize,
    /// Fields of the document with its fragments expanded.
    pub fields_max: u64,
    /// Representations in all `_entities` fields together.
    pub representations_max: usize,
    /// How long a request may take, whatever the asker says.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 4 * 1024 * 1024,
            depth_max: 30,
            fields_max: 20_000,
            representations_max: 10_000,
            timeout: Duration::from_secs(10),
        }
    }
}

/// What a resolver knows of its request; in the context of every request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Who asks; `None` is an anonymous client.
    pub caller: Option<Caller>,
    /// When the answer is no longer wanted.
    pub deadline: Instant,
}

/// Extensions of `async_graphql::Context` that resolvers use.
pub trait ContextExt {
    /// Who asks, if anybody is signed in.
    fn caller_opt(&self) -> Option<&Caller>;
    /// Who asks, or the fault UNAUTHENTICATED.
    fn caller(&self) -> Result<&Caller, Fault>;
    /// Who asks, if they hold `scope`; else the fault FORBIDDEN (or UNAUTHENTICATED).
    fn require_scope(&self, scope: &str) -> Result<&Caller, Fault>;
    /// Something from the schema's or the request's data, which the subgraph put there itself.
    fn get<T: Send + Sync + 'static>(&self) -> Result<&T, Fault>;
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Execute = dyn Fn(Request) -> BoxFuture<Response> + Send + Sync;
type Prepare = dyn Fn(Request) -> Request + Send + Sync;

/// What a subgraph is made of.
pub struct SubgraphConfig {
    /// Its name in the supergraph.
    pub name: &'static str,
    /// What async-graphql cannot say: see [`sdl::finalise`].
    pub extras: &'static [Extra],
    /// Who may ask.
    pub verifier: Arc<Verifier>,
    /// The clock of signatures.
    pub clock: Clock,
    /// Where mutations run, so that they end even when the asker has gone.
    pub tasks: Tasks,
    /// What a request may ask for.
    pub limits: Limits,
}

/// A subgraph that answers requests.
pub struct Subgraph {
    name: &'static str,
    sdl: String,
    types: nulls::Types,
    execute: Box<Execute>,
    prepare: Box<Prepare>,
    verifier: Arc<Verifier>,
    clock: Clock,
    tasks: Tasks,
    limits: Limits,
}

/// The body of a GraphQL request.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Variables,
}

// === impl Subgraph ===

impl Subgraph {
    /// Serves `schema`. `prepare` puts into each request what lives as long as it: the loaders.
    ///
    /// # Errors
    /// The exported SDL and the extras do not fit together.
    pub fn new<Q, M>(
        config: SubgraphConfig,
        schema: Schema<Q, M, EmptySubscription>,
        prepare: impl Fn(Request) -> Request + Send + Sync + 'static,
    ) -> Result<Self, SdlError>
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
    {
        let sdl = sdl::finalise(&sdl::export(&schema), config.extras)?;
        let types = nulls::Types::of(&sdl)?;
        let execute = move |request: Request| -> BoxFuture<Response> {
            let schema = schema.clone();
            Box::pin(async move { schema.execute(request).await })
        };
        Ok(Self {
            name: config.name,
            sdl,
            types,
            execute: Box::new(execute),
            prepare: Box::new(prepare),
            verifier: config.verifier,
            clock: config.clock,
            tasks: config.tasks,
            limits: config.limits,
        })
    }

    /// Its name in the supergraph.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its schema, as composition wants it.
    pub fn sdl(&self) -> &str {
        &self.sdl
    }

    /// Answers one HTTP request. Never fails; a fault is an answer.
    pub async fn handle(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let (parts, body) = request.into_parts();
        if body.len() > self.limits.body_bytes_max {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, "BAD_USER_INPUT", "body too large");
        }
        if let Err(reason) = self.verifier.verify_request(&parts, &body, self.clock.now_ms()) {
            tracing::debug!(subgraph.name = self.name, %reason, "refused a request");
            return refuse(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "not signed by the router");
        }
        if parts.uri.path() != PATH {
            return refuse(StatusCode::NOT_FOUND, "BAD_USER_INPUT", "not found");
        }
        if parts.method != Method::POST {
            let message = "only POST is served";
            let mut answer = refuse(StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", message);
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return answer;
        }
        let Ok(context) = self.context(&parts) else {
            return refuse(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "malformed caller");
        };
        match parse_body(&body) {
            Some(body) => respond(&self.answer(context, body).await),
            None => {
                let message = "the body is not a GraphQL request in JSON";
                refuse(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message)
            }
        }
    }

    fn context(&self, parts: &http::request::Parts) -> Result<RequestContext, ()> {
        let text = |name| parts.headers.get(name).map(|value| value.to_str().map_err(|_| ()));
        let caller = match text(CALLER_HEADER).transpose()? {
            Some(header) => Some(Caller::decode(header).map_err(|_| ())?),
            None => None,
        };
        let wanted = text(TIMEOUT_HEADER)
            .and_then(|value| value.ok()?.parse().ok())
            .map_or(self.limits.timeout, Duration::from_millis);
        Ok(RequestContext { caller, deadline: Instant::now() + wanted.min(self.limits.timeout) })
    }

    async fn answer(&self, context: RequestContext, body: Body) -> Response {
        let mut document = match async_graphql::parser::parse_query(&body.query) {
            Ok(document) => document,
            Err(error) => return self.failed(&body.query, ServerError::from(error)),
        };
        if let Err(fault) = measure::check(&document, &self.limits) {
            return self.failed(&body.query, server_error(fault));
        }
        let deadline = context.deadline;
        let mut request = Request::new("").variables(body.variables).data(context);
        if let Some(name) = &body.operation_name {
            request = request.operation_name(name);
        }
        let is_mutation = is_mutation(&document, body.operation_name.as_deref());
        let expansion =
            match entities::expand(&mut document, &mut request, self.limits.representations_max) {
                Ok(expansion) => expansion,
                Err(fault) => return self.failed(&body.query, server_error(fault)),
            };
        request.set_parsed_query(document);
        let execution = (self.execute)((self.prepare)(request));
        let mut response = self.run(execution, is_mutation, deadline).await;
        expansion.collapse(&mut response, &self.sdl);
        self.repair(&mut response, &body.query, body.operation_name.as_deref());
        response
    }

    /// Runs the execution until the deadline. A mutation runs as a task of its own: when the asker
    /// goes away it still ends, and shutdown waits for it.
    async fn run(
        &self,
        execution: BoxFuture<Response>,
        is_mutation: bool,
        deadline: Instant,
    ) -> Response {
        let bounded = async move {
            tokio::time::timeout_at(deadline, execution)
                .await
                .unwrap_or_else(|_| Response::from_errors(vec![server_error(Fault::Timeout)]))
        };
        if !is_mutation {
            return bounded.await;
        }
        self.tasks.spawn("mutation", bounded).await.unwrap_or_else(|error| {
            let fault = Fault::internal(format_args!("the mutation's task ended: {error}"));
            Response::from_errors(vec![server_error(fault)])
        })
    }

    fn failed(&self, query: &str, error: ServerError) -> Response {
        let mut response = Response::from_errors(vec![error]);
        self.repair(&mut response, query, None);
        response
    }

    /// Everything that is only needed when something went wrong.
    fn repair(&self, response: &mut Response, query: &str, operation_name: Option<&str>) {
        if response.errors.is_empty() {
            return;
        }
        errors::mask(self.name, &mut response.errors);
        if let Ok(document) = async_graphql::parser::parse_query(query) {
            nulls::complete(response, &document, operation_name, &self.types);
        }
    }
}

// === impl ContextExt ===

impl ContextExt for Context<'_> {
    fn caller_opt(&self) -> Option<&Caller> {
        self.data_opt::<RequestContext>().and_then(|context| context.caller.as_ref())
    }

    fn caller(&self) -> Result<&Caller, Fault> {
        self.caller_opt().ok_or(Fault::Unauthenticated)
    }

    fn require_scope(&self, scope: &str) -> Result<&Caller, Fault> {
        let caller = self.caller()?;
        if caller.has_scope(scope) { Ok(caller) } else { Err(Fault::Forbidden) }
    }

    fn get<T: Send + Sync + 'static>(&self) -> Result<&T, Fault> {
        self.data_opt::<T>().ok_or_else(|| {
            Fault::internal(format_args!("no {} in the context", std::any::type_name::<T>()))
        })
    }
}

// === helpers ===

/// An object; serde would also read the fields from an array.
fn parse_body(body: &[u8]) -> Option<Body> {
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    if is_object { serde_json::from_slice(body).ok() } else { None }
}

fn is_mutation(document: &ExecutableDocument, name: Option<&str>) -> bool {
    document
        .operations
        .iter()
        .filter(|(operation, _)| name.is_none() || operation.map(|n| n.as_str()) == name)
        .any(|(_, operation)| operation.node.ty == OperationType::Mutation)
}

fn server_error(fault: Fault) -> ServerError {
    async_graphql::Error::from(fault).into_server_error(async_graphql::Pos::default())
}

fn respond(response: &Response) -> http::Response<Bytes> {
    match serde_json::to_vec(response) {
        Ok(body) => json(StatusCode::OK, Bytes::from(body)),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")
        }
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> http::Response<Bytes> {
    let error = HashMap::from([
        ("message", serde_json::Value::from(message)),
        ("extensions", serde_json::json!({ "code": code })),
    ]);
    let body = serde_json::json!({ "errors": [error] }).to_string();
    json(status, Bytes::from(body))
}

fn json(status: StatusCode, body: Bytes) -> http::Response<Bytes> {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
