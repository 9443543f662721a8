//! Finding what may be the same.

use braid_service::seed::world;
use serde_json::{Value, json};

use crate::{account_admin, code, seeded, staff};

const CANDIDATES: &str = "query($in: DuplicateProbe!) { duplicateCandidates(input: $in) {
    account { id name } contact { id email } score matchedOn } }";

#[tokio::test]
async fn candidates_are_scored_by_what_they_share() {
    let test = seeded().await;
    let query = "query($id: ID!) { account(id: $id) { name domain taxId
        contacts { nodes { id email } } } }";
    let known = test.data(Some(&staff()), query, json!({"id": world::account(2)})).await;
    let known = &known["account"];
    let probe = async |input: Value| {
        let data = test.data(Some(&staff()), CANDIDATES, json!({ "in": input })).await;
        let found = data["duplicateCandidates"].as_array().unwrap().clone();
        found
            .iter()
            .filter(|candidate| candidate["account"]["id"] == world::account(2))
            .map(|candidate| (candidate["score"].clone(), candidate["matchedOn"].clone()))
            .collect::<Vec<_>>()
    };
    let name = format!("  {} GmbH ", known["name"].as_str().unwrap().to_uppercase());
    let domain = format!("https://www.{}/about", known["domain"].as_str().unwrap());
    let tax = known["taxId"].as_str().unwrap().to_lowercase();
    assert_eq!(probe(json!({ "name": name })).await, [(json!(0.6), json!(["name"]))]);
    assert_eq!(probe(json!({ "domain": domain })).await, [(json!(0.7), json!(["domain"]))]);
    let all = json!({"name": name, "domain": domain, "taxId": tax});
    let marks = json!(["taxId", "domain", "name"]);
    assert_eq!(probe(all).await, [(json!(0.994), marks)]);
    let email = known["contacts"]["nodes"][0]["email"].as_str().unwrap().to_uppercase();
    let found = probe(json!({"email": email, "name": name})).await;
    let expected = [(json!(0.96), json!(["email", "name"])), (json!(0.6), json!(["name"]))];
    assert_eq!(found, expected, "the contact, then its account");
    for nothing in [
        json!({}),
        json!({"name": "--"}),
        json!({"domain": "not a domain"}),
        json!({"name": "a\u{0}b"}),
        json!({"email": "\u{0}"}),
        json!({"taxId": "x".repeat(9_999)}),
    ] {
        assert_eq!(probe(nothing).await, []);
    }
}

#[tokio::test]
async fn candidates_are_for_staff() {
    let test = seeded().await;
    let variables = json!({"in": {"name": world::account_name(0)}});
    let answer = test.ask(Some(&account_admin()), CANDIDATES, variables.clone()).await;
    assert_eq!(code(&answer), "FORBIDDEN");
    assert_eq!(code(&test.ask(None, CANDIDATES, variables).await), "UNAUTHENTICATED");
}
