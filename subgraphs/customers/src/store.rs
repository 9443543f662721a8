//! Customers in their database: [`read`]s, commands of people ([`write`]) and the credit ledger
//! ([`credit`]).
//!
//! Everything that changes a customer locks its row first; so claims, limits and holds of one
//! customer happen one after another, and events get their order.

pub mod credit;
pub mod memberships;
pub mod read;
pub mod write;

use braid_service::db::{Db, DbError, Migration};
use braid_service::fault::Fault;
use braid_service::messaging::MessagingError;
use braid_service::outbox::Outbox;

use crate::domain::Problem;

/// The package's own tables.
pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "customers",
    sql: include_str!("../migrations/customers_1.sql"),
}];

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
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Db(error) | Failure::Messaging(MessagingError::Db(error)) => {
                Self::Store(error)
            }
            Failure::Messaging(error) => Self::internal(error),
            Failure::Refused(problem) => Self::bad_input(problem.message),
        }
    }
}
