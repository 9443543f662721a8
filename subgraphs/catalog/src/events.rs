//! What the catalog tells others: the streams `catalog.*` of [`braid_service::streams`].
//!
//! Every event carries all that a consumer needs to know a product, so that nobody has to ask
//! back; `sequence` is the product's version. A list price that begins later is told twice: at
//! once as `price-changed` with its beginning, and when it begins as `product-changed`.

use braid_service::money::Money;
use braid_service::streams::{Amount, ProductChanged};

use crate::domain::product::Product;

/// The state of a product, with its list price in force.
pub fn state(product: &Product) -> ProductChanged {
    priced(product, product.price, product.updated_at_us)
}

/// The state of a product with a price that it has from `from_us` on.
pub fn priced(product: &Product, price: Money, from_us: i64) -> ProductChanged {
    ProductChanged {
        product_id: product.id.to_string(),
        sku: product.sku.to_string(),
        kind: product.kind().as_str().to_owned(),
        name: product.name.clone(),
        status: product.status.as_str().to_owned(),
        price: Amount { minor: price.minor, currency: price.currency.to_string() },
        price_from_us: from_us,
    }
}
