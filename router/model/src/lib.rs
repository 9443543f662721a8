//! The interned schema model of a supergraph, and GraphQL syntax.
//!
//! First in the engine's chain (model <- composition <- planner <- executor). Everything behind it
//! speaks of types, fields and subgraphs by small integers; strings exist at the edges only.
//!
//! - [`syntax`]: one lexer and parser for executable and type-system documents, in a flat arena.
//! - [`schema`]: the supergraph: types, fields and, for each subgraph, what it can resolve and how.
//! - [`read`]: supergraph SDL (join specification) into the model.
//! - [`bits`]: bit sets over the model's ids.
//! - [`json`]: a bounded reader of JSON, for variables and for answers.
//!
//! Knows nothing of operations, plans or transports; does no I/O.

pub mod bits;
pub mod ids;
pub mod json;
mod read;
pub mod schema;
pub mod syntax;

pub use read::ReadError;
pub use schema::Supergraph;
