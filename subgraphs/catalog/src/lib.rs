//! Corridor's catalog subgraph.
