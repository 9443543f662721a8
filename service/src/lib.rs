//! The chassis every subgraph is built on.

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
