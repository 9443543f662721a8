//! Compiles plans and runs them against subgraphs.
//!
//! The flow: [`braid_planner::plan::Plan`] -> [`compile`] (once per operation: tables, constant
//! parts of requests and answer) -> [`execute`] (per request): `represent` builds the bodies of
//! requests, `transport` sends them, `read` lays the answers out in an arena of spans, and `write`
//! puts the client's answer together from it. There is no tree of JSON on the way, and no entity
//! is copied before it is written.
//!
//! A sick subgraph costs only its own fields. Whatever it sends is bounded and checked, and told to
//! the client by a closed list of codes.

mod compile;
mod data;
mod escape;
mod fault;
mod headers;
mod read;
mod represent;
mod run;
mod subgraphs;
mod transport;
mod write;

pub use compile::{CompileError, Compiled, compile};
pub use headers::forwardable;
pub use run::{RequestContext, execute};
pub use subgraphs::{
    ANSWER_BYTES_MAX, ConfigError, InProcess, InProcessFuture, SubgraphConfig, Subgraphs, TIMEOUT,
    Via,
};
pub use write::{ErrorOptions, Response};
