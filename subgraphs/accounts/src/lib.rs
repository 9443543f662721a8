//! Corridor's accounts: the organisations that it knows, and the people there.
//!
//! Flow: GraphQL ([`graphql`]) applies the row rules and checks input by [`domain`]; the [`store`]
//! writes record, event and idempotency key in one transaction; the relay publishes what
//! [`events`] describes. Who belongs to which account is identity's knowledge, kept here as a view
//! for the row rules.

pub mod domain;
pub mod events;
pub mod graphql;
pub mod seed;
pub mod store;

use std::sync::Arc;

use braid_service::app::{Deps, Service, StartError};
use braid_service::graphql::Subgraph;
use braid_service::membership::Memberships;
use braid_service::outbox::{Outbox, Relay, RelayConfig};

use crate::graphql::{EXTRAS, Loaders};
use crate::store::{MIGRATION_SET, MIGRATIONS, Store};

/// The subgraph's name in the supergraph.
pub const NAME: &str = "accounts";

/// Starts the service.
///
/// # Errors
/// The database, the bus or the schema refuses.
pub async fn build(deps: Deps) -> Result<Service, StartError> {
    let db = deps.open(MIGRATION_SET, MIGRATIONS).await?;
    let outbox = Outbox::new(NAME, deps.clock.clone(), Arc::clone(&deps.ids));
    let memberships = Memberships::follow(&deps, &db, &outbox, "accounts.memberships").await?;
    let relay =
        Relay::new(db.clone(), outbox.clone(), Arc::clone(&deps.bus), RelayConfig::default());
    drop(deps.tasks.spawn("accounts relay", relay.run(deps.tasks.token())));
    let store = Store::new(db.clone(), deps.clock.clone(), Arc::clone(&deps.ids), outbox);
    let schema = graphql::schema().data(store.clone()).finish();
    let subgraph = Subgraph::new(deps.subgraph(NAME, EXTRAS), schema, move |request| {
        request.data(Loaders::new(&store, &memberships))
    })?;
    let seeded = db.clone();
    Ok(Service::new(&deps, db, subgraph, move |scale, progress| {
        let db = seeded.clone();
        async move { seed::world(&db, scale, &progress).await }
    }))
}
