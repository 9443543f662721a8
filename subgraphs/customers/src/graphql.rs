//! The customers' part of the graph; `schema/subgraphs/customers.graphql` is the contract.

mod access;
pub mod customer;
mod extras;
mod loaders;
pub mod mutation;
pub mod query;
pub mod references;

use async_graphql::{EmptySubscription, Schema, SchemaBuilder};
use braid_service::scalars::Date;

pub use extras::EXTRAS;
pub use loaders::Loaders;
pub use mutation::Mutation;
pub use query::Query;

use crate::graphql::mutation::UserError;

/// The executable schema without its data: a [`crate::store::Store`] belongs into it.
#[must_use]
pub fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
        .enable_federation()
        .disable_introspection()
        .disable_suggestions()
        .register_output_type::<UserError>()
        .register_output_type::<Date>()
}
