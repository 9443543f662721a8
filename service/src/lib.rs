//! The chassis every subgraph is built on.

pub mod db;
pub mod testkit;
