//! Validates operations and plans them over a supergraph.
//!
//! The flow: text -> [`braid_model::syntax`] -> `validate` (all rules of the specification) ->
//! [`operation::Operation`] (one operation, fragments inlined within a bound, conditions decided)
//! -> `plan` -> [`plan::Plan`], which the executor compiles and runs.
//!
//! No I/O, no clock, no async: the same inputs give the same plan.

pub mod coerce;
pub mod document;
pub mod introspect;
pub mod limits;
mod normalise;
pub mod operation;
pub mod plan;
mod planner;
pub mod validate;
pub mod view;

pub use planner::{PlanError, PlanOptions, plan};
