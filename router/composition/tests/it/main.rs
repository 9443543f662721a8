//! Tests of composition at its border, by data: a folder per case under `cases/`.
//!
//! `subgraphs/*.graphql` are the inputs (file name = subgraph name), `expected.graphql` the
//! supergraph, `api.graphql` the API schema (compared when it exists), `hints.txt` the hints
//! (compared when it exists), `errors.txt` the errors when there must be some.
//! `BRAID_UPDATE=1` writes what came out; read it before committing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod cases;
mod domain;
mod hostile;
mod oracle;
mod properties;
mod support;
