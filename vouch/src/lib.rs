//! How a request to a subgraph is vouched for, and by whom it was made.
//!
//! A client proves itself to an edge with an access token ([`token`]); the edge turns the token
//! into a [`Caller`]; the router sends the caller along with each subgraph request and signs the
//! whole ([`request`]). A subgraph believes a caller only under a valid signature, so nobody but the
//! router can speak for a user, and nobody at all can ask `_entities` from outside.
//!
//! Sans-io: time is a parameter, nothing is fetched, nothing is logged. The router, the edges, the
//! chassis and the identity subgraph use it.

pub mod caller;
pub mod request;
pub mod token;

pub use caller::{Caller, CallerKind};
pub use request::{CALLER_HEADER, SIGNATURE_HEADER, Signer, TIMEOUT_HEADER, Verifier, VerifyError};
pub use token::{TokenError, TokenSigner, TokenVerifier};
