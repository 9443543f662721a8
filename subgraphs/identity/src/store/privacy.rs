//! Privacy requests, their outcomes, and legal holds.

use std::collections::HashMap;

use braid_service::db::{DbError, Row, Tx, sql};
use braid_service::fault::Fault;
use braid_service::idempotency::{self, Claim, Key};
use braid_service::outbox::Fact;
use braid_service::page::{Cursor, Page, PageArgs};
use serde::{Deserialize, Serialize};

use super::users::lock;
use super::{Failure, Store, cause};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::{
    PRIVACY_DUE_US, PrivacyKind, PrivacyRequestId, PrivacyResult, PrivacyStatus, email_key,
};
use crate::events::{ERASURE_REQUESTED, EXPORT_REQUESTED, PrivacyRequested};

/// Requests of one user that are shown, the newest.
pub const REQUESTS_MAX: i64 = 50;
/// The services that answer a privacy request.
const SERVICES: &[&str] = &["accounts", "catalog", "customers", "identity", "orders"];

macro_rules! select_request {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, kind, status, requested_at, due_at, completed_at, download_url, ",
            "download_expires_at FROM privacy_requests",
            $rest
        )
    };
}

/// A privacy request as stored.
#[derive(Clone, Debug)]
pub struct RequestRow {
    /// The id.
    pub id: String,
    /// The person.
    pub user_id: String,
    /// What is asked for.
    pub kind: PrivacyKind,
    /// How far it is.
    pub status: PrivacyStatus,
    /// When it was made.
    pub requested_at: i64,
    /// When it must be done.
    pub due_at: i64,
    /// When it was done.
    pub completed_at: Option<i64>,
    /// Where the export can be fetched.
    pub download_url: Option<String>,
    /// Until when.
    pub download_expires_at: Option<i64>,
}

/// What one service did.
#[derive(Clone, Debug)]
pub struct OutcomeRow {
    /// The service.
    pub service: String,
    /// What it did.
    pub result: PrivacyResult,
    /// Why it keeps data.
    pub reason: Option<String>,
    /// Until which day it keeps data.
    pub retained_until: Option<i64>,
    /// How many records it touched.
    pub record_count: i64,
}

/// The result that a repeated request gets.
#[derive(Serialize, Deserialize)]
enum Answer {
    Request(String),
    Refused(Problem),
}

/// What a person asks for.
#[derive(Clone, Copy, Debug)]
pub enum Wish<'a> {
    /// A copy of everything.
    Export,
    /// To be forgotten; they typed this to confirm.
    Erasure(&'a str),
}

impl Wish<'_> {
    fn kind(self) -> PrivacyKind {
        match self {
            Self::Export => PrivacyKind::Export,
            Self::Erasure(_) => PrivacyKind::Erasure,
        }
    }
}

impl RequestRow {
    fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.get("id")?,
            user_id: row.get("user_id")?,
            kind: row.parse("kind")?,
            status: row.parse("status")?,
            requested_at: row.get("requested_at")?,
            due_at: row.get("due_at")?,
            completed_at: row.get("completed_at")?,
            download_url: row.get("download_url")?,
            download_expires_at: row.get("download_expires_at")?,
        })
    }
}

impl Store {
    /// Requests by id.
    pub async fn requests(&self, ids: Vec<String>) -> Result<HashMap<String, RequestRow>, DbError> {
        let query = sql(select_request!(" WHERE id IN ($LIST)")).bind_list(ids);
        let rows = self.db.fetch_all(query).await?;
        rows.iter().map(|row| RequestRow::read(row).map(|r| (r.id.clone(), r))).collect()
    }

    /// The newest requests by user.
    pub async fn requests_of(
        &self,
        users: Vec<String>,
    ) -> Result<HashMap<String, Vec<RequestRow>>, DbError> {
        let limit = REQUESTS_MAX * i64::try_from(users.len()).unwrap_or(1);
        let query = sql(select_request!(
            " WHERE user_id IN ($LIST) ORDER BY requested_at DESC, id DESC LIMIT "
        ));
        let mut found: HashMap<String, Vec<RequestRow>> = HashMap::new();
        for row in self.db.fetch_all(query.bind_list(users).push_bind(limit)).await? {
            let request = RequestRow::read(&row)?;
            found.entry(request.user_id.clone()).or_default().push(request);
        }
        Ok(found)
    }

    /// Outcomes by request.
    pub async fn outcomes(
        &self,
        requests: Vec<String>,
    ) -> Result<HashMap<String, Vec<OutcomeRow>>, DbError> {
        let query =
            sql("SELECT request_id, service, result, reason, retained_until, record_count \
             FROM privacy_outcomes WHERE request_id IN ($LIST) ORDER BY request_id, service")
            .bind_list(requests);
        let mut found: HashMap<String, Vec<OutcomeRow>> = HashMap::new();
        for row in self.db.fetch_all(query).await? {
            let outcome = OutcomeRow {
                service: row.get("service")?,
                result: row.parse("result")?,
                reason: row.get("reason")?,
                retained_until: row.get("retained_until")?,
                record_count: row.get("record_count")?,
            };
            found.entry(row.get("request_id")?).or_default().push(outcome);
        }
        Ok(found)
    }

    /// A page of requests, newest first.
    pub async fn requests_page(
        &self,
        status: Option<PrivacyStatus>,
        args: &PageArgs,
    ) -> Result<Page<RequestRow>, Fault> {
        let mut query = sql(select_request!(" WHERE 1 = 1"));
        if let Some(status) = status {
            query = query.push(" AND status = ").push_bind(status);
        }
        if let Some(after) = args.after() {
            query = query.push(" AND (requested_at, id) < (").push_bind(after.int(0)?);
            query = query.push(", ").push_bind(after.text(1)?).push(")");
        }
        query = query.push(" ORDER BY requested_at DESC, id DESC LIMIT ").push_bind(args.limit());
        let rows = self.db.fetch_all(query).await?;
        let rows = rows.iter().map(RequestRow::read).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::new(args, rows, |request| {
            Cursor::new([request.requested_at.to_string(), request.id.clone()])
        }))
    }

    /// Notes a person's wish, once per idempotency key; answers the id of the request.
    pub async fn request_privacy(
        &self,
        user: &str,
        wish: Wish<'_>,
        idempotency_key: &str,
    ) -> Result<String, Failure> {
        let confirm = match wish {
            Wish::Export => None,
            Wish::Erasure(confirm) => Some(confirm),
        };
        let fingerprint =
            idempotency::fingerprint(wish.kind().as_str(), &confirm).map_err(Fault::internal)?;
        let key = Key { subject: user, key: idempotency_key, fingerprint: &fingerprint };
        let answer = self
            .change(async |tx| {
                match idempotency::claim(tx, &key, self.now_us()).await? {
                    Claim::Done(answer) => return Ok(answer),
                    Claim::Mismatch => {
                        let message = "the key was used for another request";
                        let problem = Problem::invalid(&["idempotencyKey"], message);
                        return Ok(Answer::Refused(problem));
                    }
                    Claim::Fresh => {}
                }
                let answer = match self.note(tx, user, wish).await {
                    Ok(id) => Answer::Request(id),
                    Err(Failure::Problem(problem)) => Answer::Refused(problem),
                    Err(fault) => return Err(fault),
                };
                idempotency::store(tx, &key, &answer).await?;
                Ok(answer)
            })
            .await?;
        match answer {
            Answer::Request(id) => Ok(id),
            Answer::Refused(problem) => Err(problem.into()),
        }
    }

    async fn note(&self, tx: &mut Tx, user: &str, wish: Wish<'_>) -> Result<String, Failure> {
        let now_us = self.now_us();
        let row = lock(tx, user).await?;
        if let Wish::Erasure(confirm) = wish {
            if row.email.as_deref().map(email_key) != Some(email_key(confirm)) {
                let message = "type your e-mail address to confirm";
                let code = ErrorCode::ConfirmationMismatch;
                return Err(Problem::new(code, &["confirm"], message).into());
            }
            let today = now_us.div_euclid(braid_service::scalars::DAY_US);
            let held = sql("SELECT user_id FROM legal_holds \
                 WHERE user_id = $1 AND (until_day IS NULL OR until_day >= $2)");
            if tx.fetch_optional(held.bind(user).bind(today)).await?.is_some() {
                let message = "the law keeps your data for now";
                return Err(Problem::new(ErrorCode::LegalHold, &[], message).into());
            }
        }
        let kind = wish.kind();
        let open = sql("SELECT id FROM privacy_requests WHERE user_id = $1 AND kind = $2 \
             AND status IN ('REQUESTED', 'RUNNING')");
        if tx.fetch_optional(open.bind(user).bind(kind)).await?.is_some() {
            let message = "a request like this is running";
            return Err(Problem::new(ErrorCode::AlreadyRunning, &[], message).into());
        }
        let id = PrivacyRequestId::generate(&self.ids).to_string();
        let insert = sql("INSERT INTO privacy_requests \
             (id, user_id, kind, status, requested_at, due_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&id)
        .bind(user)
        .bind(kind)
        .bind(PrivacyStatus::Requested)
        .bind(now_us)
        .bind(now_us + PRIVACY_DUE_US);
        tx.execute(insert).await?;
        let outcomes = SERVICES.iter().map(|service| {
            [id.as_str().into(), (*service).into(), PrivacyResult::Pending.into(), 0_i64.into()]
        });
        let insert = sql("INSERT INTO privacy_outcomes \
             (request_id, service, result, record_count) VALUES $ROWS");
        tx.execute(insert.bind_rows(outcomes)).await?;
        let data = PrivacyRequested { request_id: id.clone(), user_id: user.to_owned() };
        let cause = cause(user);
        let fact = Fact { subject: &id, sequence: 1, cause: &cause, data: &data };
        let topic = match kind {
            PrivacyKind::Export => &EXPORT_REQUESTED,
            PrivacyKind::Erasure => &ERASURE_REQUESTED,
        };
        self.outbox.emit(tx, topic, fact).await?;
        Ok(id)
    }

    /// Keeps a user's data until a day (days since the epoch), or without an end. Answers the
    /// user's open request for erasure, if there is one.
    pub async fn place_hold(
        &self,
        user: &str,
        reason: &str,
        until_day: Option<i64>,
        actor: &str,
    ) -> Result<Option<String>, Failure> {
        let now_us = self.now_us();
        self.change(async |tx| {
            lock(tx, user).await?;
            let upsert = sql("INSERT INTO legal_holds \
                 (user_id, reason, until_day, placed_by, placed_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (user_id) DO UPDATE SET reason = excluded.reason, \
                 until_day = excluded.until_day, placed_by = excluded.placed_by, \
                 placed_at = excluded.placed_at")
            .bind(user)
            .bind(reason)
            .bind(until_day)
            .bind(actor)
            .bind(now_us);
            tx.execute(upsert).await?;
            let open = sql("SELECT id FROM privacy_requests WHERE user_id = $1 \
                 AND kind = 'ERASURE' AND status IN ('REQUESTED', 'RUNNING')");
            let row = tx.fetch_optional(open.bind(user)).await?;
            Ok(row.map(|row| row.get("id")).transpose()?)
        })
        .await
    }
}
