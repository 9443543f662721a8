//! What orders knows of products and customers: its own copies, which [`crate::events`] feed. Of two
//! changes of one thing the later stays, in whatever order they arrive.

use std::collections::HashMap;

use braid_service::db::{Db, DbError, Row, Tx, sql};

/// A product as orders knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: String,
    pub sku: String,
    pub name: String,
    pub is_for_sale: bool,
    pub price_minor: i64,
    pub currency: String,
}

/// A customer as orders knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub id: String,
    pub account: Option<String>,
    pub user: Option<String>,
    pub is_prepaid: bool,
    pub currency: String,
}

pub(crate) const PRODUCTS_INSERT: &str = "INSERT INTO products \
     (id, sku, name, status, price_minor, currency, sequence) VALUES $ROWS \
     ON CONFLICT (id) DO UPDATE SET sku = excluded.sku, name = excluded.name, \
     status = excluded.status, price_minor = excluded.price_minor, \
     currency = excluded.currency, sequence = excluded.sequence \
     WHERE excluded.sequence > products.sequence";
pub(crate) const CUSTOMERS_INSERT: &str = "INSERT INTO customers \
     (id, account, user_id, terms, currency, sequence) VALUES $ROWS \
     ON CONFLICT (id) DO UPDATE SET terms = excluded.terms, sequence = excluded.sequence \
     WHERE excluded.sequence > customers.sequence";

const PRODUCT: &str = "SELECT id, sku, name, status, price_minor, currency FROM products";
const CUSTOMER: &str = "SELECT id, account, user_id, terms, currency FROM customers";

/// Products by id, inside a transaction.
///
/// # Errors
/// The database refuses.
pub async fn products_in(
    tx: &mut Tx,
    ids: Vec<String>,
) -> Result<HashMap<String, Product>, DbError> {
    let rows = tx.fetch_all(sql(PRODUCT).push(" WHERE id IN ($LIST)").bind_list(ids)).await?;
    by_id(&rows, product, |product| &product.id)
}

/// Customers by id.
///
/// # Errors
/// The database refuses.
pub async fn customers(db: &Db, ids: Vec<String>) -> Result<HashMap<String, Customer>, DbError> {
    let rows = db.fetch_all(sql(CUSTOMER).push(" WHERE id IN ($LIST)").bind_list(ids)).await?;
    by_id(&rows, customer, |customer| &customer.id)
}

/// Ids of the customers that a user is or buys for.
///
/// # Errors
/// The database refuses.
pub async fn customers_of_user(db: &Db, user: &str) -> Result<Vec<String>, DbError> {
    let statement = sql("SELECT id FROM customers WHERE user_id = $1 UNION \
         SELECT c.id FROM customers c JOIN membership_view m ON m.account_id = c.account \
         WHERE m.user_id = $1 AND m.role IN ('BUYER', 'ADMIN')");
    db.fetch_all(statement.bind(user)).await?.iter().map(|row| row.get("id")).collect()
}

/// Ids of the customers of an account.
///
/// # Errors
/// The database refuses.
pub async fn customers_of_account(db: &Db, account: &str) -> Result<Vec<String>, DbError> {
    let statement = sql("SELECT id FROM customers WHERE account = $1").bind(account);
    db.fetch_all(statement).await?.iter().map(|row| row.get("id")).collect()
}

fn by_id<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, DbError>,
    id: impl Fn(&T) -> &String,
) -> Result<HashMap<String, T>, DbError> {
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let thing = read(row)?;
        found.insert(id(&thing).clone(), thing);
    }
    Ok(found)
}

fn product(row: &Row) -> Result<Product, DbError> {
    Ok(Product {
        id: row.get("id")?,
        sku: row.get("sku")?,
        name: row.get("name")?,
        is_for_sale: row.get::<String>("status")? == "ACTIVE",
        price_minor: row.get("price_minor")?,
        currency: row.get("currency")?,
    })
}

fn customer(row: &Row) -> Result<Customer, DbError> {
    Ok(Customer {
        id: row.get("id")?,
        account: row.get("account")?,
        user: row.get("user_id")?,
        is_prepaid: row.get::<String>("terms")? == "PREPAID",
        currency: row.get("currency")?,
    })
}
