//! What async-graphql cannot say about this schema.

use braid_service::sdl::Extra;

const PARTNER: &str = r#"@tag(name: "partner")"#;
const WRITE: &str = r#"@authenticated @requiresScopes(scopes: [["catalog:write"]])"#;

/// Directives by coordinate; see the contract for why each is there.
pub const EXTRAS: &[Extra] = &[
    ("Query.product", PARTNER),
    (
        "Query.products",
        r#"@tag(name: "partner") @listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false, assumedSize: 20)"#,
    ),
    ("Query.categories", PARTNER),
    ("Query.priceQuote", r#"@authenticated @tag(name: "partner")"#),
    ("Mutation.upsertProduct", WRITE),
    ("Mutation.changePrice", WRITE),
    ("Mutation.retireProduct", WRITE),
    ("Product", PARTNER),
    ("RidePass", PARTNER),
    ("ShuttleSeat", PARTNER),
    ("Charter", PARTNER),
    ("AddOn", PARTNER),
    ("Category", PARTNER),
    ("ProductConnection", PARTNER),
    ("PriceQuote", PARTNER),
    ("PriceQuoteLine", PARTNER),
];
