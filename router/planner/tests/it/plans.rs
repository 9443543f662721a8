//! Plans: golden ones of the domain's operations, cases by feature, properties.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test that calls them")]

mod cases;
mod corridor;
mod generate;
mod large;
mod options;
mod oracle;
mod properties;
mod representations;
mod schemas;
mod support;
