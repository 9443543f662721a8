//! Whether the broker still has what it answered for, and sending it again if not.
//!
//! The relay leaves marks with the broker and notes them in its database. A broker that has another
//! life, or not the mark that was noted, went back: everything that was published since the mark
//! that it does have is published again, in order. A repeat does no harm. What is published between
//! the loss and its discovery (five seconds) may overtake what was lost: consumers compare `sequence`.
//! Rows are there for [`crate::messaging::RETENTION_US`] after they were published.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;

use super::Outbox;
use crate::bus::Bus;
use crate::db::{Db, sql};
use crate::messaging::MessagingError;

/// How often the broker is asked.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// How far the service's clock may have been set back between a mark and a row.
const CLOCK_STEP_US: i64 = 60 * 1_000_000;

/// One relay's view of its broker.
pub(super) struct Broker {
    due_at: Option<Instant>,
    /// The life that this relay knows; rows in its own hands were published in that one.
    life: Option<String>,
}

impl Broker {
    pub(super) fn new() -> Self {
        Self { due_at: Some(Instant::now()), life: None }
    }

    /// Whether to ask now. Nothing may be under way then: a row that is marked as published after
    /// the check would be missed by it.
    pub(super) fn is_due(&self) -> bool {
        self.due_at.is_some_and(|at| at <= Instant::now())
    }

    /// Asks, makes rows due again if need be, and leaves a new mark.
    ///
    /// # Errors
    /// The broker or the database is away; asked again at the next time.
    pub(super) async fn check(
        &mut self,
        db: &Db,
        outbox: &Outbox,
        bus: &Arc<dyn Bus>,
    ) -> Result<(), MessagingError> {
        self.due_at = Some(Instant::now() + CHECK_EVERY);
        let Some(recall) = bus.recall(outbox.service()).await? else {
            self.due_at = None;
            return Ok(());
        };
        let noted = sql("SELECT life, mark FROM outbox_broker WHERE service = $1");
        let noted = db.fetch_optional(noted.bind(outbox.service())).await?;
        let is_known = match &noted {
            Some(row) => {
                row.get::<String>("life")? == recall.life
                    && row.get::<i64>("mark")? <= recall.mark_us
            }
            None => false,
        };
        if !is_known || self.life.as_ref().is_some_and(|life| *life != recall.life) {
            let since = (recall.mark_us - CLOCK_STEP_US).max(1);
            let again = sql("UPDATE outbox SET published_at = 0 WHERE published_at >= $1");
            let rows = db.execute(again.bind(since)).await?;
            if rows > 0 {
                warn!(service.name = outbox.service(), rows, "broker went back; sending again");
            }
        }
        // The broker first: it is never behind what is noted, unless it went back.
        let mark = outbox.now_us();
        bus.mark(outbox.service(), mark).await?;
        let note = sql("INSERT INTO outbox_broker (service, life, mark) VALUES ($1, $2, $3) \
             ON CONFLICT (service) DO UPDATE SET life = $2, mark = $3");
        db.execute(note.bind(outbox.service()).bind(&recall.life).bind(mark)).await?;
        self.life = Some(recall.life);
        Ok(())
    }
}
