//! The event store: append with an expected version, fold, snapshots; the view is written in the
//! same transaction, and what others are to know goes to the outbox in it too.

use braid_service::db::{Db, Row, Tx, Value, sql};
use braid_service::event::{Cause, Topic};
use braid_service::outbox::Fact;
use braid_service::streams::{self, Amount, OrderChanged, OrderedLine};

use super::{Failure, Store};
use crate::domain::event::EVENT_VERSION;
use crate::domain::{Event, Order, OrderId, Recorded};

/// A snapshot is written with every so many events.
pub const SNAPSHOT_EVERY: i64 = 4;

/// Up to where an order is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    Now,
    /// Events of this instant included, microseconds.
    Instant(i64),
    /// Its first events, so many.
    Version(i64),
}

impl Until {
    /// As bounds of `at` and `seq`.
    fn bounds(self) -> (i64, i64) {
        match self {
            Self::Now => (i64::MAX, i64::MAX),
            Self::Instant(at_us) => (at_us, i64::MAX),
            Self::Version(version) => (i64::MAX, version),
        }
    }
}

impl Store {
    /// Appends events to an order (or, when `before` is `None`, begins it) and answers the order
    /// after them.
    ///
    /// # Errors
    /// The events do not follow; another transaction was faster; the database refuses.
    pub async fn append(
        &self,
        tx: &mut Tx,
        before: (&OrderId, Option<Order>),
        events: Vec<Event>,
        cause: &Cause,
    ) -> Result<Order, Failure> {
        let (id, mut order) = before;
        for event in events {
            let seq = order.as_ref().map_or(0, |order| order.version) + 1;
            // An order's time does not go back, whatever the clock does.
            let at_us = self.outbox.now_us().max(order.as_ref().map_or(0, |o| o.updated_at_us));
            let next = Recorded { seq, at_us, actor: cause.actor.clone(), event };
            let after = Order::after(order, id.as_str(), &next)?;
            insert(tx, id, &next).await?;
            write_view(tx, &after).await?;
            if let Some(topic) = topic(&next.event) {
                self.tell(tx, topic, &after, (&next.event, cause)).await?;
            }
            if seq % SNAPSHOT_EVERY == 0 {
                write_snapshot(tx, &after).await?;
            }
            order = Some(after);
            self.outbox.fault("orders.after-event")?;
        }
        order.ok_or_else(|| Failure::Refused(crate::domain::Problem::not_found()))
    }

    async fn tell(
        &self,
        tx: &mut Tx,
        topic: &Topic<OrderChanged>,
        order: &Order,
        why: (&Event, &Cause),
    ) -> Result<(), Failure> {
        let (event, cause) = why;
        let reason = match event {
            Event::OrderRejected { reason } => Some(reason.as_str().to_owned()),
            Event::OrderCancelling { reason } => reason.clone(),
            _ => None,
        };
        let lines = order.placed.lines.iter().map(|line| OrderedLine {
            product_id: line.product.clone(),
            quantity: line.quantity,
            unit_price_minor: line.unit_minor,
            total_minor: line.total_minor,
        });
        let data = OrderChanged {
            order_id: order.id.clone(),
            number: order.placed.number.clone(),
            customer_id: order.placed.customer.clone(),
            placed_by: order.placed.placed_by.clone(),
            lines: lines.collect(),
            total: Amount {
                minor: order.placed.sums.total_minor,
                currency: order.placed.currency.clone(),
            },
            reason,
        };
        let fact = Fact { subject: &order.id, sequence: order.version, cause, data: &data };
        Ok(self.outbox.emit(tx, topic, fact).await?)
    }

    /// The order of this id with its row locked until the transaction ends.
    ///
    /// # Errors
    /// The database refuses; what is stored cannot be read.
    pub async fn locked(&self, tx: &mut Tx, id: &OrderId) -> Result<Option<Order>, Failure> {
        let lock = sql("SELECT state FROM order_view WHERE id = $1").bind(id);
        let lock = lock.push(tx.dialect().for_update());
        tx.fetch_optional(lock).await?.map(|row| state(&row)).transpose()
    }

    /// An order folded from its events, from the nearest snapshot on.
    ///
    /// # Errors
    /// The database refuses; what is stored cannot be read or does not follow.
    pub async fn fold(&self, id: &str, until: Until) -> Result<Option<Order>, Failure> {
        let (at_max, seq_max) = until.bounds();
        let nearest = sql("SELECT state FROM snapshots \
             WHERE stream = $1 AND at <= $2 AND seq <= $3 ORDER BY seq DESC LIMIT 1");
        let nearest = nearest.bind(id).bind(at_max).bind(seq_max);
        let mut order =
            self.db.fetch_optional(nearest).await?.map(|row| state(&row)).transpose()?;
        let rest = sql("SELECT stream, seq, data, actor, at FROM events \
             WHERE stream = $1 AND seq > $2 AND at <= $3 AND seq <= $4 ORDER BY seq");
        let from = order.as_ref().map_or(0, |order: &Order| order.version);
        let rest = rest.bind(id).bind(from).bind(at_max).bind(seq_max);
        for row in &self.db.fetch_all(rest).await? {
            order = Some(Order::after(order, id, &recorded(row)?)?);
        }
        Ok(order)
    }
}

/// The first `limit` events of each order, in order.
///
/// # Errors
/// The database refuses; what is stored cannot be read.
pub async fn histories(
    db: &Db,
    ids: Vec<String>,
    limit: i64,
) -> Result<Vec<(String, Recorded)>, Failure> {
    let statement = sql("SELECT stream, seq, data, actor, at FROM events WHERE stream IN ($LIST)");
    let statement = statement.bind_list(ids).push(" AND seq <= ").push_bind(limit);
    let rows = db.fetch_all(statement.push(" ORDER BY stream, seq")).await?;
    rows.iter().map(|row| Ok((row.get("stream")?, recorded(row)?))).collect()
}

/// Reads a fold from a row's `state`.
pub(super) fn state(row: &Row) -> Result<Order, Failure> {
    serde_json::from_str(&row.get::<String>("state")?)
        .map_err(|source| Failure::Stored { what: "order", source })
}

fn recorded(row: &Row) -> Result<Recorded, Failure> {
    let event = serde_json::from_str(&row.get::<String>("data")?)
        .map_err(|source| Failure::Stored { what: "event", source })?;
    Ok(Recorded { seq: row.get("seq")?, at_us: row.get("at")?, actor: row.get("actor")?, event })
}

/// The columns of an event, as [`EVENTS_INSERT`] wants them.
pub(crate) fn event_row(id: &str, next: &Recorded) -> Result<[Value; 7], Failure> {
    let data = encode(&next.event)?;
    Ok([
        id.into(),
        next.seq.into(),
        next.event.kind().into(),
        EVENT_VERSION.into(),
        data.into(),
        next.actor.clone().into(),
        next.at_us.into(),
    ])
}

/// The columns of an order's view, as [`VIEW_INSERT`] wants them.
pub(crate) fn view_row(order: &Order) -> Result<[Value; 8], Failure> {
    Ok([
        order.id.clone().into(),
        order.placed.number.clone().into(),
        order.placed.customer.clone().into(),
        order.placed.placed_by.clone().into(),
        order.status.as_str().into(),
        order.placed_at_us.into(),
        order.version.into(),
        encode(order)?.into(),
    ])
}

pub(crate) const EVENTS_INSERT: &str = "INSERT INTO events \
     (stream, seq, type, ver, data, actor, at) VALUES $ROWS ON CONFLICT DO NOTHING";
pub(crate) const VIEW_INSERT: &str = "INSERT INTO order_view \
     (id, number, customer, placed_by, status, placed_at, version, state) VALUES $ROWS \
     ON CONFLICT DO NOTHING";
const VIEW_UPSERT: &str = "INSERT INTO order_view \
     (id, number, customer, placed_by, status, placed_at, version, state) VALUES $ROWS \
     ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version, \
     state = excluded.state";

async fn insert(tx: &mut Tx, id: &OrderId, next: &Recorded) -> Result<(), Failure> {
    let row = event_row(id.as_str(), next)?;
    if tx.execute(sql(EVENTS_INSERT).bind_rows([row])).await? == 1 {
        return Ok(());
    }
    let message = "somebody else changed the order at the same time";
    let code = crate::domain::Code::VersionConflict;
    Err(crate::domain::Problem::new(code, &["id"], message).into())
}

async fn write_view(tx: &mut Tx, order: &Order) -> Result<(), Failure> {
    tx.execute(sql(VIEW_UPSERT).bind_rows([view_row(order)?])).await?;
    Ok(())
}

async fn write_snapshot(tx: &mut Tx, order: &Order) -> Result<(), Failure> {
    let statement = sql("INSERT INTO snapshots (stream, seq, at, state) VALUES ($1, $2, $3, $4)");
    let statement = statement.bind(&order.id).bind(order.version).bind(order.updated_at_us);
    tx.execute(statement.bind(encode(order)?)).await?;
    Ok(())
}

fn encode<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|source| Failure::Stored { what: "order", source })
}

/// The stream on which others hear of an event; steps of the approval are the order's own matter.
fn topic(event: &Event) -> Option<&'static Topic<OrderChanged>> {
    match event {
        Event::OrderPlaced(_) => Some(&streams::ORDER_PLACED),
        Event::OrderApprovalRequired { .. } => Some(&streams::ORDER_APPROVAL_REQUIRED),
        Event::OrderApproved => Some(&streams::ORDER_APPROVED),
        Event::OrderRejected { .. } => Some(&streams::ORDER_REJECTED),
        Event::OrderCancelling { .. } => Some(&streams::ORDER_CANCELLING),
        Event::OrderCancelled => Some(&streams::ORDER_CANCELLED),
        Event::OrderApprovalGranted
        | Event::OrderApprovalDeclined { .. }
        | Event::OrderApprovalExpired => None,
    }
}
