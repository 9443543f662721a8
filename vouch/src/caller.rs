//! Who makes a request: the verified subject with what it may do.
//!
//! The caller travels from the router to a subgraph in the header [`crate::CALLER_HEADER`] as
//! base64url of JSON, covered by the request's signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The longest header value that is read, in bytes.
pub const CALLER_BYTES_MAX: usize = 8 * 1024;

/// A verified subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The user's or API client's id.
    #[serde(rename = "sub")]
    pub subject: String,
    /// What the subject is.
    pub kind: CallerKind,
    /// What the subject may do, such as `orders:read`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The user groups the subject is in, such as `STAFF`.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The account an API client is linked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallerKind {
    /// A person.
    User,
    /// A third party's program.
    Client,
}

/// A caller header that cannot be read, or a caller that does not fit one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed caller")]
pub struct MalformedCaller;

impl Caller {
    /// Whether the caller holds the scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }

    /// Whether the caller is in the group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|held| held == group)
    }

    /// The header value for this caller; refused when it would not be read on the other side.
    pub fn encode(&self) -> Result<String, MalformedCaller> {
        let json = serde_json::to_vec(self).map_err(|_| MalformedCaller)?;
        let text = URL_SAFE_NO_PAD.encode(json);
        if text.len() > CALLER_BYTES_MAX { Err(MalformedCaller) } else { Ok(text) }
    }

    /// Reads a header value. Only meaningful after the request's signature was verified.
    pub fn decode(header: &str) -> Result<Self, MalformedCaller> {
        if header.len() > CALLER_BYTES_MAX {
            return Err(MalformedCaller);
        }
        let json = URL_SAFE_NO_PAD.decode(header).map_err(|_| MalformedCaller)?;
        let caller: Self = serde_json::from_slice(&json).map_err(|_| MalformedCaller)?;
        if caller.subject.is_empty() { Err(MalformedCaller) } else { Ok(caller) }
    }
}
