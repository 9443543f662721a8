//! Corridor's orders subgraph: event-sourced orders and the sagas that decide them.
//!
//! An order is accepted at once (`PENDING`, committed) and decided by a saga over the bus. What is
//! needed to accept it, prices and who buys for whom, is known here by projections; no other
//! service is asked.

pub mod access;
pub mod commands;
pub mod domain;
pub mod events;
pub mod graphql;
pub mod sagas;
mod seed;
pub mod store;

use std::sync::Arc;

use braid_service::app::{Deps, Service, StartError};
use braid_service::bus::reply_stream;
use braid_service::graphql::Subgraph;
use braid_service::inbox::{Consumer, Handler};
use braid_service::membership::Memberships;
use braid_service::outbox::{Outbox, Relay, RelayConfig};
use braid_service::quote::QuoteKey;

use crate::access::Access;
use crate::commands::Commands;
use crate::events::{CUSTOMER_STREAMS, Customers, PRODUCT_STREAMS, Products};
use crate::graphql::{EXTRAS, Loaders};
use crate::sagas::Sagas;
use crate::store::Store;

/// Its name in the supergraph, on the bus and in migrations.
pub const NAME: &str = "orders";

/// Builds the service: database, consumers, sagas, background tasks, endpoint.
///
/// # Errors
/// The database or the bus refuses, or the schema's parts do not fit together.
pub async fn build(deps: Deps) -> Result<Service, StartError> {
    let outbox = Outbox::new(NAME, deps.clock.clone(), Arc::clone(&deps.ids));
    build_with(deps, outbox).await
}

/// [`build`] over a given outbox, which may have fail points in it.
///
/// # Errors
/// As [`build`].
pub async fn build_with(deps: Deps, outbox: Outbox) -> Result<Service, StartError> {
    let db = deps.open(NAME, store::MIGRATIONS).await?;
    let store = Store { db: db.clone(), outbox: outbox.clone() };
    let memberships = Memberships::follow(&deps, &db, &outbox, "orders.memberships").await?;
    let sagas = Sagas::new(&store);
    let orchestrator = sagas.orchestrator(&store);
    consume(&deps, &store, ("orders.products", PRODUCT_STREAMS), Arc::new(Products))?;
    consume(&deps, &store, ("orders.customers", CUSTOMER_STREAMS), Arc::new(Customers))?;
    let replies = reply_stream(NAME);
    let answers = Arc::new(orchestrator.clone());
    consume(&deps, &store, ("orders.sagas", &[replies.as_str()]), answers)?;
    drop(deps.tasks.spawn("orders timer", orchestrator.run_timer(deps.tasks.token())));
    let relay = Relay::new(db.clone(), outbox, Arc::clone(&deps.bus), RelayConfig::default());
    drop(deps.tasks.spawn("orders relay", relay.run(deps.tasks.token())));

    let quotes = QuoteKey::new(&deps.quote_secret);
    let schema = graphql::schema()
        .data(Commands { store: store.clone(), sagas, quotes })
        .data(Access { store: store.clone(), memberships })
        .finish();
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
    group: (&'static str, &[&str]),
    handler: Arc<dyn Handler>,
) -> Result<(), StartError> {
    let (group, streams) = group;
    let consumer = Consumer { group, db: store.db.clone(), outbox: store.outbox.clone(), handler };
    let events = consumer.subscribe(deps.bus.as_ref(), streams)?;
    drop(deps.tasks.spawn(group, consumer.run(events, deps.tasks.token())));
    Ok(())
}
