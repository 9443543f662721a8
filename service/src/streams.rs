//! The streams of facts between Corridor's services: each name, and the one shape of its data.
//!
//! Subgraphs do not know each other; they meet here. A field is added as `Option` or with a
//! default; anything else is a new version of the stream. Streams of services that do not exist
//! yet are not defined.

use serde::{Deserialize, Serialize};

use crate::event::Topic;

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
pub const MEMBERSHIP_CHANGED: Topic<MembershipChanged> =
    Topic::internal("identity.membership-changed");

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MembershipChanged {
    pub user_id: String,
    pub account_id: String,
    /// `MEMBER`, `BUYER` or `ADMIN`.
    pub role: Option<String>,
}

// === accounts ===

/// An account was made. Subject: the account; sequence: its version.
pub const ACCOUNT_CREATED: Topic<AccountChanged> = Topic::internal("accounts.account-created");
pub const ACCOUNT_CHANGED: Topic<AccountChanged> = Topic::internal("accounts.account-changed");
pub const ACCOUNT_ARCHIVED: Topic<AccountChanged> = Topic::internal("accounts.account-archived");
/// An account was found to be another one and is archived. Subject: the account that was dropped.
pub const ACCOUNT_MERGED: Topic<AccountMerged> = Topic::internal("accounts.account-merged");

/// An account after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountChanged {
    pub account_id: String,
    pub name: String,
    pub domain: Option<String>,
    pub owner_id: Option<String>,
    /// `PROSPECT`, `CUSTOMER`, `CHURNED` or `ARCHIVED`.
    pub status: String,
}

/// Which account is which other account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountMerged {
    /// The account that was dropped.
    pub account_id: String,
    /// The account that it is.
    pub kept_id: String,
}

/// A contact was made. Subject: the contact; sequence: its version.
pub const CONTACT_CREATED: Topic<ContactChanged> = Topic::internal("contacts.contact-created");
pub const CONTACT_CHANGED: Topic<ContactChanged> = Topic::internal("contacts.contact-changed");

/// A contact after a change; ids only, never the person's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactChanged {
    pub contact_id: String,
    pub account_id: String,
    pub user_id: Option<String>,
}

// === catalog ===

/// A product was made or changed. Subject: the product; sequence: its version.
pub const PRODUCT_CHANGED: Topic<ProductChanged> = Topic::internal("catalog.product-changed");
/// A product has (or will have) a new price. The whole product, with the new price.
pub const PRICE_CHANGED: Topic<ProductChanged> = Topic::internal("catalog.price-changed");
/// A product is not sold any more.
pub const PRODUCT_RETIRED: Topic<ProductChanged> = Topic::internal("catalog.retired");

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductChanged {
    pub product_id: String,
    pub sku: String,
    /// `RIDE_PASS`, `SHUTTLE_SEAT`, `CHARTER` or `ADD_ON`.
    pub kind: String,
    pub name: String,
    /// `DRAFT`, `ACTIVE` or `RETIRED`.
    pub status: String,
    pub price: Amount,
    /// From when the price holds, microseconds.
    pub price_from_us: i64,
}

// === customers ===

pub const CUSTOMER_OPENED: Topic<CustomerChanged> = Topic::internal("customers.customer-opened");
pub const LIMIT_CHANGED: Topic<CustomerChanged> = Topic::internal("customers.limit-changed");
/// Put on hold or released from it: see `status`.
pub const CUSTOMER_HELD: Topic<CustomerChanged> = Topic::internal("customers.held");

/// A customer after a change. Subject: the customer; sequence: its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerChanged {
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

pub const CREDIT_RESERVED: Topic<CreditChanged> = Topic::internal("customers.credit-reserved");
pub const CREDIT_REFUSED: Topic<CreditChanged> = Topic::internal("customers.credit-refused");
pub const CREDIT_RELEASED: Topic<CreditChanged> = Topic::internal("customers.credit-released");
pub const CREDIT_CONSUMED: Topic<CreditChanged> = Topic::internal("customers.credit-consumed");

/// What became of an order's claim on a customer's credit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditChanged {
    pub customer_id: String,
    pub order_id: String,
    pub reservation_id: Option<String>,
    pub amount: Amount,
    pub reason: Option<String>,
}

// === orders ===

pub const ORDER_PLACED: Topic<OrderChanged> = Topic::internal("orders.order-placed");
pub const ORDER_APPROVAL_REQUIRED: Topic<OrderChanged> =
    Topic::internal("orders.order-approval-required");
pub const ORDER_APPROVED: Topic<OrderChanged> = Topic::internal("orders.order-approved");
pub const ORDER_REJECTED: Topic<OrderChanged> = Topic::internal("orders.order-rejected");
pub const ORDER_CANCELLING: Topic<OrderChanged> = Topic::internal("orders.order-cancelling");
pub const ORDER_CANCELLED: Topic<OrderChanged> = Topic::internal("orders.order-cancelled");

/// An order after a change. Subject: the order; sequence: its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderChanged {
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
    pub unit_price_minor: i64,
    pub total_minor: i64,
}

// === commands to customers ===

/// Kinds of command on `cmd.customers`.
pub mod customers_commands {
    /// Data: [`super::CreditClaim`]. Refused with `UNKNOWN_CUSTOMER`, `CUSTOMER_ON_HOLD` or
    /// `INSUFFICIENT_CREDIT`.
    pub const RESERVE: &str = "customers.reserve-credit";
    /// Data: [`super::CreditClaim`]. Gives the reservation back; also before it was made.
    pub const RELEASE: &str = "customers.release-credit";
    /// Data: [`super::CreditClaim`]. The reservation becomes an open item.
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
