//! What reaches this service over the bus beside the answers to its sagas: products and customers.

use braid_service::bus::{BoxFuture, Message};
use braid_service::db::{Tx, Value, sql};
use braid_service::inbox::Handler;
use braid_service::messaging::MessagingError;
use braid_service::scalars::DateTime;
use braid_service::streams::{
    CUSTOMER_HELD, CUSTOMER_OPENED, CustomerChanged, LIMIT_CHANGED, PRICE_CHANGED, PRODUCT_CHANGED,
    PRODUCT_RETIRED, ProductChanged,
};

use crate::store::projection::{CUSTOMERS_INSERT, PRODUCTS_INSERT};

/// Streams of products.
pub const PRODUCT_STREAMS: &[&str] =
    &[PRODUCT_CHANGED.name, PRICE_CHANGED.name, PRODUCT_RETIRED.name];
/// Streams of customers.
pub const CUSTOMER_STREAMS: &[&str] =
    &[CUSTOMER_OPENED.name, LIMIT_CHANGED.name, CUSTOMER_HELD.name];

/// Follows the catalog.
pub struct Products;

/// Follows the customers.
pub struct Customers;

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
