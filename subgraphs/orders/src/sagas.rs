//! The sagas of orders: [`place`] decides an order, [`cancel`] takes an approved one back.
//!
//! Both append to the order's history within the saga's own transaction. Whoever touches saga and
//! order in one transaction locks the saga first ([`Sagas::lock`]).

pub mod cancel;
pub mod place;

use std::sync::Arc;

use braid_service::db::Tx;
use braid_service::messaging::MessagingError;
use braid_service::saga::{Engine, Orchestrator, Runner, store};
use braid_service::streams::{Amount, CreditClaim};
use serde::{Deserialize, Serialize};

use crate::domain::{Order, OrderId};
use crate::sagas::cancel::CancelOrder;
use crate::sagas::place::PlaceOrder;
use crate::store::{Failure, Store};

/// The engines of both kinds. Cheap to clone.
#[derive(Clone)]
pub struct Sagas {
    pub place: Arc<Engine<PlaceOrder>>,
    pub cancel: Arc<Engine<CancelOrder>>,
}

/// What both sagas know of their order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderOf {
    pub order: String,
    pub customer: String,
    pub total_minor: i64,
    pub currency: String,
    /// Paid on the customer's terms: credit is reserved for it.
    pub on_account: bool,
    /// Somebody else has to approve it.
    #[serde(default)]
    pub needs_approval: bool,
}

impl Sagas {
    /// The engines over a store.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        let outbox = store.outbox.clone();
        Self {
            place: Arc::new(Engine::new(PlaceOrder::new(store.clone()), outbox.clone())),
            cancel: Arc::new(Engine::new(CancelOrder::new(store.clone()), outbox)),
        }
    }

    /// What runs beside them: the timer, and the consumer of `reply.orders`.
    #[must_use]
    pub fn orchestrator(&self, store: &Store) -> Orchestrator {
        let place: Arc<dyn Runner> = self.place.clone();
        let cancel: Arc<dyn Runner> = self.cancel.clone();
        Orchestrator {
            db: store.db.clone(),
            outbox: store.outbox.clone(),
            runners: Arc::new([place, cancel]),
        }
    }

    /// Locks a saga's row, before the order's.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn lock(&self, tx: &mut Tx, saga: Option<&str>) -> Result<(), Failure> {
        if let Some(saga) = saga {
            store::hold(tx, saga).await?;
        }
        Ok(())
    }
}

impl OrderOf {
    /// What a saga keeps of an order.
    #[must_use]
    pub fn new(order: &Order, needs_approval: bool) -> Self {
        Self {
            order: order.id.clone(),
            customer: order.placed.customer.clone(),
            total_minor: order.placed.sums.total_minor,
            currency: order.placed.currency.clone(),
            on_account: order.placed.on_account,
            needs_approval,
        }
    }

    fn id(&self) -> Result<OrderId, MessagingError> {
        self.order
            .parse()
            .map_err(|error| MessagingError::Poison(format!("order of a saga: {error}")))
    }

    /// The command's payload to customers; none for an order that reserves no credit.
    fn credit_claim(&self) -> Result<Option<serde_json::Value>, MessagingError> {
        if !self.on_account {
            return Ok(None);
        }
        let claim = CreditClaim {
            customer_id: self.customer.clone(),
            order_id: self.order.clone(),
            amount: Amount { minor: self.total_minor, currency: self.currency.clone() },
        };
        serde_json::to_value(claim)
            .map(Some)
            .map_err(|error| MessagingError::Poison(format!("credit claim: {error}")))
    }
}
