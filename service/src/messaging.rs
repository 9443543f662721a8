//! What the messaging modules share: their tables, their error and the removal of old rows.
//!
//! The flow: a command changes its aggregate and appends events ([`crate::outbox`]) in one
//! transaction; the relay publishes them to the [`crate::bus`]; a consumer's effect, its inbox row
//! ([`crate::inbox`]) and whatever it appends itself are again one transaction. Sagas
//! ([`crate::saga`]) are made of such steps. So every effect happens exactly once although every
//! message may travel several times.

use crate::bus::BusError;
use crate::db::{Db, DbError, Migration, sql};
use crate::event::EventError;
use crate::failpoints::Crash;

/// Published outbox rows, inbox rows and command answers are kept this long: longer than any bus
/// may send a message again.
pub const RETENTION_US: i64 = 7 * 24 * 3_600 * 1_000_000;
/// Ended sagas are kept this long.
pub const SAGA_RETENTION_US: i64 = 30 * 24 * 3_600 * 1_000_000;

/// The tables, the same in every service.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "messaging", sql: include_str!("../migrations/messaging_1.sql") },
    Migration {
        version: 2,
        name: "broker marks",
        sql: include_str!("../migrations/messaging_2.sql"),
    },
];

/// Name of the migration set.
pub const MIGRATION_SET: &str = "messaging";

/// What can fail between an aggregate and its effects elsewhere.
#[derive(Debug, thiserror::Error)]
pub enum MessagingError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Event(#[from] EventError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error(transparent)]
    Crash(#[from] Crash),
    /// The message can be read but means nothing here; trying again will not help much.
    #[error("{0}")]
    Poison(String),
    /// Stored state of a saga is not what its definition says.
    #[error("saga `{saga}`: {problem}")]
    Saga { saga: String, problem: String },
}

impl MessagingError {
    /// The database is away: not the message's fault, so it does not count as an attempt.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_unavailable())
    }

    /// A test let the process die here.
    #[must_use]
    pub fn is_crash(&self) -> bool {
        matches!(self, Self::Crash(_))
    }
}

/// Creates or updates the messaging tables.
///
/// # Errors
/// The database refuses, or a migration was edited.
pub async fn migrate(db: &Db) -> Result<(), DbError> {
    db.migrate(MIGRATION_SET, MIGRATIONS).await
}

/// Removes rows that no repeat can need any more; each table in a transaction of its own.
///
/// # Errors
/// The database refuses.
pub async fn prune(db: &Db, now_us: i64) -> Result<u64, DbError> {
    let before = now_us - RETENTION_US;
    let mut removed = 0;
    for text in [
        "DELETE FROM outbox WHERE published_at > 0 AND published_at < $1",
        "DELETE FROM inbox WHERE handled_at < $1",
        "DELETE FROM command_answers WHERE answered_at < $1",
    ] {
        removed += db.execute(sql(text).bind(before)).await?;
    }
    removed +=
        db.execute(sql("DELETE FROM idempotency WHERE expires_at < $1").bind(now_us)).await?;
    let ended = now_us - SAGA_RETENTION_US;
    for text in [
        "DELETE FROM saga_steps WHERE saga IN \
         (SELECT id FROM sagas WHERE ended_at > 0 AND ended_at < $1)",
        "DELETE FROM sagas WHERE ended_at > 0 AND ended_at < $1",
    ] {
        removed += db.execute(sql(text).bind(ended)).await?;
    }
    Ok(removed)
}
