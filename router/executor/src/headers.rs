//! Which headers of a client's request may travel on to subgraphs.

use braid_vouch::{CALLER_HEADER, SIGNATURE_HEADER, TIMEOUT_HEADER};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Headers that are never passed on: those of the connection (RFC 9110, section 7.6.1), those that
/// describe the message itself, and those by which a client could pass itself off as somebody else.
const NEVER: &[HeaderName] = &[
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::EXPECT,
    header::FORWARDED,
];

const NEVER_NAMED: &[&str] = &[
    "keep-alive",
    "proxy-connection",
    "x-user-id",
    "x-tenant",
    "x-internal-signature",
    CALLER_HEADER,
    SIGNATURE_HEADER,
    TIMEOUT_HEADER,
];

/// The headers of `incoming` that are in `allowed` and may be passed on: no header of the
/// connection, also none that `Connection` names, and none that could forge an identity.
pub fn forwardable(incoming: &HeaderMap, allowed: &[HeaderName]) -> Vec<(HeaderName, HeaderValue)> {
    let named: Vec<&str> = incoming
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(str::trim))
        .collect();
    let hop_by_hop =
        |name: &HeaderName| named.iter().any(|other| other.eq_ignore_ascii_case(name.as_str()));
    let mut forwarded = Vec::new();
    for name in allowed {
        if is_own(name) || hop_by_hop(name) {
            continue;
        }
        let values = incoming.get_all(name).iter();
        forwarded.extend(values.map(|value| (name.clone(), value.clone())));
    }
    forwarded
}

/// Whether only we may set the header.
pub(crate) fn is_own(name: &HeaderName) -> bool {
    NEVER.contains(name)
        || NEVER_NAMED.contains(&name.as_str())
        || name.as_str().starts_with("x-forwarded-")
}
