//! Orders in their database: the event store ([`events`]) with its view, reads ([`read`]) and the
//! projections of other services' facts ([`projection`]).

pub mod events;
pub mod projection;
pub mod read;

use braid_service::db::{Db, DbError, Migration};
use braid_service::fault::Fault;
use braid_service::messaging::MessagingError;
use braid_service::outbox::Outbox;

use crate::domain::Problem;
use crate::domain::order::BrokenHistory;

/// The package's own tables.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "orders", sql: include_str!("../migrations/orders_1.sql") }];

/// The database with what is needed to change it. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub db: Db,
    pub outbox: Outbox,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// For a business reason, which is told to the client as data.
    #[error(transparent)]
    Refused(#[from] Problem),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Messaging(#[from] MessagingError),
    #[error(transparent)]
    Broken(#[from] BrokenHistory),
    /// What is stored cannot be read as what it should be.
    #[error("reading stored {what}: {source}")]
    Stored { what: &'static str, source: serde_json::Error },
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Db(error) | Failure::Messaging(MessagingError::Db(error)) => {
                Self::Store(error)
            }
            Failure::Refused(problem) => Self::bad_input(problem.message),
            Failure::Messaging(_) | Failure::Broken(_) | Failure::Stored { .. } => {
                Self::internal(failure)
            }
        }
    }
}

impl From<Failure> for MessagingError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Db(error) => error.into(),
            Failure::Messaging(error) => error,
            Failure::Refused(_) | Failure::Broken(_) | Failure::Stored { .. } => {
                Self::Poison(failure.to_string())
            }
        }
    }
}
