//! Who may change what. Every mutation here is one that changes nothing even for those who may:
//! an old version, an empty basket, a wrong word. The letters are explained in [`super::Case`].

use braid_service::seed::world;
use serde_json::{Value, json};

use super::{Case, individual, refused_order};

/// A mutation about one thing, for each of some things.
fn case(
    text: &'static str,
    at: &'static str,
    unknown: Option<&str>,
    rows: Vec<(String, &'static str)>,
) -> Vec<Case> {
    let variables = |id: &str| -> Value { json!({ "id": id }) };
    rows.into_iter()
        .map(|(id, expected)| Case {
            text,
            at,
            variables: variables(&id),
            unknown: unknown.map(variables),
            expected,
        })
        .collect()
}

/// One mutation for each field of `Mutation` and each relation to its row.
pub(super) fn cases() -> Vec<Case> {
    [orders(), accounts(), customers(), catalog(), identity()].into_iter().flatten().collect()
}

#[rustfmt::skip]
fn orders() -> Vec<Case> {
    let unknown = world::id("ord", super::NOBODY);
    let rows = |of_account, of_passenger| vec![(refused_order(0), of_account), (refused_order(individual()), of_passenger)];
    let mut cases = case("mutation($id: ID!) { cancelOrder(id: $id, idempotencyKey: \"c\") { order { id } userErrors { code path message } } }",
        "/data/cancelOrder", Some(&unknown), rows("XCC-CCXXXC", "XCCC--XXX-"));
    cases.extend(case("mutation($id: ID!) { approveOrder(id: $id, expectedVersion: 0) { order { id } userErrors { code path message } } }",
        "/data/approveOrder", Some(&unknown), rows("XCCXCCXXXX", "XCCX--XXXX")));
    cases.extend(case("mutation($id: ID!) { declineOrder(id: $id, reason: \"no\", expectedVersion: 0) { order { id } userErrors { code path message } } }",
        "/data/declineOrder", Some(&unknown), rows("XCCXCCXXXX", "XCCX--XXXX")));
    cases.extend(case("mutation($id: ID!) { placeOrder(input: { customerId: $id, lines: [] }, idempotencyKey: \"p\") { order { id } userErrors { code path message } } }",
        "/data/placeOrder", Some(&world::customer(super::NOBODY)), vec![
            (world::customer(0),            "XCC-CCXXXC"),
            (world::customer(individual()), "XCCC--XXX-"),
            (world::customer(1),            "XCC---XXX-"),
        ]));
    cases
}

#[rustfmt::skip]
fn accounts() -> Vec<Case> {
    let unknown = world::account(super::NOBODY);
    let both = |own, other| vec![(world::account(0), own), (world::account(1), other)];
    let mut cases = case("mutation($id: ID!) { updateAccount(id: $id, expectedVersion: 0, input: { billingAddress: null }) { account { id } userErrors { code path message } } }",
        "/data/updateAccount", Some(&unknown), both("XCCXXCXXXX", "XCCXX-XXXX"));
    cases.extend(case("mutation($id: ID!) { updateAccount(id: $id, expectedVersion: 0, input: { name: \"Mine\" }) { account { id } userErrors { code path message } } }",
        "/data/updateAccount", Some(&unknown), both("XCCXXCXXXX", "XCCXX-XXXX")));
    cases.extend(case("mutation($id: ID!) { assignAccountOwner(id: $id, ownerId: \"nobody\") { account { id } userErrors { code path message } } }",
        "/data/assignAccountOwner", None, both("XCCXXXXXXX", "XCCXXXXXXX")));
    cases.extend(case("mutation($id: ID!) { mergeAccounts(keepId: $id, dropId: $id, idempotencyKey: \"m\") { account { id } userErrors { code path message } } }",
        "/data/mergeAccounts", None, both("XCCXXXXXXX", "XCCXXXXXXX")));
    cases.extend(case("mutation($id: String!) { createAccount(input: { name: \"\", domain: $id }, idempotencyKey: \"a\") { account { id } userErrors { code } } }",
        "/data/createAccount", None, vec![("x".to_owned(), "XCCXXXXXXX")]));
    cases.extend(case("mutation($id: ID!) { createContact(input: { accountId: $id, fullName: \"\" }, idempotencyKey: \"a\") { contact { id } userErrors { code } } }",
        "/data/createContact", None, vec![(world::account(0), "XCCXXXXXXX")]));
    cases.extend(case("mutation($id: ID!) { updateContact(id: $id, input: { jobTitle: null }, expectedVersion: 0) { contact { id } userErrors { code } } }",
        "/data/updateContact", None, vec![(world::contact(0), "XCCXXXXXXX")]));
    cases
}

#[rustfmt::skip]
fn customers() -> Vec<Case> {
    let mut cases = case("mutation($id: ID!) { openCustomer(input: { accountId: $id, currency: \"EUR\", paymentTerms: NET_30 }, idempotencyKey: \"o\") { customer { id } userErrors { code } } }",
        "/data/openCustomer", None, vec![(world::account(0), "XCCXXXXXXX")]);
    cases.extend(case("mutation($id: ID!) { setCreditLimit(customerId: $id, limit: { amount: \"1\", currency: \"EUR\" }, reason: \"r\", expectedVersion: 0) { customer { id } userErrors { code } } }",
        "/data/setCreditLimit", None, vec![(world::customer(0), "XXCXXXXXXX")]));
    cases.extend(case("mutation($id: ID!) { setCustomerHold(customerId: $id, onHold: true, reason: \"\") { customer { id } userErrors { code } } }",
        "/data/setCustomerHold", None, vec![(world::customer(0), "XXCXXXXXXX")]));
    cases
}

#[rustfmt::skip]
fn catalog() -> Vec<Case> {
    let staff = |id: &str| vec![(id.to_owned(), "XCCXXXXXXX")];
    let product = world::product(0).id;
    let mut cases = case("mutation($id: ID!) { upsertProduct(input: { id: $id, sku: \"\", kind: CHARTER, name: \"\", categoryId: \"\", price: { amount: \"1\", currency: \"EUR\" } }, expectedVersion: 0) { product { id } userErrors { code } } }",
        "/data/upsertProduct", None, staff(&product));
    cases.extend(case("mutation($id: ID!) { changePrice(productId: $id, price: { amount: \"-1\", currency: \"EUR\" }, effectiveFrom: \"2040-01-01T00:00:00Z\") { product { id } userErrors { code } } }",
        "/data/changePrice", None, staff(&product)));
    cases.extend(case("mutation($id: ID!) { retireProduct(productId: $id) { product { id } userErrors { code } } }",
        "/data/retireProduct", None, staff("nothing")));
    cases
}

#[rustfmt::skip]
fn identity() -> Vec<Case> {
    let admin = |id: String| vec![(id, "XXXXXXXXCX")];
    let person = || vec![("x".to_owned(), "XCCCCCCCCX")];
    let mut cases = case("mutation($id: ID!) { setUserGroups(userId: $id, groups: [STAFF, SYSTEM_ADMIN]) { user { id } userErrors { code } } }",
        "/data/setUserGroups", None, admin(world::user(2)));
    cases.extend(case("mutation($id: ID!) { placeLegalHold(userId: $id, reason: \"\") { request { id } userErrors { code } } }",
        "/data/placeLegalHold", None, admin(world::user(2))));
    cases.extend(case("mutation($id: ID!) { createApiClient(input: { name: \"x\", scopes: [], accountId: $id }) { secret userErrors { code } } }",
        "/data/createApiClient", None, admin(world::account(0))));
    cases.extend(case("mutation($id: ID!) { revokeApiClient(id: $id) { client { id } userErrors { code } } }",
        "/data/revokeApiClient", None, admin("nothing".to_owned())));
    cases.extend(case("mutation($id: String!) { updateMyProfile(input: { locale: $id }) { user { id } userErrors { code } } }",
        "/data/updateMyProfile", None, person()));
    cases.extend(case("mutation($id: String!) { requestErasure(confirm: $id, idempotencyKey: \"e\") { request { id } userErrors { code } } }",
        "/data/requestErasure", None, person()));
    cases.extend(case("mutation($id: String!) { requestDataExport(idempotencyKey: \"\") { request { id } userErrors { code path } } more: updateMyProfile(input: { locale: $id }) { userErrors { code } } }",
        "/data/requestDataExport", None, person()));
    cases.push(Case {
        text: "mutation { setConsent(purpose: MARKETING, granted: false) { consents { granted } } }",
        at: "/data/setConsent", variables: json!({}), unknown: None, expected: "XDDDDDDDDX",
    });
    cases
}
