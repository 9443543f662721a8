//! Business failures: data for the client (`userErrors`), not faults.

use async_graphql::Enum;

/// `enum IdentityErrorCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, serde::Serialize, serde::Deserialize)]
#[graphql(name = "IdentityErrorCode")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// Not this, not by you.
    Forbidden,
    /// The input breaks a rule.
    Invalid,
    /// One is running.
    AlreadyRunning,
    /// The law keeps the data.
    LegalHold,
    /// What was typed to confirm is not what was asked for.
    ConfirmationMismatch,
    /// No such scope, or not one for API clients.
    UnknownScope,
}

/// Why a mutation did nothing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// The argument it is about.
    pub path: Vec<String>,
}

impl Problem {
    /// A problem with the argument at `path`.
    pub fn new(code: ErrorCode, path: &[&str], message: &str) -> Self {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        Self { code, message: message.to_owned(), path }
    }

    /// [`ErrorCode::Invalid`].
    pub fn invalid(path: &[&str], message: &str) -> Self {
        Self::new(ErrorCode::Invalid, path, message)
    }

    /// [`ErrorCode::NotFound`].
    pub fn not_found(path: &[&str], message: &str) -> Self {
        Self::new(ErrorCode::NotFound, path, message)
    }
}
