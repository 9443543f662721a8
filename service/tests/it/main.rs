//! The chassis from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod bus;
mod db;
mod graphql;
mod loader;
mod membership;
mod messaging;
mod server;
mod values;
