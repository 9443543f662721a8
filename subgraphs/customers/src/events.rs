//! What reaches this service over the bus: commands of the orders saga and approved orders.

use std::time::Duration;

use braid_service::bus::{BoxFuture, Message};
use braid_service::db::Tx;
use braid_service::event::Cause;
use braid_service::inbox::Handler;
use braid_service::messaging::MessagingError;
use braid_service::saga::{Command, participant};
use braid_service::streams::{CreditClaim, ORDER_APPROVED, customers_commands as commands};
use braid_service::tasks::Tasks;
use tracing::warn;

use crate::store::{Failure, Store};

/// Carries out the commands on `cmd.customers`.
pub struct Commands(pub Store);

/// Takes in which orders were approved: their claims do not expire.
pub struct ApprovedOrders(pub Store);

impl Handler for Commands {
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let command: Command = message.event.data()?;
            let outbox = &self.0.outbox;
            if participant::repeat(tx, outbox, message, &command).await? {
                return Ok(());
            }
            let claim: CreditClaim = serde_json::from_value(command.data.clone())
                .map_err(|error| MessagingError::Poison(format!("not a credit claim: {error}")))?;
            let cause = Cause::of(&message.event);
            let refusal = match message.event.r#type.as_str() {
                commands::RESERVE => self.0.reserve(tx, &claim, &cause).await.map_err(told)?,
                commands::RELEASE => {
                    self.0.release(tx, &claim, &cause).await.map_err(told)?;
                    None
                }
                commands::CONSUME => {
                    self.0.consume(tx, &claim, &cause).await.map_err(told)?;
                    None
                }
                unknown => {
                    return Err(MessagingError::Poison(format!("unknown command `{unknown}`")));
                }
            };
            let refused = refusal.map(crate::store::credit::Refusal::as_str);
            participant::answer(tx, outbox, message, &command, refused).await
        })
    }
}

impl Handler for ApprovedOrders {
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let order = ORDER_APPROVED.read(&message.event)?;
            self.0.confirm(tx, &order.customer_id, &order.order_id).await.map_err(told)
        })
    }
}

/// A failure as the consumer understands it.
fn told(failure: Failure) -> MessagingError {
    match failure {
        Failure::Db(error) => error.into(),
        Failure::Messaging(error) => error,
        Failure::Refused(problem) => MessagingError::Poison(problem.message),
    }
}

/// How often expired claims are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
/// Claims given back in one look.
const EXPIRE_BATCH: i64 = 200;

/// Gives expired claims back until shutdown.
pub async fn expire_claims(store: Store, tasks: Tasks) {
    while !tasks.is_stopping() {
        if let Err(error) = store.expire(EXPIRE_BATCH).await {
            warn!(%error, "giving expired claims back failed");
        }
        tokio::select! {
            () = tasks.stopping() => {}
            () = tokio::time::sleep(EXPIRE_EVERY) => {}
        }
    }
}
