//! Corridor's customers subgraph.
