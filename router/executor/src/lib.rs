//! Compiles plans and runs them against subgraphs.
