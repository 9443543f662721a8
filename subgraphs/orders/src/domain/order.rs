//! The order: a fold of its events.

use serde::{Deserialize, Serialize};

use super::event::{Event, Placed, Recorded};
use super::text::text_enum;

text_enum! {
    /// `enum OrderStatus`.
    OrderStatus {
        Pending = "PENDING",
        AwaitingApproval = "AWAITING_APPROVAL",
        Approved = "APPROVED",
        Rejected = "REJECTED",
        Fulfilling = "FULFILLING",
        Completed = "COMPLETED",
        Cancelling = "CANCELLING",
        Cancelled = "CANCELLED",
    }
}
text_enum! {
    /// `enum RejectionReason`.
    RejectionReason {
        InsufficientCredit = "INSUFFICIENT_CREDIT",
        UnknownCustomer = "UNKNOWN_CUSTOMER",
        CustomerOnHold = "CUSTOMER_ON_HOLD",
        PaymentDeclined = "PAYMENT_DECLINED",
        ApprovalDeclined = "APPROVAL_DECLINED",
        ApprovalTimedOut = "APPROVAL_TIMED_OUT",
        ProductUnavailable = "PRODUCT_UNAVAILABLE",
        PriceChanged = "PRICE_CHANGED",
    }
}
text_enum! {
    /// `enum ApprovalStatus`.
    ApprovalStatus {
        Required = "REQUIRED",
        Granted = "GRANTED",
        Declined = "DECLINED",
        Expired = "EXPIRED",
    }
}

/// A line with the product as it was when ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub product: String,
    pub name: String,
    pub sku: String,
    pub quantity: i64,
    pub unit_minor: i64,
    pub total_minor: i64,
}

/// total = subtotal − discount + tax, minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sums {
    pub subtotal_minor: i64,
    pub discount_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
}

/// The approval of an order that needed one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    pub status: ApprovalStatus,
    pub requested_at_us: i64,
    pub decided_at_us: Option<i64>,
    pub decided_by: Option<String>,
    pub expires_at_us: i64,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub id: String,
    #[serde(flatten)]
    pub placed: Placed,
    pub status: OrderStatus,
    pub rejection: Option<RejectionReason>,
    pub approval: Option<Approval>,
    pub placed_at_us: i64,
    pub updated_at_us: i64,
    /// Number of its events.
    pub version: i64,
}

/// A history that no program of ours can have written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("order {stream}: `{kind}` cannot be its event {seq}")]
pub struct BrokenHistory {
    pub stream: String,
    pub kind: &'static str,
    pub seq: i64,
}

impl Order {
    /// The order after one more event; `None` before the first.
    ///
    /// # Errors
    /// The event does not follow.
    pub fn after(before: Option<Self>, id: &str, next: &Recorded) -> Result<Self, BrokenHistory> {
        let broken =
            || BrokenHistory { stream: id.to_owned(), kind: next.event.kind(), seq: next.seq };
        let version = before.as_ref().map_or(0, |order| order.version);
        if next.seq != version + 1 {
            return Err(broken());
        }
        match (before, &next.event) {
            (None, Event::OrderPlaced(placed)) => Ok(Self {
                id: id.to_owned(),
                placed: (**placed).clone(),
                status: OrderStatus::Pending,
                rejection: None,
                approval: None,
                placed_at_us: next.at_us,
                updated_at_us: next.at_us,
                version: 1,
            }),
            (Some(mut order), event) if order.allows(event) => {
                order.apply(next);
                Ok(order)
            }
            _ => Err(broken()),
        }
    }

    /// Whether `event` may happen to the order now.
    #[must_use]
    pub fn allows(&self, event: &Event) -> bool {
        use OrderStatus::{Approved, AwaitingApproval, Cancelling, Pending};
        let approval = self.approval.as_ref().map(|approval| approval.status);
        let waits = approval == Some(ApprovalStatus::Required);
        match event {
            Event::OrderPlaced(_) => false,
            Event::OrderApprovalRequired { .. } => self.status == Pending && approval.is_none(),
            Event::OrderApprovalGranted
            | Event::OrderApprovalDeclined { .. }
            | Event::OrderApprovalExpired => self.status == AwaitingApproval && waits,
            Event::OrderApproved => matches!(self.status, Pending | AwaitingApproval) && !waits,
            Event::OrderRejected { .. } => matches!(self.status, Pending | AwaitingApproval),
            Event::OrderCancelling { .. } => {
                matches!(self.status, Pending | AwaitingApproval | Approved)
            }
            Event::OrderCancelled => self.status == Cancelling,
        }
    }

    fn apply(&mut self, next: &Recorded) {
        self.version = next.seq;
        self.updated_at_us = next.at_us;
        match &next.event {
            Event::OrderPlaced(_) => {}
            Event::OrderApprovalRequired { expires_at_us } => {
                self.status = OrderStatus::AwaitingApproval;
                self.approval = Some(Approval {
                    status: ApprovalStatus::Required,
                    requested_at_us: next.at_us,
                    decided_at_us: None,
                    decided_by: None,
                    expires_at_us: *expires_at_us,
                });
            }
            Event::OrderApprovalGranted => self.decide(ApprovalStatus::Granted, next),
            Event::OrderApprovalDeclined { .. } => self.decide(ApprovalStatus::Declined, next),
            Event::OrderApprovalExpired => self.decide(ApprovalStatus::Expired, next),
            Event::OrderApproved => self.status = OrderStatus::Approved,
            Event::OrderRejected { reason } => {
                self.status = OrderStatus::Rejected;
                self.rejection = Some(*reason);
            }
            Event::OrderCancelling { .. } => self.status = OrderStatus::Cancelling,
            Event::OrderCancelled => self.status = OrderStatus::Cancelled,
        }
    }

    fn decide(&mut self, status: ApprovalStatus, next: &Recorded) {
        if let Some(approval) = &mut self.approval {
            approval.status = status;
            approval.decided_at_us = Some(next.at_us);
            approval.decided_by.clone_from(&next.actor);
        }
    }
}
