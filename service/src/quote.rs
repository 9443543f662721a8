//! Quotes: a price that one service promises and another honours, without asking it.
//!
//! The catalog prices lines and hands out a token: the quote as JSON and its HMAC-SHA256, both in
//! base64url without padding, joined by a dot. Orders verify it with the same key. The arithmetic
//! is here too, so that an order without a token is priced by the same rules.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// How long a quote holds.
pub const QUOTE_LIFETIME_US: i64 = 15 * 60 * 1_000_000;
/// The longest token that is read.
pub const TOKEN_BYTES_MAX: usize = 32 * 1024;
/// Lines of one quote or order.
pub const LINES_MAX: usize = 100;
/// Pieces of one line.
pub const QUANTITY_MAX: i64 = 10_000;

/// From this many pieces on a line gets the volume discount.
pub const VOLUME_FROM: i64 = 10;
/// The volume discount, in percent of the line.
pub const VOLUME_DISCOUNT_PERCENT: i64 = 5;
/// Tax on passenger transport, in percent of the discounted sum.
pub const TAX_PERCENT: i64 = 10;

/// One line with its prices in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteLine {
    pub product_id: String,
    pub quantity: i64,
    pub unit_minor: i64,
    pub total_minor: i64,
}

/// Lines and sums in one currency: total = subtotal − discount + tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    pub lines: Vec<QuoteLine>,
    pub currency: String,
    pub subtotal_minor: i64,
    pub discount_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
    /// The account whose prices these are; `None`: list prices.
    pub account_id: Option<String>,
    pub valid_until_us: i64,
}

/// A line to be priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pricing {
    pub product_id: String,
    pub quantity: i64,
    /// List price of one piece.
    pub unit_minor: i64,
    /// The account's own price of one piece, if it has one; counts when lower than the list price.
    pub account_minor: Option<i64>,
}

/// Why lines cannot be priced or a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    #[error("no lines")]
    Empty,
    #[error("more than {LINES_MAX} lines")]
    TooManyLines,
    #[error("quantity outside 1 to {QUANTITY_MAX}")]
    Quantity,
    #[error("sum too large")]
    Overflow,
    #[error("not a quote token")]
    Malformed,
    #[error("quote token not made by us")]
    Forged,
    #[error("quote has expired")]
    Expired,
}

/// The key that services which quote and which honour share.
#[derive(Debug, Clone)]
pub struct QuoteKey(hmac::Key);

impl Quote {
    /// Prices lines, exactly, in this order:
    ///
    /// 1. a line's total is its list price × quantity, the subtotal the sum of the totals;
    /// 2. the discount of a line is what the account's own lower price saves on it, and on what
    ///    remains the volume discount, rounded half up by line;
    /// 3. tax is on subtotal − discount, rounded half up once for the whole quote.
    ///
    /// # Errors
    /// No lines or too many, a quantity outside its limits, a sum beyond 64 bits.
    pub fn of(
        lines: &[Pricing],
        currency: &str,
        account_id: Option<&str>,
        valid_until_us: i64,
    ) -> Result<Self, QuoteError> {
        if lines.is_empty() {
            return Err(QuoteError::Empty);
        }
        if lines.len() > LINES_MAX {
            return Err(QuoteError::TooManyLines);
        }
        let mut quote = Self {
            lines: Vec::with_capacity(lines.len()),
            currency: currency.to_owned(),
            subtotal_minor: 0,
            discount_minor: 0,
            tax_minor: 0,
            total_minor: 0,
            account_id: account_id.map(str::to_owned),
            valid_until_us,
        };
        for line in lines {
            quote.add(line)?;
        }
        let net = quote.subtotal_minor - quote.discount_minor;
        quote.tax_minor = percent(net, TAX_PERCENT)?;
        quote.total_minor = net.checked_add(quote.tax_minor).ok_or(QuoteError::Overflow)?;
        Ok(quote)
    }

    fn add(&mut self, line: &Pricing) -> Result<(), QuoteError> {
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            return Err(QuoteError::Quantity);
        }
        let total = line.unit_minor.checked_mul(line.quantity).ok_or(QuoteError::Overflow)?;
        self.subtotal_minor = self.subtotal_minor.checked_add(total).ok_or(QuoteError::Overflow)?;
        let own_minor = line.account_minor.map_or(line.unit_minor, |own| own.min(line.unit_minor));
        let own_total = own_minor.checked_mul(line.quantity).ok_or(QuoteError::Overflow)?;
        let mut discount = total.checked_sub(own_total).ok_or(QuoteError::Overflow)?;
        if line.quantity >= VOLUME_FROM {
            discount += percent(own_total, VOLUME_DISCOUNT_PERCENT)?;
        }
        self.discount_minor =
            self.discount_minor.checked_add(discount).ok_or(QuoteError::Overflow)?;
        self.lines.push(QuoteLine {
            product_id: line.product_id.clone(),
            quantity: line.quantity,
            unit_minor: line.unit_minor,
            total_minor: total,
        });
        Ok(())
    }
}

/// `rate` percent of `minor`, rounded half up.
fn percent(minor: i64, rate: i64) -> Result<i64, QuoteError> {
    let hundredfold = minor.checked_mul(rate).ok_or(QuoteError::Overflow)?;
    Ok(hundredfold.checked_add(50).ok_or(QuoteError::Overflow)?.div_euclid(100))
}

impl QuoteKey {
    /// The key of this secret; both services are given the same.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The token of a quote.
    ///
    /// # Errors
    /// The quote is too large for a token.
    pub fn sign(&self, quote: &Quote) -> Result<String, QuoteError> {
        let body = serde_json::to_vec(quote).map_err(|_| QuoteError::Malformed)?;
        let body = URL_SAFE_NO_PAD.encode(body);
        let tag = hmac::sign(&self.0, body.as_bytes());
        let token = format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag));
        if token.len() > TOKEN_BYTES_MAX { Err(QuoteError::TooManyLines) } else { Ok(token) }
    }

    /// The quote in a token, if we made it and it still holds. Checked in constant time.
    ///
    /// # Errors
    /// Not a token, not ours, or too old.
    pub fn verify(&self, token: &str, now_us: i64) -> Result<Quote, QuoteError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(QuoteError::Malformed);
        }
        let (body, tag) = token.split_once('.').ok_or(QuoteError::Malformed)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| QuoteError::Malformed)?;
        hmac::verify(&self.0, body.as_bytes(), &tag).map_err(|_| QuoteError::Forged)?;
        let json = URL_SAFE_NO_PAD.decode(body).map_err(|_| QuoteError::Malformed)?;
        let quote: Quote = serde_json::from_slice(&json).map_err(|_| QuoteError::Malformed)?;
        if quote.valid_until_us <= now_us { Err(QuoteError::Expired) } else { Ok(quote) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pricing, Quote, QuoteError, QuoteKey};

    fn line(quantity: i64, unit_minor: i64) -> Pricing {
        Pricing { product_id: "prd_1".to_owned(), quantity, unit_minor, account_minor: None }
    }

    #[test]
    fn an_accounts_lower_price_is_a_discount_before_the_volume_discount() {
        let own = Pricing { account_minor: Some(80), ..line(10, 100) };
        let quote = Quote::of(&[own], "EUR", Some("acc_1"), 10).unwrap();
        // 1000; 10 x 20 saved = 200; 5 % of 800 = 40; 10 % of 760 = 76.
        let sums = (quote.subtotal_minor, quote.discount_minor, quote.tax_minor, quote.total_minor);
        assert_eq!(sums, (1_000, 240, 76, 836));
        let dearer = Pricing { account_minor: Some(120), ..line(1, 100) };
        assert_eq!(Quote::of(&[dearer], "EUR", None, 10).unwrap().discount_minor, 0);
    }

    #[test]
    fn sums_are_exact_and_rounded_half_up() {
        let quote = Quote::of(&[line(2, 1_005), line(10, 99)], "EUR", None, 10).unwrap();
        // 2010 + 990 = 3000; 5 % of 990 = 49.5 -> 50; 10 % of 2950 = 295.
        let sums = (quote.subtotal_minor, quote.discount_minor, quote.tax_minor, quote.total_minor);
        assert_eq!(sums, (3_000, 50, 295, 3_245));
        assert_eq!(Quote::of(&[], "EUR", None, 10), Err(QuoteError::Empty));
        assert_eq!(Quote::of(&[line(0, 1)], "EUR", None, 10), Err(QuoteError::Quantity));
        assert_eq!(Quote::of(&[line(2, i64::MAX)], "EUR", None, 10), Err(QuoteError::Overflow));
    }

    #[test]
    fn a_token_is_taken_only_whole_ours_and_in_time() {
        let key = QuoteKey::new(b"secret");
        let quote = Quote::of(&[line(1, 100)], "EUR", Some("acc_1"), 1_000).unwrap();
        let token = key.sign(&quote).unwrap();
        assert_eq!(key.verify(&token, 999), Ok(quote));
        assert_eq!(key.verify(&token, 1_000), Err(QuoteError::Expired));
        assert_eq!(QuoteKey::new(b"other").verify(&token, 0), Err(QuoteError::Forged));
        let forged = token.replacen('e', "f", 1);
        assert_eq!(key.verify(&forged, 0), Err(QuoteError::Forged));
        for text in ["", ".", "a", "a.b", "ä.ö", &token[..token.len() - 1]] {
            assert!(key.verify(text, 0).is_err(), "{text}");
        }
    }
}
