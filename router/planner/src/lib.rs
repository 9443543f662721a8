//! Validates operations and plans them over a supergraph.
