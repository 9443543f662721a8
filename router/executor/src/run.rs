//! Runs a compiled operation: sends each fetch as soon as what it waits for is there, reads the
//! answers as they come, and writes the client's.
//!
//! One task does all of it; only requests are under way at the same time, and there are no waves:
//! the plan's dependencies alone decide. Dropping the future of a query cancels its requests; a
//! mutation runs in a task of its own, to its end.

use std::sync::Arc;

use braid_planner::coerce::Variables;
use braid_planner::operation::OperationKind;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::compile::{Compiled, Target};
use crate::data::{Data, index};
use crate::fault::Failure;
use crate::read::{self, Refused, Targets};
use crate::represent::{self, Prepared};
use crate::subgraphs::Subgraphs;
use crate::transport::{self, Answer};
use crate::write::{self, ErrorOptions, Response};

/// What belongs to one request.
#[derive(Clone)]
pub struct RequestContext {
    /// When the answer must be there; what is missing then is null, with an error.
    pub deadline: Instant,
    /// The value of [`braid_vouch::CALLER_HEADER`]: who asks. It travels to signed subgraphs only.
    pub caller: Option<HeaderValue>,
    /// Headers for all subgraphs; see [`crate::forwardable`].
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The answer to the operation's introspection fields (the object behind `data`), if
    /// [`Compiled::introspects`].
    pub introspection: Option<Bytes>,
    /// How errors are told.
    pub errors: ErrorOptions,
    /// Mutations run as tasks of this tracker, so that a shutdown can wait for them.
    pub mutations: TaskTracker,
}

impl RequestContext {
    /// A request that is to be answered by `deadline`, made by nobody, with the default limit of
    /// 20 errors and subgraphs' messages masked.
    pub fn new(deadline: Instant) -> Self {
        Self {
            deadline,
            caller: None,
            headers: Vec::new(),
            introspection: None,
            errors: ErrorOptions { expose_messages: false, errors_max: 20 },
            mutations: TaskTracker::new(),
        }
    }
}

/// Runs an operation. Whatever happens, there is an answer: faults of subgraphs are errors in it.
pub async fn execute(
    compiled: &Arc<Compiled>,
    subgraphs: &Arc<Subgraphs>,
    variables: Arc<Variables>,
    context: RequestContext,
) -> Response {
    match compiled.kind {
        OperationKind::Query => Run::new(compiled, subgraphs, &variables, &context).run().await,
        OperationKind::Mutation => {
            let (compiled, subgraphs) = (Arc::clone(compiled), Arc::clone(subgraphs));
            let tracker = context.mutations.clone();
            let task = tracker.spawn(async move {
                Run::new(&compiled, &subgraphs, &variables, &context).run().await
            });
            match task.await {
                Ok(response) => response,
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime is shutting down.
                    Err(_) => refusal("the server is shutting down", "SHUTTING_DOWN"),
                },
            }
        }
        OperationKind::Subscription => {
            refusal("subscriptions are not served here", "SUBSCRIPTIONS_UNSUPPORTED")
        }
    }
}

/// An answer without data.
fn refusal(message: &str, code: &str) -> Response {
    let body = format!(
        "{{\"data\":null,\"errors\":[{{\"message\":\"{message}\",\"extensions\":{{\"code\":\"{code}\"}}}}]}}"
    );
    Response { body: body.into(), errors: 1, data_null: true }
}

/// One run.
struct Run<'a> {
    compiled: &'a Compiled,
    subgraphs: &'a Subgraphs,
    variables: &'a Variables,
    context: &'a RequestContext,
    data: Data,
    /// For each fetch, how many others it still waits for.
    waits: Vec<u32>,
}

/// What came back.
struct Arrived {
    fetch: u32,
    targets: Targets,
    answer: Result<Answer, Failure>,
}

impl<'a> Run<'a> {
    fn new(
        compiled: &'a Compiled,
        subgraphs: &'a Subgraphs,
        variables: &'a Variables,
        context: &'a RequestContext,
    ) -> Self {
        let data = Data::new(compiled.shapes.len(), compiled.fetches.len());
        let waits = compiled.fetches.iter().map(|fetch| fetch.waits_for).collect();
        Self { compiled, subgraphs, variables, context, data, waits }
    }

    async fn run(mut self) -> Response {
        let mut under_way = FuturesUnordered::new();
        // Fetches that wait for nothing any more.
        let mut ready: Vec<u32> = Vec::new();
        for (at, waits) in self.waits.iter().enumerate().rev() {
            if *waits == 0 {
                ready.push(index(at));
            }
        }
        loop {
            while let Some(fetch) = ready.pop() {
                match self.start(fetch) {
                    Some(prepared) => under_way.push(self.send(fetch, prepared)),
                    None => self.done(fetch, &mut ready),
                }
            }
            let Some(arrived) = under_way.next().await else { break };
            let fetch = arrived.fetch;
            self.take(arrived);
            self.done(fetch, &mut ready);
        }
        drop(under_way);
        let compiled = self.compiled;
        let subgraphs = self.subgraphs;
        let service = |fetch: u32| match compiled.fetches[fetch as usize].target {
            Target::Subgraph(id) => subgraphs.get(id).map(|subgraph| subgraph.name.clone()),
            Target::Introspection => None,
        };
        write::response(compiled, &self.data, &service, self.context.errors)
    }

    /// Prepares a fetch. Nothing, if there is nothing to send: its answer is known, or nobody
    /// needs it.
    fn start(&mut self, fetch: u32) -> Option<Prepared> {
        let prepared = represent::prepare(self.compiled, &mut self.data, fetch, self.variables)?;
        match self.compiled.fetches[fetch as usize].target {
            Target::Subgraph(_) => return Some(prepared),
            Target::Introspection => {}
        }
        let targets = &prepared.targets;
        let body = self.context.introspection.clone().unwrap_or_default();
        if let Err(refused) = read::known(self.compiled, &mut self.data, fetch, targets, &body) {
            self.data.fail(fetch, refused.into(), &targets.nodes());
        }
        None
    }

    /// The exchange of a fetch. It borrows nothing of the run that changes.
    fn send(
        &self,
        fetch: u32,
        prepared: Prepared,
    ) -> impl Future<Output = Arrived> + Send + use<'a> {
        let (subgraphs, context) = (self.subgraphs, self.context);
        let asked = &self.compiled.fetches[fetch as usize];
        async move {
            let subgraph = match &asked.target {
                Target::Subgraph(id) => subgraphs.get(*id),
                Target::Introspection => None,
            };
            let answer = match subgraph {
                Some(subgraph) => {
                    transport::exchange(subgraph, context, prepared.body, asked.mutates).await
                }
                None => Err(Failure::Unreachable),
            };
            Arrived { fetch, targets: prepared.targets, answer }
        }
    }

    /// Reads what came back.
    fn take(&mut self, arrived: Arrived) {
        let Arrived { fetch, targets, answer } = arrived;
        let failure = match answer {
            Ok(Answer { status, body }) => {
                match read::answer(self.compiled, &mut self.data, fetch, &targets, &body) {
                    Ok(()) => return,
                    // A refusal by status need not be an answer of GraphQL.
                    Err(Refused::Malformed | Refused::NoAnswer) if !status.is_success() => {
                        Failure::Http(status.as_u16())
                    }
                    Err(refused) => refused.into(),
                }
            }
            Err(failure) => failure,
        };
        debug!(fetch, code = failure.code(), "a subgraph request failed");
        self.data.fail(fetch, failure, &targets.nodes());
    }

    /// Tells those who wait for a fetch that it is done.
    fn done(&mut self, fetch: u32, ready: &mut Vec<u32>) {
        for &next in &self.compiled.fetches[fetch as usize].then {
            let waits = &mut self.waits[next as usize];
            *waits -= 1;
            if *waits == 0 {
                ready.push(next);
            }
        }
    }
}
