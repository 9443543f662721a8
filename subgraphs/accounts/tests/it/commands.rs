//! Writing accounts: make, change, assign, merge.

use std::sync::Arc;

use braid_service::seed::world;
use braid_service::testkit::user;
use serde_json::{Value, json};

use crate::{SCOPES, account_admin, code, count_events, events, seeded, staff};

const CREATE: &str = "mutation($in: AccountInput!, $key: ID!) {
    createAccount(input: $in, idempotencyKey: $key) {
        account { id name domain status taxId owner { id } version }
        userErrors { __typename code message path
            duplicates { account { id } contact { id } score matchedOn } } } }";
const UPDATE: &str = "mutation($id: ID!, $in: AccountPatch!, $v: Int!) {
    updateAccount(id: $id, input: $in, expectedVersion: $v) {
        account { name domain industry status employeeCount version billingAddress { city } }
        userErrors { code path duplicates { account { id } } } } }";
const ASSIGN: &str =
    "mutation($id: ID!, $owner: ID!) { assignAccountOwner(id: $id, ownerId: $owner) {
    account { owner { id } version } userErrors { code path } } }";
const MERGE: &str = "mutation($keep: ID!, $drop: ID!, $key: ID!) {
    mergeAccounts(keepId: $keep, dropId: $drop, idempotencyKey: $key) {
        account { id version industry contacts(first: 100) { nodes { id version } } }
        userErrors { code path } } }";

fn acme() -> Value {
    json!({"name": " Acme ", "domain": "https://www.ACME.example/", "taxId": "NL 812.345",
        "employeeCount": 12, "billingAddress": {"line1": "1 Road", "city": "Delft", "country": "NL"}})
}

fn address(city: &str) -> Value {
    json!({"line1": "2 Road", "city": city, "country": "NL"})
}

#[tokio::test]
async fn an_account_is_made_once_per_key() {
    let test = seeded().await;
    let variables = json!({"in": acme(), "key": "k-1"});
    let first = test.data(Some(&staff()), CREATE, variables.clone()).await;
    let account = &first["createAccount"]["account"];
    assert_eq!(account["name"], "Acme");
    assert_eq!(account["domain"], "acme.example");
    assert_eq!(account["status"], "PROSPECT");
    assert_eq!(account["owner"]["id"], world::user(0), "by default whoever makes it");
    let again = test.data(Some(&staff()), CREATE, variables).await;
    assert_eq!(first, again);
    let id = account["id"].as_str().unwrap().to_owned();
    assert_eq!(
        events(&test.service.db, &id).await,
        [(
            "accounts.account-created".to_owned(),
            1,
            json!({"accountId": id, "name": "Acme", "domain": "acme.example",
            "ownerId": world::user(0), "status": "PROSPECT"}),
        )]
    );
    let mut other = acme();
    other["name"] = json!("Other");
    let data = test.data(Some(&staff()), CREATE, json!({"in": other, "key": "k-1"})).await;
    assert_eq!(data["createAccount"]["userErrors"][0]["code"], "IDEMPOTENCY_MISMATCH");
    // A key belongs to its subject.
    let colleague = user(&world::user(1), &SCOPES, &["STAFF"]);
    let data = test.data(Some(&colleague), CREATE, json!({"in": acme(), "key": "k-1"})).await;
    assert_eq!(data["createAccount"]["userErrors"][0]["code"], "DUPLICATE");
}

#[tokio::test]
async fn twenty_repeats_at_once_make_one_account() {
    let test = Arc::new(seeded().await);
    let mut repeats = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let test = Arc::clone(&test);
        repeats.spawn(async move {
            let variables = json!({"in": acme(), "key": "k-1"});
            test.data(Some(&staff()), CREATE, variables).await["createAccount"]["account"]["id"]
                .take()
        });
    }
    let ids = repeats.join_all().await;
    assert!(ids[0].is_string() && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(count_events(&test.service.db).await, 1);
}

#[tokio::test]
async fn of_many_equal_accounts_at_once_one_is_made() {
    let test = Arc::new(seeded().await);
    let mut makers = tokio::task::JoinSet::new();
    for n in 0..10 {
        let test = Arc::clone(&test);
        makers.spawn(async move {
            let variables = json!({"in": acme(), "key": format!("k-{n}")});
            let data = test.data(Some(&staff()), CREATE, variables).await;
            data["createAccount"]["userErrors"][0]["code"].as_str().map(str::to_owned)
        });
    }
    let outcomes = makers.join_all().await;
    assert_eq!(outcomes.iter().filter(|code| code.is_none()).count(), 1);
    assert_eq!(outcomes.iter().flatten().filter(|code| *code == "DUPLICATE").count(), 9);
}

#[tokio::test]
async fn refusals_are_data_with_all_problems_and_change_nothing() {
    let test = seeded().await;
    let refused = async |input: Value, key: &str| {
        let data = test.data(Some(&staff()), CREATE, json!({"in": input, "key": key})).await;
        assert_eq!(data["createAccount"]["account"], Value::Null);
        data["createAccount"]["userErrors"].clone()
    };
    let bad = json!({"name": "", "domain": "nowhere", "industry": " ", "employeeCount": -1,
        "taxId": "?", "ownerId": "me",
        "billingAddress": {"line1": "", "city": "x", "country": "nl"}});
    let errors = refused(bad, "k").await;
    let paths: Vec<&str> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["path"].as_array().unwrap().last().unwrap().as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        ["name", "domain", "industry", "employeeCount", "taxId", "country", "line1", "ownerId"]
    );
    assert!(errors.as_array().unwrap().iter().all(|error| error["code"] == "INVALID"));
    let name = world::account_name(4);
    let duplicate = &refused(json!({"name": format!("{name}, Inc.")}), "k").await[0];
    assert_eq!((&duplicate["code"], &duplicate["path"]), (&json!("DUPLICATE"), &json!(["input"])));
    assert_eq!(duplicate["duplicates"][0]["account"]["id"], world::account(4));
    assert_eq!(duplicate["duplicates"][0]["contact"], Value::Null);
    assert_eq!(duplicate["__typename"], "AccountError");
    for key in ["", &"k".repeat(129), "\u{0}"] {
        assert_eq!(refused(acme(), key).await[0]["path"], json!(["idempotencyKey"]));
    }
    assert_eq!(count_events(&test.service.db).await, 0);
    // A refused key is free for a better try.
    let data = test.data(Some(&staff()), CREATE, json!({"in": acme(), "key": "k"})).await;
    assert_eq!(data["createAccount"]["userErrors"], json!([]));
}

#[tokio::test]
async fn accounts_are_made_by_staff_only() {
    let test = seeded().await;
    let variables = json!({"in": acme(), "key": "k"});
    assert_eq!(
        code(&test.ask(Some(&account_admin()), CREATE, variables.clone()).await),
        "FORBIDDEN"
    );
    assert_eq!(code(&test.ask(None, CREATE, variables).await), "UNAUTHENTICATED");
    let variables = json!({"id": world::account(0), "owner": world::user(4)});
    assert_eq!(code(&test.ask(Some(&account_admin()), ASSIGN, variables).await), "FORBIDDEN");
    let variables = json!({"keep": world::account(0), "drop": world::account(1), "key": "k"});
    assert_eq!(code(&test.ask(Some(&account_admin()), MERGE, variables).await), "FORBIDDEN");
}

#[tokio::test]
async fn an_update_keeps_what_is_absent_clears_what_is_null_and_archives_for_good() {
    let test = seeded().await;
    let id = world::account(5);
    let update = async |patch: Value, version: i32| {
        let variables = json!({"id": id, "in": patch, "v": version});
        test.data(Some(&staff()), UPDATE, variables).await["updateAccount"].take()
    };
    let patch = json!({"name": "New", "industry": null, "employeeCount": 7,
        "billingAddress": address("Gouda")});
    let account = update(patch, 1).await["account"].take();
    assert_eq!((&account["name"], &account["industry"]), (&json!("New"), &Value::Null));
    assert_eq!((&account["employeeCount"], &account["version"]), (&json!(7), &json!(2)));
    assert_eq!(account["billingAddress"]["city"], "Gouda");
    assert!(account["domain"].is_string(), "absent stays");
    let errors = update(json!({"name": null, "status": null}), 2).await["userErrors"].take();
    assert_eq!(errors.as_array().unwrap().len(), 2);
    assert_eq!(update(json!({}), 1).await["userErrors"][0]["code"], "VERSION_CONFLICT");
    let other = json!({"in": {"name": "Plain", "domain": "plain.example"}, "key": "k"});
    let other = test.data(Some(&staff()), CREATE, other).await;
    let taken = update(json!({"domain": "www.plain.example"}), 2).await;
    assert_eq!(taken["userErrors"][0]["code"], "DUPLICATE");
    let duplicates = &taken["userErrors"][0]["duplicates"];
    assert_eq!(duplicates[0]["account"]["id"], other["createAccount"]["account"]["id"]);
    assert_eq!(update(json!({"status": "ARCHIVED"}), 2).await["account"]["status"], "ARCHIVED");
    assert_eq!(update(json!({"name": "Late"}), 3).await["userErrors"][0]["code"], "ARCHIVED");
    let told = events(&test.service.db, &id).await;
    let names: Vec<(&str, i64)> = told.iter().map(|(name, n, _)| (name.as_str(), *n)).collect();
    assert_eq!(names, [("accounts.account-changed", 2), ("accounts.account-archived", 3)]);
    for id in [world::account(999), "nonsense".to_owned()] {
        let variables = json!({"id": id, "in": {}, "v": 1});
        let data = test.data(Some(&staff()), UPDATE, variables).await;
        assert_eq!(data["updateAccount"]["userErrors"][0]["code"], "NOT_FOUND");
    }
}

#[tokio::test]
async fn an_accounts_admin_changes_its_billing_address_only() {
    let test = seeded().await;
    let update = async |caller, account: u64, patch: Value| {
        let variables = json!({"id": world::account(account), "in": patch, "v": 1});
        test.data(Some(&caller), UPDATE, variables).await["updateAccount"].take()
    };
    let billing = json!({"billingAddress": address("Gouda")});
    let renamed = json!({"billingAddress": address("Gouda"), "name": "Mine"});
    let refused = update(account_admin(), 0, renamed).await;
    assert_eq!(refused["userErrors"][0]["code"], "INVALID");
    let refused = update(account_admin(), 1, billing.clone()).await;
    assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "as if it did not exist");
    let buyer = user(&world::user(3), &SCOPES, &["PASSENGER"]);
    assert_eq!(update(buyer, 0, billing.clone()).await["userErrors"][0]["code"], "NOT_FOUND");
    let changed = update(account_admin(), 0, billing).await;
    assert_eq!(changed["account"]["billingAddress"]["city"], "Gouda");
    let variables = json!({"id": world::account(0), "in": {}, "v": 1});
    let no_scope = user(&world::user(4), &[], &["PASSENGER"]);
    assert_eq!(code(&test.ask(Some(&no_scope), UPDATE, variables).await), "FORBIDDEN");
}

#[tokio::test]
async fn of_many_writers_that_saw_one_version_one_succeeds() {
    let test = Arc::new(seeded().await);
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..20 {
        let test = Arc::clone(&test);
        writers.spawn(async move {
            let variables = json!({"id": world::account(2), "in": {"employeeCount": n}, "v": 1});
            let data = test.data(Some(&staff()), UPDATE, variables).await;
            data["updateAccount"]["userErrors"][0]["code"].as_str().map(str::to_owned)
        });
    }
    let outcomes = writers.join_all().await;
    assert_eq!(outcomes.iter().filter(|code| code.is_none()).count(), 1);
    assert_eq!(outcomes.iter().flatten().filter(|code| *code == "VERSION_CONFLICT").count(), 19);
}

#[tokio::test]
async fn assigning_twice_is_told_once() {
    let test = seeded().await;
    let variables = json!({"id": world::account(2), "owner": world::user(1)});
    for _ in 0..2 {
        let data = test.data(Some(&staff()), ASSIGN, variables.clone()).await;
        let account = json!({"owner": {"id": world::user(1)}, "version": 2});
        assert_eq!(data["assignAccountOwner"]["account"], account);
    }
    assert_eq!(count_events(&test.service.db).await, 1);
    let bad = json!({"id": "x", "owner": "y"});
    let data = test.data(Some(&staff()), ASSIGN, bad).await;
    let errors = data["assignAccountOwner"]["userErrors"].as_array().unwrap().clone();
    let codes: Vec<&str> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["NOT_FOUND", "INVALID"]);
}

#[tokio::test]
async fn a_merge_moves_contacts_once_and_archives_the_dropped() {
    let test = seeded().await;
    let variables = json!({"keep": world::account(2), "drop": world::account(3), "key": "m"});
    let first = test.data(Some(&staff()), MERGE, variables.clone()).await;
    assert_eq!(first["mergeAccounts"]["userErrors"], json!([]));
    let account = &first["mergeAccounts"]["account"];
    assert_eq!((&account["id"], &account["version"]), (&json!(world::account(2)), &json!(2)));
    assert_eq!(account["contacts"]["nodes"].as_array().unwrap().len(), 4);
    let again = test.data(Some(&staff()), MERGE, variables).await;
    assert_eq!(first, again);
    let dropped = events(&test.service.db, &world::account(3)).await;
    let data = json!({"accountId": world::account(3), "keptId": world::account(2)});
    assert_eq!(dropped, [("accounts.account-merged".to_owned(), 2, data)]);
    let moved = events(&test.service.db, &world::contact(3)).await;
    assert_eq!(moved[0].0, "contacts.contact-changed");
    assert_eq!(moved[0].2["accountId"], world::account(2));
    assert_eq!(count_events(&test.service.db).await, 4, "two accounts, two contacts");
    let refused = async |keep: u64, drop: u64, key: &str| {
        let variables =
            json!({"keep": world::account(keep), "drop": world::account(drop), "key": key});
        let data = test.data(Some(&staff()), MERGE, variables).await;
        let error = &data["mergeAccounts"]["userErrors"][0];
        (error["code"].clone(), error["path"][0].clone())
    };
    assert_eq!(refused(2, 2, "a").await, (json!("INVALID"), json!("dropId")));
    assert_eq!(refused(2, 3, "b").await, (json!("ARCHIVED"), json!("dropId")));
    assert_eq!(refused(3, 4, "c").await, (json!("ARCHIVED"), json!("keepId")));
    assert_eq!(refused(2, 99, "d").await, (json!("NOT_FOUND"), json!("dropId")));
    assert_eq!(refused(4, 5, "m").await, (json!("IDEMPOTENCY_MISMATCH"), json!("idempotencyKey")));
}
