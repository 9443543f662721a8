//! Validates operations and plans them over a supergraph.
//!
//! The flow: text -> [`braid_model::syntax`] -> `validate` (all rules of the specification) ->
//! [`operation::Operation`] (one operation, fragments inlined within a bound, conditions decided)
//! -> `plan` -> [`plan::Plan`], which the executor compiles and runs.
//!
//! No I/O, no clock, no async: the same inputs give the same plan.

pub mod document;
pub mod limits;
mod normalise;
pub mod operation;
pub mod plan;
pub mod validate;
pub mod view;
