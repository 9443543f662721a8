//! Printing of merged schemas as SDL, in an order that depends on nothing but the content.

pub(crate) mod api;
pub(crate) mod element;
pub(crate) mod features;
pub(crate) mod supergraph;
