//! Attacks on signed requests and tokens: RELIABILITY section 4, rows 42 and 44 to 46.

mod request;
mod token;
