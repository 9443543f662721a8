//! What async-graphql cannot say about this schema.

use braid_service::sdl::Extra;

const ACCOUNTS_READ: &str = r#"@authenticated @requiresScopes(scopes: [["accounts:read"]])"#;
const ACCOUNTS_WRITE: &str = r#"@authenticated @requiresScopes(scopes: [["accounts:write"]])"#;
const CONTACTS_READ: &str = r#"@authenticated @requiresScopes(scopes: [["contacts:read"]])"#;
const CONTACTS_WRITE: &str = r#"@authenticated @requiresScopes(scopes: [["contacts:write"]])"#;
const INTERNAL: &str =
    r#"@tag(name: "internal") @authenticated @requiresScopes(scopes: [["accounts:read"]])"#;
const PARTNER: &str = r#"@tag(name: "partner")"#;
const PII: &str = r#"@tag(name: "pii")"#;

/// Directives by coordinate; see the contract for why each is there.
pub const EXTRAS: &[Extra] = &[
    ("Query.account", ACCOUNTS_READ),
    ("Query.account", PARTNER),
    (
        "Query.accounts",
        r#"@authenticated @requiresScopes(scopes: [["accounts:read"]]) @listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false, assumedSize: 20)"#,
    ),
    ("Query.contact", CONTACTS_READ),
    ("Query.duplicateCandidates", ACCOUNTS_READ),
    ("Mutation.createAccount", ACCOUNTS_WRITE),
    ("Mutation.updateAccount", ACCOUNTS_WRITE),
    ("Mutation.assignAccountOwner", ACCOUNTS_WRITE),
    ("Mutation.mergeAccounts", ACCOUNTS_WRITE),
    ("Mutation.createContact", CONTACTS_WRITE),
    ("Mutation.updateContact", CONTACTS_WRITE),
    ("Account", PARTNER),
    ("Account.taxId", INTERNAL),
    ("Account.owner", INTERNAL),
    (
        "Account.contacts",
        r#"@tag(name: "internal") @authenticated @requiresScopes(scopes: [["contacts:read"]]) @listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false, assumedSize: 10)"#,
    ),
    ("Contact", CONTACTS_READ),
    ("Contact.fullName", PII),
    ("Contact.email", PII),
    ("Contact.phone", PII),
    ("Address", r#"@shareable @tag(name: "partner")"#),
    ("User", r#"@key(fields: "id", resolvable: false)"#),
];
