//! CancelOrder (DOMAIN section 8): an approved order is taken back.
//!
//! APPROVED → CANCELLING → the credit is given back → CANCELLED. Its first step is the pivot: from
//! there on the steps are repeated until they succeed. Entitlements and invoices have steps here
//! when their services exist.

use braid_service::bus::BoxFuture;
use braid_service::event::Cause;
use braid_service::messaging::MessagingError;
use braid_service::saga::machine::Step;
use braid_service::saga::{Action, Context, Definition, Outcome, Pace, Verdict};
use braid_service::streams::customers_commands;

use super::OrderOf;
use crate::domain::{Event, OrderStatus};
use crate::store::Store;

/// The kind in rows and commands.
pub const KIND: &str = "cancel-order";

const BEGIN: &str = "begin";
const FINISH: &str = "finish";

const STEPS: &[Step] = &[
    Step { name: BEGIN, action: Action::Local, pivot: true },
    Step {
        name: "release-credit",
        action: Action::Command {
            service: "customers",
            does: customers_commands::RELEASE,
            undo: None,
        },
        pivot: false,
    },
    Step { name: FINISH, action: Action::Local, pivot: false },
];

const SECOND_US: i64 = 1_000_000;
const PACE: Pace = Pace {
    resend_us: 5 * SECOND_US,
    resend_max_us: 300 * SECOND_US,
    attempts_max: 1_000,
    deadline_us: 3_600 * SECOND_US,
};

/// The definition.
pub struct CancelOrder {
    store: Store,
}

impl CancelOrder {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    async fn finish(&self, cx: Context<'_>, state: &OrderOf) -> Result<Verdict, MessagingError> {
        let id = state.id()?;
        let order = self.store.locked(cx.tx, &id).await?;
        let order = order.ok_or_else(|| MessagingError::Poison(format!("no order {id}")))?;
        if order.status == OrderStatus::Cancelling {
            let cause = Cause { actor: None, ..cx.cause.clone() };
            let events = vec![Event::OrderCancelled];
            self.store.append(cx.tx, (&id, Some(order)), events, &cause).await?;
        }
        Ok(Verdict::Done)
    }
}

impl Definition for CancelOrder {
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
                // The command that started the saga has marked the order already.
                BEGIN => Ok(Verdict::Done),
                FINISH => self.finish(cx, state).await,
                other => Err(MessagingError::Poison(format!("no local step `{other}`"))),
            }
        })
    }

    fn turned<'a>(
        &'a self,
        _cx: Context<'a>,
        _state: &'a mut OrderOf,
        _reason: &'a str,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async { Err(MessagingError::Poison("a cancellation does not turn".to_owned())) })
    }

    fn ended<'a>(
        &'a self,
        _cx: Context<'a>,
        _state: &'a mut OrderOf,
        _outcome: Outcome,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async { Ok(()) })
    }
}
