//! Writing contacts.

use std::sync::Arc;

use braid_service::seed::world;
use serde_json::{Value, json};

use crate::{account_admin, code, count_events, events, seeded, staff};

const CREATE: &str = "mutation($in: ContactInput!, $key: ID!) {
    createContact(input: $in, idempotencyKey: $key) {
        contact { id fullName email phone jobTitle doNotContact version account { id } user { id } }
        userErrors { code path duplicates { contact { id } account { id } score matchedOn } } } }";
const UPDATE: &str = "mutation($id: ID!, $in: ContactPatch!, $v: Int!) {
    updateContact(id: $id, input: $in, expectedVersion: $v) {
        contact { fullName email phone jobTitle doNotContact version }
        userErrors { code path } } }";

fn input(account: u64, email: &str) -> Value {
    json!({"accountId": world::account(account), "fullName": " Ann Bell ", "email": email,
        "phone": "+31 20 555 0199"})
}

#[tokio::test]
async fn a_contact_is_made_once_and_changed_and_each_change_is_told_without_its_data() {
    let test = seeded().await;
    let variables = json!({"in": input(0, "Ann@bell.example"), "key": "k-1"});
    let first = test.data(Some(&staff()), CREATE, variables.clone()).await;
    let contact = &first["createContact"]["contact"];
    assert_eq!(contact["fullName"], "Ann Bell");
    assert_eq!(contact["account"]["id"], world::account(0));
    let again = test.data(Some(&staff()), CREATE, variables).await;
    assert_eq!(first, again, "a repeat answers the same");
    let id = contact["id"].as_str().unwrap().to_owned();
    let patch = json!({"fullName": "Ann Berg", "phone": null, "doNotContact": true});
    let data = test.data(Some(&staff()), UPDATE, json!({"id": id, "in": patch, "v": 1})).await;
    let expected = json!({"fullName": "Ann Berg", "email": "Ann@bell.example", "phone": null,
        "jobTitle": null, "doNotContact": true, "version": 2});
    assert_eq!(data["updateContact"]["contact"], expected);
    let told = events(&test.service.db, &id).await;
    let names: Vec<(&str, i64)> = told.iter().map(|(name, n, _)| (name.as_str(), *n)).collect();
    assert_eq!(names, [("contacts.contact-created", 1), ("contacts.contact-changed", 2)]);
    let data = json!({"contactId": id, "accountId": world::account(0), "userId": null});
    assert!(told.iter().all(|(_, _, told)| *told == data), "ids only");
}

#[tokio::test]
async fn refusals_are_data_and_change_nothing() {
    let test = seeded().await;
    let refused = async |input: Value, key: &str| {
        let variables = json!({"in": input, "key": key});
        let data = test.data(Some(&staff()), CREATE, variables).await;
        assert_eq!(data["createContact"]["contact"], Value::Null);
        data["createContact"]["userErrors"].clone()
    };
    let missing = refused(input(99, "a@b.example"), "k").await;
    assert_eq!(missing[0]["code"], "NOT_FOUND");
    let bad = json!({"accountId": "x", "fullName": "\u{7}", "email": "nobody", "phone": "x",
        "jobTitle": ""});
    let problems = refused(bad, "k").await;
    assert_eq!(problems.as_array().unwrap().len(), 5, "{problems}");
    let query = "query($id: ID!) { contact(id: $id) { email } }";
    let known = test.data(Some(&staff()), query, json!({"id": world::contact(0)})).await;
    let email = known["contact"]["email"].as_str().unwrap().to_uppercase();
    let duplicate = &refused(input(0, &email), "k").await[0];
    assert_eq!(duplicate["code"], "DUPLICATE");
    assert_eq!(duplicate["duplicates"][0]["contact"]["id"], world::contact(0));
    assert_eq!(duplicate["duplicates"][0]["matchedOn"], json!(["email"]));
    for key in ["", &"k".repeat(129), "k\n"] {
        let problems = refused(input(0, "a@b.example"), key).await;
        assert_eq!(problems[0]["path"], json!(["idempotencyKey"]));
    }
    assert_eq!(count_events(&test.service.db).await, 0);
    // The same address at another account is another matter.
    let variables = json!({"in": input(1, &email), "key": "k"});
    let data = test.data(Some(&staff()), CREATE, variables).await;
    assert_eq!(data["createContact"]["userErrors"], json!([]));
}

#[tokio::test]
async fn updates_are_refused_for_old_versions_unknown_contacts_and_taken_addresses() {
    let test = seeded().await;
    let update = async |id: String, patch: Value, version: i32| {
        let variables = json!({"id": id, "in": patch, "v": version});
        test.data(Some(&staff()), UPDATE, variables).await["updateContact"]["userErrors"].take()
    };
    let some = json!({"jobTitle": "Driver"});
    let errors = update(world::contact(0), some.clone(), 2).await;
    assert_eq!(errors[0]["code"], "VERSION_CONFLICT");
    for id in [world::contact(999), "nonsense".to_owned()] {
        assert_eq!(update(id, some.clone(), 1).await[0]["code"], "NOT_FOUND");
    }
    let errors =
        update(world::contact(0), json!({"fullName": null, "doNotContact": null}), 1).await;
    assert_eq!(errors.as_array().unwrap().len(), 2);
    let query = "query($id: ID!) { contact(id: $id) { email } }";
    let neighbour = test.data(Some(&staff()), query, json!({"id": world::contact(10)})).await;
    let taken = json!({"email": neighbour["contact"]["email"]});
    assert_eq!(update(world::contact(0), taken, 1).await[0]["code"], "DUPLICATE");
    assert_eq!(count_events(&test.service.db).await, 0);
}

#[tokio::test]
async fn contacts_are_written_by_staff_only() {
    let test = seeded().await;
    let variables = json!({"in": input(0, "a@b.example"), "key": "k"});
    assert_eq!(
        code(&test.ask(Some(&account_admin()), CREATE, variables.clone()).await),
        "FORBIDDEN"
    );
    assert_eq!(code(&test.ask(None, CREATE, variables).await), "UNAUTHENTICATED");
    let variables = json!({"id": world::contact(0), "in": {}, "v": 1});
    assert_eq!(code(&test.ask(Some(&account_admin()), UPDATE, variables).await), "FORBIDDEN");
}

#[tokio::test]
async fn of_many_equal_contacts_at_once_one_is_made() {
    let test = Arc::new(seeded().await);
    let mut makers = tokio::task::JoinSet::new();
    for n in 0..10 {
        let test = Arc::clone(&test);
        makers.spawn(async move {
            let variables = json!({"in": input(0, "same@bell.example"), "key": format!("k-{n}")});
            let data = test.data(Some(&staff()), CREATE, variables).await;
            data["createContact"]["userErrors"][0]["code"].as_str().map(str::to_owned)
        });
    }
    let outcomes = makers.join_all().await;
    assert_eq!(outcomes.iter().filter(|code| code.is_none()).count(), 1);
    assert_eq!(outcomes.iter().flatten().filter(|code| *code == "DUPLICATE").count(), 9);
}
