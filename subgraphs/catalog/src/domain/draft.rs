//! What somebody wants a product to be, checked field by field.
//!
//! All problems are found at once, each with the path of its argument. A detail of another kind
//! (rides on a charter) is a problem too: nothing that was sent is silently dropped.

use std::str::FromStr as _;

use braid_service::money::{Money, MoneyInput};

use crate::domain::problem::Problem;
use crate::domain::product::{CategoryId, Details, Kind, Sku};

/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// The longest summary, in characters.
pub const SUMMARY_CHARS_MAX: usize = 2_000;
/// The highest price, in minor units: with it a quote of the largest size stays within 64 bits.
pub const PRICE_MINOR_MAX: i64 = 10_000_000_000;

const RIDES_MAX: i32 = 10_000;
const VALID_DAYS_MAX: i32 = 3_660;
const SEATS_MAX: i32 = 200;
const INCLUDED_HOURS_MAX: i32 = 720;

/// The unchecked wish: the fields of `ProductInput`.
#[derive(Clone, Debug)]
pub struct Wish {
    /// See [`Sku`].
    pub sku: String,
    /// Which kind; cannot change later.
    pub kind: Kind,
    /// What customers read.
    pub name: String,
    /// A few sentences.
    pub summary: Option<String>,
    /// Where it is listed.
    pub category_id: String,
    /// The list price from now on.
    pub price: MoneyInput,
    /// Ride passes only.
    pub rides: Option<i32>,
    /// Ride passes only.
    pub valid_days: Option<i32>,
    /// Shuttle seats only.
    pub route: Option<String>,
    /// Charters only.
    pub seats: Option<i32>,
    /// Charters only.
    pub included_hours: Option<i32>,
}

/// A wish that can be carried out if category, SKU and version allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its natural key.
    pub sku: Sku,
    /// What customers read; trimmed.
    pub name: String,
    /// A few sentences; trimmed, never empty.
    pub summary: Option<String>,
    /// Where it is listed.
    pub category: CategoryId,
    /// The list price from now on.
    pub price: Money,
    /// What only its kind has. `departures` and `applies_to` are empty: no input holds them, and
    /// an update keeps what is stored.
    pub details: Details,
}

impl Draft {
    /// Checks a wish; all problems at once.
    pub fn check(wish: &Wish) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let details = details(wish, &mut problems);
        let sku = Sku::from_str(&wish.sku)
            .map_err(|error| problems.push(Problem::invalid(&["input", "sku"], error.to_string())));
        let name = text(&["input", "name"], &wish.name, NAME_CHARS_MAX, &mut problems);
        let summary = match wish.summary.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(summary) => text(&["input", "summary"], summary, SUMMARY_CHARS_MAX, &mut problems),
        };
        let category =
            CategoryId::from_str(&wish.category_id).map_err(|_| problems.push(no_such_category()));
        let price = match check_price(&["input", "price", "amount"], wish.price) {
            Ok(price) => Some(price),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        match (sku, name, category, price, details) {
            (Ok(sku), Some(name), Ok(category), Some(price), Some(details))
                if problems.is_empty() =>
            {
                Ok(Self { sku, name, summary, category, price, details })
            }
            _ => Err(problems),
        }
    }
}

/// The category does not exist.
pub fn no_such_category() -> Problem {
    Problem::not_found(&["input", "categoryId"], "there is no such category")
}

/// A price that a product may have: 0 to [`PRICE_MINOR_MAX`], with no more places than its
/// currency.
pub fn check_price(path: &'static [&'static str], price: MoneyInput) -> Result<Money, Problem> {
    let price = price.to_money().map_err(|error| Problem::invalid(path, error.to_string()))?;
    if (0..=PRICE_MINOR_MAX).contains(&price.minor) {
        Ok(price)
    } else {
        Err(Problem::invalid(path, "a price is between 0 and 10 000 000 000 minor units"))
    }
}

fn text(
    path: &'static [&'static str],
    text: &str,
    chars_max: usize,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let text = text.trim();
    let hidden = |c: char| c.is_control() && c != '\n';
    if text.is_empty() || text.chars().count() > chars_max || text.contains(hidden) {
        let message = format!("1 to {chars_max} characters without control characters");
        problems.push(Problem::invalid(path, message));
        return None;
    }
    Some(text.to_owned())
}

fn details(wish: &Wish, problems: &mut Vec<Problem>) -> Option<Details> {
    refuse_foreign(wish, problems);
    match wish.kind {
        Kind::RidePass => {
            let rides = number(&["input", "rides"], wish.rides, RIDES_MAX, problems);
            let days = number(&["input", "validDays"], wish.valid_days, VALID_DAYS_MAX, problems);
            Some(Details::RidePass { rides: rides?, valid_days: days? })
        }
        Kind::ShuttleSeat => {
            let route = wish.route.as_deref().unwrap_or_default();
            let route = text(&["input", "route"], route, NAME_CHARS_MAX, problems)?;
            Some(Details::ShuttleSeat { route, departures: Vec::new() })
        }
        Kind::Charter => {
            let seats = number(&["input", "seats"], wish.seats, SEATS_MAX, problems);
            let path = &["input", "includedHours"];
            let hours = number(path, wish.included_hours, INCLUDED_HOURS_MAX, problems);
            Some(Details::Charter { seats: seats?, included_hours: hours? })
        }
        Kind::AddOn => Some(Details::AddOn { applies_to: Vec::new() }),
    }
}

fn refuse_foreign(wish: &Wish, problems: &mut Vec<Problem>) {
    let given: [(&'static [&'static str], bool, Kind); 5] = [
        (&["input", "rides"], wish.rides.is_some(), Kind::RidePass),
        (&["input", "validDays"], wish.valid_days.is_some(), Kind::RidePass),
        (&["input", "route"], wish.route.is_some(), Kind::ShuttleSeat),
        (&["input", "seats"], wish.seats.is_some(), Kind::Charter),
        (&["input", "includedHours"], wish.included_hours.is_some(), Kind::Charter),
    ];
    for (path, is_given, kind) in given {
        if is_given && kind != wish.kind {
            problems.push(Problem::invalid(path, format!("only {} has this", kind.as_str())));
        }
    }
}

fn number(
    path: &'static [&'static str],
    value: Option<i32>,
    max: i32,
    problems: &mut Vec<Problem>,
) -> Option<i32> {
    match value {
        Some(value) if (1..=max).contains(&value) => Some(value),
        _ => {
            problems
                .push(Problem::invalid(path, format!("a number between 1 and {max} is needed")));
            None
        }
    }
}
