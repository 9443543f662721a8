//! Plans: golden ones of the domain's operations, cases by feature, properties.

mod corridor;
mod support;
