//! Attacks on signed requests and tokens: RELIABILITY section 4, rows 42 and 44 to 46.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod request;
mod token;
