//! The catalog from outside.

mod contract;
