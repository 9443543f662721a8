//! The participant's side of a saga: a command is carried out once, and its answer repeated.
//!
//! The inbox drops a message that arrives twice; this drops a *command* that was sent twice (two
//! messages, one command id) and sends its first answer again, because that may be what got lost.

use super::{Answer, Command};
use crate::bus::Message;
use crate::db::{Tx, sql};
use crate::event::{Cause, EventError};
use crate::messaging::MessagingError;
use crate::outbox::{Letter, Outbox};

/// The first answer to this command, sent again; `false` when the command is new and has to be
/// carried out and [`answer`]ed in this transaction.
///
/// # Errors
/// The database; an answer that cannot be read.
pub async fn repeat(
    tx: &mut Tx,
    outbox: &Outbox,
    message: &Message,
    command: &Command,
) -> Result<bool, MessagingError> {
    let known = sql("SELECT answer FROM command_answers WHERE command_id = $1");
    let Some(row) = tx.fetch_optional(known.bind(&command.command_id)).await? else {
        return Ok(false);
    };
    let answer: Answer = serde_json::from_str(&row.get::<String>("answer")?)
        .map_err(|source| EventError::Decode { stream: "command_answers".to_owned(), source })?;
    send(tx, outbox, message, command, &answer).await?;
    Ok(true)
}

/// Notes and sends the answer: done (`None`) or refused for a reason.
///
/// # Errors
/// A refusal of a command that must succeed (it becomes a dead letter); the database.
pub async fn answer(
    tx: &mut Tx,
    outbox: &Outbox,
    message: &Message,
    command: &Command,
    refused: Option<&str>,
) -> Result<(), MessagingError> {
    if let (Some(reason), true) = (refused, command.must_succeed) {
        let kind = &message.event.r#type;
        return Err(MessagingError::Poison(format!("`{kind}` may not be refused: {reason}")));
    }
    let answer = Answer {
        saga_id: command.saga_id.clone(),
        saga_kind: command.saga_kind.clone(),
        step: command.step.clone(),
        undo: command.undo,
        refused: refused.map(str::to_owned),
    };
    let text = crate::event::raw("command_answers", &answer)?;
    // Two messages of one command in parallel transactions: the second fails here and comes again.
    let statement = sql("INSERT INTO command_answers (command_id, answer, answered_at) \
         VALUES ($1, $2, $3)");
    tx.execute(statement.bind(&command.command_id).bind(text.get()).bind(outbox.now_us())).await?;
    outbox.fault("participant.after-answer")?;
    send(tx, outbox, message, command, &answer).await
}

async fn send(
    tx: &mut Tx,
    outbox: &Outbox,
    message: &Message,
    command: &Command,
    answer: &Answer,
) -> Result<(), MessagingError> {
    let letter = Letter {
        stream: &command.reply_to,
        kind: "saga.answered",
        subject: &message.event.subject,
        partition_key: &command.saga_id,
        cause: &Cause::of(&message.event),
        data: answer,
    };
    outbox.send(tx, letter).await
}
