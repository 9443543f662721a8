//! Reading orders from their view.

use std::collections::HashMap;

use braid_service::db::{Sql, sql};
use braid_service::page::PageArgs;

use super::events::state;
use super::{Failure, Store};
use crate::domain::{Order, OrderStatus};

/// Which orders a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    All,
    /// Those they placed, and all of these customers.
    Of {
        placed_by: String,
        customers: Vec<String>,
    },
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub customer: Option<String>,
    pub placed_by: Option<String>,
    /// Any of these; `None`: all.
    pub status: Option<Vec<OrderStatus>>,
    pub placed_after_us: Option<i64>,
    pub placed_before_us: Option<i64>,
    pub number: Option<String>,
}

/// Whose orders a first page is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    Customer,
    PlacedBy,
}

impl Store {
    /// Orders by id.
    ///
    /// # Errors
    /// The database refuses; what is stored cannot be read.
    pub async fn orders_by_id(&self, ids: Vec<String>) -> Result<HashMap<String, Order>, Failure> {
        let statement = sql("SELECT state FROM order_view WHERE id IN ($LIST)").bind_list(ids);
        let mut found = HashMap::new();
        for row in &self.db.fetch_all(statement).await? {
            let order = state(row)?;
            found.insert(order.id.clone(), order);
        }
        Ok(found)
    }

    /// Rows of a page, newest first: up to [`PageArgs::limit`].
    ///
    /// # Errors
    /// A cursor of another list; the database refuses.
    pub async fn list(
        &self,
        visible: &Visible,
        filter: &Filter,
        page: &PageArgs,
    ) -> Result<Vec<Order>, braid_service::fault::Fault> {
        let mut statement = narrowed(sql("SELECT state FROM order_view"), visible, filter);
        if let Some(after) = page.after() {
            let at = after.int(0)?;
            statement = statement
                .push(" AND (placed_at < ")
                .push_bind(at)
                .push(" OR (placed_at = ")
                .push_bind(at)
                .push(" AND id < ")
                .push_bind(after.text(1)?)
                .push("))");
        }
        let statement =
            statement.push(" ORDER BY placed_at DESC, id DESC LIMIT ").push_bind(page.limit());
        let rows = self.db.fetch_all(statement).await?;
        Ok(rows.iter().map(state).collect::<Result<_, _>>()?)
    }

    /// How many orders [`Store::list`] has on all pages.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn count(&self, visible: &Visible, filter: &Filter) -> Result<i64, Failure> {
        let statement = narrowed(sql("SELECT COUNT(*) AS orders FROM order_view"), visible, filter);
        Ok(self.db.fetch_one(statement).await?.get("orders")?)
    }

    /// The newest `limit` orders of each owner, of one status or of any.
    ///
    /// # Errors
    /// The database refuses; what is stored cannot be read.
    pub async fn first_orders(
        &self,
        owner: Owner,
        owners: Vec<String>,
        status: Option<OrderStatus>,
        limit: i64,
    ) -> Result<HashMap<String, Vec<Order>>, Failure> {
        let (inner, of): (_, fn(&Order) -> &String) = match owner {
            Owner::Customer => (
                "SELECT state FROM (SELECT state, ROW_NUMBER() OVER (PARTITION BY customer \
                 ORDER BY placed_at DESC, id DESC) AS place FROM order_view \
                 WHERE customer IN ($LIST)",
                |order| &order.placed.customer,
            ),
            Owner::PlacedBy => (
                "SELECT state FROM (SELECT state, ROW_NUMBER() OVER (PARTITION BY placed_by \
                 ORDER BY placed_at DESC, id DESC) AS place FROM order_view \
                 WHERE placed_by IN ($LIST)",
                |order| &order.placed.placed_by,
            ),
        };
        let mut statement = sql(inner).bind_list(owners);
        if let Some(status) = status {
            statement = statement.push(" AND status = ").push_bind(status.as_str());
        }
        let statement =
            statement.push(") AS ranked WHERE place <= ").push_bind(limit).push(" ORDER BY place");
        let mut pages: HashMap<String, Vec<Order>> = HashMap::new();
        for row in &self.db.fetch_all(statement).await? {
            let order = state(row)?;
            pages.entry(of(&order).clone()).or_default().push(order);
        }
        Ok(pages)
    }
}

fn narrowed(statement: Sql, visible: &Visible, filter: &Filter) -> Sql {
    let mut statement = match visible {
        Visible::All => statement.push(" WHERE 1 = 1"),
        Visible::Of { placed_by, customers } => {
            // The lists come in through `$LIST`, which counts on from what was bound before.
            statement
                .push(" WHERE (placed_by = ")
                .push_bind(placed_by)
                .push(" OR customer IN ($LIST))")
                .bind_list(customers)
        }
    };
    if let Some(customer) = &filter.customer {
        statement = statement.push(" AND customer = ").push_bind(customer);
    }
    if let Some(placed_by) = &filter.placed_by {
        statement = statement.push(" AND placed_by = ").push_bind(placed_by);
    }
    if let Some(status) = &filter.status {
        let texts = status.iter().map(|status| status.as_str());
        statement = statement.push(" AND status IN ($LIST)").bind_list(texts);
    }
    if let Some(at) = filter.placed_after_us {
        statement = statement.push(" AND placed_at > ").push_bind(at);
    }
    if let Some(at) = filter.placed_before_us {
        statement = statement.push(" AND placed_at < ").push_bind(at);
    }
    match &filter.number {
        Some(number) => statement.push(" AND number = ").push_bind(number),
        None => statement,
    }
}
