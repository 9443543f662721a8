//! Business failures: data for `userErrors`, never faults.

use std::borrow::Cow;

use async_graphql::Enum;

use crate::domain::duplicate::Candidate;

/// `enum AccountErrorCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "AccountErrorCode")]
pub enum ErrorCode {
    /// The account or contact does not exist, or not for this caller.
    NotFound,
    /// It exists already; the candidates say where.
    Duplicate,
    /// A value is missing, malformed or outside its range.
    Invalid,
    /// It has changed since the version that the caller saw.
    VersionConflict,
    /// The key was used for another request.
    IdempotencyMismatch,
    /// The account is archived and does not change any more.
    Archived,
}

/// An argument's place, from the mutation's arguments down.
pub type Path = &'static [&'static str];

/// One reason why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of reason.
    pub code: ErrorCode,
    /// A sentence for people.
    pub message: Cow<'static, str>,
    /// The argument it is about.
    pub path: Path,
    /// With [`ErrorCode::Duplicate`]: what exists already.
    pub duplicates: Vec<Candidate>,
}

impl Problem {
    fn new(code: ErrorCode, path: Path, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), path, duplicates: Vec::new() }
    }

    /// A value that cannot be taken.
    pub fn invalid(path: Path, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Invalid, path, message)
    }

    /// No such account, or not for this caller.
    pub fn no_account(path: Path) -> Self {
        Self::new(ErrorCode::NotFound, path, "there is no such account")
    }

    /// No such contact, or not for this caller.
    pub fn no_contact(path: Path) -> Self {
        Self::new(ErrorCode::NotFound, path, "there is no such contact")
    }

    /// What is to be made exists already.
    pub fn duplicate(path: Path, duplicates: Vec<Candidate>) -> Self {
        Self { duplicates, ..Self::new(ErrorCode::Duplicate, path, "this seems to exist already") }
    }

    /// It has moved on.
    pub fn version_conflict(current: i64) -> Self {
        let message = format!("it has changed meanwhile; its version is {current}");
        Self::new(ErrorCode::VersionConflict, &["expectedVersion"], message)
    }

    /// The key belongs to another request.
    pub fn idempotency_mismatch() -> Self {
        let message = "this key was used for another request";
        Self::new(ErrorCode::IdempotencyMismatch, &["idempotencyKey"], message)
    }

    /// The account is archived.
    pub fn archived(path: Path) -> Self {
        Self::new(ErrorCode::Archived, path, "the account is archived")
    }
}
