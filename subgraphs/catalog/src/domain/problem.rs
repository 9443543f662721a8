//! Business failures of the catalog: data for `userErrors`, never faults.

use std::borrow::Cow;

use async_graphql::Enum;

/// `enum CatalogErrorCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "CatalogErrorCode")]
pub enum ErrorCode {
    /// The product or category does not exist.
    NotFound,
    /// A value is missing, malformed or outside its range.
    Invalid,
    /// Another product has this SKU.
    SkuTaken,
    /// The product has changed since the version that the caller saw.
    VersionConflict,
    /// The product is retired and does not change any more.
    Retired,
}

/// One reason why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of reason.
    pub code: ErrorCode,
    /// A sentence for people.
    pub message: Cow<'static, str>,
    /// The argument it is about, from the mutation's arguments down.
    pub path: &'static [&'static str],
}

impl Problem {
    /// A value that cannot be taken.
    pub fn invalid(path: &'static [&'static str], message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: ErrorCode::Invalid, message: message.into(), path }
    }

    /// Something that does not exist, or not for this caller.
    pub fn not_found(path: &'static [&'static str], message: &'static str) -> Self {
        Self { code: ErrorCode::NotFound, message: message.into(), path }
    }

    /// The SKU belongs to another product.
    pub fn sku_taken() -> Self {
        Self {
            code: ErrorCode::SkuTaken,
            message: "another product has this SKU".into(),
            path: &["input", "sku"],
        }
    }

    /// The product has moved on.
    pub fn version_conflict(current: i64) -> Self {
        Self {
            code: ErrorCode::VersionConflict,
            message: format!("the product has changed; its version is {current}").into(),
            path: &["expectedVersion"],
        }
    }

    /// The product is retired.
    pub fn retired(path: &'static [&'static str]) -> Self {
        Self { code: ErrorCode::Retired, message: "the product is retired".into(), path }
    }
}
