//! PlaceOrder (DOMAIN section 8): PENDING to APPROVED or REJECTED.
//!
//! | step | who | undone by | refused with |
//! |---|---|---|---|
//! | reserve-credit, unless paid in advance or by card | customers | release | `INSUFFICIENT_CREDIT`, `CUSTOMER_ON_HOLD`, `UNKNOWN_CUSTOMER` |
//! | approval, over the buyer's threshold: a person, 72 h | orders | – | `APPROVAL_DECLINED`, `APPROVAL_TIMED_OUT` |
//! | authorise-payment, paid in advance or by card | – | – | `PAYMENT_DECLINED` |
//! | approve: **pivot** | orders | – | `PRICE_CHANGED`, `PRODUCT_UNAVAILABLE` |
//!
//! There is no payments service yet, so nobody can authorise a card: an order that is not paid on
//! account is rejected with `PAYMENT_DECLINED`, never approved unpaid. Entitlements, invoice and
//! the consumption of the reservation are steps after the pivot of services that do not exist yet;
//! until then an order ends `APPROVED` and its reservation is held.

use braid_service::bus::BoxFuture;
use braid_service::messaging::MessagingError;
use braid_service::saga::machine::Step;
use braid_service::saga::{Action, Context, Definition, Outcome, Pace, Verdict};
use braid_service::streams::customers_commands;

use super::OrderOf;
use crate::domain::{APPROVAL_WAIT_US, ApprovalStatus, Event, Order, OrderStatus, RejectionReason};
use crate::store::Store;
use crate::store::projection::products_in;

/// The kind in rows and commands.
pub const KIND: &str = "place-order";
/// The waiting step that a person ends.
pub const APPROVAL: &str = "approval";
/// The reason of a saga that a cancellation turned.
pub const CANCELLED: &str = "CANCELLED";

const RESERVE: &str = "reserve-credit";
const AUTHORISE: &str = "authorise-payment";
const APPROVE: &str = "approve";

const STEPS: &[Step] = &[
    Step {
        name: RESERVE,
        action: Action::Command {
            service: "customers",
            does: customers_commands::RESERVE,
            undo: Some(customers_commands::RELEASE),
        },
        pivot: false,
    },
    Step { name: APPROVAL, action: Action::Wait { limit_us: APPROVAL_WAIT_US }, pivot: false },
    Step { name: AUTHORISE, action: Action::Local, pivot: false },
    Step { name: APPROVE, action: Action::Local, pivot: true },
];

const SECOND_US: i64 = 1_000_000;

/// Answers take milliseconds; a customers service that is away is waited for. The deadline leaves
/// room for an approval, and for a customers service that is away a while, and lies before the
/// day on which an unconfirmed reservation expires.
const PACE: Pace = Pace {
    resend_us: 5 * SECOND_US,
    resend_max_us: 300 * SECOND_US,
    attempts_max: 200,
    deadline_us: 80 * 3_600 * SECOND_US,
};

/// The definition.
pub struct PlaceOrder {
    store: Store,
}

impl PlaceOrder {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    async fn append(
        &self,
        cx: Context<'_>,
        order: Order,
        events: Vec<Event>,
    ) -> Result<(), MessagingError> {
        let id = order.id.parse().map_err(|_| MessagingError::Poison(order.id.clone()))?;
        // What the saga does, nobody does: the actor of the order stays in its first event.
        let cause = braid_service::event::Cause { actor: None, ..cx.cause.clone() };
        self.store.append(cx.tx, (&id, Some(order)), events, &cause).await?;
        Ok(())
    }

    async fn order(&self, cx: &mut Context<'_>, state: &OrderOf) -> Result<Order, MessagingError> {
        let order = self.store.locked(cx.tx, &state.id()?).await?;
        order.ok_or_else(|| MessagingError::Poison(format!("no order {}", state.order)))
    }

    async fn request_approval(
        &self,
        mut cx: Context<'_>,
        state: &OrderOf,
    ) -> Result<Verdict, MessagingError> {
        if !state.needs_approval {
            return Ok(Verdict::Skip);
        }
        let order = self.order(&mut cx, state).await?;
        let expires_at_us = self.store.outbox.now_us() + APPROVAL_WAIT_US;
        self.append(cx, order, vec![Event::OrderApprovalRequired { expires_at_us }]).await?;
        Ok(Verdict::Wait)
    }

    /// The pivot: prices that no quote promised are read again, since days may have passed.
    async fn approve(
        &self,
        mut cx: Context<'_>,
        state: &OrderOf,
    ) -> Result<Verdict, MessagingError> {
        let order = self.order(&mut cx, state).await?;
        let ids = order.placed.lines.iter().map(|line| line.product.clone()).collect();
        let products = products_in(cx.tx, ids).await?;
        for line in &order.placed.lines {
            let refusal = match products.get(&line.product) {
                Some(product) if !product.is_for_sale => RejectionReason::ProductUnavailable,
                None => RejectionReason::ProductUnavailable,
                Some(product) if !order.placed.quoted && product.price_minor != line.unit_minor => {
                    RejectionReason::PriceChanged
                }
                Some(_) => continue,
            };
            return Ok(Verdict::Refuse(refusal.as_str().to_owned()));
        }
        self.append(cx, order, vec![Event::OrderApproved]).await?;
        Ok(Verdict::Done)
    }

    /// Rejects the order, unless it is the cancellation that turned the saga.
    async fn reject(
        &self,
        mut cx: Context<'_>,
        state: &OrderOf,
        reason: &str,
    ) -> Result<(), MessagingError> {
        let order = self.order(&mut cx, state).await?;
        if order.status == OrderStatus::Cancelling {
            return Ok(());
        }
        let mut events = Vec::new();
        let approval = order.approval.as_ref().map(|approval| approval.status);
        if approval == Some(ApprovalStatus::Required) {
            events.push(Event::OrderApprovalExpired);
        }
        events.push(Event::OrderRejected { reason: rejection(reason) });
        self.append(cx, order, events).await
    }
}

/// The order's reason for a saga's. One that is none of the order's is the saga's running out of
/// time, which it does while it waits for somebody.
fn rejection(reason: &str) -> RejectionReason {
    reason.parse().unwrap_or(RejectionReason::ApprovalTimedOut)
}

impl Definition for PlaceOrder {
    type State = OrderOf;

    fn kind(&self) -> &'static str {
        KIND
    }

    fn steps(&self) -> &'static [Step] {
        STEPS
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn command(
        &self,
        state: &OrderOf,
        _step: &'static str,
    ) -> Result<Option<serde_json::Value>, MessagingError> {
        state.credit_claim()
    }

    fn enter<'a>(
        &'a self,
        cx: Context<'a>,
        state: &'a mut OrderOf,
        step: &'static str,
    ) -> BoxFuture<'a, Result<Verdict, MessagingError>> {
        Box::pin(async move {
            match step {
                APPROVAL => self.request_approval(cx, state).await,
                AUTHORISE if state.on_account => Ok(Verdict::Skip),
                AUTHORISE => {
                    let reason = RejectionReason::PaymentDeclined;
                    Ok(Verdict::Refuse(reason.as_str().to_owned()))
                }
                APPROVE => self.approve(cx, state).await,
                other => Err(MessagingError::Poison(format!("no local step `{other}`"))),
            }
        })
    }

    fn turned<'a>(
        &'a self,
        cx: Context<'a>,
        state: &'a mut OrderOf,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(self.reject(cx, state, reason))
    }

    fn ended<'a>(
        &'a self,
        mut cx: Context<'a>,
        state: &'a mut OrderOf,
        outcome: Outcome,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            if outcome != Outcome::Compensated {
                return Ok(());
            }
            let order = self.order(&mut cx, state).await?;
            if order.status == OrderStatus::Cancelling {
                self.append(cx, order, vec![Event::OrderCancelled]).await?;
            }
            Ok(())
        })
    }
}
