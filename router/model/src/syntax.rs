//! GraphQL syntax: one lexer and parser for executable and type-system documents.
//!
//! The tree is flat: every kind of node lies in one vector of the [`Document`], children stand
//! together and are named by a [`List`], text is a [`Span`] of the source. Parsing allocates a
//! dozen vectors and nothing per node. See the GraphQL specification (September 2025), section 2
//! and appendix B.
//!
//! Parsing is bounded by [`Limits`]: tokens and nesting; no input makes it recurse deeper.

mod ast;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub use ast::*;
pub use parser::{Limits, SyntaxError, parse, parse_selection_set};
