//! What can go wrong with a subgraph, and how a client is told.
//!
//! A *failure* costs a fetch as a whole and is told once. A *record* is about one place: an error
//! that the subgraph reported, or a value that it should not have sent; it is told for every
//! occurrence of that place in the answer. Codes are a closed list and part of the API.

use crate::data::Bit;

/// Why a fetch brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No complete answer in time.
    Timeout,
    /// No connection, or one that broke before an answer.
    Unreachable,
    /// A status that is not an answer.
    Http(u16),
    /// Not an answer that could be read.
    Malformed,
    /// An answer beyond the limits.
    TooLarge,
}

impl Failure {
    /// `extensions.code`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Timeout => "SUBREQUEST_TIMEOUT",
            Self::Unreachable => "SUBREQUEST_UNREACHABLE",
            Self::Http(_) => "SUBREQUEST_HTTP",
            Self::Malformed => "SUBREQUEST_MALFORMED",
            Self::TooLarge => "SUBREQUEST_TOO_LARGE",
        }
    }

    /// The message: stable, without internals.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Timeout => "the service did not answer in time",
            Self::Unreachable => "the service could not be reached",
            Self::Http(_) => "the service refused the request",
            Self::Malformed => "the service sent an answer that could not be read",
            Self::TooLarge => "the service sent an answer that was too large",
        }
    }
}

/// Something about one place of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    /// The fetch whose answer it is about.
    pub(crate) fetch: u32,
    /// What is wrong.
    pub(crate) what: What,
    /// The node that it is about; [`crate::data::NONE`]: the fetch as a whole.
    pub(crate) node: u32,
    /// The slot of the node; [`crate::data::NONE`]: the node as a whole.
    pub(crate) slot: u32,
    /// The path below the slot: its first step in [`crate::data::Data::steps`], and how many.
    pub(crate) steps: (u32, u32),
}

/// What a record says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// The subgraph reported an error. The message (with its quotes) and code stay in its answer.
    Reported {
        /// The message, as a JSON string.
        message: Bit,
        /// The code, without quotes, if it is one that can be passed on.
        code: Option<Bit>,
    },
    /// A value that the field cannot have.
    Invalid,
    /// A part of the answer that is not as it must be.
    Malformed,
}

/// A step of a path below a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// An item of a list.
    Index(u32),
    /// A slot of the shape that is reached.
    Slot(u32),
}

/// The code of an error of a subgraph that has none.
pub(crate) const SUBGRAPH_ERROR: &str = "SUBGRAPH_ERROR";
/// The code of a value that the field cannot have.
pub(crate) const INVALID_VALUE: &str = "INVALID_VALUE";
/// The message of a value that the field cannot have.
pub(crate) const INVALID_MESSAGE: &str = "the service sent a value that the field cannot have";
/// The code of a field that the caller may not see.
pub(crate) const UNAUTHORIZED: &str = "UNAUTHORIZED_FIELD_OR_TYPE";
/// The code of the entry that counts the errors left out.
pub(crate) const MORE_ERRORS: &str = "MORE_ERRORS";
