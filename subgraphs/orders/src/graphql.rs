//! The orders' part of the graph; `schema/subgraphs/orders.graphql` is the contract.

mod extras;
mod loaders;
pub mod mutation;
pub mod order;
pub mod query;
pub mod references;

use async_graphql::{EmptySubscription, Schema, SchemaBuilder};
use braid_service::scalars::Date;

pub use extras::EXTRAS;
pub use loaders::Loaders;
pub use mutation::Mutation;
pub use query::Query;

use crate::graphql::mutation::UserError;

/// The executable schema without its data: [`crate::commands::Commands`] and
/// [`crate::access::Access`] belong into it.
#[must_use]
pub fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
        .enable_federation()
        .disable_introspection()
        .disable_suggestions()
        .register_output_type::<UserError>()
        .register_output_type::<Date>()
}
