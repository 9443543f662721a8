//! One snapshot of a supergraph that answers operations: what every server and edge calls.
//!
//! The flow of a request: its document is looked up or validated ([`cache`]), its variables are
//! coerced, what the caller may not see is decided ([`access`]), the compiled operation for that is
//! looked up or made ([`prepare`]), and run. Everything before the run is cached by the whole text:
//! an operation that was seen before costs one look-up.
//!
//! An engine never changes. A new supergraph is a new engine, so a request sees one or the other.

mod access;
mod cache;
mod prepare;

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use braid_executor::{ErrorOptions, RequestContext, Subgraphs};
use braid_model::Supergraph;
use braid_planner::coerce::Variables;
use braid_planner::document::ValidDocument;
use braid_planner::limits::Limits;
use braid_planner::operation::OperationKind;
use braid_planner::validate::error::DocumentError;
use braid_planner::view::View;
use braid_planner::{PlanOptions, validate};
use braid_vouch::Caller;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::refusal::{Refusal, RefusalCode, WireError, errors_body};
use cache::Cache;

/// How an engine works.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Clients may read the schema, and are helped with suggestions. For development.
    pub introspection: bool,
    /// What a document may cost.
    pub limits: Limits,
    /// Errors that are told of one document, or in one answer.
    pub errors_max: usize,
    /// Clients see the messages of subgraphs' errors. For development.
    pub expose_messages: bool,
    /// The time to validate and plan an operation that is not known yet.
    pub planning_time: Duration,
    /// Documents that are validated or planned at once.
    pub planning_threads: usize,
    /// What may be kept of known operations, in bytes.
    pub cache_bytes: usize,
    /// How operations are planned.
    pub plan: PlanOptions,
}

impl Default for EngineOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            introspection: false,
            limits: Limits::default(),
            errors_max: 20,
            expose_messages: false,
            planning_time: Duration::from_secs(5),
            planning_threads: cores.div_ceil(2),
            cache_bytes: 64 * 1024 * 1024,
            plan: PlanOptions::default(),
        }
    }
}

/// What a client asks.
#[derive(Debug, Clone)]
pub struct Request {
    /// The document's text.
    pub query: Arc<str>,
    /// We store the document: it may have shaping directives.
    pub stored: bool,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The variables, a JSON object; empty for none.
    pub variables: Bytes,
    /// Who asks, if that is known.
    pub caller: Option<Caller>,
    /// Headers for all subgraphs; see [`braid_executor::forwardable`].
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// When there must be an answer.
    pub deadline: Instant,
    /// What may be asked.
    pub allow: Allow,
}

/// What may be asked over a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allow {
    /// Nothing that changes anything.
    Queries,
    /// Queries and mutations.
    Any,
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Response {
    /// A GraphQL response as JSON.
    pub body: Bytes,
    /// What became of the request.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was executed; the body has `data`, and maybe errors.
    Executed,
    /// It was not executed; the body has errors and no `data`.
    Refused {
        /// The HTTP status that says why.
        status: u16,
    },
}

/// Answers operations over one supergraph.
pub struct Engine {
    core: Arc<Core>,
    subgraphs: Arc<Subgraphs>,
    cache: Cache,
    mutations: TaskTracker,
}

/// What preparing operations needs.
struct Core {
    schema: Arc<Supergraph>,
    view: View,
    options: EngineOptions,
    planning: Arc<Semaphore>,
}

/// A request that is not executed.
#[derive(Debug, Clone)]
enum Refused {
    Document(Vec<DocumentError>),
    Other(Refusal),
}

impl Engine {
    /// An engine over a supergraph whose subgraphs are reached as `subgraphs` says.
    pub fn new(schema: Arc<Supergraph>, subgraphs: Subgraphs, options: EngineOptions) -> Self {
        let cache = Cache::new(options.cache_bytes);
        let planning = Arc::new(Semaphore::new(options.planning_threads.max(1)));
        let core = Core { view: View::api(&schema), planning, schema, options };
        Self {
            core: Arc::new(core),
            subgraphs: Arc::new(subgraphs),
            cache,
            mutations: TaskTracker::new(),
        }
    }

    /// The supergraph.
    pub fn schema(&self) -> &Arc<Supergraph> {
        &self.core.schema
    }

    /// What clients see of the supergraph.
    pub fn view(&self) -> &View {
        &self.core.view
    }

    /// Waits for mutations whose clients left. To be called when no more requests come.
    pub async fn finish(&self) {
        self.mutations.close();
        self.mutations.wait().await;
    }

    /// Answers a request by its deadline.
    ///
    /// When the result is dropped, a query is given up; a mutation that has begun runs to its end.
    pub async fn execute(&self, request: Request) -> Response {
        // A defect costs the request that meets it, not the connection and what else is on it.
        match AssertUnwindSafe(self.answer(request)).catch_unwind().await {
            Ok(Ok(body)) => Response { body, outcome: Outcome::Executed },
            Ok(Err(refused)) => refused.into_response(),
            Err(_) => {
                tracing::error!("a request panicked");
                let refusal = Refusal::new(RefusalCode::Internal, "an internal error occurred");
                Refused::Other(refusal).into_response()
            }
        }
    }

    async fn answer(&self, request: Request) -> Result<Bytes, Refused> {
        let core = &self.core;
        let key = cache::Key {
            text: request.query,
            operation_name: request.operation_name,
            stored: request.stored,
        };
        let entry = self.cache.entry(&key);
        let valid = match entry.document() {
            Some(valid) => valid,
            None => self.cache.document(core, &key, &entry, request.deadline).await?,
        };
        check_kind(&valid, request.allow)?;
        let variables = Variables::coerce(&core.schema, &core.view, &valid, &request.variables)?;
        let variant = cache::Variant {
            conditions: variables.conditions(&valid)?,
            denied: access::denied(&core.schema, valid.auth(), request.caller.as_ref()),
        };
        let prepared = match entry.prepared(&variant) {
            Some(prepared) => prepared,
            None => {
                let job = prepare::Job { core, valid, variant };
                self.cache.prepared(job, &key, &entry, request.deadline).await?
            }
        };
        let variables = Arc::new(variables);
        let introspection = if prepared.introspection.is_empty() {
            None
        } else {
            Some(prepare::introspection(core, &prepared, &variables).await?)
        };
        let context = RequestContext {
            deadline: request.deadline,
            caller: request.caller.as_ref().map(caller_header).transpose()?,
            headers: request.headers,
            introspection,
            errors: ErrorOptions {
                expose_messages: core.options.expose_messages,
                errors_max: core.options.errors_max,
            },
            mutations: self.mutations.clone(),
        };
        let subgraphs = &self.subgraphs;
        let response =
            braid_executor::execute(&prepared.compiled, subgraphs, variables, context).await;
        Ok(response.body)
    }
}

/// The caller as subgraphs are told of it.
fn caller_header(caller: &Caller) -> Result<HeaderValue, Refused> {
    let value = caller.encode().ok().and_then(|text| HeaderValue::try_from(text).ok());
    value.ok_or_else(|| {
        // A token is smaller than this header may be, so it does not come from one.
        let message = "the caller has too many scopes or groups";
        Refused::Other(Refusal::new(RefusalCode::Unauthenticated, message))
    })
}

fn check_kind(valid: &ValidDocument, allow: Allow) -> Result<(), Refused> {
    let refusal = match (valid.kind(), allow) {
        (OperationKind::Query, _) | (OperationKind::Mutation, Allow::Any) => return Ok(()),
        (OperationKind::Mutation, Allow::Queries) => {
            Refusal::new(RefusalCode::MethodNotAllowed, "mutations are only taken by POST")
        }
        (OperationKind::Subscription, _) => {
            Refusal::new(RefusalCode::Subscription, "subscriptions are not served here")
        }
    };
    Err(Refused::Other(refusal))
}

impl Core {
    fn validation(&self, stored: bool) -> validate::Options {
        validate::Options {
            limits: self.options.limits.clone(),
            stored,
            introspection: self.options.introspection,
            suggest: self.options.introspection,
            errors_max: self.options.errors_max,
        }
    }
}

impl From<DocumentError> for Refused {
    fn from(error: DocumentError) -> Self {
        Self::Document(vec![error])
    }
}

impl Refused {
    fn other(code: RefusalCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Other(Refusal::new(code, message))
    }

    fn into_response(self) -> Response {
        match self {
            Self::Document(errors) => {
                let errors = errors.iter().map(|error| WireError {
                    code: error.code(),
                    message: &error.message,
                    locations: &error.locations,
                });
                Response { body: errors_body(errors), outcome: Outcome::Refused { status: 400 } }
            }
            Self::Other(refusal) => Response {
                body: refusal.body(),
                outcome: Outcome::Refused { status: refusal.code.status() },
            },
        }
    }
}
