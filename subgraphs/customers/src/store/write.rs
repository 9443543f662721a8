//! Commands of people: opening a customer, its limit, its hold.

use braid_service::db::{Tx, sql};
use braid_service::event::Cause;
use braid_service::event::Topic;
use braid_service::idempotency::{Claim, Key, claim, fingerprint, store as keep};
use braid_service::messaging::MessagingError;
use braid_service::outbox::Fact;
use braid_service::streams::{self, Amount, CustomerChanged};

use super::read::{CUSTOMER, customer};
use super::{Failure, Store};
use crate::domain::{
    Code, Customer, CustomerId, CustomerKind, CustomerStatus, Opening, Problem, checked_limit,
    checked_reason,
};
use braid_service::money::Money;

/// A command's caller, key and cause.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The user or client whose idempotency keys these are.
    pub subject: &'a str,
    pub key: &'a str,
    pub cause: &'a Cause,
}

/// A new limit, as entered.
#[derive(Debug, Clone)]
pub struct NewLimit<'a> {
    pub customer: &'a str,
    pub limit: Money,
    pub reason: &'a str,
    pub expected_version: i64,
}

impl Store {
    /// Opens a customer, once per idempotency key; its id.
    ///
    /// # Errors
    /// Refused with `EXISTS`, `INVALID` or `IDEMPOTENCY_MISMATCH`; or the store failed.
    pub async fn open(&self, request: &Request<'_>, opening: &Opening) -> Result<String, Failure> {
        check_key(request.key)?;
        let fingerprint = fingerprint("openCustomer", opening).map_err(MessagingError::from)?;
        let key = Key { subject: request.subject, key: request.key, fingerprint: &fingerprint };
        let mut tx = self.db.begin().await?;
        match claim(&mut tx, &key, self.outbox.now_us()).await? {
            Claim::Done(id) => return Ok(id),
            Claim::Mismatch => return Err(mismatch().into()),
            Claim::Fresh => {}
        }
        let id = self.outbox.new_id(CustomerId::PREFIX);
        let inserted = self.insert(&mut tx, &id, opening).await?;
        if !inserted {
            let message = "this account or user is a customer already";
            return Err(Problem::new(Code::Exists, &["input"], message).into());
        }
        let opened = locked(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
        self.tell(&mut tx, &streams::CUSTOMER_OPENED, &opened, (request.cause, None)).await?;
        keep(&mut tx, &key, &id).await?;
        self.outbox.commit(tx).await?;
        Ok(id)
    }

    async fn insert(&self, tx: &mut Tx, id: &str, opening: &Opening) -> Result<bool, Failure> {
        let kind = match opening.account {
            Some(_) => CustomerKind::Business,
            None => CustomerKind::Individual,
        };
        let statement = sql("INSERT INTO customers (id, kind, account, user_id, status, terms, \
             currency, limit_minor, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(kind.as_str())
        .bind(opening.account.clone())
        .bind(opening.user.clone())
        .bind(CustomerStatus::Active.as_str())
        .bind(&opening.terms)
        .bind(&opening.currency)
        .bind(opening.limit_minor)
        .bind(self.outbox.now_us());
        Ok(tx.execute(statement).await? == 1)
    }

    /// Sets the credit limit.
    ///
    /// # Errors
    /// Refused with `NOT_FOUND`, `VERSION_CONFLICT`, `INVALID` or `LIMIT_BELOW_RESERVED`; or the
    /// store failed.
    pub async fn set_limit(&self, new: &NewLimit<'_>, cause: &Cause) -> Result<(), Failure> {
        let reason = checked_reason(new.reason)?;
        let mut tx = self.db.begin().await?;
        let mut customer = locked(&mut tx, new.customer).await?.ok_or_else(Problem::not_found)?;
        if customer.version != new.expected_version {
            let message = format!("the customer is at version {}", customer.version);
            let path = &["expectedVersion"];
            return Err(Problem::new(Code::VersionConflict, path, message).into());
        }
        let limit = checked_limit(new.limit, customer.currency, &["limit"])?;
        if limit < customer.held_minor + customer.receivable_minor {
            let message = "orders and open items already use more than this";
            return Err(Problem::new(Code::LimitBelowReserved, &["limit"], message).into());
        }
        customer.limit_minor = limit;
        customer.version += 1;
        self.save(&mut tx, &customer).await?;
        self.note(&mut tx, &customer, ("LIMIT", reason), cause).await?;
        let why = (cause, Some(reason));
        self.tell(&mut tx, &streams::LIMIT_CHANGED, &customer, why).await?;
        Ok(self.outbox.commit(tx).await?)
    }

    /// Puts a customer on hold or takes the hold away; no change is no failure.
    ///
    /// # Errors
    /// Refused with `NOT_FOUND` or `INVALID` (a closed customer); or the store failed.
    pub async fn set_hold(
        &self,
        id: &str,
        hold: (bool, &str),
        cause: &Cause,
    ) -> Result<(), Failure> {
        let (on_hold, reason) = hold;
        let reason = checked_reason(reason)?;
        let mut tx = self.db.begin().await?;
        let mut customer = locked(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let wanted = if on_hold { CustomerStatus::OnHold } else { CustomerStatus::Active };
        if customer.status == CustomerStatus::Closed {
            return Err(Problem::invalid(&["customerId"], "the customer is closed").into());
        }
        if customer.status == wanted {
            return Ok(());
        }
        customer.status = wanted;
        customer.version += 1;
        self.save(&mut tx, &customer).await?;
        let decision = if on_hold { "HOLD" } else { "RELEASE" };
        self.note(&mut tx, &customer, (decision, reason), cause).await?;
        let why = (cause, Some(reason));
        self.tell(&mut tx, &streams::CUSTOMER_HELD, &customer, why).await?;
        Ok(self.outbox.commit(tx).await?)
    }

    async fn save(&self, tx: &mut Tx, customer: &Customer) -> Result<(), Failure> {
        let statement = sql("UPDATE customers SET limit_minor = $1, status = $2, version = $3 \
             WHERE id = $4")
        .bind(customer.limit_minor)
        .bind(customer.status.as_str())
        .bind(customer.version)
        .bind(&customer.id);
        tx.execute(statement).await?;
        Ok(())
    }

    async fn note(
        &self,
        tx: &mut Tx,
        customer: &Customer,
        decision: (&str, &str),
        cause: &Cause,
    ) -> Result<(), Failure> {
        let (decision, reason) = decision;
        let statement = sql("INSERT INTO credit_decisions \
             (customer, sequence, decision, reason, decided_by, decided_at) \
             VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&customer.id)
        .bind(customer.sequence)
        .bind(decision)
        .bind(reason)
        .bind(cause.actor.as_deref().unwrap_or_default())
        .bind(self.outbox.now_us());
        tx.execute(statement).await?;
        Ok(())
    }

    async fn tell(
        &self,
        tx: &mut Tx,
        topic: &Topic<CustomerChanged>,
        customer: &Customer,
        why: (&Cause, Option<&str>),
    ) -> Result<(), Failure> {
        let (cause, reason) = why;
        let data = CustomerChanged {
            customer_id: customer.id.to_string(),
            kind: customer.kind.to_string(),
            account_id: customer.account.clone(),
            user_id: customer.user.clone(),
            status: customer.status.to_string(),
            payment_terms: customer.terms.to_string(),
            limit: Amount { minor: customer.limit_minor, currency: customer.currency.to_string() },
            reason: reason.map(str::to_owned),
        };
        let fact =
            Fact { subject: customer.id.as_str(), sequence: customer.sequence, cause, data: &data };
        Ok(self.outbox.emit(tx, topic, fact).await?)
    }
}

/// The customer with its row locked and its sequence counted up; every change begins here.
pub(super) async fn locked(tx: &mut Tx, id: &str) -> Result<Option<Customer>, Failure> {
    let lock = sql("UPDATE customers SET sequence = sequence + 1 WHERE id = $1");
    if tx.execute(lock.bind(id)).await? == 0 {
        return Ok(None);
    }
    let row = tx.fetch_one(sql(CUSTOMER).push(" WHERE id = ").push_bind(id)).await?;
    Ok(Some(customer(&row)?))
}

fn check_key(key: &str) -> Result<(), Problem> {
    if key.is_empty() || key.len() > braid_service::idempotency::KEY_BYTES_MAX {
        return Err(Problem::invalid(&["idempotencyKey"], "1 to 128 bytes are needed"));
    }
    Ok(())
}

fn mismatch() -> Problem {
    let message = "this key was used for another request";
    Problem::new(Code::IdempotencyMismatch, &["idempotencyKey"], message)
}
