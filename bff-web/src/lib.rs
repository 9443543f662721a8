//! The web dashboard's edge.
