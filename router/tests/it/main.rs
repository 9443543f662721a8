//! Tests of the server: GraphQL over HTTP against in-process subgraphs, the listener over sockets,
//! the command line by running it.

#![expect(clippy::unwrap_used, reason = "a failing test is to panic where it fails")]

mod access;
mod cli_compose;
mod cli_serve;
mod config;
mod engine;
mod graphql_over_http;
mod hostile;
mod listener;
mod support;
