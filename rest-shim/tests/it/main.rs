//! Tests of the REST edge over HTTP, against a subgraph in the process. Every answer is held
//! against the OpenAPI document.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod answers;
mod hostile;
mod openapi;
mod parameters;
mod problems;
mod schema;
mod support;
