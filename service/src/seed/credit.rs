//! What customers and orders must agree on in the demo world: terms, prices of orders, claims.

use super::world::{self, Counts};
use crate::quote::{Pricing, Quote, QuoteError};

/// The payment terms of customer `n`: accounts pay later, every fifth person pays in advance.
#[must_use]
pub fn terms(n: u64, counts: &Counts) -> &'static str {
    match world::customer_is(n, counts) {
        Ok(account) if account.is_multiple_of(2) => "NET_30",
        Ok(_) => "NET_15",
        // The demo passenger (user 2) is the first of them.
        Err(_) if (n - counts.accounts) % 5 == 4 => "PREPAID",
        Err(_) => "NET_15",
    }
}

/// The lines and sums of order `n` at list prices.
///
/// # Errors
/// Never in a world whose products have sane prices.
pub fn order_quote(n: u64, counts: &Counts) -> Result<Quote, QuoteError> {
    let lines: Vec<Pricing> = world::order_lines(n, counts)
        .into_iter()
        .map(|(product, quantity)| {
            let product = world::product(product);
            let quantity = i64::from(quantity);
            Pricing {
                product_id: product.id,
                quantity,
                unit_minor: product.price_minor,
                account_minor: None,
            }
        })
        .collect();
    Quote::of(&lines, world::CURRENCY.as_str(), None, 0)
}

/// Whether order `n` still holds credit; other approved orders were delivered and paid.
#[must_use]
pub fn holds_credit(n: u64, counts: &Counts) -> bool {
    let is_open = n < 5 || n % 10 == 3;
    let on_account = terms(world::order_customer(n, counts), counts) != "PREPAID";
    is_open && on_account && world::order_status(n) == "APPROVED"
}
