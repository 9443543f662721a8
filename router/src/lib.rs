//! The engine behind HTTP: what the router's server and all edges are built from.
//!
//! - [`engine`]: one snapshot of a supergraph that answers operations.
//! - [`http`]: GraphQL over HTTP, step by step.
//! - [`serve`]: a listener with limits and a graceful end.
//! - [`upstream`]: how subgraphs are reached.
//! - [`config`], [`subgraph_list`], [`fetch`]: what the command line reads.
//!
//! The command line itself is the binary `braid`.

pub mod config;
pub mod engine;
pub mod fetch;
pub mod http;
pub mod refusal;
pub mod serve;
pub mod subgraph_list;
pub mod upstream;
