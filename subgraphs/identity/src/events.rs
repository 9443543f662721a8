//! What identity tells others (DOMAIN section 6). Ids and facts only, no personal data.

use braid_service::event::Topic;
use serde::{Deserialize, Serialize};

/// A user exists. Subject: the user; sequence: the user's version.
pub const USER_REGISTERED: Topic<UserChanged> = Topic::internal("identity.user-registered");
/// A user's profile changed.
pub const PROFILE_CHANGED: Topic<UserChanged> = Topic::internal("identity.profile-changed");
/// A user's groups changed.
pub const GROUPS_CHANGED: Topic<UserChanged> = Topic::internal("identity.groups-changed");
/// A user allowed or forbade a use of their data.
pub const CONSENT_CHANGED: Topic<ConsentChanged> = Topic::internal("identity.consent-changed");
/// A user wants a copy of their data.
pub const EXPORT_REQUESTED: Topic<PrivacyRequested> = Topic::internal("privacy.export-requested");
/// A user wants to be forgotten.
pub const ERASURE_REQUESTED: Topic<PrivacyRequested> = Topic::internal("privacy.erasure-requested");

/// A user after a change, without what tells who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserChanged {
    /// The user.
    pub user_id: String,
    /// The groups, as bits.
    pub groups_mask: i64,
    /// The language.
    pub locale: String,
}

/// A consent after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentChanged {
    /// The user.
    pub user_id: String,
    /// For what.
    pub purpose: String,
    /// Whether it is allowed.
    pub granted: bool,
}

/// A privacy request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivacyRequested {
    /// The request.
    pub request_id: String,
    /// The person.
    pub user_id: String,
}
