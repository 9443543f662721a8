//! The REST edge for third parties.
