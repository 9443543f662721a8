//! GraphQL over HTTP: the draft specification of the GraphQL working group, made safe by default.
//!
//! The flow of a request: [`negotiate`] (what the client accepts), [`csrf`] (whether another site
//! may be behind it), [`body`] and [`params`] (what it asks), [`caller`] (who asks), the engine,
//! and the answer. Each step is a function that the other edges use, too; [`graphql`] puts them
//! together for the router. [`health`] and [`cors`] stand beside it.
//!
//! A client's mistake is never a 5xx, and every answer is JSON.

pub mod body;
pub mod caller;
pub mod cors;
pub mod csrf;
pub mod graphql;
pub mod health;
pub mod metrics;
pub mod negotiate;
pub mod params;
