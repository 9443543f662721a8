//! The shape of the demo world: what all services must agree on without asking each other.
//!
//! Things are numbered from 0 in each kind; ids are UUIDv7-shaped and made from the number, so the
//! world is the same on every machine. Users 0 to 7 are the demo users, one per group:
//!
//! | user | is |
//! |---|---|
//! | 0 | staff (sales) |
//! | 1 | staff (finance) |
//! | 2 | passenger, an individual customer |
//! | 3 | buyer of account 0 |
//! | 4 | admin of account 0 |
//! | 5 | driver |
//! | 6 | fleet manager |
//! | 7 | system admin |
//!
//! All others are passengers; two of three are members of an account, the third is an individual
//! customer. Customers are numbered: first one per account, then the individuals.

use super::{Random, Scale};
use crate::money::Currency;

/// How many of each kind there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Users, the demo users included.
    pub users: u64,
    /// Accounts.
    pub accounts: u64,
    /// Contacts; contact `n` belongs to account `n % accounts`.
    pub contacts: u64,
    /// Customers: `accounts` businesses, then individuals.
    pub customers: u64,
    /// Product categories.
    pub categories: u64,
    /// Products.
    pub products: u64,
    /// Orders.
    pub orders: u64,
}

/// The first of the users that are not demo users.
pub const FIRST_PLAIN_USER: u64 = 8;
/// When the world began: 2026-01-01T00:00:00Z, in milliseconds.
pub const EPOCH_MS: u64 = 1_767_225_600_000;
/// The currency of the world.
pub const CURRENCY: Currency = Currency::EUR;

/// A product as orders and catalog both know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: String,
    /// Its stock keeping unit, unique.
    pub sku: String,
    /// `RIDE_PASS`, `SHUTTLE_SEAT`, `CHARTER` or `ADD_ON`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: u64,
    /// Its price in minor units of [`CURRENCY`].
    pub price_minor: i64,
}

impl Counts {
    /// The counts of a scale.
    pub fn of(scale: Scale) -> Self {
        let (users, accounts, contacts, products, orders) = match scale {
            Scale::Tiny => (50, 10, 20, 24, 60),
            Scale::Demo => (2_000, 200, 600, 120, 5_000),
            Scale::Load => (60_000, 5_000, 15_000, 1_000, 200_000),
        };
        let individuals = 1 + (users - FIRST_PLAIN_USER).div_ceil(3);
        Self {
            users,
            accounts,
            contacts,
            customers: accounts + individuals,
            categories: 4,
            products,
            orders,
        }
    }
}

/// The id of thing `n` of a kind, such as `("usr", 3)`.
pub fn id(prefix: &str, n: u64) -> String {
    let mut random = Random::of(prefix, n);
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&random.next().to_be_bytes());
    bytes[8..].copy_from_slice(&random.next().to_be_bytes()[..2]);
    let uuid = uuid::Builder::from_unix_timestamp_millis(created_ms(n), &bytes).into_uuid();
    format!("{prefix}_{}", uuid.simple())
}

/// When thing `n` was created, in microseconds; the same instant that its id carries.
pub fn created_at_us(n: u64) -> i64 {
    i64::try_from(created_ms(n) * 1_000).unwrap_or(i64::MAX)
}

fn created_ms(n: u64) -> u64 {
    EPOCH_MS + n * 60_000
}

/// The id of user `n`.
pub fn user(n: u64) -> String {
    id("usr", n)
}

/// The id of account `n`.
pub fn account(n: u64) -> String {
    id("acc", n)
}

/// The id of contact `n`.
pub fn contact(n: u64) -> String {
    id("con", n)
}

/// The id of customer `n`.
pub fn customer(n: u64) -> String {
    id("cus", n)
}

/// The id of order `n`.
pub fn order(n: u64) -> String {
    id("ord", n)
}

/// The id of category `n`.
pub fn category(n: u64) -> String {
    id("cat", n)
}

/// The id of the demo partner's API client, which is linked to account 0.
pub fn partner_client() -> String {
    id("cli", 0)
}

/// The account that user `n` belongs to, with the role `MEMBER`, `BUYER` or `ADMIN`.
pub fn membership(n: u64, counts: &Counts) -> Option<(u64, &'static str)> {
    match n {
        3 => Some((0, "BUYER")),
        4 => Some((0, "ADMIN")),
        n if n < FIRST_PLAIN_USER || (n - FIRST_PLAIN_USER).is_multiple_of(3) => None,
        n => {
            let role = match n % 10 {
                1 => "ADMIN",
                2 | 5 => "BUYER",
                _ => "MEMBER",
            };
            Some((Random::of("membership", n).below(counts.accounts), role))
        }
    }
}

/// Who customer `n` is: account `Ok(index)`, or user `Err(index)` as an individual.
pub fn customer_is(n: u64, counts: &Counts) -> Result<u64, u64> {
    match n.checked_sub(counts.accounts) {
        None => Ok(n),
        Some(0) => Err(2),
        Some(individual) => Err(FIRST_PLAIN_USER + 3 * (individual - 1)),
    }
}

/// The customer that user `n` is as an individual.
pub fn individual_customer(n: u64, counts: &Counts) -> Option<u64> {
    match n {
        2 => Some(counts.accounts),
        n if n >= FIRST_PLAIN_USER && (n - FIRST_PLAIN_USER).is_multiple_of(3) => {
            Some(counts.accounts + 1 + (n - FIRST_PLAIN_USER) / 3)
        }
        _ => None,
    }
}

/// The staff user that owns account `n`.
pub fn account_owner(n: u64) -> u64 {
    n % 2
}

/// The name of account `n`.
pub fn account_name(n: u64) -> String {
    const FIRST: &[&str] = &[
        "Northwind",
        "Harbour",
        "Cobalt",
        "Juniper",
        "Meridian",
        "Lantern",
        "Granite",
        "Willow",
        "Orchard",
        "Summit",
        "Beacon",
        "Quarry",
    ];
    const SECOND: &[&str] =
        &["Logistics", "Robotics", "Foods", "Energy", "Media", "Health", "Textiles", "Software"];
    let mut random = Random::of("account-name", n);
    let name = format!("{} {}", random.pick(FIRST), random.pick(SECOND));
    if n < 8 { name } else { format!("{name} {n}") }
}

/// Product `n`.
pub fn product(n: u64) -> Product {
    let mut random = Random::of("product", n);
    let (kind, name, price_minor) = match n % 4 {
        0 => (
            "RIDE_PASS",
            format!("{} ride pass", 5 * (1 + n / 4 % 8)),
            1_500 + step(&mut random, 60),
        ),
        1 => ("SHUTTLE_SEAT", format!("Shuttle line {}", 1 + n / 4), 400 + step(&mut random, 20)),
        2 => (
            "CHARTER",
            format!("Charter for {} seats", 8 + n / 4 % 40),
            25_000 + step(&mut random, 900),
        ),
        _ => ("ADD_ON", format!("Add-on {}", 1 + n / 4), 150 + step(&mut random, 10)),
    };
    Product {
        id: id("prd", n),
        sku: format!("{}-{n:04}", &kind[..3]),
        kind,
        name,
        category: n % 4,
        price_minor,
    }
}

fn step(random: &mut Random, steps: u64) -> i64 {
    i64::try_from(random.below(steps) * 50).unwrap_or(0)
}

/// The customer of order `n`.
pub fn order_customer(n: u64, counts: &Counts) -> u64 {
    match n {
        // The demo users find orders of their own.
        0..=4 => 0,
        5..=7 => counts.accounts,
        n => Random::of("order-customer", n).below(counts.customers),
    }
}

/// The user who placed order `n`: the individual themselves, or somebody of the account.
pub fn order_placed_by(n: u64, counts: &Counts) -> u64 {
    match customer_is(order_customer(n, counts), counts) {
        Err(user) => user,
        Ok(0) => 3 + n % 2,
        Ok(account) => account_owner(account),
    }
}

/// The lines of order `n`: product and quantity, 1 to 3 different products.
pub fn order_lines(n: u64, counts: &Counts) -> Vec<(u64, u32)> {
    let mut random = Random::of("order-lines", n);
    let count = 1 + random.below(3);
    let first = random.below(counts.products);
    let lines = (0..count).map(|line| {
        let quantity = u32::try_from(1 + random.below(4)).unwrap_or(1);
        ((first + line * 5) % counts.products, quantity)
    });
    lines.collect()
}

/// The status of order `n` in the demo world; none is open, so that no saga has to run.
pub fn order_status(n: u64) -> &'static str {
    match n % 10 {
        0..=6 => "APPROVED",
        7 | 8 => "REJECTED",
        _ => "CANCELLED",
    }
}
