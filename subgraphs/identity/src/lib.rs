//! Corridor's identity subgraph.
