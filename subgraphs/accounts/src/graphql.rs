//! The accounts part of the graph; `schema/subgraphs/accounts.graphql` is the contract.

pub mod access;
pub mod account;
pub mod contact;
pub mod extras;
pub mod input;
pub mod loaders;
pub mod mutation;
pub mod payload;
pub mod query;

use async_graphql::{EmptySubscription, Schema};
use braid_service::money::Money;
use braid_service::scalars::Date;

pub use extras::EXTRAS;
pub use loaders::Loaders;
pub use mutation::Mutation;
pub use query::Query;

use crate::graphql::payload::UserError;

/// The executable schema. The store and the other parts are put into it by the caller.
pub fn schema() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
        .enable_federation()
        .disable_introspection()
        .disable_suggestions()
        .register_output_type::<UserError>()
        .register_output_type::<Money>()
        .register_output_type::<Date>()
}
