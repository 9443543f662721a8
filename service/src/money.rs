//! Money: an `i64` of minor units and a currency; exact decimals at the border.
//!
//! Inside a service there are no floats and no decimals: a [`Decimal`] read from a client becomes
//! minor units of a currency, exactly or not at all.

use std::fmt;
use std::str::FromStr;

use async_graphql::{InputObject, InputValueError, InputValueResult, Scalar, ScalarType};

/// A currency of ISO 4217, three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// A text or amount that is not money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three upper-case letters.
    #[error("not a currency code of three upper-case letters")]
    Currency,
    /// Not a plain decimal of at most 18 digits.
    #[error("not a plain decimal number of at most 18 digits")]
    Decimal,
    /// More digits after the point than the currency has.
    #[error("more decimal places than {0} has")]
    Places(Currency),
    /// Two currencies in one sum.
    #[error("{0} and {1} do not add up")]
    Mixed(Currency, Currency),
    /// Outside 64 bits.
    #[error("amount too large")]
    Overflow,
}

/// An exact decimal number, `digits` × 10^-`places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    digits: i64,
    places: u8,
}

/// Money of one currency in minor units, as the GraphQL type `Money`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Minor units, such as cents.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// `input MoneyInput`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, InputObject)]
pub struct MoneyInput {
    /// The amount in units of the currency.
    pub amount: Decimal,
    /// The currency.
    pub currency: Currency,
}

// === impl Currency ===

impl Currency {
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");

    /// The code.
    pub fn as_str(&self) -> &str {
        // Only ASCII letters get in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Digits after the point, by ISO 4217 table A.1.
    pub fn places(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match *text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(MoneyError::Currency),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Currency> for crate::db::Value {
    fn from(currency: Currency) -> Self {
        Self::from(currency.as_str())
    }
}

#[Scalar(name = "CurrencyCode")]
impl ScalarType for Currency {
    fn parse(value: async_graphql::Value) -> InputValueResult<Self> {
        match value {
            async_graphql::Value::String(text) => text.parse().map_err(InputValueError::custom),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.as_str().to_owned())
    }
}

// === impl Decimal ===

impl Decimal {
    /// Minor units of a currency with this many places.
    pub fn from_minor(minor: i64, places: u8) -> Self {
        Self { digits: minor, places }
    }

    /// The number in minor units of `currency`; refused when it does not fit exactly.
    pub fn to_minor(self, currency: Currency) -> Result<i64, MoneyError> {
        let (mut digits, mut places) = (self.digits, self.places);
        while places > currency.places() {
            if digits % 10 != 0 {
                return Err(MoneyError::Places(currency));
            }
            (digits, places) = (digits / 10, places - 1);
        }
        while places < currency.places() {
            digits = digits.checked_mul(10).ok_or(MoneyError::Overflow)?;
            places += 1;
        }
        Ok(digits)
    }
}

impl FromStr for Decimal {
    type Err = MoneyError;

    /// `-?digits[.digits]`, at most 18 digits; no exponent, no `+`, no spaces.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(MoneyError::Decimal),
            None => (unsigned, ""),
        };
        let numeric = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
        let count = whole.len() + fraction.len();
        if whole.is_empty() || count > 18 || !numeric(whole) || !numeric(fraction) {
            return Err(MoneyError::Decimal);
        }
        let digits: i64 = format!("{whole}{fraction}").parse().map_err(|_| MoneyError::Decimal)?;
        let digits = if text.starts_with('-') { -digits } else { digits };
        let places = u8::try_from(fraction.len()).map_err(|_| MoneyError::Decimal)?;
        Ok(Self { digits, places })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let places = usize::from(self.places);
        let digits = format!("{:0width$}", self.digits.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        if places == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: async_graphql::Value) -> InputValueResult<Self> {
        match value {
            async_graphql::Value::String(text) => text.parse().map_err(InputValueError::custom),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.to_string())
    }
}

// === impl Money ===

impl Money {
    /// Money of `minor` units.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The sum of two amounts of one currency.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The amount `count` times.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(count).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
}

#[async_graphql::Object]
impl Money {
    async fn amount(&self) -> Decimal {
        Decimal::from_minor(self.minor, self.currency.places())
    }

    async fn currency(&self) -> Currency {
        self.currency
    }
}

impl MoneyInput {
    /// The input as money.
    pub fn to_money(self) -> Result<Money, MoneyError> {
        Ok(Money::new(self.amount.to_minor(self.currency)?, self.currency))
    }
}
