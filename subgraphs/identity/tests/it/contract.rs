//! The contract: the schema, the scopes, and who is answered.

use std::collections::BTreeSet;

use braid_service::testkit::{assert_closed, assert_contract};
use identity::domain::scopes::ScopeTable;
use identity::domain::{AccountRole, UserGroup};

use crate::seeded;

const SCHEMAS: &[&str] = &[
    include_str!("../../../../schema/subgraphs/identity.graphql"),
    include_str!("../../../../schema/subgraphs/accounts.graphql"),
    include_str!("../../../../schema/subgraphs/catalog.graphql"),
    include_str!("../../../../schema/subgraphs/customers.graphql"),
    include_str!("../../../../schema/subgraphs/deals.graphql"),
    include_str!("../../../../schema/subgraphs/fleet.graphql"),
    include_str!("../../../../schema/subgraphs/insights.graphql"),
    include_str!("../../../../schema/subgraphs/leads.graphql"),
    include_str!("../../../../schema/subgraphs/notify.graphql"),
    include_str!("../../../../schema/subgraphs/ops.graphql"),
    include_str!("../../../../schema/subgraphs/orders.graphql"),
    include_str!("../../../../schema/subgraphs/payments.graphql"),
    include_str!("../../../../schema/subgraphs/recommendations.graphql"),
    include_str!("../../../../schema/subgraphs/trips.graphql"),
];

#[tokio::test]
async fn the_schema_is_the_contract() {
    let test = seeded().await;
    assert_contract(test.service.subgraph.sdl(), SCHEMAS[0]);
}

#[tokio::test]
async fn only_the_router_is_answered() {
    let test = seeded().await;
    assert_closed(&test.kit, &test.service).await;
}

#[test]
fn every_scope_that_a_schema_requires_can_be_held_and_no_other_exists() {
    let table = ScopeTable::embedded().unwrap();
    let mut required = BTreeSet::new();
    for schema in SCHEMAS {
        for part in schema.split("@requiresScopes(scopes: ").skip(1) {
            let list = part.split(')').next().unwrap();
            required.extend(list.split('"').skip(1).step_by(2));
        }
    }
    assert!(required.len() > 30, "{required:?}");
    assert_eq!(required, table.all());
}

#[test]
fn scopes_follow_the_matrix() {
    let table = ScopeTable::embedded().unwrap();
    let of = |group: UserGroup| table.of_user(&[group], [], []);
    let admin = of(UserGroup::SystemAdmin);
    for business in ["accounts:", "contacts:", "leads:", "deals:", "orders:", "customers:"] {
        assert!(!admin.iter().any(|scope| scope.starts_with(business)), "{business}");
    }
    let staff = of(UserGroup::Staff);
    assert!(!staff.iter().any(|scope| scope.starts_with("ops:") || scope.starts_with("users:")));
    assert!(!staff.contains(&"credit:write".to_owned()));
    let finance = table.of_user(&[UserGroup::Staff], [], ["FINANCE"]);
    assert!(finance.contains(&"credit:write".to_owned()));
    let no_staff = table.of_user(&[UserGroup::Passenger], [], ["FINANCE", "UNKNOWN"]);
    assert!(!no_staff.contains(&"credit:write".to_owned()), "a team needs its group");
    let buyer = table.of_user(&[UserGroup::Passenger], [AccountRole::Buyer], []);
    assert!(buyer.contains(&"orders:approve".to_owned()));
    assert!(!of(UserGroup::Passenger).contains(&"orders:approve".to_owned()));
    assert_eq!(table.of_user(&[], [], []), ["self"]);
}
