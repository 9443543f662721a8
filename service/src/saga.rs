//! Sagas: a business transaction over several services as a chain of typed steps.
//!
//! The orchestrator keeps the saga's rows in its own database and advances them in the transaction
//! that also holds the local effect and the next command, so a crash leaves it at a step's border
//! and the next start goes on from there. A command carries the id `(saga, step)`; it is sent
//! again, under the same id, until its answer comes. Before the pivot a refusal, a cancellation or
//! the deadline turns the saga: what was done is undone in reverse order. After it steps are only
//! repeated. What can neither go on nor back is `STUCK`, for a person to look at.
//!
//! [`machine`] decides (no I/O), [`store`] reads and writes rows, this module carries out,
//! [`participant`] is the other side.

pub mod machine;
mod orchestrator;
pub mod participant;
pub mod store;

#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::{info, warn};

use self::machine::{Next, Progress, Step};
use self::store::Saga;
use crate::bus::{self, BoxFuture};
use crate::db::Tx;
use crate::event::Cause;
use crate::messaging::MessagingError;
use crate::outbox::{Letter, Outbox};

pub use self::machine::{Action, Outcome, Pace, Phase, Status};
pub use self::orchestrator::Orchestrator;

/// What a service says about one kind of saga.
pub trait Definition: Send + Sync + 'static {
    /// Kept as JSON between the steps; change it only by adding optional fields.
    type State: Serialize + DeserializeOwned + Send + Sync;

    /// The name in rows, commands and logs.
    fn kind(&self) -> &'static str;

    /// The steps in order. Never reorder or remove while sagas run: add.
    fn steps(&self) -> &'static [Step];

    /// How patient the saga is.
    fn pace(&self) -> Pace;

    /// The payload of a command step, or `None` to skip the step.
    ///
    /// # Errors
    /// The payload cannot be made.
    fn command(
        &self,
        state: &Self::State,
        step: &'static str,
    ) -> Result<Option<Value>, MessagingError>;

    /// Enters a local or waiting step, within the saga's transaction.
    fn enter<'a>(
        &'a self,
        cx: Context<'a>,
        state: &'a mut Self::State,
        step: &'static str,
    ) -> BoxFuture<'a, Result<Verdict, MessagingError>>;

    /// The saga turns back for `reason`, before anything is undone.
    fn turned<'a>(
        &'a self,
        cx: Context<'a>,
        state: &'a mut Self::State,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), MessagingError>>;

    /// The saga has ended.
    fn ended<'a>(
        &'a self,
        cx: Context<'a>,
        state: &'a mut Self::State,
        outcome: Outcome,
    ) -> BoxFuture<'a, Result<(), MessagingError>>;
}

/// What the hooks of a definition get.
pub struct Context<'a> {
    pub tx: &'a mut Tx,
    pub outbox: &'a Outbox,
    pub saga_id: &'a str,
    /// The entity that the saga is about.
    pub subject: &'a str,
    pub cause: &'a Cause,
}

/// What came of entering a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Done,
    /// Nothing to do here in this case.
    Skip,
    /// Turns the saga.
    Refuse(String),
    /// Waits for [`Engine::signal`] (waiting steps only).
    Wait,
}

/// A command as it travels on `cmd.<service>`; the envelope's `type` says what it asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// `saga:step` or `saga:step:undo`: the same each time it is sent.
    pub command_id: String,
    pub saga_id: String,
    pub saga_kind: String,
    pub step: String,
    pub undo: bool,
    /// Undoing and steps after the pivot cannot be refused.
    pub must_succeed: bool,
    /// Stream for the answer.
    pub reply_to: String,
    pub data: Value,
}

/// A participant's answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub saga_id: String,
    pub saga_kind: String,
    pub step: String,
    pub undo: bool,
    /// `None`: done. Otherwise why it was refused.
    pub refused: Option<String>,
}

/// Carries out the sagas of one kind.
pub struct Engine<D> {
    definition: D,
    outbox: Outbox,
}

/// A saga about to start.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a, S> {
    /// `sag_…`.
    pub id: &'a str,
    pub subject: &'a str,
    pub cause: &'a Cause,
    pub state: &'a S,
}

/// An engine without its types: what timers and reply consumers need.
pub trait Runner: Send + Sync {
    fn kind(&self) -> &'static str;

    /// Takes an answer.
    fn answered<'a>(
        &'a self,
        tx: &'a mut Tx,
        answer: &'a Answer,
    ) -> BoxFuture<'a, Result<(), MessagingError>>;

    /// Goes on with a saga whose time has come.
    fn wake<'a>(
        &'a self,
        tx: &'a mut Tx,
        saga_id: &'a str,
    ) -> BoxFuture<'a, Result<(), MessagingError>>;

    /// A person wants a stuck saga to try again.
    fn retry<'a>(
        &'a self,
        tx: &'a mut Tx,
        saga_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, MessagingError>>;
}

// === impl Engine ===

impl<D: Definition> Engine<D> {
    #[must_use]
    pub fn new(definition: D, outbox: Outbox) -> Self {
        Self { definition, outbox }
    }

    /// Starts a saga within the transaction of its first cause and carries it to its first wait.
    ///
    /// # Errors
    /// The database; a hook of the definition.
    pub async fn start(
        &self,
        tx: &mut Tx,
        start: Start<'_, D::State>,
    ) -> Result<(), MessagingError> {
        let now = self.outbox.now_us();
        let deadline = now + self.definition.pace().deadline_us;
        let mut saga = Saga::new(self.definition.kind(), start.id, start.subject, start.cause);
        saga.state = store::encode(start.id, start.state)?;
        saga.progress = Progress::new(self.definition.steps().len(), deadline);
        store::insert(tx, &saga, self.definition.steps(), now).await?;
        self.outbox.fault("saga.after-insert")?;
        self.drive(tx, &mut saga).await
    }

    /// Ends the waiting step `step`: granted (`None`) or refused for a reason. `false` when the
    /// saga does not wait there (any more).
    ///
    /// # Errors
    /// The database; a hook of the definition.
    pub async fn signal(
        &self,
        tx: &mut Tx,
        saga_id: &str,
        step: &str,
        refused: Option<&str>,
    ) -> Result<bool, MessagingError> {
        let Some(mut saga) = self.load(tx, saga_id).await? else { return Ok(false) };
        let Some(index) = self.index(step) else { return Ok(false) };
        let heard = match refused {
            None => saga.progress.done(index),
            Some(reason) => saga.progress.refused(index, reason),
        };
        if heard {
            self.drive(tx, &mut saga).await?;
        }
        Ok(heard)
    }

    /// Turns a saga that has not passed its pivot; `false` when it has, or has ended.
    ///
    /// # Errors
    /// The database; a hook of the definition.
    pub async fn cancel(
        &self,
        tx: &mut Tx,
        saga_id: &str,
        reason: &str,
    ) -> Result<bool, MessagingError> {
        let Some(mut saga) = self.load(tx, saga_id).await? else { return Ok(false) };
        let turning = saga.progress.cancel(self.definition.steps(), reason);
        if turning {
            self.drive(tx, &mut saga).await?;
        }
        Ok(turning)
    }

    /// Does everything that can be done now, then saves.
    async fn drive(&self, tx: &mut Tx, saga: &mut Saga) -> Result<(), MessagingError> {
        let steps = self.definition.steps();
        let mut state: D::State = store::decode(saga)?;
        loop {
            let now = self.outbox.now_us();
            match saga.progress.next(steps, self.definition.pace(), now) {
                Next::Idle => break,
                Next::Send(index) => match self.definition.command(&state, steps[index].name)? {
                    None => saga.progress.skip(index),
                    Some(data) => self.send(tx, saga, index, data).await?,
                },
                Next::Undo(index) => match self.definition.command(&state, steps[index].name)? {
                    None => saga.progress.undone(index),
                    Some(data) => self.send(tx, saga, index, data).await?,
                },
                Next::Enter(index) => {
                    let cx = Context::new(tx, &self.outbox, saga);
                    let verdict = self.definition.enter(cx, &mut state, steps[index].name).await?;
                    apply(&mut saga.progress, index, verdict);
                }
                Next::Turn => {
                    let reason = saga.progress.reason.clone();
                    info!(saga.id = saga.id, saga.kind = saga.kind, reason, "saga turns back");
                    let cx = Context::new(tx, &self.outbox, saga);
                    self.definition.turned(cx, &mut state, &reason).await?;
                }
                Next::End(outcome) => {
                    if outcome == Outcome::Stuck {
                        warn!(saga.id = saga.id, saga.kind = saga.kind, "saga is stuck");
                    }
                    let cx = Context::new(tx, &self.outbox, saga);
                    self.definition.ended(cx, &mut state, outcome).await?;
                }
            }
            self.outbox.fault("saga.after-step")?;
        }
        saga.state = store::encode(&saga.id, &state)?;
        store::save(tx, saga, steps, self.outbox.now_us()).await?;
        self.outbox.fault("saga.after-save")
    }

    async fn send(
        &self,
        tx: &mut Tx,
        saga: &Saga,
        index: usize,
        data: Value,
    ) -> Result<(), MessagingError> {
        let steps = self.definition.steps();
        let undo = saga.progress.steps[index].phase == Phase::Undoing;
        let Action::Command { service, does, undo: undoes } = steps[index].action else {
            return Err(saga.problem("sends a step that is no command"));
        };
        let Some(kind) = (if undo { undoes } else { Some(does) }) else {
            return Err(saga.problem("undoes a step that cannot be undone"));
        };
        let suffix = if undo { ":undo" } else { "" };
        let command = Command {
            command_id: format!("{}:{}{suffix}", saga.id, steps[index].name),
            saga_id: saga.id.clone(),
            saga_kind: saga.kind.clone(),
            step: steps[index].name.to_owned(),
            undo,
            must_succeed: undo || saga.progress.past_pivot(steps),
            reply_to: bus::reply_stream(self.outbox.service()),
            data,
        };
        let letter = Letter {
            stream: &bus::command_stream(service),
            kind,
            subject: &saga.subject,
            partition_key: &saga.id,
            cause: &saga.cause(),
            data: &command,
        };
        self.outbox.send(tx, letter).await
    }

    async fn load(&self, tx: &mut Tx, saga_id: &str) -> Result<Option<Saga>, MessagingError> {
        store::lock(tx, saga_id, self.definition.kind(), self.definition.steps().len()).await
    }

    fn index(&self, step: &str) -> Option<usize> {
        self.definition.steps().iter().position(|known| known.name == step)
    }
}

fn apply(progress: &mut Progress, index: usize, verdict: Verdict) {
    match verdict {
        Verdict::Done => drop_heard(progress.done(index)),
        Verdict::Skip => progress.skip(index),
        Verdict::Refuse(reason) => drop_heard(progress.refused(index, &reason)),
        Verdict::Wait => {}
    }
}

/// The machine has just entered the step, so it cannot fail to hear of it.
fn drop_heard(heard: bool) {
    assert!(heard, "a step that was entered takes its verdict");
}

impl<D: Definition> Runner for Engine<D> {
    fn kind(&self) -> &'static str {
        self.definition.kind()
    }

    fn answered<'a>(
        &'a self,
        tx: &'a mut Tx,
        answer: &'a Answer,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let Some(mut saga) = self.load(tx, &answer.saga_id).await? else { return Ok(()) };
            let Some(index) = self.index(&answer.step) else {
                return Err(saga.problem("has no such step as the answer names"));
            };
            let heard = match (&answer.refused, answer.undo) {
                (_, true) => {
                    saga.progress.undone(index);
                    true
                }
                (None, false) => saga.progress.done(index),
                (Some(reason), false) => saga.progress.refused(index, reason),
            };
            // A repeated or late answer changes nothing.
            if heard { self.drive(tx, &mut saga).await } else { Ok(()) }
        })
    }

    fn wake<'a>(
        &'a self,
        tx: &'a mut Tx,
        saga_id: &'a str,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            match self.load(tx, saga_id).await? {
                Some(mut saga) => self.drive(tx, &mut saga).await,
                None => Ok(()),
            }
        })
    }

    fn retry<'a>(
        &'a self,
        tx: &'a mut Tx,
        saga_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, MessagingError>> {
        Box::pin(async move {
            let Some(mut saga) = self.load(tx, saga_id).await? else { return Ok(false) };
            let retrying = saga.progress.retry();
            if retrying {
                self.drive(tx, &mut saga).await?;
            }
            Ok(retrying)
        })
    }
}

impl<'a> Context<'a> {
    fn new(tx: &'a mut Tx, outbox: &'a Outbox, saga: &'a Saga) -> Self {
        Self { tx, outbox, saga_id: &saga.id, subject: &saga.subject, cause: saga.cause_ref() }
    }
}
