//! Business failures: what a mutation answers when it does not do what was asked.

/// `enum OrderErrorCode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(name = "OrderErrorCode")]
pub enum Code {
    NotFound,
    Invalid,
    Empty,
    WrongStatus,
    VersionConflict,
    IdempotencyMismatch,
    QuoteExpired,
    SelfApproval,
    Forbidden,
}

/// A refusal with its reason for people and the input that caused it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    pub code: Code,
    pub message: String,
    pub path: Vec<String>,
}

impl Problem {
    /// A refusal because of the argument or input field at `path`.
    pub fn new(code: Code, path: &[&str], message: impl Into<String>) -> Self {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        Self { code, message: message.into(), path }
    }

    /// The input makes no sense.
    pub fn invalid(path: &[&str], message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, path, message)
    }

    /// There is no such order (for this caller).
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, &["id"], "no such order")
    }

    /// The order's status does not allow it.
    #[must_use]
    pub fn wrong_status(status: super::OrderStatus) -> Self {
        Self::new(Code::WrongStatus, &["id"], format!("the order is {}", status.as_str()))
    }
}
