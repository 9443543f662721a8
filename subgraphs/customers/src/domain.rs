//! What a customer is: the credit view of an account or of a person. Pure data and rules.
//!
//! The rule of the house: what is held for orders and what is owed never exceeds the limit. The
//! store checks it in the statement that reserves; the checks here are about what people enter.

pub mod problem;

use std::fmt;
use std::str::FromStr;

use braid_service::money::{Currency, Money};

pub use problem::{Code, Problem};

braid_service::id_type!(
    /// A customer.
    CustomerId,
    "cus"
);
braid_service::id_type!(
    /// A claim of one order on a customer's credit.
    ReservationId,
    "res"
);

/// How long a claim lasts whose order is not approved: the three days an approval may take, and
/// one more.
pub const RESERVATION_LIFETIME_US: i64 = 96 * 3_600 * 1_000_000;
/// The longest reason for a limit or a hold, in characters.
pub const REASON_CHARS_MAX: usize = 500;
/// The largest limit, in minor units: sums of this and any order stay far from 64 bits.
pub const LIMIT_MINOR_MAX: i64 = 1_000_000_000_000_000;

/// Declares an enum that GraphQL, database and events write alike.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
        pub enum $name { $($variant),* }

        impl $name {
            /// The text in database and events.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownText;
            fn from_str(text: &str) -> Result<Self, UnknownText> {
                match text { $($text => Ok(Self::$variant),)* _ => Err(UnknownText) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// A text that is none of an enum's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown value")]
pub struct UnknownText;

text_enum! {
    /// Whose credit it is.
    CustomerKind { Business = "BUSINESS", Individual = "INDIVIDUAL" }
}
text_enum! {
    /// Whether the customer may order.
    CustomerStatus { Active = "ACTIVE", OnHold = "ON_HOLD", Closed = "CLOSED" }
}
text_enum! {
    /// When the customer pays.
    PaymentTerms { Prepaid = "PREPAID", Net15 = "NET_15", Net30 = "NET_30" }
}
text_enum! {
    /// What became of a claim.
    ReservationStatus {
        Held = "HELD", Consumed = "CONSUMED", Released = "RELEASED", Expired = "EXPIRED"
    }
}

/// A customer as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub id: CustomerId,
    pub kind: CustomerKind,
    /// `acc_…` of a business.
    pub account: Option<String>,
    /// `usr_…` of an individual.
    pub user: Option<String>,
    pub status: CustomerStatus,
    pub terms: PaymentTerms,
    pub currency: Currency,
    pub limit_minor: i64,
    /// Claims of orders that are held.
    pub held_minor: i64,
    /// Open items.
    pub receivable_minor: i64,
    /// Counts changes of limit and status.
    pub version: i64,
    /// Counts all changes.
    pub sequence: i64,
}

impl Customer {
    /// What new orders may still claim; never below zero.
    #[must_use]
    pub fn available_minor(&self) -> i64 {
        (self.limit_minor - self.held_minor - self.receivable_minor).max(0)
    }

    /// An amount in the customer's currency.
    #[must_use]
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }
}

/// A claim as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    pub id: ReservationId,
    pub customer: String,
    pub order: String,
    pub amount: Money,
    pub status: ReservationStatus,
    pub reserved_at_us: i64,
    /// `None`: the order was approved, so its claim does not expire.
    pub expires_at_us: Option<i64>,
}

/// Whether a sum would fit a customer's credit now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub enum CreditOutcome {
    Fits,
    Exceeds,
    NoCustomer,
    OnHold,
    CurrencyMismatch,
}

/// The outcome with the numbers behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditCheck {
    pub outcome: CreditOutcome,
    pub available: Option<Money>,
    pub shortfall: Option<Money>,
}

impl CreditCheck {
    /// Checks `amount` against the customer of an account, if there is one.
    #[must_use]
    pub fn of(customer: Option<&Customer>, amount: Money) -> Self {
        let bare = |outcome| Self { outcome, available: None, shortfall: None };
        let Some(customer) = customer else { return bare(CreditOutcome::NoCustomer) };
        if customer.status != CustomerStatus::Active {
            return bare(CreditOutcome::OnHold);
        }
        if customer.currency != amount.currency {
            return bare(CreditOutcome::CurrencyMismatch);
        }
        let available = customer.available_minor();
        let missing = amount.minor.saturating_sub(available);
        Self {
            outcome: if missing > 0 { CreditOutcome::Exceeds } else { CreditOutcome::Fits },
            available: Some(customer.money(available)),
            shortfall: (missing > 0).then(|| customer.money(missing)),
        }
    }
}

/// What is needed to open a customer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Opening {
    pub account: Option<String>,
    pub user: Option<String>,
    pub currency: String,
    pub terms: String,
    pub limit_minor: i64,
}

impl Opening {
    /// Checks what somebody entered.
    ///
    /// # Errors
    /// `INVALID` with the path of the first wrong field.
    pub fn check(
        owner: (Option<String>, Option<String>),
        currency: Currency,
        terms: PaymentTerms,
        limit: Option<Money>,
    ) -> Result<Self, Problem> {
        let (account, user) = owner;
        match (&account, &user) {
            (Some(account), None) if braid_service::ids::is_id("acc", account) => {}
            (None, Some(user)) if braid_service::ids::is_id("usr", user) => {}
            (Some(_), None) => {
                return Err(Problem::invalid(&["input", "accountId"], "not an id of an account"));
            }
            (None, Some(_)) => {
                return Err(Problem::invalid(&["input", "userId"], "not an id of a user"));
            }
            (None, None) | (Some(_), Some(_)) => {
                return Err(Problem::invalid(&["input"], "give either accountId or userId"));
            }
        }
        let limit_minor = match limit {
            Some(limit) => checked_limit(limit, currency, &["input", "creditLimit"])?,
            None => 0,
        };
        if terms == PaymentTerms::Prepaid && limit_minor > 0 {
            let message = "who pays in advance has no credit limit";
            return Err(Problem::invalid(&["input", "creditLimit"], message));
        }
        Ok(Self {
            account,
            user,
            currency: currency.to_string(),
            terms: terms.to_string(),
            limit_minor,
        })
    }
}

/// A limit in minor units of the customer's currency.
///
/// # Errors
/// `INVALID`: another currency, negative, or too large.
pub fn checked_limit(limit: Money, currency: Currency, path: &[&str]) -> Result<i64, Problem> {
    if limit.currency != currency {
        return Err(Problem::invalid(path, format!("the customer's currency is {currency}")));
    }
    if !(0..=LIMIT_MINOR_MAX).contains(&limit.minor) {
        return Err(Problem::invalid(path, "the limit must not be negative, nor that large"));
    }
    Ok(limit.minor)
}

/// A reason somebody gave, without surrounding blanks.
///
/// # Errors
/// `INVALID`: empty or too long.
pub fn checked_reason(reason: &str) -> Result<&str, Problem> {
    let reason = reason.trim();
    let length = reason.chars().count();
    if length == 0 || length > REASON_CHARS_MAX {
        let message = format!("a reason of 1 to {REASON_CHARS_MAX} characters is needed");
        return Err(Problem::invalid(&["reason"], message));
    }
    Ok(reason)
}

#[cfg(test)]
mod tests;
