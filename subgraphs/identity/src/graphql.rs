//! Identity's part of the graph; `schema/subgraphs/identity.graphql` is the contract.

pub mod client;
pub mod extras;
pub mod loaders;
pub mod mutation;
pub mod payloads;
pub mod privacy;
pub mod query;
pub mod user;

use async_graphql::{EmptySubscription, Schema, SchemaBuilder};
use braid_service::money::Money;

pub use extras::EXTRAS;
pub use loaders::Loaders;
pub use mutation::Mutation;
pub use query::Query;

use crate::graphql::payloads::UserError;

/// The executable schema; the store and the scopes are put into it by the caller.
pub fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
        .enable_federation()
        .disable_introspection()
        .disable_suggestions()
        .register_output_type::<UserError>()
        .register_output_type::<Money>()
}
