//! Tests of the package as its users see it.

mod operations;
mod plans;
