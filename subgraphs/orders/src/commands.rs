//! What people and programs do to orders: [`place`], and here approve, decline, cancel.
//!
//! Each is one transaction that locks the saga, then the order, checks, appends, and tells the
//! saga. Who may do it was checked before ([`crate::access`]).

pub mod place;

use braid_service::event::Cause;
use braid_service::fault::Fault;
use braid_service::idempotency::{Claim, KEY_BYTES_MAX, Key, claim, fingerprint, store as keep};
use braid_service::messaging::MessagingError;
use braid_service::saga::Start;

use crate::domain::{Code, Event, NOTE_CHARS_MAX, Order, OrderId, OrderStatus, Problem};
use crate::sagas::place::{APPROVAL, CANCELLED};
use crate::sagas::{OrderOf, Sagas};
use crate::store::events::Until;
use crate::store::{Failure, Store};

/// Everything that a command needs. Cheap to clone.
#[derive(Clone)]
pub struct Commands {
    pub store: Store,
    pub sagas: Sagas,
    pub quotes: braid_service::quote::QuoteKey,
}

/// A caller's idempotent request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The user or client whose keys these are.
    pub subject: &'a str,
    pub key: &'a str,
    pub cause: &'a Cause,
}

/// A decision about an order that waits for approval.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    pub id: &'a OrderId,
    /// The caller.
    pub by: &'a str,
    pub expected_version: i64,
    /// `None`: granted. Otherwise why it is declined.
    pub declined: Option<&'a str>,
}

impl Commands {
    /// Grants or declines an approval.
    ///
    /// # Errors
    /// Refused with `NOT_FOUND`, `WRONG_STATUS`, `SELF_APPROVAL`, `VERSION_CONFLICT` or `INVALID`;
    /// or the store failed.
    pub async fn decide(&self, decision: Decision<'_>, cause: &Cause) -> Result<Order, Failure> {
        let reason = decision.declined.map(|reason| checked_text(reason, "reason")).transpose()?;
        let before = self.known(decision.id).await?;
        let mut tx = self.store.db.begin().await?;
        let saga = before.placed.saga.as_deref();
        self.sagas.lock(&mut tx, saga).await?;
        let order =
            self.store.locked(&mut tx, decision.id).await?.ok_or_else(Problem::not_found)?;
        if order.status != OrderStatus::AwaitingApproval {
            return Err(Problem::wrong_status(order.status).into());
        }
        if order.placed.placed_by == decision.by {
            let message = "somebody else has to decide about an order than who placed it";
            return Err(Problem::new(Code::SelfApproval, &["id"], message).into());
        }
        if order.version != decision.expected_version {
            let message = format!("the order is at version {}", order.version);
            let path = &["expectedVersion"];
            return Err(Problem::new(Code::VersionConflict, path, message).into());
        }
        let (event, refused) = match reason {
            None => (Event::OrderApprovalGranted, None),
            Some(reason) => {
                let declined = crate::domain::RejectionReason::ApprovalDeclined.as_str();
                (Event::OrderApprovalDeclined { reason: reason.to_owned() }, Some(declined))
            }
        };
        self.store.append(&mut tx, (decision.id, Some(order)), vec![event], cause).await?;
        let heard = self.sagas.place.signal(&mut tx, saga.unwrap_or_default(), APPROVAL, refused);
        if !heard.await? {
            return Err(Problem::wrong_status(OrderStatus::AwaitingApproval).into());
        }
        self.finish(tx, decision.id).await
    }

    /// Cancels an order, once per idempotency key: before the decision the saga turns back, after
    /// an approval a saga of its own takes the order back.
    ///
    /// # Errors
    /// Refused with `NOT_FOUND`, `WRONG_STATUS`, `INVALID` or `IDEMPOTENCY_MISMATCH`; or the store
    /// failed.
    pub async fn cancel(
        &self,
        request: Request<'_>,
        id: &OrderId,
        reason: Option<&str>,
    ) -> Result<Order, Failure> {
        check_key(request.key)?;
        let reason = reason.map(|reason| checked_text(reason, "reason")).transpose()?;
        let print =
            fingerprint("cancelOrder", &(id.as_str(), reason)).map_err(MessagingError::from)?;
        let key = Key { subject: request.subject, key: request.key, fingerprint: &print };
        let before = self.known(id).await?;
        let mut tx = self.store.db.begin().await?;
        match claim::<i64>(&mut tx, &key, self.store.outbox.now_us()).await? {
            Claim::Done(version) => {
                drop(tx);
                return self.replayed(id.as_str(), version).await;
            }
            Claim::Mismatch => return Err(mismatch().into()),
            Claim::Fresh => {}
        }
        let saga = before.placed.saga.as_deref();
        self.sagas.lock(&mut tx, saga).await?;
        let order = self.store.locked(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let status = order.status;
        let event = Event::OrderCancelling { reason: reason.map(str::to_owned) };
        if !order.allows(&event) {
            return Err(Problem::wrong_status(status).into());
        }
        let order =
            self.store.append(&mut tx, (id, Some(order)), vec![event], request.cause).await?;
        if status == OrderStatus::Approved {
            let state = OrderOf::new(&order, false);
            let saga = self.store.outbox.new_id("sag");
            let start =
                Start { id: &saga, subject: id.as_str(), cause: request.cause, state: &state };
            self.sagas.cancel.start(&mut tx, start).await?;
        } else {
            let saga = saga.unwrap_or_default();
            self.sagas.place.cancel(&mut tx, saga, CANCELLED).await?;
        }
        let order = self.store.locked(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        keep(&mut tx, &key, &order.version).await?;
        self.store.outbox.commit(tx).await?;
        Ok(order)
    }

    /// Commits, and answers the order as the saga has left it.
    async fn finish(&self, mut tx: braid_service::db::Tx, id: &OrderId) -> Result<Order, Failure> {
        let order = self.store.locked(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        self.store.outbox.commit(tx).await?;
        Ok(order)
    }

    async fn known(&self, id: &OrderId) -> Result<Order, Failure> {
        let mut found = self.store.orders_by_id(vec![id.to_string()]).await?;
        found.remove(id.as_str()).ok_or_else(|| Problem::not_found().into())
    }

    /// The order as it was answered the first time.
    async fn replayed(&self, id: &str, version: i64) -> Result<Order, Failure> {
        let order = self.store.fold(id, Until::Version(version)).await?;
        order.ok_or_else(|| Problem::not_found().into())
    }
}

/// A text that somebody wrote, without surrounding blanks.
fn checked_text<'a>(text: &'a str, field: &str) -> Result<&'a str, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > NOTE_CHARS_MAX {
        let message = format!("1 to {NOTE_CHARS_MAX} characters are needed");
        return Err(Problem::invalid(&[field], message));
    }
    Ok(text)
}

fn check_key(key: &str) -> Result<(), Problem> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(Problem::invalid(&["idempotencyKey"], "1 to 128 bytes are needed"));
    }
    Ok(())
}

fn mismatch() -> Problem {
    let message = "this key was used for another request";
    Problem::new(Code::IdempotencyMismatch, &["idempotencyKey"], message)
}

/// A refusal or a fault, for callers that tell them apart.
///
/// # Errors
/// Whatever is no refusal.
pub fn refused<T>(outcome: Result<T, Failure>) -> Result<Result<T, Problem>, Fault> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Refused(problem)) => Ok(Err(problem)),
        Err(failure) => Err(failure.into()),
    }
}
