//! What the contract says beyond types: directives and descriptions.

use braid_service::sdl::Extra;

const USERS_READ: &str = r#"@authenticated @requiresScopes(scopes: [["users:read"]])"#;
const PRIVACY_ADMIN: &str = r#"@authenticated @requiresScopes(scopes: [["privacy:admin"]])"#;
const USERS_ADMIN: &str = r#"@authenticated @requiresScopes(scopes: [["users:admin"]])"#;
const CLIENTS_ADMIN: &str = r#"@authenticated @requiresScopes(scopes: [["clients:admin"]])"#;
const CONTACT: &str =
    r#"@tag(name: "pii") @authenticated @requiresScopes(scopes: [["self"], ["users:read"]])"#;

/// By coordinate.
pub const EXTRAS: &[Extra] = &[
    ("Query.me", r#""The caller; null when anonymous" @shareable"#),
    ("Query.user", USERS_READ),
    (
        "Query.users",
        r#"@authenticated @requiresScopes(scopes: [["users:read"]]) @listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false, assumedSize: 20)"#,
    ),
    ("Query.privacyRequests", PRIVACY_ADMIN),
    ("Query.apiClients", CLIENTS_ADMIN),
    ("Mutation.updateMyProfile", "@authenticated"),
    ("Mutation.setConsent", "@authenticated"),
    ("Mutation.requestDataExport", "@authenticated"),
    ("Mutation.requestErasure", "@authenticated"),
    ("Mutation.placeLegalHold", PRIVACY_ADMIN),
    ("Mutation.setUserGroups", USERS_ADMIN),
    ("Mutation.createApiClient", CLIENTS_ADMIN),
    ("Mutation.revokeApiClient", CLIENTS_ADMIN),
    ("User", "@authenticated"),
    ("User.displayName", r#"@tag(name: "pii")"#),
    ("User.email", CONTACT),
    ("User.phone", CONTACT),
    ("User.avatarUrl", r#"@tag(name: "pii")"#),
    ("ApiClientPayload", r#""secret is returned once""#),
];
