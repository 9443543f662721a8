//! Corridor's customers subgraph: the credit view of accounts and persons.
//!
//! It owns customers and the claims of orders on their credit. The orders saga asks for claims by
//! commands over the bus; `held + receivable ≤ limit` is checked in the transaction that holds.

pub mod domain;
pub mod events;
pub mod graphql;
mod seed;
pub mod store;

use std::sync::Arc;

use braid_service::app::{Deps, Service, StartError};
use braid_service::bus::command_stream;
use braid_service::graphql::Subgraph;
use braid_service::inbox::{Consumer, Handler};
use braid_service::membership::Memberships;
use braid_service::outbox::{Outbox, Relay, RelayConfig};
use braid_service::streams::ORDER_APPROVED;

use crate::graphql::{EXTRAS, Loaders};
use crate::store::Store;

/// Its name in the supergraph, on the bus and in migrations.
pub const NAME: &str = "customers";

/// Builds the service: database, consumers, background tasks, endpoint.
///
/// # Errors
/// The database or the bus refuses, or the schema's parts do not fit together.
pub async fn build(deps: Deps) -> Result<Service, StartError> {
    let db = deps.open(NAME, store::MIGRATIONS).await?;
    let outbox = Outbox::new(NAME, deps.clock.clone(), Arc::clone(&deps.ids));
    let store = Store { db: db.clone(), outbox: outbox.clone() };
    Memberships::follow(&deps, &db, &outbox, "customers.memberships").await?;
    let commands = Arc::new(events::Commands(store.clone()));
    consume(&deps, &store, ("customers.commands", &command_stream(NAME)), commands)?;
    let approved = Arc::new(events::ApprovedOrders(store.clone()));
    consume(&deps, &store, ("customers.orders", ORDER_APPROVED.name), approved)?;
    let relay = Relay::new(db.clone(), outbox, Arc::clone(&deps.bus), RelayConfig::default());
    drop(deps.tasks.spawn("customers relay", relay.run(deps.tasks.token())));
    let expiry = events::expire_claims(store.clone(), deps.tasks.clone());
    drop(deps.tasks.spawn("claim expiry", expiry));

    let schema = graphql::schema().data(store.clone()).finish();
    let subgraph = Subgraph::new(deps.subgraph(NAME, EXTRAS), schema, move |request| {
        request.data(Loaders::new(&store))
    })?;
    let seed_db = db.clone();
    Ok(Service::new(&deps, db, subgraph, move |scale, progress| {
        seed::seed(seed_db.clone(), scale, progress)
    }))
}

fn consume(
    deps: &Deps,
    store: &Store,
    group: (&'static str, &str),
    handler: Arc<dyn Handler>,
) -> Result<(), StartError> {
    let (group, stream) = group;
    let consumer = Consumer { group, db: store.db.clone(), outbox: store.outbox.clone(), handler };
    let events = consumer.subscribe(deps.bus.as_ref(), &[stream])?;
    drop(deps.tasks.spawn(group, consumer.run(events, deps.tasks.token())));
    Ok(())
}
