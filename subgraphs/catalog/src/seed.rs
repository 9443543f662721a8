//! The catalog of the demo world.
//!
//! Products, their kinds and list prices come from [`world`]; here they get what only the catalog
//! knows. One more product is a draft, which no order knows; account 0 has prices
//! of its own; every product has a price in dollars besides euros.

use std::str::FromStr;

use braid_service::app::StartError;
use braid_service::db::{Db, Value};
use braid_service::membership::Memberships;
use braid_service::money::{Currency, Money};
use braid_service::seed::world::{self, Counts};
use braid_service::seed::{Progress, Random, Scale, insert_rows};

use crate::domain::product::{Details, Product, Status};
use crate::store::write::{INSERT_IF_ABSENT, row};

const CATEGORIES: [&str; 4] = ["Ride passes", "Shuttles", "Charters", "Extras"];
const STOPS: [&str; 8] = [
    "Central Station",
    "Airport",
    "Harbour",
    "University",
    "Tech Park",
    "Old Town",
    "Fairground",
    "Hospital",
];
/// Dollars cost this many hundredths of euros, in the demo world.
const USD_PER_EUR_PERCENT: i64 = 108;

/// Writes the world; what exists already stays.
pub(crate) async fn world(db: &Db, scale: Scale, progress: &Progress) -> Result<(), StartError> {
    let counts = Counts::of(scale);
    Memberships::seed(db, scale).await?;
    let categories = (0..counts.categories).zip(CATEGORIES).map(|(n, name)| {
        let position = Value::from(i64::try_from(n).unwrap_or(0));
        [Value::from(world::category(n)), Value::from(name), position]
    });
    let insert = "INSERT INTO categories (id, name, position) VALUES $ROWS ON CONFLICT DO NOTHING";
    insert_rows(db, insert, categories, |_| {}).await?;
    let products: Vec<Product> =
        (0..=counts.products).map(|n| product(n, &counts)).collect::<Result<_, _>>()?;
    let rows: Vec<[Value; 15]> = products.iter().map(row).collect::<Result<_, _>>()?;
    let mut done = 0;
    insert_rows(db, INSERT_IF_ABSENT, rows.into_iter(), |rows| {
        done += rows;
        progress(done, counts.products);
    })
    .await?;
    let insert = "INSERT INTO prices (product, currency, effective_from, minor, announced) \
         VALUES $ROWS ON CONFLICT DO NOTHING";
    insert_rows(db, insert, products.iter().flat_map(prices), |_| {}).await?;
    let insert = "INSERT INTO account_prices (account, product, currency, minor) \
         VALUES $ROWS ON CONFLICT DO NOTHING";
    insert_rows(db, insert, products.iter().step_by(3).map(account_price), |_| {}).await
}

fn product(n: u64, counts: &Counts) -> Result<Product, StartError> {
    let shared = world::product(n);
    let status = if n == counts.products { Status::Draft } else { Status::Active };
    let at_us = world::created_at_us(n);
    Ok(Product {
        id: parsed(&shared.id)?,
        sku: parsed(&shared.sku)?,
        summary: Some(summary(shared.kind).to_owned()),
        category: parsed(&world::category(shared.category))?,
        status,
        price: Money::new(shared.price_minor, world::CURRENCY),
        image: Some(shared.sku.to_lowercase()),
        details: details(n, counts, shared.kind),
        version: 1,
        created_at_us: at_us,
        updated_at_us: at_us,
        name: shared.name,
    })
}

fn summary(kind: &str) -> &'static str {
    match kind {
        "RIDE_PASS" => "Rides for commuters, used whenever they are needed.",
        "SHUTTLE_SEAT" => "A reserved seat on a scheduled shuttle.",
        "CHARTER" => "A vehicle with a driver for a group.",
        _ => "Goes well with a ride.",
    }
}

fn details(n: u64, counts: &Counts, kind: &str) -> Details {
    let mut random = Random::of("product-details", n);
    let number = |value: u64| i32::try_from(value).unwrap_or(i32::MAX);
    match kind {
        "RIDE_PASS" => Details::RidePass {
            rides: number(5 * (1 + n / 4 % 8)),
            valid_days: [30, 90, 365][usize::try_from(n / 4 % 3).unwrap_or(0)],
        },
        "SHUTTLE_SEAT" => {
            let from = random.below(8);
            let to = (from + 1 + random.below(7)) % 8;
            let stop = |n: u64| STOPS[usize::try_from(n).unwrap_or(0)];
            let hours = [7, 9, 12, 16, 18];
            Details::ShuttleSeat {
                route: format!("{} - {}", stop(from), stop(to)),
                departures: hours.map(|hour| format!("{hour:02}:{:02}", n % 4 * 15)).to_vec(),
            }
        }
        "CHARTER" => {
            Details::Charter { seats: number(8 + n / 4 % 40), included_hours: number(2 + n % 7) }
        }
        _ => {
            let others = [n.saturating_sub(3), n.saturating_sub(2), n.saturating_sub(1)];
            let others = others.into_iter().filter(|other| *other < counts.products);
            Details::AddOn { applies_to: others.map(|other| world::id("prd", other)).collect() }
        }
    }
}

fn prices(product: &Product) -> [[Value; 5]; 2] {
    let price = |currency: Currency, minor: i64| {
        [
            Value::from(&product.id),
            Value::from(currency),
            Value::from(product.created_at_us),
            Value::from(minor),
            Value::from(true),
        ]
    };
    let euros = product.price.minor;
    let dollars = euros * USD_PER_EUR_PERCENT / 100;
    [price(Currency::EUR, euros), price(Currency::USD, dollars)]
}

/// Account 0 pays a tenth less for every third product.
fn account_price(product: &Product) -> [Value; 4] {
    [
        Value::from(world::account(0)),
        Value::from(&product.id),
        Value::from(product.price.currency),
        Value::from(product.price.minor * 9 / 10),
    ]
}

fn parsed<T: FromStr>(text: &str) -> Result<T, StartError> {
    text.parse().map_err(|_| StartError::Seed(format!("`{text}` is not what it should be")))
}
