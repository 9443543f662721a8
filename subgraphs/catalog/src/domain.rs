//! What the catalog knows, without database or GraphQL: products, prices, quotes, search text.

pub mod draft;
pub mod problem;
pub mod product;
