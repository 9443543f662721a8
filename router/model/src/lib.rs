//! The interned schema model of a supergraph, and GraphQL syntax.
