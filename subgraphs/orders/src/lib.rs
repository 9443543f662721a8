//! Corridor's orders subgraph.
