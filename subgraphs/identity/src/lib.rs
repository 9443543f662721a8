//! Corridor's identity: users, what they may do, how they sign in, and their rights on their data.
//!
//! Three doors: the subgraph ([`graphql`]), sign-in as plain HTTP ([`auth`]), and events
//! ([`events`]). All that tells who somebody is stands in the table `user_details`.

pub mod auth;
pub mod domain;
pub mod events;
pub mod graphql;
pub mod seed;
pub mod store;

use std::sync::Arc;
use std::time::Duration;

use braid_service::app::{Deps, HttpHandler, Service, StartError};
use braid_service::graphql::Subgraph;
use braid_service::outbox::{Outbox, Relay, RelayConfig};
use braid_service::tasks::Tasks;

pub use crate::auth::{AUDIENCE, Auth, ISSUER, PEER_HEADER};
pub use crate::seed::{DemoUser, demo_client, demo_users};

use crate::domain::password::Passwords;
use crate::domain::scopes::ScopeTable;
use crate::graphql::{EXTRAS, Loaders};
use crate::store::{Failure, MIGRATION_SET, MIGRATIONS, Store};

/// The subgraph's name in the supergraph.
pub const NAME: &str = "identity";
/// How often ended sessions are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);

/// Identity as a service of its own: sign-in is its plain HTTP.
///
/// # Errors
/// See [`start`].
pub async fn build(deps: Deps) -> Result<Service, StartError> {
    let (service, auth) = start(deps).await?;
    let handler: HttpHandler = Arc::new(move |request| {
        let auth = Arc::clone(&auth);
        Box::pin(async move { auth.handle(request).await })
    });
    Ok(service.with_http(handler))
}

/// Identity in a process with others: the service, and the sign-in endpoint for the edges to
/// mount ([`Auth::handle`]), with the key set of its tokens ([`Auth::jwks`]).
///
/// # Errors
/// The database, the bus or the schema refuses; the embedded scopes are malformed.
pub async fn start(deps: Deps) -> Result<(Service, Arc<Auth>), StartError> {
    let config =
        |name: &str, problem: String| StartError::Config { name: name.to_owned(), problem };
    let db = deps.open(MIGRATION_SET, MIGRATIONS).await?;
    let outbox = Outbox::new(NAME, deps.clock.clone(), Arc::clone(&deps.ids));
    let relay =
        Relay::new(db.clone(), outbox.clone(), Arc::clone(&deps.bus), RelayConfig::default());
    drop(deps.tasks.spawn("identity relay", relay.run(deps.tasks.token())));
    let store = Store::new(db.clone(), deps.clock.clone(), Arc::clone(&deps.ids), outbox);
    drop(deps.tasks.spawn("identity sessions", prune(store.clone(), deps.tasks.clone())));
    let scopes = ScopeTable::embedded().map_err(|problem| config("schema/scopes.toml", problem))?;
    let schema = graphql::schema().data(store.clone()).data(scopes.clone()).finish();
    let loaded = store.clone();
    let subgraph = Subgraph::new(deps.subgraph(NAME, EXTRAS), schema, move |request| {
        Loaders::add(request, &loaded)
    })?;
    let passwords = tokio::task::spawn_blocking(Passwords::new).await;
    let passwords = passwords
        .map_err(|error| config("passwords", error.to_string()))?
        .map_err(|error| config("passwords", error.to_string()))?;
    let signers = store.signers(ISSUER, AUDIENCE).await?;
    let auth = Auth::new(store, passwords, scopes, signers)
        .ok_or_else(|| config("signing key", "there is none".to_owned()))?;
    let seeded = db.clone();
    let service = Service::new(&deps, db, subgraph, move |scale, progress| {
        let db = seeded.clone();
        async move { seed::world(&db, scale, &progress).await }
    });
    Ok((service, Arc::new(auth)))
}

/// Removes ended sessions until shutdown.
async fn prune(store: Store, tasks: Tasks) {
    loop {
        tokio::select! {
            () = tasks.stopping() => return,
            () = tokio::time::sleep(PRUNE_EVERY) => {}
        }
        if let Err(Failure::Fault(fault)) = store.prune_families().await {
            tracing::warn!(error = fault.for_log(), "removing ended sessions has to wait");
        }
    }
}
