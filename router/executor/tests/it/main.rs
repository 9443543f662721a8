//! Tests of the package as its users see it: operations are planned for composed schemas and run
//! against subgraphs that answer whatever a test tells them to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod breaches;
mod domain;
mod errors;
mod generate;
mod naive;
mod nulls;
mod property;
mod requests;
mod schedule;
mod shaping;
mod support;
mod transport;
