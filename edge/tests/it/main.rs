//! Tests of stored documents over HTTP, and of sign-in, against a subgraph in the process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod auth;
mod documents;
mod shaping;
mod support;
