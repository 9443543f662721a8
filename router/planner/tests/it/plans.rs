//! Plans: golden ones of the domain's operations, cases by feature, properties.

mod cases;
mod corridor;
mod generate;
mod oracle;
mod properties;
mod support;
