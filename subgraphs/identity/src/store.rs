//! Identity's tables and what is done in them. Every change is one transaction with its events.

pub mod clients;
pub mod keys;
pub mod privacy;
pub mod sessions;
pub mod users;

use std::sync::Arc;

use braid_service::clock::Clock;
use braid_service::db::{Db, DbError, Migration, Tx};
use braid_service::event::Cause;
use braid_service::fault::Fault;
use braid_service::ids::IdGen;
use braid_service::messaging::MessagingError;
use braid_service::outbox::Outbox;

use crate::domain::problem::Problem;

/// The name of the migration set.
pub const MIGRATION_SET: &str = "identity";
/// The tables.
pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "identity",
    sql: include_str!("../migrations/1_identity.sql"),
}];

/// Reads and writes identity's data. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: Db,
    clock: Clock,
    ids: Arc<IdGen>,
    outbox: Outbox,
}

/// Why a change was not made.
#[derive(Debug)]
pub enum Failure {
    /// A rule of the business: tell the client as data.
    Problem(Problem),
    /// Anything else.
    Fault(Fault),
}

impl Store {
    /// A store on an opened and migrated database.
    pub fn new(db: Db, clock: Clock, ids: Arc<IdGen>, outbox: Outbox) -> Self {
        Self { db, clock, ids, outbox }
    }

    /// Microseconds since the epoch.
    pub fn now_us(&self) -> i64 {
        self.clock.now_us()
    }

    /// New ids and secrets.
    pub fn ids(&self) -> &IdGen {
        &self.ids
    }

    /// Runs a change and tells the relay that there may be something to publish.
    async fn change<T>(
        &self,
        body: impl AsyncFnOnce(&mut Tx) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let done = self.db.write(body).await;
        self.outbox.wake();
        done
    }
}

/// The cause of what a caller's request changes.
pub fn cause(actor: &str) -> Cause {
    Cause { actor: Some(actor.to_owned()), ..Cause::default() }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<MessagingError> for Failure {
    fn from(error: MessagingError) -> Self {
        Self::Fault(match error {
            MessagingError::Db(error) => error.into(),
            other => Fault::internal(other),
        })
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
