//! The tables of accounts and contacts.
//!
//! A command is one transaction: idempotency key, lock, check, write, event, result under the key.
//! What is refused is rolled back whole, its key included, and may be tried again.

pub mod account;
pub mod contact;
pub mod duplicate;
pub mod list;
pub mod merge;
pub mod read;
pub mod row;

use std::sync::Arc;

use braid_service::clock::Clock;
use braid_service::db::{Db, DbError, Migration, Tx};
use braid_service::event::{Cause, Topic};
use braid_service::idempotency::{self, Claim, Key};
use braid_service::ids::IdGen;
use braid_service::messaging::MessagingError;
use braid_service::outbox::{Fact, Outbox};
use braid_service::streams::{AccountChanged, ContactChanged};

use crate::domain::account::Account;
use crate::domain::contact::Contact;
use crate::domain::problem::Problem;
use crate::events;

/// Name of the migration set.
pub const MIGRATION_SET: &str = "accounts";

/// The tables.
pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "accounts",
    sql: include_str!("../migrations/accounts_1.sql"),
}];

/// Access to the tables. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: Db,
    clock: Clock,
    ids: Arc<IdGen>,
    outbox: Outbox,
}

/// Who commands.
#[derive(Clone, Debug)]
pub struct Command<'a> {
    /// For the events.
    pub cause: &'a Cause,
    /// The user or client.
    pub subject: &'a str,
}

/// The key of a command that creates something.
#[derive(Clone, Debug)]
pub struct Once<'a> {
    /// What the client sent as `idempotencyKey`.
    pub key: &'a str,
    /// Digest of what it asked for.
    pub fingerprint: String,
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
    /// Outbox or idempotency keys.
    #[error(transparent)]
    Messaging(#[from] MessagingError),
}

impl Store {
    /// A store over a database that [`Store::migrate`] has prepared.
    pub fn new(db: Db, clock: Clock, ids: Arc<IdGen>, outbox: Outbox) -> Self {
        Self { db, clock, ids, outbox }
    }

    /// Creates or updates the tables.
    ///
    /// # Errors
    /// The database refuses, or an applied migration was edited.
    pub async fn migrate(db: &Db) -> Result<(), DbError> {
        db.migrate(MIGRATION_SET, MIGRATIONS).await
    }

    /// Runs `body` once per key: a repeat answers the id that the first one stored, and does
    /// nothing else.
    async fn once(
        &self,
        command: &Command<'_>,
        once: &Once<'_>,
        body: impl AsyncFnOnce(&mut Tx) -> Result<String, Failure>,
    ) -> Result<String, Failure> {
        let key = Key { subject: command.subject, key: once.key, fingerprint: &once.fingerprint };
        let id = self
            .db
            .write::<_, Failure>(async |tx| {
                match idempotency::claim::<String>(tx, &key, self.clock.now_us()).await? {
                    Claim::Done(id) => Ok(id),
                    Claim::Mismatch => Err(Problem::idempotency_mismatch().into()),
                    Claim::Fresh => {
                        let id = body(tx).await?;
                        idempotency::store(tx, &key, &id).await?;
                        Ok(id)
                    }
                }
            })
            .await?;
        self.outbox.wake();
        Ok(id)
    }

    /// Appends an account's state to a stream.
    async fn tell_account(
        &self,
        tx: &mut Tx,
        command: &Command<'_>,
        topic: &Topic<AccountChanged>,
        account: &Account,
    ) -> Result<(), Failure> {
        let fact = Fact {
            subject: account.id.as_str(),
            sequence: account.version,
            cause: command.cause,
            data: &events::account(account),
        };
        Ok(self.outbox.emit(tx, topic, fact).await?)
    }

    /// Appends a contact's state to a stream.
    async fn tell_contact(
        &self,
        tx: &mut Tx,
        command: &Command<'_>,
        topic: &Topic<ContactChanged>,
        contact: &Contact,
    ) -> Result<(), Failure> {
        let fact = Fact {
            subject: contact.id.as_str(),
            sequence: contact.version,
            cause: command.cause,
            data: &events::contact(contact),
        };
        Ok(self.outbox.emit(tx, topic, fact).await?)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Refused(vec![problem])
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Refused(problems)
    }
}
