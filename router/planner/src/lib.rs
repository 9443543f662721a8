//! Validates operations and plans them over a supergraph.
//!
//! The flow: text -> [`document::ValidDocument`] ([`limits`] first, then all rules of the
//! specification, against a [`view`]) -> [`operation::Operation`] (one operation, fragments inlined
//! within a bound, conditions decided) -> [`plan()`] -> [`plan::Plan`], which the executor compiles
//! and runs. Beside it: values of variables ([`coerce`]) and answers to introspection
//! ([`introspect`]).
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
