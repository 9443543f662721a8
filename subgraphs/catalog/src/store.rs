//! The catalog's tables: products with their prices, categories, prices of accounts.
//!
//! One statement loads a product with its list price in force, so a page or a batch of entities
//! costs one round trip. Writes lock the product's row, change it and append its event in one
//! transaction.

pub mod list;
pub mod price;
pub mod read;
pub mod write;

use braid_service::clock::Clock;
use braid_service::db::{Db, DbError, Migration};
use braid_service::messaging::MessagingError;
use braid_service::outbox::Outbox;

use crate::domain::problem::Problem;

/// Name of the migration set.
pub const MIGRATION_SET: &str = "catalog";

/// The tables of the catalog.
pub const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "catalog", sql: include_str!("../migrations/catalog_1.sql") }];

/// Access to the tables. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: Db,
    clock: Clock,
    outbox: Outbox,
}

/// Why a command was not carried out. The transaction is rolled back in each case.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// For business reasons, to be told as `userErrors`.
    #[error("refused")]
    Refused(Vec<Problem>),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The outbox.
    #[error(transparent)]
    Messaging(#[from] MessagingError),
}

impl Store {
    /// A store over a database that [`Store::migrate`] has prepared.
    pub fn new(db: Db, clock: Clock, outbox: Outbox) -> Self {
        Self { db, clock, outbox }
    }

    /// Creates or updates the tables.
    ///
    /// # Errors
    /// The database refuses, or an applied migration was edited.
    pub async fn migrate(db: &Db) -> Result<(), DbError> {
        db.migrate(MIGRATION_SET, MIGRATIONS).await
    }

    /// The time that decides which prices are in force.
    pub fn now_us(&self) -> i64 {
        self.clock.now_us()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Refused(vec![problem])
    }
}
