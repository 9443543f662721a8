//! The subgraphs: started, seeded, and called in process as if over HTTP.

use std::path::Path;
use std::sync::Arc;

use braid_service::app::{Deps, HttpHandler, Service};
use braid_service::bus::LocalBus;
use braid_service::clock::Clock;
use braid_service::ids::IdGen;
use braid_service::seed::Scale;
use braid_service::tasks::Tasks;
use braid_vouch::{Signer, Verifier};

use crate::error::StackError;
use crate::progress::Seeding;

/// The key under which the router vouches for its requests; made anew at every start, since both
/// ends are in this process.
const KEY_ID: &str = "stack";

/// All subgraphs that are built.
pub(crate) const SUBGRAPHS: [&str; 5] = ["identity", "accounts", "catalog", "customers", "orders"];

/// All subgraphs, running.
pub(crate) struct Services {
    /// Each with what the router signs its requests with.
    pub(crate) subgraphs: Vec<(Service, Arc<Signer>)>,
    /// Sign-in, if identity is among them.
    pub(crate) auth: Option<HttpHandler>,
    /// Their background tasks.
    pub(crate) tasks: Tasks,
}

/// Where the databases are.
pub(crate) enum Storage<'a> {
    /// One SQLite file a service in this folder.
    Folder(&'a Path),
    /// Nowhere that lasts.
    Ephemeral,
}

impl Storage<'_> {
    fn url(&self, service: &str) -> String {
        match self {
            Self::Folder(folder) => format!("sqlite:{}/{service}.sqlite", folder.display()),
            Self::Ephemeral => "ephemeral:".to_owned(),
        }
    }
}

/// Starts all services on their databases. The bus starts when all have subscribed.
pub(crate) async fn start(
    storage: &Storage<'_>,
    is_remote: impl Fn(&str) -> bool,
) -> Result<Services, StackError> {
    let tasks = Tasks::new();
    let bus = LocalBus::new();
    let clock = Clock::system();
    let ids = Arc::new(IdGen::new(clock.clone()));
    let quote_secret: Arc<[u8]> = Arc::new(secret(&ids)?);
    let mut subgraphs = Vec::new();
    macro_rules! start {
        ($($service:ident),*) => {$(if !is_remote(stringify!($service)) {
            let key = secret(&ids)?;
            let verifier = Verifier::new(&[(KEY_ID, &key)]).map_err(StackError::Key)?;
            let deps = Deps {
                database_url: storage.url(stringify!($service)),
                clock: clock.clone(),
                ids: Arc::clone(&ids),
                bus: Arc::new(bus.clone()),
                verifier: Arc::new(verifier),
                quote_secret: Arc::clone(&quote_secret),
                tasks: tasks.clone(),
            };
            let service = $service::build(deps)
                .await
                .map_err(|source| StackError::Service { name: stringify!($service), source })?;
            let signer = Signer::new(KEY_ID, &key).map_err(StackError::Key)?;
            subgraphs.push((service, Arc::new(signer)));
        })*};
    }
    start!(identity, accounts, catalog, customers, orders);
    bus.start();
    let auth = subgraphs.iter().find_map(|(service, _)| service.http.clone());
    Ok(Services { subgraphs, auth, tasks })
}

impl Services {
    /// Writes the demo world, unless it is there already.
    pub(crate) async fn seed(&self, scale: Scale) -> Result<(), StackError> {
        let mut fresh = Vec::new();
        for (service, _) in &self.subgraphs {
            let seeded = service.is_seeded().await;
            if !seeded.map_err(|source| StackError::Service { name: service.name(), source })? {
                fresh.push(service);
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        let seeding = Seeding::new();
        for service in fresh {
            let progress = seeding.of(service.name());
            let result = service.seed(scale, progress).await;
            result.map_err(|source| StackError::Service { name: service.name(), source })?;
        }
        seeding.finish();
        Ok(())
    }
}

fn secret(ids: &IdGen) -> Result<[u8; 32], StackError> {
    ids.secret().ok_or(StackError::NoRandomness)
}

/// Runs one subgraph until it is told to stop.
pub(crate) async fn run_one(name: &str) -> Result<(), StackError> {
    macro_rules! run {
        ($($service:ident),*) => {
            match name {
                $(stringify!($service) => {
                    let run = braid_service::server::run(stringify!($service), $service::build);
                    run.await.map_err(|source| StackError::Service { name: stringify!($service), source })
                })*
                // The command line takes only names of `SUBGRAPHS`.
                _ => Ok(()),
            }
        };
    }
    run!(identity, accounts, catalog, customers, orders)
}
