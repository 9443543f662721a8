//! What orders knows of products and customers: its own copies, fed by events. Of two changes of
//! one thing the later stays, in whatever order they arrive.

use std::collections::HashMap;

use braid_service::bus::{BoxFuture, Message};
use braid_service::db::{Db, DbError, Row, Tx, Value, sql};
use braid_service::inbox::Handler;
use braid_service::messaging::MessagingError;
use braid_service::scalars::DateTime;
use braid_service::streams::{
    CUSTOMER_HELD, CUSTOMER_OPENED, CustomerChanged, LIMIT_CHANGED, PRICE_CHANGED, PRODUCT_CHANGED,
    PRODUCT_RETIRED, ProductChanged,
};

/// Streams of products.
pub const PRODUCT_STREAMS: &[&str] =
    &[PRODUCT_CHANGED.name, PRICE_CHANGED.name, PRODUCT_RETIRED.name];
/// Streams of customers.
pub const CUSTOMER_STREAMS: &[&str] =
    &[CUSTOMER_OPENED.name, LIMIT_CHANGED.name, CUSTOMER_HELD.name];

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

/// Follows the catalog.
pub struct Products;

/// Follows the customers.
pub struct Customers;

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

impl Handler for Products {
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let product: ProductChanged = message.event.data()?;
            if &*message.stream == PRICE_CHANGED.name {
                return reprice(tx, &product, message).await;
            }
            let row: [Value; 7] = [
                product.product_id.into(),
                product.sku.into(),
                product.name.into(),
                product.status.into(),
                product.price.minor.into(),
                product.price.currency.into(),
                message.event.sequence_number()?.into(),
            ];
            tx.execute(sql(PRODUCTS_INSERT).bind_rows([row])).await?;
            Ok(())
        })
    }
}

impl Handler for Customers {
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let customer: CustomerChanged = message.event.data()?;
            let row: [Value; 6] = [
                customer.customer_id.into(),
                customer.account_id.into(),
                customer.user_id.into(),
                customer.payment_terms.into(),
                customer.limit.currency.into(),
                message.event.sequence_number()?.into(),
            ];
            tx.execute(sql(CUSTOMERS_INSERT).bind_rows([row])).await?;
            Ok(())
        })
    }
}

/// A price that holds now and in the list's currency. One that holds later comes again, as a change
/// of the product, when it does.
async fn reprice(
    tx: &mut Tx,
    product: &ProductChanged,
    message: &Message,
) -> Result<(), MessagingError> {
    let told_at: DateTime = message
        .event
        .time
        .parse()
        .map_err(|error| MessagingError::Poison(format!("time of the event: {error}")))?;
    if product.price_from_us > told_at.0 {
        return Ok(());
    }
    let sequence = message.event.sequence_number()?;
    let statement = sql("UPDATE products SET price_minor = $1, sequence = $2 \
         WHERE id = $3 AND currency = $4 AND sequence < $2")
    .bind(product.price.minor)
    .bind(sequence)
    .bind(&product.product_id)
    .bind(&product.price.currency);
    tx.execute(statement).await?;
    Ok(())
}

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
