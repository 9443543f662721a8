//! Reading customers and their claims.

use std::collections::HashMap;

use braid_service::db::{DbError, Row, Sql, sql};
use braid_service::fault::Fault;
use braid_service::money::{Currency, Money};
use braid_service::page::{Cursor, Page, PageArgs};

use super::Store;
use crate::domain::{Customer, CustomerKind, CustomerStatus, Reservation};

/// Columns of [`customer`].
pub(super) const CUSTOMER: &str = "SELECT id, kind, account, user_id, status, terms, currency, \
     limit_minor, held_minor, receivable_minor, version, sequence FROM customers";
/// Columns of [`reservation`].
pub(super) const RESERVATION: &str = "SELECT id, customer, order_id, amount_minor, currency, \
     status, confirmed, reserved_at, expires_at FROM reservations";

/// Which customers a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    All,
    /// Their own as a person, and those of accounts they buy for.
    Of {
        user: String,
    },
    None,
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub kind: Option<CustomerKind>,
    pub status: Option<CustomerStatus>,
    pub account: Option<String>,
    /// `true`: only those that owe and hold more than their limit; `false`: only the others.
    pub over_limit: Option<bool>,
}

/// Which column names a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Id,
    Account,
    User,
}

pub(super) fn customer(row: &Row) -> Result<Customer, DbError> {
    Ok(Customer {
        id: row.parse("id")?,
        kind: row.parse("kind")?,
        account: row.get("account")?,
        user: row.get("user_id")?,
        status: row.parse("status")?,
        terms: row.parse("terms")?,
        currency: row.parse("currency")?,
        limit_minor: row.get("limit_minor")?,
        held_minor: row.get("held_minor")?,
        receivable_minor: row.get("receivable_minor")?,
        version: row.get("version")?,
        sequence: row.get("sequence")?,
    })
}

pub(super) fn reservation(row: &Row) -> Result<Reservation, DbError> {
    let currency: Currency = row.parse("currency")?;
    let is_confirmed: bool = row.get("confirmed")?;
    Ok(Reservation {
        id: row.parse("id")?,
        customer: row.get("customer")?,
        order: row.get("order_id")?,
        amount: Money::new(row.get("amount_minor")?, currency),
        status: row.parse("status")?,
        reserved_at_us: row.get("reserved_at")?,
        expires_at_us: if is_confirmed { None } else { Some(row.get("expires_at")?) },
    })
}

impl Store {
    /// One customer.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn customer(&self, id: &str) -> Result<Option<Customer>, DbError> {
        let statement = sql(CUSTOMER).push(" WHERE id = ").push_bind(id);
        self.db.fetch_optional(statement).await?.as_ref().map(customer).transpose()
    }

    /// Customers by a unique column.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn customers_by(
        &self,
        by: By,
        keys: Vec<String>,
    ) -> Result<HashMap<String, Customer>, DbError> {
        let condition = match by {
            By::Id => " WHERE id IN ($LIST)",
            By::Account => " WHERE account IN ($LIST)",
            By::User => " WHERE user_id IN ($LIST)",
        };
        let rows = self.db.fetch_all(sql(CUSTOMER).push(condition).bind_list(keys)).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            let customer = customer(row)?;
            let key = match by {
                By::Id => Some(customer.id.to_string()),
                By::Account => customer.account.clone(),
                By::User => customer.user.clone(),
            };
            if let Some(key) = key {
                found.insert(key, customer);
            }
        }
        Ok(found)
    }

    /// A page of the customers that the caller may see, oldest first.
    ///
    /// # Errors
    /// A cursor of another list; the database refuses.
    pub async fn list(
        &self,
        visible: &Visible,
        filter: &Filter,
        page: &PageArgs,
    ) -> Result<Page<Customer>, Fault> {
        let mut statement = narrowed(sql(CUSTOMER), visible, filter);
        if let Some(after) = page.after() {
            statement = statement.push(" AND id > ").push_bind(after.text(0)?);
        }
        let statement = statement.push(" ORDER BY id LIMIT ").push_bind(page.limit());
        let rows = self.db.fetch_all(statement).await?;
        let customers = rows.iter().map(customer).collect::<Result<_, _>>()?;
        Ok(Page::new(page, customers, |customer: &Customer| Cursor::new([customer.id.to_string()])))
    }

    /// How many customers [`Store::list`] has on all pages.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn count(&self, visible: &Visible, filter: &Filter) -> Result<i64, DbError> {
        let statement =
            narrowed(sql("SELECT COUNT(*) AS customers FROM customers"), visible, filter);
        self.db.fetch_one(statement).await?.get("customers")
    }

    /// First pages of claims, newest first, `limit` rows each.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn first_reservations(
        &self,
        customers: Vec<String>,
        limit: i64,
    ) -> Result<HashMap<String, Vec<Reservation>>, DbError> {
        let statement = sql("SELECT id, customer, order_id, amount_minor, currency, status, \
             confirmed, reserved_at, expires_at FROM (SELECT r.*, ROW_NUMBER() OVER (PARTITION BY customer \
             ORDER BY reserved_at DESC, id DESC) AS place FROM reservations r \
             WHERE customer IN ($LIST)) AS ranked WHERE place <= ");
        let statement = statement.bind_list(customers).push_bind(limit).push(" ORDER BY place");
        let mut pages: HashMap<String, Vec<Reservation>> = HashMap::new();
        for row in &self.db.fetch_all(statement).await? {
            let reservation = reservation(row)?;
            pages.entry(reservation.customer.clone()).or_default().push(reservation);
        }
        Ok(pages)
    }

    /// A later page of the claims on one customer.
    ///
    /// # Errors
    /// A cursor of another list; the database refuses.
    pub async fn reservations(
        &self,
        customer: &str,
        page: &PageArgs,
    ) -> Result<Vec<Reservation>, Fault> {
        let mut statement = sql(RESERVATION).push(" WHERE customer = ").push_bind(customer);
        if let Some(after) = page.after() {
            let at = after.int(0)?;
            statement = statement
                .push(" AND (reserved_at < ")
                .push_bind(at)
                .push(" OR (reserved_at = ")
                .push_bind(at)
                .push(" AND id < ")
                .push_bind(after.text(1)?)
                .push("))");
        }
        let statement =
            statement.push(" ORDER BY reserved_at DESC, id DESC LIMIT ").push_bind(page.limit());
        let rows = self.db.fetch_all(statement).await?;
        Ok(rows.iter().map(reservation).collect::<Result<_, _>>()?)
    }
}

fn narrowed(statement: Sql, visible: &Visible, filter: &Filter) -> Sql {
    let mut statement = match visible {
        Visible::All => statement.push(" WHERE 1 = 1"),
        Visible::None => statement.push(" WHERE 1 = 0"),
        Visible::Of { user } => statement
            .push(" WHERE (user_id = ")
            .push_bind(user)
            .push(
                " OR account IN (SELECT m.account_id FROM membership_view m WHERE m.role IN \
                 ('BUYER', 'ADMIN') AND m.user_id = ",
            )
            .push_bind(user)
            .push("))"),
    };
    if let Some(kind) = filter.kind {
        statement = statement.push(" AND kind = ").push_bind(kind.as_str());
    }
    if let Some(status) = filter.status {
        statement = statement.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(account) = &filter.account {
        statement = statement.push(" AND account = ").push_bind(account);
    }
    match filter.over_limit {
        Some(true) => statement.push(" AND held_minor + receivable_minor > limit_minor"),
        Some(false) => statement.push(" AND held_minor + receivable_minor <= limit_minor"),
        None => statement,
    }
}
