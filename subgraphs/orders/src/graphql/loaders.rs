//! What one request loads in batches, and what it needs once.

use std::collections::HashMap;
use std::sync::Arc;

use braid_service::braid_vouch::Caller;
use braid_service::fault::Fault;
use braid_service::loader::{Batch, Loader};
use tokio::sync::OnceCell;

use crate::access::Access;
use crate::domain::{Order, OrderStatus, Recorded};
use crate::store::Store;
use crate::store::events::histories;
use crate::store::read::{Owner, Visible};

/// The loaders of one request.
pub struct Loaders {
    pub orders: Loader<OrdersById>,
    pub histories: Loader<Histories>,
    pub first_orders: Loader<FirstOrders>,
    visible: OnceCell<Arc<Visible>>,
}

/// Loads orders by id.
pub struct OrdersById(Store);

/// Loads beginnings of histories: by order and number of events.
pub struct Histories(Store);

/// Loads first pages of orders by owner.
pub struct FirstOrders(Store);

/// A first page: whose orders, of which status, how many.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FirstPage {
    pub owner: Owner,
    pub id: String,
    pub status: Option<OrderStatus>,
    pub limit: i64,
}

impl Loaders {
    /// Fresh loaders over a store.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        Self {
            orders: Loader::new(OrdersById(store.clone())),
            histories: Loader::new(Histories(store.clone())),
            first_orders: Loader::new(FirstOrders(store.clone())),
            visible: OnceCell::new(),
        }
    }

    /// What the request's caller sees; asked of the database once.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn visible(&self, access: &Access, caller: &Caller) -> Result<Arc<Visible>, Fault> {
        let visible = self.visible.get_or_try_init(async || {
            access.visible(caller).await.map(Arc::new).map_err(Fault::from)
        });
        visible.await.map(Arc::clone)
    }
}

impl Batch for OrdersById {
    type Key = String;
    type Value = Order;

    async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, Order>, Fault> {
        Ok(self.0.orders_by_id(keys).await?)
    }
}

impl Batch for Histories {
    type Key = (String, i64);
    type Value = Vec<Recorded>;

    /// One statement per number of events asked for; nearly always that is one.
    async fn load(
        &self,
        keys: Vec<(String, i64)>,
    ) -> Result<HashMap<(String, i64), Vec<Recorded>>, Fault> {
        let mut by_limit: HashMap<i64, Vec<String>> = HashMap::new();
        for (order, limit) in keys {
            by_limit.entry(limit).or_default().push(order);
        }
        let mut found: HashMap<(String, i64), Vec<Recorded>> = HashMap::new();
        for (limit, orders) in by_limit {
            for (order, event) in histories(&self.0.db, orders, limit).await? {
                found.entry((order, limit)).or_default().push(event);
            }
        }
        Ok(found)
    }
}

impl Batch for FirstOrders {
    type Key = FirstPage;
    type Value = Vec<Order>;

    /// One statement per kind of page; nearly always that is one.
    async fn load(&self, keys: Vec<FirstPage>) -> Result<HashMap<FirstPage, Vec<Order>>, Fault> {
        let mut by_kind: HashMap<(Owner, Option<OrderStatus>, i64), Vec<String>> = HashMap::new();
        for key in keys {
            by_kind.entry((key.owner, key.status, key.limit)).or_default().push(key.id);
        }
        let mut found = HashMap::new();
        for ((owner, status, limit), ids) in by_kind {
            for (id, orders) in self.0.first_orders(owner, ids, status, limit).await? {
                found.insert(FirstPage { owner, id, status, limit }, orders);
            }
        }
        Ok(found)
    }
}
