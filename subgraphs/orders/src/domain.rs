//! What an order is, without database, bus or GraphQL.
//!
//! An order is the fold of its events ([`event`], [`order`]). Commands check the folded order and
//! answer with new events or with a [`Problem`].

pub mod event;
pub mod order;
pub mod problem;
pub mod text;

#[cfg(test)]
mod tests;

pub use event::{Event, Recorded};
pub use order::{Approval, ApprovalStatus, Line, Order, OrderStatus, RejectionReason, Sums};
pub use problem::{Code, Problem};

braid_service::id_type!(
    /// An order.
    OrderId,
    "ord"
);

/// From this total on (minor units of the order's currency) the order of somebody who buys for an
/// account needs another's approval. Administrators of the account and staff need none.
pub const APPROVAL_FROM_MINOR: i64 = 1_000_000;
/// How long an approval is waited for.
pub const APPROVAL_WAIT_US: i64 = 72 * 3_600 * 1_000_000;
/// The longest note or reason, in characters.
pub const NOTE_CHARS_MAX: usize = 500;
