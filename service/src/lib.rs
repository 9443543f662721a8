//! The chassis every subgraph is built on.
