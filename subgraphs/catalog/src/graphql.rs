//! The catalog's part of the graph; `schema/subgraphs/catalog.graphql` is the contract.

pub mod access;
pub mod extras;
pub mod loaders;
pub mod mutation;
pub mod product;
pub mod query;
pub mod quote;

use async_graphql::{EmptySubscription, Schema};
use braid_service::scalars::Date;

pub use extras::EXTRAS;
pub use loaders::Loaders;
pub use mutation::Mutation;
pub use product::ImageBase;
pub use query::Query;

use crate::graphql::mutation::UserError;

/// The executable schema. The store and the other parts are put into it by the caller.
pub fn schema() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
        .enable_federation()
        .disable_introspection()
        .disable_suggestions()
        .register_output_type::<UserError>()
        .register_output_type::<Date>()
}
