//! The work on an operation that is not known yet, off the I/O threads, few at a time.

use std::future::Future;
use std::sync::Arc;

use braid_executor::Compiled;
use braid_planner::PlanError;
use braid_planner::coerce::Variables;
use braid_planner::document::ValidDocument;
use braid_planner::introspect;
use braid_planner::operation::Selection;
use bytes::Bytes;
use tokio::time::Instant;

use super::cache::{Key, Variant};
use super::{Core, Refused};
use crate::refusal::RefusalCode;

/// An operation that is to be planned and compiled.
pub(super) struct Job<'a> {
    pub(super) core: &'a Arc<Core>,
    pub(super) valid: Arc<ValidDocument>,
    pub(super) variant: Variant,
}

/// An operation, ready to be run.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) compiled: Arc<Compiled>,
    /// What it selects, if that is anything of the schema: we answer it, for each request anew,
    /// because the answer depends on variables. Empty otherwise.
    pub(super) introspection: Vec<Selection>,
}

impl Core {
    /// Waits for something that is being prepared, no longer than that may take.
    pub(super) async fn in_time<T>(
        &self,
        deadline: Instant,
        work: impl Future<Output = T>,
    ) -> Result<T, Refused> {
        let until = deadline.min(Instant::now() + self.options.planning_time);
        tokio::time::timeout_at(until, work).await.map_err(|_| {
            let message = "the operation could not be prepared in time; try again";
            Refused::other(RefusalCode::PlanningTimeout, message)
        })
    }

    /// Runs work that keeps a core busy.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let permit = Arc::clone(&self.planning)
            .acquire_owned()
            .await
            .expect("the semaphore of planning is never closed");
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        match task.await {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// Parses and validates a document.
pub(super) async fn document(core: &Arc<Core>, key: &Key) -> Result<Arc<ValidDocument>, Refused> {
    let (own, key) = (Arc::clone(core), key.clone());
    core.run(move || {
        let (name, options) = (key.operation_name.as_deref(), own.validation(key.stored));
        ValidDocument::read(&own.schema, &own.view, &key.text, name, &options)
            .map(Arc::new)
            .map_err(Refused::Document)
    })
    .await
}

/// Plans and compiles an operation.
pub(super) async fn operation(job: Job<'_>) -> Result<Arc<Prepared>, Refused> {
    let Job { core, valid, variant } = job;
    let own = Arc::clone(core);
    core.run(move || {
        let operation = valid.normalise(&own.schema, variant.conditions, &variant.denied);
        let plan = braid_planner::plan(&own.schema, &operation, &own.options.plan)
            .map_err(|error| unplanned(&error))?;
        let compiled = braid_executor::compile(&own.schema, &plan).map_err(|error| {
            tracing::error!(%error, "could not compile a plan");
            Refused::other(RefusalCode::Internal, "the operation could not be planned")
        })?;
        let introspects = compiled.introspects();
        if introspects && !own.options.introspection {
            // Validation refused it already; the door is checked from both sides.
            let message = "introspection is closed; use the published schema";
            return Err(Refused::other(RefusalCode::IntrospectionDisabled, message));
        }
        let introspection = if introspects { operation.selections } else { Vec::new() };
        Ok(Arc::new(Prepared { compiled: Arc::new(compiled), introspection }))
    })
    .await
}

/// Answers what an operation asks of the schema.
pub(super) async fn introspection(
    core: &Arc<Core>,
    prepared: &Arc<Prepared>,
    variables: &Arc<Variables>,
) -> Result<Bytes, Refused> {
    let (own, prepared, variables) =
        (Arc::clone(core), Arc::clone(prepared), Arc::clone(variables));
    core.run(move || {
        introspect::answer(&own.schema, &own.view, &prepared.introspection, &variables)
            .map(Bytes::from)
            .map_err(|error| Refused::other(RefusalCode::PlanningLimit, error.to_string()))
    })
    .await
}

fn unplanned(error: &PlanError) -> Refused {
    match error {
        PlanError::TooComplex { .. } | PlanError::TooDeep { .. } => Refused::other(
            RefusalCode::PlanningLimit,
            "the operation can be answered in too many ways; ask for less at once",
        ),
        // What composes can be planned, so the supergraph is not one that was checked.
        PlanError::Unreachable { .. } | PlanError::NoRoot(_) => {
            tracing::error!(%error, "no plan");
            let message = "no service resolves what the operation asks for";
            Refused::other(RefusalCode::Unplannable, message)
        }
    }
}
