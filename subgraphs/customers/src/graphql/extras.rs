//! What the contract says beyond types: see `braid_service::sdl`.

use braid_service::sdl::Extra;

const READ: &str = r#"@authenticated @requiresScopes(scopes: [["customers:read"]])"#;
const CREDIT: &str = r#"@authenticated @requiresScopes(scopes: [["credit:write"]])"#;

/// The subgraph's table.
pub const EXTRAS: &[Extra] = &[
    (
        "Query.me",
        r#""The token's subject; the same stub from every subgraph that knows the user" @shareable"#,
    ),
    ("Query.customer", READ),
    ("Query.customers", READ),
    ("Mutation.openCustomer", r#"@authenticated @requiresScopes(scopes: [["customers:write"]])"#),
    ("Mutation.setCreditLimit", CREDIT),
    ("Mutation.setCustomerHold", CREDIT),
    ("Customer", r#"@key(fields: "id") @authenticated"#),
    (
        "Customer.reservations",
        r#"@listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false, assumedSize: 10)"#,
    ),
    ("Account", r#"@key(fields: "id")"#),
    ("Account.customer", "@authenticated"),
    ("User", r#"@key(fields: "id")"#),
    ("User.customer", "@authenticated"),
    ("Order", r#"@key(fields: "id", resolvable: false)"#),
    ("Deal", r#"@key(fields: "id")"#),
    ("Deal.amount", "@external"),
    ("Deal.accountId", "@external"),
    (
        "Deal.creditCheck",
        r#""Would this deal, ordered now, fit the account's available credit?" @requires(fields: "amount { amount currency } accountId") @authenticated @requiresScopes(scopes: [["customers:read"]])"#,
    ),
];
