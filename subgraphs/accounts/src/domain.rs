//! What accounts and contacts are, without database or GraphQL.

pub mod account;
pub mod contact;
pub mod duplicate;
pub mod patch;
pub mod problem;
pub mod text;
