//! The fold and the JSON of events.

use super::{ApprovalStatus, Event, Line, Order, OrderStatus, Recorded, RejectionReason, Sums};
use crate::domain::event::Placed;

fn placed() -> Event {
    let line = Line {
        product: "prd_1".to_owned(),
        name: "Pass".to_owned(),
        sku: "P-1".to_owned(),
        quantity: 2,
        unit_minor: 50,
        total_minor: 100,
    };
    Event::OrderPlaced(Box::new(Placed {
        number: "C-2026-000001".to_owned(),
        customer: "cus_1".to_owned(),
        placed_by: "usr_1".to_owned(),
        lines: vec![line],
        sums: Sums { subtotal_minor: 100, discount_minor: 0, tax_minor: 10, total_minor: 110 },
        currency: "EUR".to_owned(),
        deal: None,
        note: None,
        saga: None,
        on_account: true,
        quoted: false,
    }))
}

fn fold(events: &[Event]) -> Option<Order> {
    let mut order = None;
    for (event, seq) in events.iter().zip(1..) {
        let next = Recorded {
            seq,
            at_us: seq * 10,
            actor: Some("usr_2".to_owned()),
            event: event.clone(),
        };
        order = Some(Order::after(order, "ord_1", &next).ok()?);
    }
    order
}

#[test]
fn an_order_is_the_fold_of_its_events() {
    let required = Event::OrderApprovalRequired { expires_at_us: 99 };
    let events = [placed(), required, Event::OrderApprovalGranted, Event::OrderApproved];
    let order = fold(&events).unwrap();
    assert_eq!((order.status, order.version), (OrderStatus::Approved, 4));
    assert_eq!((order.placed_at_us, order.updated_at_us), (10, 40));
    let approval = order.approval.unwrap();
    assert_eq!(approval.status, ApprovalStatus::Granted);
    assert_eq!(approval.decided_by.as_deref(), Some("usr_2"));
}

#[test]
fn what_cannot_follow_is_refused() {
    let required = || Event::OrderApprovalRequired { expires_at_us: 99 };
    let rejected = || Event::OrderRejected { reason: RejectionReason::PaymentDeclined };
    let cancelling = || Event::OrderCancelling { reason: None };
    for (events, follows) in [
        (vec![Event::OrderApproved], false),
        (vec![placed(), placed()], false),
        (vec![placed(), required(), Event::OrderApproved], false),
        (vec![placed(), rejected(), cancelling()], false),
        (vec![placed(), Event::OrderApproved, rejected()], false),
        (vec![placed(), cancelling(), Event::OrderApproved], false),
        (vec![placed(), Event::OrderCancelled], false),
        (vec![placed(), required(), rejected()], true),
        (vec![placed(), Event::OrderApproved, cancelling(), Event::OrderCancelled], true),
    ] {
        assert_eq!(fold(&events).is_some(), follows, "{events:?}");
    }
}

/// The JSON of events is read for ever.
#[test]
fn events_keep_their_json() {
    let json = serde_json::to_string(&Event::OrderApprovalRequired { expires_at_us: 5 }).unwrap();
    assert_eq!(json, r#"{"type":"order-approval-required","expiresAtUs":5}"#);
    let json = serde_json::to_string(&placed()).unwrap();
    assert!(json.starts_with(r#"{"type":"order-placed","number":"C-2026-000001","customer":"#));
    assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), placed());
    let reason = RejectionReason::InsufficientCredit;
    let json = serde_json::to_string(&Event::OrderRejected { reason }).unwrap();
    assert_eq!(json, r#"{"type":"order-rejected","reason":"INSUFFICIENT_CREDIT"}"#);
    assert_eq!(serde_json::to_value(RejectionReason::PriceChanged).unwrap(), "PRICE_CHANGED");
    assert_eq!(RejectionReason::PriceChanged.as_str(), "PRICE_CHANGED");
}
