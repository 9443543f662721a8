//! Corridor's accounts subgraph.
