//! The scalars `DateTime` and `Date`. Inside a service time is `i64` microseconds, a date is days.

use std::fmt;
use std::str::FromStr;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, SecondsFormat, Utc};

/// An instant: UTC microseconds since the epoch; RFC 3339 on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime(pub i64);

/// A day of the Gregorian calendar: days since the epoch; `YYYY-MM-DD` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(pub i64);

/// A text that is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedTime(&'static str);

/// Microseconds in a day.
pub const DAY_US: i64 = 86_400_000_000;

// Years 0001 to 9999, what both texts can say.
const YEAR_1_US: i64 = -62_135_596_800_000_000;
const YEAR_10000_US: i64 = 253_402_300_800_000_000;

impl FromStr for DateTime {
    type Err = MalformedTime;

    fn from_str(text: &str) -> Result<Self, MalformedTime> {
        let problem = MalformedTime("not an RFC 3339 time such as 2026-01-31T12:00:00Z");
        let us =
            chrono::DateTime::parse_from_rfc3339(text).map_err(|_| problem)?.timestamp_micros();
        if (YEAR_1_US..YEAR_10000_US).contains(&us) { Ok(Self(us)) } else { Err(problem) }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0.clamp(YEAR_1_US, YEAR_10000_US - 1);
        let time = chrono::DateTime::<Utc>::from_timestamp_micros(us).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl FromStr for Date {
    type Err = MalformedTime;

    fn from_str(text: &str) -> Result<Self, MalformedTime> {
        let problem = MalformedTime("not a date such as 2026-01-31");
        if text.len() != 10 {
            return Err(problem);
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| problem)?;
        Ok(Self(date.signed_duration_since(NaiveDate::default()).num_days()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.clamp(YEAR_1_US / DAY_US, YEAR_10000_US / DAY_US - 1);
        let date = NaiveDate::default() + chrono::TimeDelta::days(days);
        write!(f, "{}", date.format("%Y-%m-%d"))
    }
}

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => text.parse().map_err(InputValueError::custom),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => text.parse().map_err(InputValueError::custom),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}
