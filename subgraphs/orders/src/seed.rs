//! The demo world's orders with their histories, and the projections that go with them.

use braid_service::app::StartError;
use braid_service::db::{Db, Value, sql};
use braid_service::membership::Memberships;
use braid_service::seed::{BATCH_ROWS, Progress, Scale, credit, insert_rows, world};

use crate::commands::place::number;
use crate::domain::event::Placed;
use crate::domain::{Event, Line, Order, Recorded, RejectionReason, Sums};
use crate::store::events::{EVENTS_INSERT, VIEW_INSERT, event_row, view_row};
use crate::store::projection::{CUSTOMERS_INSERT, PRODUCTS_INSERT};

/// The year in which the demo world began.
const YEAR: i64 = 2026;
/// From one event of a seeded order to the next.
const STEP_US: i64 = 1_000_000;

/// Writes projections, orders and memberships; can be repeated.
pub(crate) async fn seed(db: Db, scale: Scale, progress: Progress) -> Result<(), StartError> {
    let counts = world::Counts::of(scale);
    let total = counts.products + counts.customers + counts.orders;
    let mut done = 0;
    let mut told = |rows| {
        done += rows;
        progress(done, total);
    };
    Memberships::seed(&db, scale).await?;
    let products = (0..counts.products).map(product);
    insert_rows(&db, PRODUCTS_INSERT, products, &mut told).await?;
    let customers = (0..counts.customers).map(|n| customer(n, &counts));
    insert_rows(&db, CUSTOMERS_INSERT, customers, &mut told).await?;
    let batch = u64::try_from(BATCH_ROWS).unwrap_or(u64::MAX) / 2;
    let mut from = 0;
    while from < counts.orders {
        let until = counts.orders.min(from + batch);
        orders(&db, from..until, &counts).await?;
        told(until - from);
        from = until;
    }
    let last = i64::try_from(counts.orders).unwrap_or(i64::MAX);
    let numbers = sql("INSERT INTO order_numbers (year, last) VALUES ($1, $2) \
         ON CONFLICT DO NOTHING");
    db.execute(numbers.bind(YEAR).bind(last)).await?;
    Ok(())
}

fn product(n: u64) -> [Value; 7] {
    let product = world::product(n);
    [
        product.id.into(),
        product.sku.into(),
        product.name.into(),
        "ACTIVE".into(),
        product.price_minor.into(),
        world::CURRENCY.into(),
        0_i64.into(),
    ]
}

fn customer(n: u64, counts: &world::Counts) -> [Value; 6] {
    let (account, user) = match world::customer_is(n, counts) {
        Ok(account) => (Some(world::account(account)), None),
        Err(user) => (None, Some(world::user(user))),
    };
    [
        world::customer(n).into(),
        account.into(),
        user.into(),
        credit::terms(n, counts).into(),
        world::CURRENCY.into(),
        0_i64.into(),
    ]
}

/// One batch of orders in one transaction: an order is there with its whole history or not at all.
async fn orders(
    db: &Db,
    numbers: std::ops::Range<u64>,
    counts: &world::Counts,
) -> Result<(), StartError> {
    let mut events = Vec::new();
    let mut views = Vec::new();
    for n in numbers {
        let mut folded = None;
        let id = world::order(n);
        for (event, seq) in history(n, counts)?.into_iter().zip(1..) {
            let at_us = world::created_at_us(n) + (seq - 1) * STEP_US;
            let actor = (seq == 1).then(|| world::user(world::order_placed_by(n, counts)));
            let next = Recorded { seq, at_us, actor, event };
            events.push(event_row(&id, &next).map_err(broken)?);
            folded = Some(Order::after(folded, &id, &next).map_err(broken)?);
        }
        views.extend(folded.as_ref().map(view_row).transpose().map_err(broken)?);
    }
    let mut tx = db.begin().await?;
    tx.execute(sql(EVENTS_INSERT).bind_rows(events)).await?;
    tx.execute(sql(VIEW_INSERT).bind_rows(views)).await?;
    tx.commit().await?;
    Ok(())
}

fn broken(error: impl std::fmt::Display) -> StartError {
    StartError::Seed(error.to_string())
}

/// What happened to order `n`.
fn history(n: u64, counts: &world::Counts) -> Result<Vec<Event>, StartError> {
    let placed = Event::OrderPlaced(Box::new(placed(n, counts)?));
    Ok(match world::order_status(n) {
        "REJECTED" => {
            let reason = RejectionReason::InsufficientCredit;
            vec![placed, Event::OrderRejected { reason }]
        }
        "CANCELLED" => {
            let cancelling = Event::OrderCancelling { reason: None };
            vec![placed, Event::OrderApproved, cancelling, Event::OrderCancelled]
        }
        _ => vec![placed, Event::OrderApproved],
    })
}

fn placed(n: u64, counts: &world::Counts) -> Result<Placed, StartError> {
    let quote = credit::order_quote(n, counts).map_err(broken)?;
    let products = world::order_lines(n, counts).into_iter().map(|(n, _)| world::product(n));
    let lines = quote.lines.into_iter().zip(products).map(|(line, product)| Line {
        product: line.product_id,
        name: product.name,
        sku: product.sku,
        quantity: line.quantity,
        unit_minor: line.unit_minor,
        total_minor: line.total_minor,
    });
    let customer = world::order_customer(n, counts);
    let count = i64::try_from(n + 1).unwrap_or(i64::MAX);
    Ok(Placed {
        number: number(YEAR, count),
        customer: world::customer(customer),
        placed_by: world::user(world::order_placed_by(n, counts)),
        lines: lines.collect(),
        sums: Sums {
            subtotal_minor: quote.subtotal_minor,
            discount_minor: quote.discount_minor,
            tax_minor: quote.tax_minor,
            total_minor: quote.total_minor,
        },
        currency: quote.currency,
        deal: None,
        note: None,
        saga: None,
        on_account: credit::terms(customer, counts) != "PREPAID",
        quoted: false,
    })
}
