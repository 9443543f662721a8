//! What an orchestrator runs beside its engines: the consumer of answers and the timer.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Answer, Runner, store};
use crate::bus::{BoxFuture, Message};
use crate::db::{Db, Tx};
use crate::inbox::Handler;
use crate::messaging::MessagingError;
use crate::outbox::Outbox;

/// All saga kinds of one service.
#[derive(Clone)]
pub struct Orchestrator {
    pub db: Db,
    pub outbox: Outbox,
    pub runners: Arc<[Arc<dyn Runner>]>,
}

/// How often the timer looks for sagas whose time has come.
const TIMER_POLL: Duration = Duration::from_millis(500);
/// Sagas taken on in one look.
const TIMER_BATCH: i64 = 64;
/// How long a saga that could not be woken is left alone.
const TIMER_BACKOFF_US: i64 = 5_000_000;

impl Orchestrator {
    fn runner(&self, kind: &str) -> Option<&dyn Runner> {
        self.runners.iter().find(|runner| runner.kind() == kind).map(|runner| &**runner)
    }

    /// Sends again, gives up waiting and goes on after a restart, until `stop`.
    ///
    /// # Errors
    /// Only an armed fail point.
    pub async fn run_timer(self, stop: CancellationToken) -> Result<(), MessagingError> {
        while !stop.is_cancelled() {
            match self.tick().await {
                Ok(_) => {}
                Err(error) if error.is_crash() => return Err(error),
                Err(error) => warn!(%error, "saga timer failed"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(TIMER_POLL) => {}
            }
        }
        Ok(())
    }

    /// Wakes every saga that is due; how many there were.
    ///
    /// # Errors
    /// The database, or an armed fail point.
    pub async fn tick(&self) -> Result<usize, MessagingError> {
        let due = store::due(&self.db, self.outbox.now_us(), TIMER_BATCH).await?;
        let count = due.len();
        for (saga_id, kind) in due {
            let woken = match self.runner(&kind) {
                None => Err(MessagingError::Poison(format!("no saga of kind `{kind}` here"))),
                Some(runner) => self.wake(runner, &saga_id).await,
            };
            match woken {
                Ok(()) => {}
                Err(error) if error.is_crash() => return Err(error),
                Err(error) => {
                    warn!(saga.id = saga_id, %error, "waking a saga failed");
                    let later = self.outbox.now_us() + TIMER_BACKOFF_US;
                    store::postpone(&self.db, &saga_id, later).await?;
                }
            }
        }
        Ok(count)
    }

    async fn wake(&self, runner: &dyn Runner, saga_id: &str) -> Result<(), MessagingError> {
        let mut tx = self.db.begin().await?;
        runner.wake(&mut tx, saga_id).await?;
        self.outbox.commit(tx).await
    }
}

impl Handler for Orchestrator {
    /// Takes the messages of `reply.<service>`.
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let answer: Answer = message.event.data()?;
            let Some(runner) = self.runner(&answer.saga_kind) else {
                return Err(MessagingError::Poison(format!("no saga `{}`", answer.saga_kind)));
            };
            runner.answered(tx, &answer).await
        })
    }
}
