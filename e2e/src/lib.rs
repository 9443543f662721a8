//! Tests that start the stack and drive it as clients do.
