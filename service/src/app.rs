//! What every subgraph package has in common: what it is given ([`Deps`]), what it gives
//! ([`Service`]), and how it fails to start ([`StartError`]).
//!
//! A package exposes `pub async fn build(deps: Deps) -> Result<Service, StartError>`. It opens its
//! database, applies its migrations, subscribes its consumers to the bus (the bus starts when all
//! services are built), spawns its background tasks and answers the handler.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use braid_vouch::Verifier;
use bytes::Bytes;

use crate::bus::{Bus, BusError};
use crate::clock::Clock;
use crate::db::{Db, DbError, Migration, sql};
use crate::graphql::{Limits, Subgraph, SubgraphConfig};
use crate::ids::IdGen;
use crate::messaging::MessagingError;
use crate::sdl::{Extra, SdlError};
use crate::seed::{Progress, Scale};
use crate::tasks::Tasks;

/// A boxed future of something that may run on any thread.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// Plain HTTP beside GraphQL, such as sign-in.
pub type HttpHandler =
    Arc<dyn Fn(http::Request<Bytes>) -> BoxFuture<http::Response<Bytes>> + Send + Sync>;
type SeedFn = Arc<dyn Fn(Scale, Progress) -> BoxFuture<Result<(), StartError>> + Send + Sync>;

/// What a subgraph package is given.
#[derive(Clone)]
pub struct Deps {
    /// Where its data is: see [`Db::open`].
    pub database_url: String,
    /// The time.
    pub clock: Clock,
    /// New ids and secrets.
    pub ids: Arc<IdGen>,
    /// The bus between services.
    pub bus: Arc<dyn Bus>,
    /// Who may ask it: the keys that it shares with the router.
    pub verifier: Arc<Verifier>,
    /// The secret under which catalog signs price quotes and orders verifies them.
    pub quote_secret: Arc<[u8]>,
    /// Where its background tasks run.
    pub tasks: Tasks,
}

/// A subgraph package that has started.
#[derive(Clone)]
pub struct Service {
    /// Its GraphQL endpoint.
    pub subgraph: Arc<Subgraph>,
    /// Its database.
    pub db: Db,
    /// Its plain HTTP endpoint, if it has one.
    pub http: Option<HttpHandler>,
    clock: Clock,
    seed: SeedFn,
}

/// Why a service cannot start (or be seeded).
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The schema.
    #[error(transparent)]
    Sdl(#[from] SdlError),
    /// Outbox, inbox, sagas.
    #[error(transparent)]
    Messaging(#[from] MessagingError),
    /// The bus.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A configuration value.
    #[error("{name}: {problem}")]
    Config {
        /// The variable or field.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The demo world could not be written.
    #[error("seeding: {0}")]
    Seed(String),
}

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "seeded",
    sql: "CREATE TABLE seeded (scale TEXT PRIMARY KEY, finished_at BIGINT NOT NULL)",
}];

// === impl Deps ===

impl Deps {
    /// Opens the package's database and brings its tables up to date: the chassis's own, those of
    /// messaging, and the package's `migrations` under the set `name`.
    ///
    /// # Errors
    /// The database refuses, or an applied migration was edited.
    pub async fn open(&self, name: &str, migrations: &[Migration]) -> Result<Db, StartError> {
        let db = Db::open(&self.database_url).await?;
        db.migrate("chassis", MIGRATIONS).await?;
        crate::messaging::migrate(&db).await?;
        db.migrate(name, migrations).await?;
        Ok(db)
    }

    /// The configuration of the package's subgraph with the usual limits.
    pub fn subgraph(&self, name: &'static str, extras: &'static [Extra]) -> SubgraphConfig {
        SubgraphConfig {
            name,
            extras,
            verifier: Arc::clone(&self.verifier),
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            limits: Limits::default(),
        }
    }
}

// === impl Service ===

impl Service {
    /// A service. `seed` writes the demo world of a scale; it may be called again after it was
    /// interrupted, so its inserts say `ON CONFLICT DO NOTHING`.
    pub fn new<F>(
        deps: &Deps,
        db: Db,
        subgraph: Subgraph,
        seed: impl Fn(Scale, Progress) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), StartError>> + Send + 'static,
    {
        Self {
            subgraph: Arc::new(subgraph),
            db,
            http: None,
            clock: deps.clock.clone(),
            seed: Arc::new(move |scale, progress| Box::pin(seed(scale, progress))),
        }
    }

    /// The same service with plain HTTP beside GraphQL.
    #[must_use]
    pub fn with_http(mut self, handler: HttpHandler) -> Self {
        self.http = Some(handler);
        self
    }

    /// Its name in the supergraph.
    pub fn name(&self) -> &'static str {
        self.subgraph.name()
    }

    /// Whether a demo world was written completely.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn is_seeded(&self) -> Result<bool, StartError> {
        Ok(self.db.fetch_optional(sql("SELECT scale FROM seeded")).await?.is_some())
    }

    /// Writes the demo world, unless one was written completely before.
    ///
    /// # Errors
    /// The database refuses, or the package cannot make its part of the world.
    pub async fn seed(&self, scale: Scale, progress: Progress) -> Result<(), StartError> {
        if self.is_seeded().await? {
            return Ok(());
        }
        (self.seed)(scale, progress).await?;
        let mark = sql("INSERT INTO seeded (scale, finished_at) VALUES ($1, $2)");
        self.db.execute(mark.bind(scale.as_str()).bind(self.clock.now_us())).await?;
        Ok(())
    }

    /// Whether it can serve now: its database answers.
    pub async fn is_ready(&self) -> bool {
        self.db.fetch_optional(sql("SELECT 1 AS one")).await.is_ok()
    }
}
