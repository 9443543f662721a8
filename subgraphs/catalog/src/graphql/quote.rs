//! `Query.priceQuote`: what a basket costs, with a signed promise. The arithmetic and the token
//! are in [`braid_service::quote`].

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::futures_util::future::try_join_all;
use async_graphql::{Context, ID, InputObject, Object};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::money::{Currency, Money};
use braid_service::quote::{LINES_MAX, Pricing, QUOTE_LIFETIME_US, Quote, QuoteError, QuoteKey};
use braid_service::scalars::DateTime;

use crate::domain::product::{AccountId, Product as Stored, Status};
use crate::graphql::access;
use crate::graphql::product::Product;
use crate::store::Store;

/// `input PriceQuoteInput`.
#[derive(InputObject)]
#[graphql(name = "PriceQuoteInput")]
pub struct PriceQuoteInput {
    lines: Vec<QuoteLineInput>,
    account_id: Option<ID>,
    currency: Currency,
}

/// `input QuoteLineInput`.
#[derive(InputObject)]
#[graphql(name = "QuoteLineInput")]
pub struct QuoteLineInput {
    product_id: ID,
    quantity: i32,
}

/// `type PriceQuote`.
pub struct PriceQuote {
    quote: Quote,
    currency: Currency,
    products: Vec<Arc<Stored>>,
    token: String,
}

/// `type PriceQuoteLine`.
pub struct PriceQuoteLine {
    product: Arc<Stored>,
    quantity: i32,
    unit_price: Money,
    total: Money,
}

/// Prices the basket for the caller.
pub(super) async fn quote(ctx: &Context<'_>, input: PriceQuoteInput) -> Result<PriceQuote, Fault> {
    ctx.caller()?;
    if input.lines.len() > LINES_MAX {
        return Err(refused(QuoteError::TooManyLines));
    }
    let account = match &input.account_id {
        Some(id) => Some(access::account(ctx, id).await?),
        None => None,
    };
    let products = products(ctx, &input.lines).await?;
    let store = ctx.get::<Store>()?;
    let now_us = store.now_us();
    let prices = Prices::load(store, &products, account.as_ref(), input.currency, now_us).await?;
    let mut lines = Vec::with_capacity(input.lines.len());
    for (index, (line, product)) in input.lines.iter().zip(&products).enumerate() {
        let id = product.id.as_str();
        let unit_minor = *prices.list.get(id).ok_or_else(|| {
            Fault::BadInput(format!("lines[{index}]: no price in {}", input.currency))
        })?;
        lines.push(Pricing {
            product_id: id.to_owned(),
            quantity: i64::from(line.quantity),
            unit_minor,
            account_minor: prices.account.get(id).copied(),
        });
    }
    let account = account.as_ref().map(AccountId::as_str);
    let valid_until_us = now_us.saturating_add(QUOTE_LIFETIME_US);
    let quote = Quote::of(&lines, input.currency.as_str(), account, valid_until_us);
    let quote = quote.map_err(refused)?;
    let token = ctx.get::<QuoteKey>()?.sign(&quote).map_err(refused)?;
    Ok(PriceQuote { quote, currency: input.currency, products, token })
}

/// The products of the lines, which must all be for sale.
async fn products(ctx: &Context<'_>, lines: &[QuoteLineInput]) -> Result<Vec<Arc<Stored>>, Fault> {
    let found = try_join_all(lines.iter().map(|line| access::product(ctx, &line.product_id)));
    let found = found.await?;
    let for_sale = found.into_iter().enumerate().map(|(index, product)| {
        product
            .filter(|product| product.status == Status::Active)
            .ok_or_else(|| Fault::BadInput(format!("lines[{index}]: no such product for sale")))
    });
    for_sale.collect()
}

/// The prices that apply to a basket, minor units by product.
struct Prices {
    list: HashMap<String, i64>,
    account: HashMap<String, i64>,
}

impl Prices {
    async fn load(
        store: &Store,
        products: &[Arc<Stored>],
        account: Option<&AccountId>,
        currency: Currency,
        at_us: i64,
    ) -> Result<Self, Fault> {
        let ids: Vec<String> = products.iter().map(|product| product.id.to_string()).collect();
        let own = match account {
            Some(account) => store.account_prices(account, ids.clone(), currency).await?,
            None => HashMap::new(),
        };
        Ok(Self { list: store.list_prices(ids, currency, at_us).await?, account: own })
    }
}

fn refused(error: QuoteError) -> Fault {
    Fault::BadInput(format!("quote: {error}"))
}

#[Object]
impl PriceQuote {
    async fn lines(&self) -> Vec<PriceQuoteLine> {
        let lines = self.quote.lines.iter().zip(&self.products);
        lines
            .map(|(line, product)| PriceQuoteLine {
                product: Arc::clone(product),
                // It came from an `Int`.
                quantity: i32::try_from(line.quantity).unwrap_or(i32::MAX),
                unit_price: Money::new(line.unit_minor, self.currency),
                total: Money::new(line.total_minor, self.currency),
            })
            .collect()
    }

    async fn subtotal(&self) -> Money {
        Money::new(self.quote.subtotal_minor, self.currency)
    }

    async fn discount(&self) -> Money {
        Money::new(self.quote.discount_minor, self.currency)
    }

    async fn tax(&self) -> Money {
        Money::new(self.quote.tax_minor, self.currency)
    }

    async fn total(&self) -> Money {
        Money::new(self.quote.total_minor, self.currency)
    }

    async fn valid_until(&self) -> DateTime {
        DateTime(self.quote.valid_until_us)
    }

    async fn quote_token(&self) -> &str {
        &self.token
    }
}

#[Object]
impl PriceQuoteLine {
    async fn product(&self) -> Product {
        Product::from(Arc::clone(&self.product))
    }

    async fn quantity(&self) -> i32 {
        self.quantity
    }

    async fn unit_price(&self) -> Money {
        self.unit_price
    }

    async fn total(&self) -> Money {
        self.total
    }
}
