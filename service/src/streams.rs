//! The streams of facts between Corridor's services: each name, and the one shape of its data.
//!
//! Subgraphs do not know each other; they meet here. A field is added as `Option` or with a
//! default; anything else is a new version of the stream. Streams of services that do not exist
//! yet are not defined.

use serde::{Deserialize, Serialize};

use crate::event::{Event, Stream};

/// Declares streams: one type each over a shape that several share, with the same JSON.
macro_rules! streams {
    ($($(#[$doc:meta])* $name:ident($shape:ident) = $stream:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $shape);

        impl Event for $name {
            const STREAM: Stream = Stream::internal($stream);
        }
    )*};
}

/// Money in an event: minor units and an ISO 4217 code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    pub minor: i64,
    pub currency: String,
}

// === identity ===

/// A user's role in an account was set or (`role: None`) taken away.
/// Subject and partition key: the user. Sequence: per user, growing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MembershipChanged {
    pub user_id: String,
    pub account_id: String,
    /// `MEMBER`, `BUYER` or `ADMIN`.
    pub role: Option<String>,
}

impl Event for MembershipChanged {
    const STREAM: Stream = Stream::internal("identity.membership-changed");
}

// === catalog ===

/// A product with its list price in force. Subject: the product; sequence: its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductState {
    pub product_id: String,
    pub sku: String,
    /// `RIDE_PASS`, `SHUTTLE_SEAT`, `CHARTER` or `ADD_ON`.
    pub kind: String,
    pub name: String,
    /// List price in force, minor units of `currency`.
    pub price_minor: i64,
    pub currency: String,
    /// `DRAFT`, `ACTIVE` or `RETIRED`.
    pub status: String,
}

streams! {
    /// A product was made or changed, or another price of it came into force.
    ProductChanged(ProductState) = "catalog.product-changed";
    /// A product is no longer for sale.
    ProductRetired(ProductState) = "catalog.retired";
}

// === customers ===

/// A customer after a change. Subject: the customer; sequence: its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerState {
    pub customer_id: String,
    /// `BUSINESS` or `INDIVIDUAL`.
    pub kind: String,
    pub account_id: Option<String>,
    pub user_id: Option<String>,
    /// `ACTIVE`, `ON_HOLD` or `CLOSED`.
    pub status: String,
    /// `PREPAID`, `NET_15` or `NET_30`.
    pub payment_terms: String,
    pub limit: Amount,
    pub reason: Option<String>,
}

/// What became of an order's claim on a customer's credit. Subject: the customer; sequence: its
/// version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditClaimed {
    pub customer_id: String,
    pub order_id: String,
    pub reservation_id: Option<String>,
    pub amount: Amount,
    pub reason: Option<String>,
}

streams! {
    CustomerOpened(CustomerState) = "customers.customer-opened";
    LimitChanged(CustomerState) = "customers.limit-changed";
    /// Put on hold or released from it: see `status`.
    CustomerHeld(CustomerState) = "customers.held";
    CreditReserved(CreditClaimed) = "customers.credit-reserved";
    CreditRefused(CreditClaimed) = "customers.credit-refused";
    CreditReleased(CreditClaimed) = "customers.credit-released";
    CreditConsumed(CreditClaimed) = "customers.credit-consumed";
}

// === orders ===

/// An order after a change. Subject: the order; sequence: its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderState {
    pub order_id: String,
    pub number: String,
    pub customer_id: String,
    pub placed_by: String,
    pub lines: Vec<OrderedLine>,
    pub total: Amount,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderedLine {
    pub product_id: String,
    pub quantity: i64,
    pub unit_minor: i64,
    pub total_minor: i64,
}

streams! {
    OrderPlaced(OrderState) = "orders.order-placed";
    OrderApprovalRequired(OrderState) = "orders.order-approval-required";
    OrderApproved(OrderState) = "orders.order-approved";
    OrderRejected(OrderState) = "orders.order-rejected";
    OrderCancelling(OrderState) = "orders.order-cancelling";
    OrderCancelled(OrderState) = "orders.order-cancelled";
}

// === commands to customers ===

/// Kinds of command on `cmd.customers`; all carry a [`CreditClaim`].
pub mod customers_commands {
    /// Refused with `UNKNOWN_CUSTOMER`, `CUSTOMER_ON_HOLD` or `INSUFFICIENT_CREDIT`.
    pub const RESERVE: &str = "customers.reserve-credit";
    /// Gives the reservation back; also before it was made.
    pub const RELEASE: &str = "customers.release-credit";
    /// The reservation becomes an open item.
    pub const CONSUME: &str = "customers.consume-credit";
}

/// What the commands to customers carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditClaim {
    pub customer_id: String,
    pub order_id: String,
    pub amount: Amount,
}
