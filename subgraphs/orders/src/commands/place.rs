//! Placing an order: everything that can be said at once is checked, then the order is committed
//! `PENDING` with the first step of its saga. The saga decides the rest.

use std::collections::HashMap;

use braid_service::db::{Tx, sql};
use braid_service::idempotency::{Claim, Key, claim, fingerprint, store as keep};
use braid_service::messaging::MessagingError;
use braid_service::quote::{LINES_MAX, Pricing, QUANTITY_MAX, Quote, QuoteError};
use braid_service::saga::Start;
use serde::{Deserialize, Serialize};

use super::{Commands, Request, check_key, checked_text, mismatch};
use crate::domain::event::Placed;
use crate::domain::{APPROVAL_FROM_MINOR, Code, Event, Line, Order, OrderId, Problem, Sums};
use crate::sagas::OrderOf;
use crate::store::Failure;
use crate::store::projection::{self, Customer, Product};

/// What somebody wants to order; equal inputs are the same request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    pub customer: String,
    pub lines: Vec<InputLine>,
    pub quote_token: Option<String>,
    pub payment_method: Option<String>,
    pub deal: Option<String>,
    pub note: Option<String>,
}

/// A product and how many of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputLine {
    pub product: String,
    pub quantity: i64,
}

/// For whom the order is placed, and with what right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    pub customer: Customer,
    /// Orders from [`APPROVAL_FROM_MINOR`] on need another's approval.
    pub has_threshold: bool,
}

/// A placed order, new or from an earlier request with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedOrder {
    pub order: Order,
    pub is_replay: bool,
}

/// What a key leads to.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    order: String,
    version: i64,
}

impl Commands {
    async fn kept(&self, kept: &Kept) -> Result<PlacedOrder, Failure> {
        let order = self.replayed(&kept.order, kept.version).await?;
        Ok(PlacedOrder { order, is_replay: true })
    }

    /// Places an order, once per idempotency key.
    ///
    /// # Errors
    /// Refused with `EMPTY`, `INVALID`, `NOT_FOUND`, `QUOTE_EXPIRED` or `IDEMPOTENCY_MISMATCH`; or
    /// the store failed.
    pub async fn place(
        &self,
        request: Request<'_>,
        input: &Input,
        buyer: &Buyer,
    ) -> Result<PlacedOrder, Failure> {
        check_key(request.key)?;
        check(input)?;
        let print = fingerprint("placeOrder", input).map_err(MessagingError::from)?;
        let key = Key { subject: request.subject, key: request.key, fingerprint: &print };
        let mut tx = self.store.db.begin().await?;
        match claim::<Kept>(&mut tx, &key, self.store.outbox.now_us()).await? {
            Claim::Done(kept) => {
                drop(tx);
                return self.kept(&kept).await;
            }
            Claim::Mismatch => return Err(mismatch().into()),
            Claim::Fresh => {}
        }
        let ids = input.lines.iter().map(|line| line.product.clone()).collect();
        let products = projection::products_in(&mut tx, ids).await?;
        let placed = self.priced(request, input, buyer, &products)?;
        let order = self.begin(&mut tx, request, placed, buyer).await?;
        let kept = Kept { order: order.id.clone(), version: order.version };
        keep(&mut tx, &key, &kept).await?;
        self.store.outbox.fault("orders.before-commit")?;
        self.store.outbox.commit(tx).await?;
        Ok(PlacedOrder { order, is_replay: false })
    }

    /// Number, first event, saga and its first step, within the transaction.
    async fn begin(
        &self,
        tx: &mut Tx,
        request: Request<'_>,
        mut placed: Placed,
        buyer: &Buyer,
    ) -> Result<Order, Failure> {
        let outbox = &self.store.outbox;
        let id: OrderId = outbox
            .new_id(OrderId::PREFIX)
            .parse()
            .map_err(|error| MessagingError::Poison(format!("new id: {error}")))?;
        let saga = outbox.new_id("sag");
        placed.number = next_number(tx, outbox.now_us()).await?;
        placed.saga = Some(saga.clone());
        let needs_approval = buyer.has_threshold && placed.sums.total_minor >= APPROVAL_FROM_MINOR;
        let events = vec![Event::OrderPlaced(Box::new(placed))];
        let order = self.store.append(tx, (&id, None), events, request.cause).await?;
        let state = OrderOf::new(&order, needs_approval);
        let start = Start { id: &saga, subject: id.as_str(), cause: request.cause, state: &state };
        self.sagas.place.start(tx, start).await?;
        self.store.locked(tx, &id).await?.ok_or_else(|| Problem::not_found().into())
    }

    /// The order's first event, without number and saga.
    fn priced(
        &self,
        request: Request<'_>,
        input: &Input,
        buyer: &Buyer,
        products: &HashMap<String, Product>,
    ) -> Result<Placed, Failure> {
        let customer = &buyer.customer;
        for (line, index) in input.lines.iter().zip(0..) {
            check_product(products.get(&line.product), &customer.currency, index)?;
        }
        let quote = match &input.quote_token {
            Some(token) => self.quoted(token, input, customer)?,
            None => listed(input, customer, products)?,
        };
        let lines = quote.lines.into_iter().map(|line| {
            let product = products.get(&line.product_id);
            Line {
                name: product.map(|product| product.name.clone()).unwrap_or_default(),
                sku: product.map(|product| product.sku.clone()).unwrap_or_default(),
                product: line.product_id,
                quantity: line.quantity,
                unit_minor: line.unit_minor,
                total_minor: line.total_minor,
            }
        });
        Ok(Placed {
            number: String::new(),
            customer: customer.id.clone(),
            placed_by: request.subject.to_owned(),
            lines: lines.collect(),
            sums: Sums {
                subtotal_minor: quote.subtotal_minor,
                discount_minor: quote.discount_minor,
                tax_minor: quote.tax_minor,
                total_minor: quote.total_minor,
            },
            currency: quote.currency,
            deal: input.deal.clone(),
            note: input.note.as_deref().map(str::trim).map(str::to_owned),
            saga: None,
            on_account: input.payment_method.is_none() && !customer.is_prepaid,
            quoted: input.quote_token.is_some(),
        })
    }

    /// The quote in a token, if it is about these lines and this customer.
    fn quoted(&self, token: &str, input: &Input, customer: &Customer) -> Result<Quote, Problem> {
        let path = &["input", "quoteToken"];
        let quote = self.quotes.verify(token, self.store.outbox.now_us());
        let quote = quote.map_err(|error| match error {
            QuoteError::Expired => Problem::new(Code::QuoteExpired, path, error.to_string()),
            other => Problem::invalid(path, other.to_string()),
        })?;
        let same = quote.lines.len() == input.lines.len()
            && quote.lines.iter().zip(&input.lines).all(|(quoted, wanted)| {
                quoted.product_id == wanted.product && quoted.quantity == wanted.quantity
            });
        if !same {
            return Err(Problem::invalid(path, "the quote is about other lines"));
        }
        if quote.account_id.is_some() && quote.account_id != customer.account {
            return Err(Problem::invalid(path, "the quote is for another account"));
        }
        if quote.currency != customer.currency {
            let message = format!("the customer's currency is {}", customer.currency);
            return Err(Problem::invalid(path, message));
        }
        Ok(quote)
    }
}

/// Prices the lines by the list.
fn listed(
    input: &Input,
    customer: &Customer,
    products: &HashMap<String, Product>,
) -> Result<Quote, Problem> {
    let lines: Vec<Pricing> = input
        .lines
        .iter()
        .filter_map(|line| {
            let product = products.get(&line.product)?;
            Some(Pricing {
                product_id: product.id.clone(),
                quantity: line.quantity,
                unit_minor: product.price_minor,
                account_minor: None,
            })
        })
        .collect();
    Quote::of(&lines, &customer.currency, None, 0)
        .map_err(|error| Problem::invalid(&["input", "lines"], error.to_string()))
}

fn check_product(product: Option<&Product>, currency: &str, index: usize) -> Result<(), Problem> {
    let index = index.to_string();
    let path = &["input", "lines", &index, "productId"];
    match product {
        None => Err(Problem::new(Code::NotFound, path, "no such product")),
        Some(product) if !product.is_for_sale => {
            Err(Problem::invalid(path, "the product is not for sale"))
        }
        Some(product) if product.currency != currency => {
            let message = format!("the product is not sold in {currency}");
            Err(Problem::invalid(path, message))
        }
        Some(_) => Ok(()),
    }
}

/// What can be checked without knowing anything else.
fn check(input: &Input) -> Result<(), Problem> {
    if input.lines.is_empty() {
        return Err(Problem::new(Code::Empty, &["input", "lines"], "an order needs a line"));
    }
    if input.lines.len() > LINES_MAX {
        let message = format!("an order has at most {LINES_MAX} lines");
        return Err(Problem::invalid(&["input", "lines"], message));
    }
    for (line, index) in input.lines.iter().zip(0..) {
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            let index: usize = index;
            let index = index.to_string();
            let path = &["input", "lines", &index, "quantity"];
            return Err(Problem::invalid(path, format!("must be 1 to {QUANTITY_MAX}")));
        }
    }
    if let Some(deal) = &input.deal
        && !braid_service::ids::is_id("dea", deal)
    {
        return Err(Problem::invalid(&["input", "dealId"], "not an id of a deal"));
    }
    if let Some(note) = &input.note {
        checked_text(note, "note").map_err(|problem| Problem {
            path: vec!["input".to_owned(), "note".to_owned()],
            ..problem
        })?;
    }
    Ok(())
}

/// The next number of the year, such as `C-2026-000123`; without gaps, since a transaction that
/// fails gives its number back.
async fn next_number(tx: &mut Tx, now_us: i64) -> Result<String, Failure> {
    let year = year(now_us);
    let statement = sql("INSERT INTO order_numbers (year, last) VALUES ($1, 1) \
         ON CONFLICT (year) DO UPDATE SET last = order_numbers.last + 1 RETURNING last");
    let last: i64 = tx.fetch_one(statement.bind(year)).await?.get("last")?;
    Ok(number(year, last))
}

/// A number as people read it.
#[must_use]
pub fn number(year: i64, count: i64) -> String {
    format!("C-{year}-{count:06}")
}

/// The year of an instant, UTC.
fn year(at_us: i64) -> i64 {
    let text = braid_service::scalars::DateTime(at_us).to_string();
    text.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default()
}
