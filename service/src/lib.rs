//! The chassis every subgraph is built on: database, messaging, GraphQL serving, values, seeding.
//!
//! # A subgraph in five steps
//!
//! **1. `build`.** A package's `lib.rs` has one entry point; the stack starts all packages alike.
//! ```text
//! pub async fn build(deps: Deps) -> Result<Service, StartError> {
//!     let db = deps.open("accounts", MIGRATIONS).await?;        // chassis, messaging, own tables
//!     let outbox = Outbox::new("accounts", deps.clock.clone(), deps.ids.clone());
//!     // Subscribe consumers to deps.bus here; spawn relays and consumers with deps.tasks.
//!     let schema = graphql::schema().data(Store::new(db.clone(), outbox)).finish();
//!     let loaders_db = db.clone();
//!     let subgraph = Subgraph::new(deps.subgraph("accounts", EXTRAS), schema, move |request| {
//!         request.data(Loader::new(AccountsById(loaders_db.clone())))
//!     })?;
//!     let seed_db = db.clone();
//!     Ok(Service::new(&deps, db, subgraph, move |scale, progress| seed(seed_db.clone(), scale, progress)))
//! }
//! ```
//! `main.rs` calls [`server::run`] with it.
//!
//! **2. Tables.** [`db::Migration`]s with `BIGINT`, `TEXT` and `BLOB` columns; statements with
//! [`db::sql`], read through [`db::Db`], written through [`db::Db::write`] together with their
//! events ([`outbox`]) and idempotency keys ([`idempotency`]).
//!
//! **3. Resolvers.** They answer `Result<T, Fault>` ([`fault::Fault`]); what goes wrong for the
//! business is data (`userErrors`). [`graphql::ContextExt`] gives them the caller and whatever the
//! package put into the schema. Everything that is loaded goes through a [`loader::Loader`]; lists
//! are [`page::Page`]s. Entity resolvers may fail or answer `None`: each representation fails
//! alone, with its index in the error's path. What the caller may not see is `None`, the same as
//! what does not exist.
//!
//! **4. Schema.** Types, nullability and defaults come from Rust; directives and descriptions from
//! a table of [`sdl::Extra`]s beside them. Rust documentation never reaches the schema.
//!
//! **5. Tests.** [`testkit::TestService`] starts the package on an ephemeral database with a clock
//! that stands still, asks it as the router does, and has the contracts that every package keeps:
//! [`testkit::assert_contract`] (the schema is the one in `schema/subgraphs`),
//! [`testkit::assert_closed`] (nobody but the router is answered), [`testkit::databases`] (every
//! statement runs on SQLite and on PostgreSQL).
//!
//! # Map
//!
//! | area | modules |
//! |---|---|
//! | start and stop | [`app`], [`server`], [`tasks`] |
//! | storage | [`db`], [`idempotency`] |
//! | messages | [`event`], [`streams`], [`outbox`], [`inbox`], [`bus`], [`saga`], [`messaging`] |
//! | GraphQL | [`graphql`], [`sdl`], [`loader`], [`page`], [`fault`] |
//! | values | [`ids`], [`clock`], [`money`], [`scalars`] |
//! | demo world | [`seed`] |
//!
//! Knows no subgraph, no router, no edge.

pub mod app;
pub mod bus;
pub mod clock;
pub mod db;
pub mod event;
pub mod failpoints;
pub mod fault;
pub mod graphql;
pub mod idempotency;
pub mod ids;
pub mod inbox;
pub mod loader;
pub mod membership;
pub mod messaging;
pub mod money;
pub mod outbox;
pub mod page;
pub mod quote;
pub mod saga;
pub mod scalars;
pub mod sdl;
pub mod search;
pub mod seed;
pub mod server;
pub mod streams;
pub mod tasks;
pub mod testkit;

pub use async_graphql;
pub use braid_vouch;
