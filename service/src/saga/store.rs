//! The rows of sagas in their orchestrator's database.

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::machine::{Progress, Status, Step, StepState};
use crate::db::{Db, DbError, Row, Tx, Value, sql};
use crate::event::Cause;
use crate::messaging::MessagingError;

/// A saga as it is loaded for one transaction.
#[derive(Debug, Clone)]
pub struct Saga {
    pub id: String,
    pub kind: String,
    pub subject: String,
    /// The definition's state as JSON.
    pub state: String,
    pub progress: Progress,
    cause: Cause,
}

impl Saga {
    /// A saga without steps yet.
    #[must_use]
    pub fn new(kind: &str, id: &str, subject: &str, cause: &Cause) -> Self {
        let correlation = cause.correlation.clone().unwrap_or_else(|| id.to_owned());
        Self {
            id: id.to_owned(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            state: String::new(),
            progress: Progress::new(0, 0),
            cause: Cause {
                correlation: Some(correlation),
                causation: Some(id.to_owned()),
                actor: cause.actor.clone(),
                traceparent: None,
            },
        }
    }

    /// The cause of what the saga does.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cause.clone()
    }

    pub(super) fn cause_ref(&self) -> &Cause {
        &self.cause
    }

    pub(super) fn problem(&self, problem: &str) -> MessagingError {
        MessagingError::Saga { saga: self.id.clone(), problem: problem.to_owned() }
    }
}

pub(super) fn encode<S: Serialize>(saga: &str, state: &S) -> Result<String, MessagingError> {
    serde_json::to_string(state).map_err(|error| MessagingError::Saga {
        saga: saga.to_owned(),
        problem: format!("state cannot be written: {error}"),
    })
}

pub(super) fn decode<S: DeserializeOwned>(saga: &Saga) -> Result<S, MessagingError> {
    serde_json::from_str(&saga.state)
        .map_err(|error| saga.problem(&format!("state cannot be read: {error}")))
}

pub(super) async fn insert(
    tx: &mut Tx,
    saga: &Saga,
    steps: &[Step],
    now_us: i64,
) -> Result<(), MessagingError> {
    let statement =
        sql("INSERT INTO sagas (id, kind, subject, status, state, correlation, actor, \
         started_at, deadline_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(&saga.id)
        .bind(&saga.kind)
        .bind(&saga.subject)
        .bind(saga.progress.status.as_str())
        .bind(&saga.state)
        .bind(saga.cause.correlation.clone())
        .bind(saga.cause.actor.clone())
        .bind(now_us)
        .bind(saga.progress.deadline_us)
        .bind(now_us);
    tx.execute(statement).await?;
    let rows = steps.iter().zip(&saga.progress.steps).zip(0_i64..);
    let rows = rows.map(|((step, state), position)| -> [Value; 4] {
        [saga.id.clone().into(), position.into(), step.name.into(), state.phase.as_str().into()]
    });
    tx.execute(
        sql("INSERT INTO saga_steps (saga, position, name, phase) VALUES $ROWS").bind_rows(rows),
    )
    .await?;
    Ok(())
}

/// Loads a saga and keeps its row locked until the transaction ends.
pub(super) async fn lock(
    tx: &mut Tx,
    id: &str,
    kind: &str,
    steps: usize,
) -> Result<Option<Saga>, MessagingError> {
    let statement = sql("UPDATE sagas SET version = version + 1 WHERE id = $1 AND kind = $2 \
         RETURNING id, kind, subject, status, state, reason, cancelled, correlation, actor, \
         deadline_at");
    let Some(row) = tx.fetch_optional(statement.bind(id).bind(kind)).await? else {
        return Ok(None);
    };
    let states = tx
        .fetch_all(
            sql("SELECT phase, attempts, due_at, error FROM saga_steps WHERE saga = $1 \
                 ORDER BY position")
            .bind(id),
        )
        .await?;
    let saga = read(&row, &states)?;
    if saga.progress.steps.len() != steps {
        return Err(saga.problem("was started by another version of its definition"));
    }
    Ok(Some(saga))
}

/// Keeps a saga's row locked until the transaction ends. For commands that touch a saga and the
/// entity it is about: the saga's own transactions lock in this order too.
///
/// # Errors
/// The database refuses.
pub async fn hold(tx: &mut Tx, id: &str) -> Result<(), DbError> {
    tx.execute(sql("UPDATE sagas SET version = version + 1 WHERE id = $1").bind(id)).await?;
    Ok(())
}

fn read(row: &Row, states: &[Row]) -> Result<Saga, MessagingError> {
    let steps = states
        .iter()
        .map(|state| {
            Ok(StepState {
                phase: state.parse("phase")?,
                attempts: u32::try_from(state.get::<i64>("attempts")?).unwrap_or(u32::MAX),
                due_us: state.get("due_at")?,
                error: state.get("error")?,
            })
        })
        .collect::<Result<Vec<_>, DbError>>()?;
    let id: String = row.get("id")?;
    Ok(Saga {
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        state: row.get("state")?,
        progress: Progress {
            status: row.parse("status")?,
            cancelled: row.get("cancelled")?,
            reason: row.get("reason")?,
            deadline_us: row.get("deadline_at")?,
            steps,
        },
        cause: Cause {
            correlation: row.get("correlation")?,
            causation: Some(id.clone()),
            actor: row.get("actor")?,
            traceparent: None,
        },
        id,
    })
}

pub(super) async fn save(
    tx: &mut Tx,
    saga: &Saga,
    steps: &[Step],
    now_us: i64,
) -> Result<(), MessagingError> {
    let progress = &saga.progress;
    let ended = match progress.status {
        Status::Completed | Status::Compensated => now_us,
        Status::Running | Status::Compensating | Status::Stuck => 0,
    };
    let statement = sql("UPDATE sagas SET status = $1, state = $2, reason = $3, cancelled = $4, \
         due_at = $5, ended_at = $6 WHERE id = $7")
    .bind(progress.status.as_str())
    .bind(&saga.state)
    .bind(&progress.reason)
    .bind(progress.cancelled)
    .bind(progress.due_us(steps))
    .bind(ended)
    .bind(&saga.id);
    tx.execute(statement).await?;
    let rows = progress.steps.iter().zip(steps).zip(0_i64..);
    let rows = rows.map(|((state, step), position)| -> [Value; 7] {
        [
            saga.id.clone().into(),
            position.into(),
            step.name.into(),
            state.phase.as_str().into(),
            state.attempts.into(),
            state.due_us.into(),
            state.error.clone().into(),
        ]
    });
    let statement = sql("INSERT INTO saga_steps \
         (saga, position, name, phase, attempts, due_at, error) VALUES $ROWS \
         ON CONFLICT (saga, position) DO UPDATE SET phase = excluded.phase, \
         attempts = excluded.attempts, due_at = excluded.due_at, error = excluded.error");
    tx.execute(statement.bind_rows(rows)).await?;
    Ok(())
}

/// Ids and kinds of sagas whose time has come, longest waiting first.
pub(super) async fn due(
    db: &Db,
    now_us: i64,
    limit: i64,
) -> Result<Vec<(String, String)>, MessagingError> {
    let rows = db
        .fetch_all(
            sql("SELECT id, kind FROM sagas WHERE ended_at = 0 AND due_at <= $1 \
                 ORDER BY due_at LIMIT $2")
            .bind(now_us)
            .bind(limit),
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| Ok((row.get("id")?, row.get("kind")?)))
        .collect::<Result<_, DbError>>()?)
}

pub(super) async fn postpone(db: &Db, id: &str, due_us: i64) -> Result<(), MessagingError> {
    db.execute(sql("UPDATE sagas SET due_at = $1 WHERE id = $2").bind(due_us).bind(id)).await?;
    Ok(())
}

/// How many sagas are in a status: for health, the dashboard and tests.
///
/// # Errors
/// The database refuses.
pub async fn count(db: &Db, status: Status) -> Result<i64, DbError> {
    let statement = sql("SELECT COUNT(*) AS sagas FROM sagas WHERE status = $1");
    db.fetch_one(statement.bind(status.as_str())).await?.get("sagas")
}

/// The status of a saga, if there is one of this id.
///
/// # Errors
/// The database refuses.
pub async fn status(db: &Db, id: &str) -> Result<Option<Status>, DbError> {
    let row = db.fetch_optional(sql("SELECT status FROM sagas WHERE id = $1").bind(id)).await?;
    row.map(|row| row.get::<String>("status"))
        .transpose()
        .map(|text| text.and_then(|text| Status::from_str(&text).ok()))
}
