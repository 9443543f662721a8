//! Idempotency keys: a mutation with a key happens once, whatever is sent again.
//!
//! The key's row is written first in the transaction of the mutation and gets its result last, so
//! key, effect and result exist together or not at all. A duplicate that runs at the same time
//! waits at the first statement until the other has ended, and then replays its result. Keys
//! belong to a subject (user or client): nobody meets another's.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{Tx, sql};
use crate::event::{EventError, raw};
use crate::messaging::MessagingError;

/// How long a key is remembered.
pub const KEY_LIFETIME_US: i64 = 72 * 3_600 * 1_000_000;
/// The longest key taken.
pub const KEY_BYTES_MAX: usize = 128;

/// A key of one subject for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<'a> {
    pub subject: &'a str,
    pub key: &'a str,
    /// From [`fingerprint`].
    pub fingerprint: &'a str,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim<T> {
    /// Never seen: do the work, then [`store`] the result in the same transaction.
    Fresh,
    /// Done before with the same request: answer this.
    Done(T),
    /// Used before for another request: refuse with `IDEMPOTENCY_MISMATCH`.
    Mismatch,
}

/// Digest of the operation's name and its input; equal requests have equal ones. `input` must be a
/// type of ours (fixed field order), not a JSON map.
///
/// # Errors
/// An input that JSON cannot hold.
pub fn fingerprint<T: Serialize>(operation: &str, input: &T) -> Result<String, EventError> {
    let body = raw(operation, input)?;
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(operation.as_bytes());
    context.update(&[0]);
    context.update(body.get().as_bytes());
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Takes the key, as the first statement of the mutation's transaction.
///
/// # Errors
/// The database refuses, or the stored result is not a `T`.
pub async fn claim<T: DeserializeOwned>(
    tx: &mut Tx,
    key: &Key<'_>,
    now_us: i64,
) -> Result<Claim<T>, MessagingError> {
    let expired = sql("DELETE FROM idempotency \
         WHERE subject = $1 AND idempotency_key = $2 AND expires_at <= $3");
    tx.execute(expired.bind(key.subject).bind(key.key).bind(now_us)).await?;
    let statement = sql("INSERT INTO idempotency \
         (subject, idempotency_key, fingerprint, result, created_at, expires_at) \
         VALUES ($1, $2, $3, '', $4, $5) ON CONFLICT (subject, idempotency_key) DO NOTHING")
    .bind(key.subject)
    .bind(key.key)
    .bind(key.fingerprint)
    .bind(now_us)
    .bind(now_us + KEY_LIFETIME_US);
    if tx.execute(statement).await? == 1 {
        return Ok(Claim::Fresh);
    }
    let row = tx
        .fetch_one(
            sql("SELECT fingerprint, result FROM idempotency \
                 WHERE subject = $1 AND idempotency_key = $2")
            .bind(key.subject)
            .bind(key.key),
        )
        .await?;
    if row.get::<String>("fingerprint")? != key.fingerprint {
        return Ok(Claim::Mismatch);
    }
    let result = serde_json::from_str(&row.get::<String>("result")?)
        .map_err(|source| EventError::Decode { stream: "idempotency".to_owned(), source })?;
    Ok(Claim::Done(result))
}

/// Writes the result that a repeat of the request gets, in the transaction that claimed the key.
///
/// # Errors
/// The database refuses, or JSON cannot hold the result.
pub async fn store<T: Serialize>(
    tx: &mut Tx,
    key: &Key<'_>,
    result: &T,
) -> Result<(), MessagingError> {
    let result = raw("idempotency", result)?;
    let statement = sql("UPDATE idempotency SET result = $1 \
         WHERE subject = $2 AND idempotency_key = $3");
    tx.execute(statement.bind(result.get()).bind(key.subject).bind(key.key)).await?;
    Ok(())
}
