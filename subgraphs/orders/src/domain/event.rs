//! What can happen to an order. Once written, an event's JSON is read for ever: fields are added
//! as `Option` or with a default, never changed.

use serde::{Deserialize, Serialize};

use super::order::{Line, RejectionReason, Sums};

/// The version of the events that this program writes.
pub const EVENT_VERSION: i64 = 1;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    OrderPlaced(Box<Placed>),
    OrderApprovalRequired { expires_at_us: i64 },
    OrderApprovalGranted,
    OrderApprovalDeclined { reason: String },
    OrderApprovalExpired,
    OrderApproved,
    OrderRejected { reason: RejectionReason },
    OrderCancelling { reason: Option<String> },
    OrderCancelled,
}

/// What an order is placed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placed {
    pub number: String,
    pub customer: String,
    /// User or API client.
    pub placed_by: String,
    pub lines: Vec<Line>,
    pub sums: Sums,
    pub currency: String,
    pub deal: Option<String>,
    pub note: Option<String>,
    /// The saga that decides about it; seeded orders have none.
    pub saga: Option<String>,
    /// Paid on the customer's terms, not by card.
    pub on_account: bool,
    /// The prices were promised by a quote, so they stand whatever the list says.
    pub quoted: bool,
}

/// An event with its place in the order's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub seq: i64,
    pub at_us: i64,
    /// Who caused it; `None`: the saga.
    pub actor: Option<String>,
    pub event: Event,
}

impl Event {
    /// The name in the database, in `OrderEvent.type` and (mostly) on the bus.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OrderPlaced(_) => "order-placed",
            Self::OrderApprovalRequired { .. } => "order-approval-required",
            Self::OrderApprovalGranted => "order-approval-granted",
            Self::OrderApprovalDeclined { .. } => "order-approval-declined",
            Self::OrderApprovalExpired => "order-approval-expired",
            Self::OrderApproved => "order-approved",
            Self::OrderRejected { .. } => "order-rejected",
            Self::OrderCancelling { .. } => "order-cancelling",
            Self::OrderCancelled => "order-cancelled",
        }
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::OrderPlaced(placed) => {
                let count = placed.lines.len();
                let lines = if count == 1 { "line" } else { "lines" };
                format!("{} placed with {count} {lines}", placed.number)
            }
            Self::OrderApprovalRequired { .. } => "waits for approval".to_owned(),
            Self::OrderApprovalGranted => "approval granted".to_owned(),
            Self::OrderApprovalDeclined { reason } => format!("approval declined: {reason}"),
            Self::OrderApprovalExpired => "approval not given in time".to_owned(),
            Self::OrderApproved => "approved".to_owned(),
            Self::OrderRejected { reason } => format!("rejected: {}", reason.as_str()),
            Self::OrderCancelling { reason: Some(reason) } => format!("being cancelled: {reason}"),
            Self::OrderCancelling { reason: None } => "being cancelled".to_owned(),
            Self::OrderCancelled => "cancelled".to_owned(),
        }
    }
}
