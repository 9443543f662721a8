//! FailPoints: what a resolver answers when it cannot answer, and what the client is told of it.
//!
//! Business failures are data (`userErrors`); a [`Fault`] is for everything else. It becomes an
//! entry in `errors` with `extensions.code` from the table in [`Fault::code`]. Two messages: the
//! client's is stable and without internals; the log's has everything and is written once, by
//! [`crate::graphql::Subgraph`].

use std::fmt;

use crate::db::DbError;
use crate::messaging::MessagingError;

/// Why a field has no value. Use it as the error type of resolvers: `Result<T, Fault>`.
///
/// `Display` is the client's message; [`Fault::for_log`] is the log's.
#[derive(Debug)]
pub enum Fault {
    /// There is no caller.
    Unauthenticated,
    /// The caller may not do or see this.
    Forbidden,
    /// The request makes no sense; the text tells the client why.
    BadInput(String),
    /// The deadline passed.
    Timeout,
    /// The store failed.
    Store(DbError),
    /// Anything else; the text is for the log.
    Internal(String),
}

impl Fault {
    /// A [`Fault::BadInput`].
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::BadInput(message.into())
    }

    /// A [`Fault::Internal`] with what the log should say.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self::Internal(message.to_string())
    }

    /// `extensions.code`: the one table of the product.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::BadInput(_) => "BAD_USER_INPUT",
            Self::Timeout => "TIMEOUT",
            Self::Store(error) if error.is_unavailable() => "SUBGRAPH_UNAVAILABLE",
            Self::Store(_) | Self::Internal(_) => "INTERNAL",
        }
    }

    /// What the log should say, if somebody should read about it. It is not `Debug`: that of a
    /// database error quotes values, such as the e-mail address that exists already.
    pub fn for_log(&self) -> Option<String> {
        match self {
            Self::Store(error) => Some(error.to_string()),
            Self::Internal(message) => Some(message.clone()),
            Self::Unauthenticated | Self::Forbidden | Self::BadInput(_) | Self::Timeout => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthenticated => "sign in first",
            Self::Forbidden => "not allowed",
            Self::BadInput(message) => message,
            Self::Timeout => "took too long",
            Self::Store(error) if error.is_unavailable() => "temporarily unavailable",
            Self::Store(_) | Self::Internal(_) => "internal error",
        })
    }
}

impl From<DbError> for Fault {
    fn from(error: DbError) -> Self {
        Self::Store(error)
    }
}

impl From<MessagingError> for Fault {
    fn from(error: MessagingError) -> Self {
        match error {
            MessagingError::Db(error) => Self::Store(error),
            other => Self::internal(other),
        }
    }
}
