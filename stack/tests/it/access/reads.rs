//! What everybody sees of one thing, by every way that leads to it. The letters are explained in
//! [`super::Case`].

use braid_service::seed::world;
use serde_json::{Value, json};

use super::{Case, individual, open_order};

/// One query for each kind of thing and each way to it.
pub(super) fn cases() -> Vec<Case> {
    [roots(), internals(), paths(), dressed()].into_iter().flatten().collect()
}

fn case(text: &'static str, at: &'static str, rows: Vec<(Value, &'static str)>) -> Vec<Case> {
    rows.into_iter()
        .map(|(variables, expected)| Case { text, at, variables, unknown: None, expected })
        .collect()
}

/// As [`case`], and for whom an id is foreign the answer is that for an id that nobody has.
fn by_id(
    text: &'static str,
    at: &'static str,
    unknown: &str,
    rows: Vec<(String, &'static str)>,
) -> Vec<Case> {
    let row = |(id, expected)| Case {
        text,
        at,
        variables: json!({ "id": id }),
        unknown: Some(json!({ "id": unknown })),
        expected,
    };
    rows.into_iter().map(row).collect()
}

/// Fields of `Query` that take an id.
#[rustfmt::skip]
fn roots() -> Vec<Case> {
    let nothing = |prefix| world::id(prefix, super::NOBODY);
    let (account, customer) = (world::account, world::customer);
    let mine = open_order(0);
    let passengers = open_order(individual());
    let foreign = open_order(1);
    let mut cases = by_id("query($id: ID!) { order(id: $id) { number customer { id } history { at actor { id } } } }",
        "/data/order", &nothing("ord"), vec![
            (mine.clone(),       "XDD-DDXXXD"),
            (passengers.clone(), "XDDD--XXX-"),
            (foreign.clone(),    "XDD---XXX-"),
        ]);
    cases.extend(by_id("query($id: ID!) { order(id: $id, asOf: \"2040-01-01T00:00:00Z\") { number } }",
        "/data/order", &nothing("ord"), vec![
            (mine,       "XDD-DDXXXD"),
            (passengers, "XDDD--XXX-"),
            (foreign,    "XDD---XXX-"),
        ]));
    cases.extend(by_id("query($id: ID!) { account(id: $id) { name status customer { creditLimit { amount } } } }",
        "/data/account", &nothing("acc"), vec![
            (account(0), "XDDXDDXXXD"),
            (account(1), "XDDX--XXX-"),
        ]));
    cases.extend(by_id("query($id: ID!) { customer(id: $id) { kind creditAvailable { amount } reservations { nodes { order { number } } } } }",
        "/data/customer", &nothing("cus"), vec![
            (customer(0),            "XDD-DDXXX-"),
            (customer(individual()), "XDDD--XXX-"),
            (customer(1),            "XDD---XXX-"),
        ]));
    cases.extend(by_id("query($id: ID!) { contact(id: $id) { fullName email account { name } } }",
        "/data/contact", &nothing("con"), vec![
            (world::contact(0), "XDDXXXXXXX"),
        ]));
    cases.extend(by_id("query($id: ID!) { user(id: $id) { displayName email phone } }",
        "/data/user", &nothing("usr"), vec![
            (world::user(2), "XXXXXXXXDX"),
            (world::user(9), "XXXXXXXXDX"),
        ]));
    cases.extend(by_id("query($id: ID!) { product(id: $id) { sku status } }",
        "/data/product", &nothing("prd"), vec![
            (super::product("ACTIVE"), "DDDDDDDDDD"),
            (super::product("DRAFT"),  "-DD-------"),
        ]));
    // What an account pays is its own business. (Staff may ask for any; the catalog knows no list.)
    let mut quotes = by_id("query($id: ID!, $product: ID!) { priceQuote(input: { accountId: $id, currency: \"EUR\", lines: [{ productId: $product, quantity: 1 }] }) { total { amount } } }",
        "/data/priceQuote", &nothing("acc"), vec![
            (account(0), "XDDXDDXXXD"),
            (account(1), "XDDXXXXXXX"),
        ]);
    for quote in &mut quotes {
        for variables in quote.unknown.iter_mut().chain([&mut quote.variables]) {
            variables["product"] = json!(super::product("ACTIVE"));
        }
    }
    cases.extend(quotes);
    cases
}

/// What only some of those see who see the thing, and lists that are for few.
#[rustfmt::skip]
fn internals() -> Vec<Case> {
    let of_account = || json!({ "id": world::account(0) });
    let none = || json!({});
    let mut cases = case("query($id: ID!) { account(id: $id) { taxId } }", "/data/account/taxId",
        vec![(of_account(), "XDDXnnXXXn")]);
    cases.extend(case("query($id: ID!) { account(id: $id) { owner { id displayName } } }", "/data/account/owner",
        vec![(of_account(), "XDDXnnXXXn")]));
    cases.extend(case("query($id: ID!) { account(id: $id) { contacts { nodes { email } } } }", "/data/account/contacts",
        vec![(of_account(), "XDDXXXXXXX")]));
    cases.extend(case("query($id: ID!) { account(id: $id) { billingAddress { city } } }", "/data/account/billingAddress",
        vec![(of_account(), "XDDXDDXXXD")]));
    cases.extend(case("query($name: String) { duplicateCandidates(input: { name: $name }) { score account { id } contact { email } } }", "/data/duplicateCandidates",
        vec![(json!({ "name": world::account_name(1) }), "XDDXXXXXXX")]));
    cases.extend(case("{ users { totalCount nodes { email } } }", "/data/users", vec![(none(), "XXXXXXXXDX")]));
    cases.extend(case("{ apiClients { id scopes } }", "/data/apiClients", vec![(none(), "XXXXXXXXDX")]));
    cases.extend(case("{ privacyRequests { nodes { subject { email } downloadUrl } } }", "/data/privacyRequests", vec![(none(), "XXXXXXXXDX")]));
    cases.extend(case("{ categories { name } }", "/data/categories/0", vec![(none(), "DDDDDDDDDD")]));
    cases
}

/// Ways to a thing through another one.
#[rustfmt::skip]
fn paths() -> Vec<Case> {
    let order = |customer| json!({ "id": open_order(customer) });
    let none = || json!({});
    let mut cases = case("query($id: ID!) { order(id: $id) { customer { creditLimit { amount } } } }", "/data/order/customer/creditLimit",
        vec![(order(0), "XDDnDDXXXn"), (order(individual()), "XDDDnnXXXn"), (order(1), "XDDnnnXXXn")]);
    cases.extend(case("query($id: ID!) { order(id: $id) { customer { account { name } } } }", "/data/order/customer/account/name",
        vec![(order(0), "XDDnDDXXXn"), (order(1), "XDDnnnXXXn")]));
    cases.extend(case("query($id: ID!) { order(id: $id) { placedBy { displayName } } }", "/data/order/placedBy/displayName",
        vec![(order(0), "XDDnDDXXXn"), (order(individual()), "XDDDnnXXXn"), (order(1), "XDDnnnXXXn")]));
    // The buyer (by even numbers) or the admin of account 0 placed it: each sees the own address only.
    cases.extend(case("query($id: ID!) { order(id: $id) { placedBy { email } } }", "/data/order/placedBy/email",
        vec![(json!({ "id": world::order(0) }), "XnnnDnXXXn"), (json!({ "id": world::order(1) }), "XnnnnDXXXn")]));
    cases.extend(case("query($id: ID!) { customer(id: $id) { user { email orders { totalCount } customer { id } } } }", "/data/customer/user/email",
        vec![(json!({ "id": world::customer(individual()) }), "XnnDnnXXXn")]));
    cases.extend(case("query($id: ID!) { user(id: $id) { customer { id } } }", "/data/user/customer",
        vec![(json!({ "id": world::user(2) }), "XXXXXXXXnX")]));
    cases.extend(case("query($id: ID!) { user(id: $id) { orders { totalCount } } }", "/data/user/orders",
        vec![(json!({ "id": world::user(2) }), "XXXXXXXXnX")]));
    cases.extend(case("query($id: ID!) { user(id: $id) { memberships { account { customer { id } } } } }", "/data/user/memberships/0/account/customer",
        vec![(json!({ "id": world::user(3) }), "XXXXXXXXnX")]));
    cases.extend(case("{ me { email } }", "/data/me/email", vec![(none(), "XDDDDDDDDn")]));
    cases.extend(case("{ me { customer { creditLimit { amount } } } }", "/data/me/customer", vec![(none(), "XnnDDDnnnn")]));
    cases.extend(case("{ me { memberships { account { name customer { orders { nodes { number } } } } } } }",
        "/data/me/memberships/0/account/customer/orders/nodes/0", vec![(none(), "XnnnDDnnnn")]));
    cases.extend(case("{ me { memberships { account { contacts { nodes { email } } } } } }", "/data/me/memberships/0/account/contacts",
        vec![(none(), "XnnnXXnnnn")]));
    cases
}

/// Fields that are refused stay so under another name, in fragments and under conditions.
#[rustfmt::skip]
fn dressed() -> Vec<Case> {
    let none = || json!({});
    let mut cases = case("{ products: users { nodes { email } } }", "/data/products", vec![(none(), "XXXXXXXXDX")]);
    cases.extend(case("{ ...Q } fragment Q on Query { ... on Query { ... @include(if: true) { x: users { nodes { email } } } } }", "/data/x", vec![(none(), "XXXXXXXXDX")]));
    cases.extend(case("query($yes: Boolean!) { users @include(if: $yes) { totalCount } __typename }", "/data/users", vec![(json!({ "yes": true }), "XXXXXXXXDX")]));
    cases.extend(case("query($no: Boolean!) { users @skip(if: $no) { totalCount } users { totalCount } }", "/data/users", vec![(json!({ "no": true }), "XXXXXXXXDX")]));
    cases.extend(case("query($id: ID!) { account(id: $id) { ... on Account { c: contacts { nodes { ... on Contact { phone } } } } } }", "/data/account/c",
        vec![(json!({ "id": world::account(0) }), "XDDXXXXXXX")]));
    cases
}
