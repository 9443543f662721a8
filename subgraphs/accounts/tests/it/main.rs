//! Accounts from outside.

mod contract;
