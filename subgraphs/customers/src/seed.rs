//! The demo world's customers and their claims, as `braid_service::seed` numbers them.

use std::collections::HashMap;

use braid_service::app::StartError;
use braid_service::db::{Db, Value};
use braid_service::membership::Memberships;
use braid_service::seed::{Progress, Scale, credit, insert_rows, world};

/// Limit of an account, minor units, unless its claims need more.
const ACCOUNT_LIMIT_MINOR: i64 = 5_000_000;
/// Limit of a person who pays later.
const PERSON_LIMIT_MINOR: i64 = 100_000;

const CUSTOMERS: &str = "INSERT INTO customers (id, kind, account, user_id, status, terms, \
     currency, limit_minor, held_minor, created_at) VALUES $ROWS ON CONFLICT DO NOTHING";
const RESERVATIONS: &str = "INSERT INTO reservations (id, customer, order_id, amount_minor, \
     currency, status, confirmed, reserved_at, expires_at) VALUES $ROWS ON CONFLICT DO NOTHING";

/// A claim of the demo world.
struct Claim {
    order: u64,
    customer: u64,
    amount_minor: i64,
    is_held: bool,
}

/// Writes customers, claims and memberships; can be repeated.
pub(crate) async fn seed(db: Db, scale: Scale, progress: Progress) -> Result<(), StartError> {
    let counts = world::Counts::of(scale);
    let claims = claims(&counts)?;
    let mut held: HashMap<u64, i64> = HashMap::new();
    for claim in claims.iter().filter(|claim| claim.is_held) {
        *held.entry(claim.customer).or_default() += claim.amount_minor;
    }
    let total = counts.customers + claims.len() as u64;
    let mut done = 0;
    let mut told = |rows| {
        done += rows;
        progress(done, total);
    };
    Memberships::seed(&db, scale).await?;
    let customers = (0..counts.customers)
        .map(|n| customer(n, &counts, held.get(&n).copied().unwrap_or_default()));
    insert_rows(&db, CUSTOMERS, customers, &mut told).await?;
    insert_rows(&db, RESERVATIONS, claims.iter().map(reservation), &mut told).await
}

fn claims(counts: &world::Counts) -> Result<Vec<Claim>, StartError> {
    let mut claims = Vec::new();
    for order in 0..counts.orders {
        let customer = world::order_customer(order, counts);
        let on_account = credit::terms(customer, counts) != "PREPAID";
        if world::order_status(order) != "APPROVED" || !on_account {
            continue;
        }
        let quote = credit::order_quote(order, counts)
            .map_err(|error| StartError::Seed(format!("order {order}: {error}")))?;
        let is_held = credit::holds_credit(order, counts);
        claims.push(Claim { order, customer, amount_minor: quote.total_minor, is_held });
    }
    Ok(claims)
}

fn customer(n: u64, counts: &world::Counts, held: i64) -> [Value; 10] {
    let (kind, account, user, usual) = match world::customer_is(n, counts) {
        Ok(account) => ("BUSINESS", Some(world::account(account)), None, ACCOUNT_LIMIT_MINOR),
        Err(user) => ("INDIVIDUAL", None, Some(world::user(user)), PERSON_LIMIT_MINOR),
    };
    let terms = credit::terms(n, counts);
    let limit = if terms == "PREPAID" { 0 } else { usual.max(held * 2) };
    [
        world::customer(n).into(),
        kind.into(),
        account.into(),
        user.into(),
        "ACTIVE".into(),
        terms.into(),
        world::CURRENCY.into(),
        limit.into(),
        held.into(),
        world::created_at_us(n).into(),
    ]
}

fn reservation(claim: &Claim) -> [Value; 9] {
    [
        world::id("res", claim.order).into(),
        world::customer(claim.customer).into(),
        world::order(claim.order).into(),
        claim.amount_minor.into(),
        world::CURRENCY.into(),
        if claim.is_held { "HELD" } else { "CONSUMED" }.into(),
        true.into(),
        world::created_at_us(claim.order).into(),
        world::created_at_us(claim.order).into(),
    ]
}
