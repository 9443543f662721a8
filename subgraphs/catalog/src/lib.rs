//! Corridor's catalog: products in four kinds, their prices, and signed price quotes.
//!
//! Reading is public, quotes need a caller, writing needs `catalog:write`. Flow: GraphQL
//! ([`graphql`]) checks input by [`domain`], the [`store`] writes product and event in one
//! transaction, the relay publishes what [`events`] describes.

pub mod domain;
pub mod events;
pub mod graphql;
pub mod seed;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

use braid_service::app::{Deps, Service, StartError};
use braid_service::graphql::Subgraph;
use braid_service::membership::Memberships;
use braid_service::outbox::{Outbox, Relay, RelayConfig};
use braid_service::quote::QuoteKey;
use braid_service::tasks::Tasks;

use crate::graphql::{EXTRAS, ImageBase, Loaders};
use crate::store::{MIGRATION_SET, MIGRATIONS, Store};

/// The subgraph's name in the supergraph.
pub const NAME: &str = "catalog";
/// Where pictures of products are; the web edge serves them under this path.
const IMAGE_BASE: &str = "/images/products";
/// How often prices are looked for that come into force.
const DUE_EVERY: Duration = Duration::from_secs(1);

/// Starts the catalog.
///
/// # Errors
/// The database, the bus or the schema refuses; an empty quote secret.
pub async fn build(deps: Deps) -> Result<Service, StartError> {
    if deps.quote_secret.is_empty() {
        let problem = "is needed to sign quotes".to_owned();
        return Err(StartError::Config { name: "quote secret".to_owned(), problem });
    }
    let db = deps.open(MIGRATION_SET, MIGRATIONS).await?;
    let outbox = Outbox::new(NAME, deps.clock.clone(), Arc::clone(&deps.ids));
    let memberships = Memberships::follow(&deps, &db, &outbox, "catalog.memberships").await?;
    let relay =
        Relay::new(db.clone(), outbox.clone(), Arc::clone(&deps.bus), RelayConfig::default());
    drop(deps.tasks.spawn("catalog relay", relay.run(deps.tasks.token())));
    let store = Store::new(db.clone(), deps.clock.clone(), outbox);
    drop(deps.tasks.spawn("catalog prices", announce_due(store.clone(), deps.tasks.clone())));
    let schema = graphql::schema()
        .data(store.clone())
        .data(memberships)
        .data(QuoteKey::new(&deps.quote_secret))
        .data(ImageBase(IMAGE_BASE.to_owned()))
        .data(Arc::clone(&deps.ids))
        .finish();
    let subgraph = Subgraph::new(deps.subgraph(NAME, EXTRAS), schema, move |request| {
        request.data(Loaders::new(&store))
    })?;
    let seeded = db.clone();
    Ok(Service::new(&deps, db, subgraph, move |scale, progress| {
        let db = seeded.clone();
        async move { seed::world(&db, scale, &progress).await }
    }))
}

/// Publishes prices as they come into force, until shutdown.
async fn announce_due(store: Store, tasks: Tasks) {
    loop {
        tokio::select! {
            () = tasks.stopping() => return,
            () = tokio::time::sleep(DUE_EVERY) => {}
        }
        if let Err(error) = store.announce_due().await {
            tracing::warn!(%error, "announcing prices has to wait");
        }
    }
}
