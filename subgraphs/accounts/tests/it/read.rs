//! Reading: row rules, lists, pages.

use std::collections::BTreeSet;

use braid_service::seed::world;
use braid_service::testkit::{client, user};
use serde_json::{Value, json};

use crate::{SCOPES, account_admin, code, reads, seeded, staff};

const ACCOUNT: &str = "query($id: ID!) { account(id: $id) { id name legalName domain industry
    employeeCount status taxId billingAddress { line1 line2 postalCode city country }
    owner { id } version createdAt updatedAt
    contacts { nodes { fullName } pageInfo { hasNextPage } } } }";
const LIST: &str = "query($filter: AccountFilter, $first: Int, $after: String) {
    accounts(filter: $filter, first: $first, after: $after) { nodes { id name status }
        pageInfo { hasNextPage hasPreviousPage endCursor } totalCount } }";

fn ids(connection: &Value) -> Vec<String> {
    let nodes = connection["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn staff_sees_everything() {
    let test = seeded().await;
    let data = test.data(Some(&staff()), ACCOUNT, json!({"id": world::account(3)})).await;
    let account = &data["account"];
    assert_eq!(account["name"], world::account_name(3));
    assert_eq!(account["owner"]["id"], world::user(1));
    assert!(account["taxId"].is_string() && account["billingAddress"]["city"].is_string());
    assert_eq!(account["contacts"]["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(account["version"], 1);
}

#[tokio::test]
async fn an_account_sees_itself_without_what_is_internal() {
    let test = seeded().await;
    let partner = client(&world::partner_client(), &["accounts:read"], &world::account(0));
    let buyer = user(&world::user(3), &["accounts:read"], &["PASSENGER"]);
    for caller in [partner, buyer, account_admin()] {
        let data = test.data(Some(&caller), ACCOUNT, json!({"id": world::account(0)})).await;
        let account = &data["account"];
        assert_eq!((&account["status"], &account["version"]), (&json!("CUSTOMER"), &json!(1)));
        assert!(account["billingAddress"]["line1"].is_string());
        for internal in ["taxId", "owner", "contacts"] {
            assert_eq!(account[internal], Value::Null, "{internal}");
        }
        let data = test.data(Some(&caller), ACCOUNT, json!({"id": world::account(1)})).await;
        assert_eq!(data["account"], Value::Null, "another account");
        let list = test.data(Some(&caller), LIST, json!({})).await;
        assert_eq!(ids(&list["accounts"]), [world::account(0)]);
        assert_eq!(list["accounts"]["totalCount"], 1);
        for owner in [world::user(0), world::user(1)] {
            let filter = json!({"filter": {"ownerId": owner}});
            let list = test.data(Some(&caller), LIST, filter).await;
            assert_eq!(list["accounts"]["totalCount"], 0, "a filter tells nothing internal");
            assert_eq!(list["accounts"]["nodes"], json!([]));
        }
    }
}

#[tokio::test]
async fn a_member_sees_the_name_and_a_stranger_nothing() {
    let test = seeded().await;
    let counts = world::Counts::of(braid_service::seed::Scale::Tiny);
    let of_role = |role: &str| {
        let found = (8..counts.users)
            .find(|n| world::membership(*n, &counts).is_some_and(|(_, held)| held == role));
        found.map(|n| (n, world::membership(n, &counts).unwrap().0)).unwrap()
    };
    let (member, account) = of_role("MEMBER");
    let caller = user(&world::user(member), &["accounts:read"], &["PASSENGER"]);
    let named = "query($id: ID!) { account(id: $id) { id name domain billingAddress { city } } }";
    let data = test.data(Some(&caller), named, json!({"id": world::account(account)})).await;
    assert_eq!(data["account"]["name"], world::account_name(account));
    assert_eq!(data["account"]["domain"], Value::Null);
    assert_eq!(data["account"]["billingAddress"], Value::Null);
    let status = "query($id: ID!) { account(id: $id) { name status } }";
    let answer = test.ask(Some(&caller), status, json!({"id": world::account(account)})).await;
    assert_eq!(code(&answer), "FORBIDDEN");
    assert_eq!(answer["data"]["account"], Value::Null);
    let list = test.data(Some(&caller), LIST, json!({})).await;
    assert_eq!(list["accounts"]["nodes"], json!([]));
    // The individual customer belongs nowhere.
    let stranger = user(&world::user(2), &["accounts:read"], &["PASSENGER"]);
    for id in [world::account(0), world::account(999), "nonsense".to_owned()] {
        let answer = test.ask(Some(&stranger), ACCOUNT, json!({ "id": id })).await;
        assert_eq!(answer, json!({"data": {"account": null}}), "alike for {id}");
    }
}

#[tokio::test]
async fn groups_and_scopes_are_both_needed() {
    let test = seeded().await;
    let variables = json!({"id": world::account(0)});
    assert_eq!(code(&test.ask(None, ACCOUNT, variables.clone()).await), "UNAUTHENTICATED");
    let no_scope = user(&world::user(0), &[], &["STAFF"]);
    assert_eq!(code(&test.ask(Some(&no_scope), ACCOUNT, variables.clone()).await), "FORBIDDEN");
    assert_eq!(code(&test.ask(Some(&no_scope), LIST, json!({})).await), "FORBIDDEN");
    let no_group = user(&world::user(2), &SCOPES, &["PASSENGER"]);
    let data = test.data(Some(&no_group), ACCOUNT, variables).await;
    assert_eq!(data["account"], Value::Null);
    let contact = "query($id: ID!) { contact(id: $id) { fullName email account { name } } }";
    let variables = json!({"id": world::contact(1)});
    let data = test.data(Some(&no_group), contact, variables.clone()).await;
    assert_eq!(data["contact"], Value::Null);
    let data = test.data(Some(&account_admin()), contact, variables.clone()).await;
    assert_eq!(data["contact"], Value::Null, "contacts are for staff");
    let no_scope = user(&world::user(0), &["accounts:read"], &["STAFF"]);
    assert_eq!(code(&test.ask(Some(&no_scope), contact, variables.clone()).await), "FORBIDDEN");
    let data = test.data(Some(&no_scope), ACCOUNT, json!({"id": world::account(0)})).await;
    assert_eq!(data["account"]["contacts"], Value::Null);
    let data = test.data(Some(&staff()), contact, variables).await;
    assert_eq!(data["contact"]["account"]["name"], world::account_name(1));
}

#[tokio::test]
async fn a_list_pages_by_name_through_all_accounts_once() {
    let test = seeded().await;
    let whole = test.data(Some(&staff()), LIST, json!({"first": 100})).await;
    let whole = ids(&whole["accounts"]);
    assert_eq!(whole.len(), 10);
    let (mut paged, mut after, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let variables = json!({"first": 3, "after": after});
        let page = &test.data(Some(&staff()), LIST, variables).await["accounts"];
        assert_eq!(page["totalCount"], 10);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], pages > 0);
        paged.extend(ids(page));
        pages += 1;
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!((pages, &paged), (4, &whole));
    assert_eq!(paged.iter().collect::<BTreeSet<_>>().len(), 10);
}

#[tokio::test]
async fn the_edges_of_pages() {
    let test = seeded().await;
    let empty = test.data(Some(&staff()), LIST, json!({"first": 0})).await;
    assert_eq!(empty["accounts"]["nodes"], json!([]));
    assert_eq!(empty["accounts"]["pageInfo"]["hasNextPage"], true);
    let contacts = "query($id: ID!, $first: Int, $after: String) { account(id: $id) { name
        contacts(first: $first, after: $after) { nodes { id } pageInfo { endCursor } } } }";
    for first in [-1, 101, i32::MIN] {
        let answer = test.ask(Some(&staff()), LIST, json!({ "first": first })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        let variables = json!({"id": world::account(0), "first": first});
        let answer = test.ask(Some(&staff()), contacts, variables).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        assert_eq!(answer["data"]["account"]["contacts"], Value::Null, "the account stays");
        assert!(answer["data"]["account"]["name"].is_string());
    }
    let long = "A".repeat(2_000);
    for after in ["", "!", "MTph", "Mjph", &long] {
        let answer = test.ask(Some(&staff()), LIST, json!({ "after": after })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{after}");
        let variables = json!({"id": world::account(0), "after": after});
        let answer = test.ask(Some(&staff()), contacts, variables).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{after}");
    }
    let variables = json!({"id": world::account(0), "first": 1});
    let page = test.data(Some(&staff()), contacts, variables).await;
    let cursor = page["account"]["contacts"]["pageInfo"]["endCursor"].clone();
    let variables = json!({"id": world::account(0), "first": 1, "after": cursor});
    let next = test.data(Some(&staff()), contacts, variables).await;
    let id = |page: &Value| page["account"]["contacts"]["nodes"][0]["id"].clone();
    assert_ne!(id(&page), id(&next));
}

#[tokio::test]
async fn filters_narrow_and_wildcards_are_text() {
    let test = seeded().await;
    let count = async |filter: Value| {
        let variables = json!({"filter": filter, "first": 100});
        let data = test.data(Some(&staff()), LIST, variables).await;
        assert_eq!(data["accounts"]["totalCount"], ids(&data["accounts"]).len());
        ids(&data["accounts"]).len()
    };
    assert_eq!(count(json!({"ownerId": world::user(0)})).await, 5);
    assert_eq!(count(json!({"ownerId": "nobody\u{0}"})).await, 0);
    assert_eq!(count(json!({"text": world::account_name(8).to_uppercase()})).await, 1);
    assert_eq!(count(json!({"text": "-8.example"})).await, 1, "by domain");
    for text in ["%", "_", "\\", "'--"] {
        assert_eq!(count(json!({ "text": text })).await, 0, "{text}");
    }
    assert_eq!(count(json!({"status": "ARCHIVED"})).await, 0);
    let by_status = ["PROSPECT", "CUSTOMER", "CHURNED"].map(|status| json!({ "status": status }));
    let mut all = 0;
    for filter in by_status {
        all += count(filter).await;
    }
    assert_eq!(all, 10);
    assert!(count(json!({"industry": "SOFTWARE"})).await <= 10);
    assert_eq!(count(json!({"industry": "none\u{0}such"})).await, 0);
}

#[tokio::test]
async fn a_list_with_contacts_and_owners_costs_three_reads() {
    let test = seeded().await;
    let query = "{ accounts(first: 100) { nodes { name owner { id }
        contacts(first: 1) { nodes { fullName account { name } } pageInfo { hasNextPage } } } } }";
    let before = reads(&test).await;
    let data = test.data(Some(&staff()), query, json!({})).await;
    let nodes = data["accounts"]["nodes"].as_array().unwrap();
    assert!(nodes.iter().all(|node| node["contacts"]["pageInfo"]["hasNextPage"] == true));
    assert_eq!(reads(&test).await - before, 3, "accounts, contacts, their accounts");
}
