//! Composes subgraph SDLs into a supergraph.
