//! What the contract says beyond types: see `braid_service::sdl`.

use braid_service::sdl::Extra;

const READ: &str = r#"@authenticated @requiresScopes(scopes: [["orders:read"]])"#;
const WRITE: &str =
    r#"@authenticated @requiresScopes(scopes: [["orders:write"]]) @tag(name: "partner")"#;
const APPROVE: &str = r#"@authenticated @requiresScopes(scopes: [["orders:approve"]])"#;
const PARTNER: &str = r#"@tag(name: "partner")"#;
const INTERNAL: &str = r#"@tag(name: "internal")"#;
const LIST_20: &str = r#"@tag(name: "partner") @listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false, assumedSize: 20)"#;
const LIST_10: &str = r#"@listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false, assumedSize: 10)"#;
const REFERENCE: &str = r#"@key(fields: "id", resolvable: false)"#;

/// The subgraph's table.
pub const EXTRAS: &[Extra] = &[
    (
        "Query.me",
        r#""The token's subject; the same stub from every subgraph that knows the user" @shareable"#,
    ),
    (
        "Query.order",
        r#""asOf folds the event stream up to that instant" @authenticated @requiresScopes(scopes: [["orders:read"]]) @tag(name: "partner")"#,
    ),
    ("Query.orders", READ),
    ("Mutation.placeOrder", WRITE),
    ("Mutation.cancelOrder", WRITE),
    ("Mutation.approveOrder", APPROVE),
    ("Mutation.declineOrder", APPROVE),
    ("Order", r#"@key(fields: "id") @tag(name: "partner")"#),
    ("Order.customer", INTERNAL),
    ("Order.customerId", "@inaccessible"),
    ("Order.placedBy", INTERNAL),
    ("Order.deal", INTERNAL),
    ("Order.approval", INTERNAL),
    ("Order.saga", INTERNAL),
    ("Order.history", INTERNAL),
    ("OrderLine", PARTNER),
    ("OrderConnection", PARTNER),
    ("Customer", r#"@key(fields: "id")"#),
    ("User", r#"@key(fields: "id")"#),
    ("User.orders", "@authenticated"),
    ("Deal", REFERENCE),
    ("Saga", REFERENCE),
    ("Product", r#"@key(fields: "id", resolvable: false) @interfaceObject"#),
    ("PlaceOrderInput", r#""payWith null means on account (credit terms)""#),
    ("OrderError", PARTNER),
    ("PlaceOrderPayload", PARTNER),
    ("OrderPayload", PARTNER),
    ("Query.orders", LIST_20),
    ("Customer.orders", READ),
    ("Customer.orders", LIST_10),
    ("User.orders", LIST_10),
];
