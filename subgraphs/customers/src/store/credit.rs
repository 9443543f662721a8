//! The credit ledger: claims of orders on a customer's credit.
//!
//! All of it runs inside the transaction that takes a command or an event in. The customer's row is
//! locked first; a claim is decided by one guarded UPDATE, so that whatever happens at the same
//! time, held + receivable never passes the limit.

use braid_service::db::{Tx, sql};
use braid_service::event::{Cause, Topic};
use braid_service::messaging::MessagingError;
use braid_service::outbox::Fact;
use braid_service::streams::{self, Amount, CreditChanged, CreditClaim};

use super::read::{RESERVATION, reservation};
use super::write::locked;
use super::{Failure, Store};
use crate::domain::{
    Customer, CustomerStatus, RESERVATION_LIFETIME_US, Reservation, ReservationId,
    ReservationStatus,
};

/// Why a claim was refused; the text travels in the saga's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    UnknownCustomer,
    OnHold,
    Insufficient,
}

impl Refusal {
    /// The reason as the orders saga knows it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownCustomer => "UNKNOWN_CUSTOMER",
            Self::OnHold => "CUSTOMER_ON_HOLD",
            Self::Insufficient => "INSUFFICIENT_CREDIT",
        }
    }
}

impl Store {
    /// Holds credit for an order; `Some` is a refusal. Asking again for the same order changes
    /// nothing.
    ///
    /// # Errors
    /// The store failed.
    pub async fn reserve(
        &self,
        tx: &mut Tx,
        claim: &CreditClaim,
        cause: &Cause,
    ) -> Result<Option<Refusal>, Failure> {
        let Some(customer) = locked(tx, &claim.customer_id).await? else {
            return Ok(Some(Refusal::UnknownCustomer));
        };
        if let Some(known) = find(tx, &claim.order_id).await? {
            let refusal = match known.status {
                ReservationStatus::Held | ReservationStatus::Consumed => None,
                ReservationStatus::Released | ReservationStatus::Expired => {
                    Some(Refusal::Insufficient)
                }
            };
            return Ok(refusal);
        }
        if let Some(refusal) = self.hold(tx, &customer, claim).await? {
            let told = (None, Some(refusal.as_str()));
            self.tell_credit(tx, &streams::CREDIT_REFUSED, &customer, claim, (told, cause)).await?;
            return Ok(Some(refusal));
        }
        let id = self.insert_claim(tx, claim, ReservationStatus::Held).await?;
        let told = (Some(id), None);
        self.tell_credit(tx, &streams::CREDIT_RESERVED, &customer, claim, (told, cause)).await?;
        Ok(None)
    }

    async fn hold(
        &self,
        tx: &mut Tx,
        customer: &Customer,
        claim: &CreditClaim,
    ) -> Result<Option<Refusal>, Failure> {
        if customer.status != CustomerStatus::Active {
            return Ok(Some(Refusal::OnHold));
        }
        if claim.amount.currency != customer.currency.as_str() || claim.amount.minor < 0 {
            return Ok(Some(Refusal::Insufficient));
        }
        let guarded = sql("UPDATE customers SET held_minor = held_minor + $1 \
             WHERE id = $2 AND held_minor + receivable_minor <= limit_minor - $1");
        let held = tx.execute(guarded.bind(claim.amount.minor).bind(&customer.id)).await?;
        Ok((held == 0).then_some(Refusal::Insufficient))
    }

    /// Gives an order's claim back, whatever has become of it; also before it was made.
    ///
    /// # Errors
    /// The store failed.
    pub async fn release(
        &self,
        tx: &mut Tx,
        claim: &CreditClaim,
        cause: &Cause,
    ) -> Result<(), Failure> {
        let Some(customer) = locked(tx, &claim.customer_id).await? else { return Ok(()) };
        let Some(known) = find(tx, &claim.order_id).await? else {
            // The claim itself, should it still come, finds this and is refused.
            let nothing = CreditClaim {
                amount: Amount { minor: 0, ..claim.amount.clone() },
                ..claim.clone()
            };
            self.insert_claim(tx, &nothing, ReservationStatus::Released).await?;
            return Ok(());
        };
        match known.status {
            ReservationStatus::Held => move_sums(tx, &customer, -known.amount.minor, 0).await?,
            ReservationStatus::Consumed => {
                let item = open_item(&claim.order_id);
                let removed = tx
                    .fetch_optional(
                        sql("DELETE FROM receivables WHERE customer = $1 AND item = $2 \
                             RETURNING open_minor")
                        .bind(&customer.id)
                        .bind(item),
                    )
                    .await?;
                if let Some(row) = removed {
                    move_sums(tx, &customer, 0, -row.get::<i64>("open_minor")?).await?;
                }
            }
            ReservationStatus::Released => return Ok(()),
            ReservationStatus::Expired => {}
        }
        set_status(tx, &known, ReservationStatus::Released).await?;
        let told = (Some(known.id.to_string()), None);
        self.tell_credit(tx, &streams::CREDIT_RELEASED, &customer, claim, (told, cause)).await
    }

    /// Turns an order's claim into an open item. The debt is real even if the claim had expired.
    ///
    /// # Errors
    /// There is no such customer or claim; the store failed.
    pub async fn consume(
        &self,
        tx: &mut Tx,
        claim: &CreditClaim,
        cause: &Cause,
    ) -> Result<(), Failure> {
        let unknown = || MessagingError::Poison("no claim to consume".to_owned());
        let customer = locked(tx, &claim.customer_id).await?.ok_or_else(unknown)?;
        let known = find(tx, &claim.order_id).await?.ok_or_else(unknown)?;
        let amount = known.amount.minor;
        match known.status {
            ReservationStatus::Held => move_sums(tx, &customer, -amount, amount).await?,
            ReservationStatus::Expired => move_sums(tx, &customer, 0, amount).await?,
            ReservationStatus::Consumed => return Ok(()),
            ReservationStatus::Released => return Err(unknown().into()),
        }
        let statement =
            sql("INSERT INTO receivables (customer, item, open_minor) VALUES ($1, $2, $3)");
        let item = open_item(&claim.order_id);
        tx.execute(statement.bind(&customer.id).bind(item).bind(amount)).await?;
        set_status(tx, &known, ReservationStatus::Consumed).await?;
        let told = (Some(known.id.to_string()), None);
        self.tell_credit(tx, &streams::CREDIT_CONSUMED, &customer, claim, (told, cause)).await
    }

    /// The order was approved: its claim does not expire. One that had expired is held again,
    /// since the order stands.
    ///
    /// # Errors
    /// The store failed.
    pub async fn confirm(&self, tx: &mut Tx, customer: &str, order: &str) -> Result<(), Failure> {
        let Some(customer) = locked(tx, customer).await? else { return Ok(()) };
        let Some(known) = find(tx, order).await? else { return Ok(()) };
        if known.status == ReservationStatus::Expired {
            move_sums(tx, &customer, known.amount.minor, 0).await?;
            set_status(tx, &known, ReservationStatus::Held).await?;
        }
        let confirm = sql("UPDATE reservations SET confirmed = 1 WHERE id = $1");
        tx.execute(confirm.bind(&known.id)).await?;
        Ok(())
    }

    /// Gives back claims whose orders were never approved; how many.
    ///
    /// # Errors
    /// The store failed.
    pub async fn expire(&self, limit: i64) -> Result<usize, Failure> {
        let now = self.outbox.now_us();
        let due = sql("SELECT customer, order_id FROM reservations \
             WHERE status = 'HELD' AND confirmed = 0 AND expires_at <= $1 \
             ORDER BY expires_at LIMIT $2");
        let rows = self.db.fetch_all(due.bind(now).bind(limit)).await?;
        let mut expired = 0;
        for row in &rows {
            let mut tx = self.db.begin().await?;
            let customer = locked(&mut tx, &row.get::<String>("customer")?).await?;
            let known = find(&mut tx, &row.get::<String>("order_id")?).await?;
            let (Some(customer), Some(known)) = (customer, known) else { continue };
            let is_due = known.expires_at_us.is_some_and(|expires| expires <= now);
            if known.status != ReservationStatus::Held || !is_due {
                continue;
            }
            move_sums(&mut tx, &customer, -known.amount.minor, 0).await?;
            set_status(&mut tx, &known, ReservationStatus::Expired).await?;
            let claim = CreditClaim {
                customer_id: customer.id.to_string(),
                order_id: known.order.clone(),
                amount: amount(&known),
            };
            let told = (Some(known.id.to_string()), Some("EXPIRED"));
            let why = (told, &Cause::default());
            self.tell_credit(&mut tx, &streams::CREDIT_RELEASED, &customer, &claim, why).await?;
            self.outbox.commit(tx).await?;
            expired += 1;
        }
        Ok(expired)
    }

    async fn insert_claim(
        &self,
        tx: &mut Tx,
        claim: &CreditClaim,
        status: ReservationStatus,
    ) -> Result<String, Failure> {
        let id = self.outbox.new_id(ReservationId::PREFIX);
        let now = self.outbox.now_us();
        let statement = sql("INSERT INTO reservations (id, customer, order_id, amount_minor, \
             currency, status, reserved_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(&id)
        .bind(&claim.customer_id)
        .bind(&claim.order_id)
        .bind(claim.amount.minor)
        .bind(&claim.amount.currency)
        .bind(status.as_str())
        .bind(now)
        .bind(now + RESERVATION_LIFETIME_US);
        tx.execute(statement).await?;
        Ok(id)
    }

    async fn tell_credit(
        &self,
        tx: &mut Tx,
        topic: &Topic<CreditChanged>,
        customer: &Customer,
        claim: &CreditClaim,
        why: ((Option<String>, Option<&str>), &Cause),
    ) -> Result<(), Failure> {
        let ((reservation_id, reason), cause) = why;
        let data = CreditChanged {
            customer_id: claim.customer_id.clone(),
            order_id: claim.order_id.clone(),
            reservation_id,
            amount: claim.amount.clone(),
            reason: reason.map(str::to_owned),
        };
        let fact =
            Fact { subject: customer.id.as_str(), sequence: customer.sequence, cause, data: &data };
        Ok(self.outbox.emit(tx, topic, fact).await?)
    }
}

async fn find(tx: &mut Tx, order: &str) -> Result<Option<Reservation>, Failure> {
    let statement = sql(RESERVATION).push(" WHERE order_id = ").push_bind(order);
    Ok(tx.fetch_optional(statement).await?.as_ref().map(reservation).transpose()?)
}

async fn move_sums(
    tx: &mut Tx,
    customer: &Customer,
    held: i64,
    receivable: i64,
) -> Result<(), Failure> {
    let statement = sql("UPDATE customers SET held_minor = held_minor + $1, \
         receivable_minor = receivable_minor + $2 WHERE id = $3");
    tx.execute(statement.bind(held).bind(receivable).bind(&customer.id)).await?;
    Ok(())
}

async fn set_status(
    tx: &mut Tx,
    known: &Reservation,
    status: ReservationStatus,
) -> Result<(), Failure> {
    let statement = sql("UPDATE reservations SET status = $1 WHERE id = $2");
    tx.execute(statement.bind(status.as_str()).bind(&known.id)).await?;
    Ok(())
}

fn open_item(order: &str) -> String {
    format!("order:{order}")
}

fn amount(known: &Reservation) -> Amount {
    Amount { minor: known.amount.minor, currency: known.amount.currency.to_string() }
}
