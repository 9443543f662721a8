//! A product: what is sold, in four kinds that differ in their details.

use std::fmt;
use std::str::FromStr;

use async_graphql::Enum;
use braid_service::id_type;
use braid_service::money::Money;
use serde::{Deserialize, Serialize};

id_type!(
    /// A product.
    ProductId,
    "prd"
);
id_type!(
    /// A category of products.
    CategoryId,
    "cat"
);
id_type!(
    /// An account with prices of its own; the account itself lives in another service.
    AccountId,
    "acc"
);

/// The longest SKU, in bytes.
pub const SKU_BYTES_MAX: usize = 40;

/// A stock keeping unit: `A-Z`, `0-9` and inner `-`, 2 to [`SKU_BYTES_MAX`] long.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sku(String);

/// A text that is not a SKU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("2 to 40 of A-Z, 0-9 and inner hyphens")]
pub struct MalformedSku;

/// A text that names no variant of a stored enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown name")]
pub struct UnknownName;

/// Whether a product is sold. `enum ProductStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "ProductStatus")]
pub enum Status {
    /// Not yet public: only those who write the catalog see it.
    Draft,
    /// For sale.
    Active,
    /// No longer for sale; still shown where it was bought.
    Retired,
}

/// Which of the four kinds. `enum ProductKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "ProductKind")]
pub enum Kind {
    /// A number of rides within a number of days.
    RidePass,
    /// A seat on a scheduled route.
    ShuttleSeat,
    /// A vehicle with driver for some hours.
    Charter,
    /// Something to go with other products.
    AddOn,
}

/// What only products of one kind have. Stored as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Details {
    /// See [`Kind::RidePass`].
    RidePass {
        /// Rides on the pass.
        rides: i32,
        /// Days from purchase in which they can be taken.
        valid_days: i32,
    },
    /// See [`Kind::ShuttleSeat`].
    ShuttleSeat {
        /// From where to where.
        route: String,
        /// Times of day, `HH:MM` local to the route.
        departures: Vec<String>,
    },
    /// See [`Kind::Charter`].
    Charter {
        /// Seats of the vehicle.
        seats: i32,
        /// Hours in the price.
        included_hours: i32,
    },
    /// See [`Kind::AddOn`].
    AddOn {
        /// Ids of the products it goes with.
        applies_to: Vec<String>,
    },
}

/// A product as stored, with its list price in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its natural key.
    pub sku: Sku,
    /// What customers read.
    pub name: String,
    /// A few sentences.
    pub summary: Option<String>,
    /// Where it is listed.
    pub category: CategoryId,
    /// Whether it is sold.
    pub status: Status,
    /// The list price in force, in the product's list currency.
    pub price: Money,
    /// Name of its picture, if it has one.
    pub image: Option<String>,
    /// What only its kind has.
    pub details: Details,
    /// Counts its changes from 1.
    pub version: i64,
    /// UTC microseconds.
    pub created_at_us: i64,
    /// UTC microseconds.
    pub updated_at_us: i64,
}

/// A category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// What customers read.
    pub name: String,
}

// === impl Product ===

impl Product {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.details.kind()
    }
}

// === impl Details ===

impl Details {
    /// The kind that has these details.
    pub fn kind(&self) -> Kind {
        match self {
            Self::RidePass { .. } => Kind::RidePass,
            Self::ShuttleSeat { .. } => Kind::ShuttleSeat,
            Self::Charter { .. } => Kind::Charter,
            Self::AddOn { .. } => Kind::AddOn,
        }
    }
}

// === impl Sku ===

impl Sku {
    /// The SKU as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = MalformedSku;

    fn from_str(text: &str) -> Result<Self, MalformedSku> {
        let plain = text.bytes().all(|c| matches!(c, b'A'..=b'Z' | b'0'..=b'9' | b'-'));
        let edges = text.starts_with('-') || text.ends_with('-');
        if plain && !edges && (2..=SKU_BYTES_MAX).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedSku)
        }
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Status ===

impl Status {
    /// As stored, in events and in GraphQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Active => "ACTIVE",
            Self::Retired => "RETIRED",
        }
    }
}

impl FromStr for Status {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let all = [Self::Draft, Self::Active, Self::Retired];
        all.into_iter().find(|status| status.as_str() == text).ok_or(UnknownName)
    }
}

// === impl Kind ===

impl Kind {
    /// As stored, in events and in GraphQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RidePass => "RIDE_PASS",
            Self::ShuttleSeat => "SHUTTLE_SEAT",
            Self::Charter => "CHARTER",
            Self::AddOn => "ADD_ON",
        }
    }
}
