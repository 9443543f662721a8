//! Every mutation.

use braid_service::db::sql;
use braid_service::seed::world;
use braid_service::testkit::{TestService, client};
use serde_json::{Value, json};

use crate::{admin, codes, demo, passenger, seeded};

/// The events that were written, oldest first: stream and subject.
async fn events(test: &TestService) -> Vec<String> {
    let query = sql("SELECT stream FROM outbox ORDER BY seq");
    let rows = test.service.db.fetch_all(query).await.unwrap();
    rows.iter().map(|row| row.get("stream").unwrap()).collect()
}

fn refusals(payload: &Value) -> Vec<(&str, String)> {
    let errors = payload["userErrors"].as_array().unwrap();
    errors.iter().map(|e| (e["code"].as_str().unwrap(), e["path"].to_string())).collect()
}

const PROFILE: &str = "mutation($i: UpdateProfileInput!) { updateMyProfile(input: $i) { \
    user { displayName phone locale } userErrors { code path message } } }";

#[tokio::test]
async fn a_profile_changes_as_far_as_it_is_told() {
    let test = seeded().await;
    let input = json!({ "i": { "displayName": "Pat P.", "phone": "+49 30 1234567" } });
    let data = test.data(Some(&passenger()), PROFILE, input).await;
    let user = json!({ "displayName": "Pat P.", "phone": "+49 30 1234567", "locale": "en" });
    assert_eq!(data["updateMyProfile"], json!({ "user": user, "userErrors": [] }));
    let input = json!({ "i": { "phone": null, "locale": "de-AT" } });
    let data = test.data(Some(&passenger()), PROFILE, input).await;
    let user = json!({ "displayName": "Pat P.", "phone": null, "locale": "de-AT" });
    assert_eq!(data["updateMyProfile"]["user"], user);
    assert_eq!(events(&test).await, ["identity.profile-changed"; 2]);
    let found = test
        .data(Some(&admin()), "{ users(filter: { text: \"pat p.\" }) { totalCount } }", json!({}))
        .await;
    assert_eq!(found["users"]["totalCount"], 1, "search follows the name");
    let bad = json!({ "i": { "displayName": " ", "phone": "030", "locale": "Deutsch" } });
    let data = test.data(Some(&passenger()), PROFILE, bad).await;
    assert_eq!(data["updateMyProfile"]["user"], Value::Null);
    let expected = [
        ("INVALID", r#"["input","displayName"]"#.to_owned()),
        ("INVALID", r#"["input","phone"]"#.to_owned()),
        ("INVALID", r#"["input","locale"]"#.to_owned()),
    ];
    assert_eq!(refusals(&data["updateMyProfile"]), expected);
    let anonymous = test.ask(None, PROFILE, json!({ "i": {} })).await;
    assert_eq!(codes(&anonymous), ["UNAUTHENTICATED"]);
    let partner = client("cli_1", &["self"], "acc_1");
    assert_eq!(codes(&test.ask(Some(&partner), PROFILE, json!({ "i": {} })).await), ["FORBIDDEN"]);
}

#[tokio::test]
async fn consents_are_the_users_own_word() {
    let test = seeded().await;
    let mutation = "mutation($g: Boolean!) { setConsent(purpose: MARKETING, granted: $g) { \
        consents { purpose granted } userErrors { code } } }";
    for granted in [true, false, false] {
        let data = test.data(Some(&passenger()), mutation, json!({ "g": granted })).await;
        let consents = data["setConsent"]["consents"].as_array().unwrap();
        assert!(consents.contains(&json!({ "purpose": "MARKETING", "granted": granted })));
    }
    assert_eq!(events(&test).await, ["identity.consent-changed"; 3]);
    let query = "{ me { consents { purpose granted at } } }";
    let data = test.data(Some(&passenger()), query, json!({})).await;
    let consents = data["me"]["consents"].as_array().unwrap();
    assert!(consents.iter().any(|c| c["at"] == "2027-01-15T08:00:00Z"), "{consents:?}");
}

const EXPORT: &str = "mutation($k: ID!) { requestDataExport(idempotencyKey: $k) { \
    request { id kind status dueAt outcomes { service result } subject { id } } \
    userErrors { code path } } }";

const ERASURE: &str = "mutation($k: ID!, $c: String!) { \
    requestErasure(idempotencyKey: $k, confirm: $c) { \
    request { id kind } userErrors { code path } } }";

#[tokio::test]
async fn an_export_is_requested_once() {
    let test = seeded().await;
    let first = test.data(Some(&passenger()), EXPORT, json!({ "k": "key-1" })).await;
    let request = &first["requestDataExport"]["request"];
    assert_eq!((&request["kind"], &request["status"]), (&json!("EXPORT"), &json!("REQUESTED")));
    assert_eq!(request["dueAt"], "2027-02-14T08:00:00Z");
    assert_eq!(request["subject"]["id"], world::user(2));
    let outcomes = request["outcomes"].as_array().unwrap();
    assert!(outcomes.contains(&json!({ "service": "identity", "result": "PENDING" })));
    let again = test.data(Some(&passenger()), EXPORT, json!({ "k": "key-1" })).await;
    assert_eq!(again, first, "the same key, the same answer");
    let other = test.data(Some(&passenger()), EXPORT, json!({ "k": "key-2" })).await;
    assert_eq!(refusals(&other["requestDataExport"]), [("ALREADY_RUNNING", "null".to_owned())]);
    let again = test.data(Some(&passenger()), EXPORT, json!({ "k": "key-2" })).await;
    assert_eq!(again, other, "a refusal is remembered, too");
    let erasure = json!({ "k": "key-1", "c": "passenger@corridor.example" });
    let mixed = test.data(Some(&passenger()), ERASURE, erasure).await;
    let expected = [("INVALID", r#"["idempotencyKey"]"#.to_owned())];
    assert_eq!(refusals(&mixed["requestErasure"]), expected);
    let stranger = test.data(Some(&demo(3, &["self"], &[])), EXPORT, json!({ "k": "key-1" })).await;
    assert_ne!(stranger["requestDataExport"]["request"]["id"], request["id"]);
    for key in [String::new(), "k".repeat(129)] {
        let data = test.data(Some(&passenger()), EXPORT, json!({ "k": key })).await;
        assert_eq!(refusals(&data["requestDataExport"])[0].0, "INVALID");
    }
    assert_eq!(events(&test).await, ["privacy.export-requested"; 2]);
    let desk = "{ privacyRequests(status: REQUESTED) { nodes { kind subject { email } } } }";
    let data = test.data(Some(&admin()), desk, json!({})).await;
    assert_eq!(data["privacyRequests"]["nodes"].as_array().unwrap().len(), 2);
    let entity = "query($r: [_Any!]!) { _entities(representations: $r) { \
        ... on PrivacyRequest { kind } } }";
    let representation = json!({ "r": [{ "__typename": "PrivacyRequest", "id": request["id"] }] });
    let own = test.data(Some(&passenger()), entity, representation.clone()).await;
    assert_eq!(own["_entities"][0]["kind"], "EXPORT");
    let foreign = test.data(Some(&demo(3, &["self"], &[])), entity, representation).await;
    assert_eq!(foreign["_entities"], json!([null]));
}

#[tokio::test]
async fn twenty_requests_with_one_key_are_one() {
    let test = std::sync::Arc::new(seeded().await);
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let test = std::sync::Arc::clone(&test);
        asked.spawn(
            async move { test.data(Some(&passenger()), EXPORT, json!({ "k": "same" })).await },
        );
    }
    let answers = asked.join_all().await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(events(&test).await.len(), 1);
}

#[tokio::test]
async fn an_erasure_is_confirmed_and_can_be_held() {
    let test = seeded().await;
    let wrong = test.data(Some(&passenger()), ERASURE, json!({ "k": "1", "c": "yes" })).await;
    let expected = [("CONFIRMATION_MISMATCH", r#"["confirm"]"#.to_owned())];
    assert_eq!(refusals(&wrong["requestErasure"]), expected);
    let hold = "mutation($u: ID!, $r: String!, $d: Date) { \
        placeLegalHold(userId: $u, reason: $r, until: $d) { \
        request { kind } userErrors { code path } } }";
    let held = |user: String, reason: &str, until: Option<&str>| json!({ "u": user, "r": reason, "d": until });
    for (variables, code) in [
        (held(world::user(2), " ", None), "INVALID"),
        (held(world::user(2), "court", Some("2026-12-31")), "INVALID"),
        (held("usr_none".to_owned(), "court", None), "NOT_FOUND"),
    ] {
        let data = test.data(Some(&admin()), hold, variables).await;
        assert_eq!(refusals(&data["placeLegalHold"])[0].0, code);
    }
    let until = held(world::user(2), "court", Some("2027-01-15"));
    let data = test.data(Some(&admin()), hold, until).await;
    assert_eq!(data["placeLegalHold"], json!({ "request": null, "userErrors": [] }));
    let confirm = "Passenger@Corridor.example ";
    let data = test.data(Some(&passenger()), ERASURE, json!({ "k": "2", "c": confirm })).await;
    assert_eq!(refusals(&data["requestErasure"])[0].0, "LEGAL_HOLD");
    test.kit.clock.advance_us(braid_service::scalars::DAY_US);
    let data = test.data(Some(&passenger()), ERASURE, json!({ "k": "3", "c": confirm })).await;
    assert_eq!(data["requestErasure"]["request"]["kind"], "ERASURE");
    let data = test.data(Some(&admin()), hold, held(world::user(2), "again", None)).await;
    assert_eq!(data["placeLegalHold"]["request"]["kind"], "ERASURE");
    let refused = test.ask(Some(&passenger()), hold, held(world::user(2), "x", None)).await;
    assert_eq!(codes(&refused), ["FORBIDDEN"]);
    assert_eq!(events(&test).await, ["privacy.erasure-requested"]);
}

#[tokio::test]
async fn groups_are_set_by_admins_within_the_rules() {
    let test = seeded().await;
    let mutation = "mutation($u: ID!, $g: [UserGroup!]!) { setUserGroups(userId: $u, groups: $g) { \
        user { groups } userErrors { code path } } }";
    let groups = |user: &str, groups: &[&str]| json!({ "u": user, "g": groups });
    let target = world::user(2);
    let data = test.data(Some(&admin()), mutation, groups(&target, &["DRIVER", "PASSENGER"])).await;
    assert_eq!(data["setUserGroups"]["user"]["groups"], json!(["PASSENGER", "DRIVER"]));
    for (variables, code) in [
        (groups(&target, &["STAFF", "SYSTEM_ADMIN"]), "INVALID"),
        (groups(&world::user(7), &["PASSENGER"]), "FORBIDDEN"),
        (groups("usr_none", &["STAFF"]), "NOT_FOUND"),
    ] {
        let data = test.data(Some(&admin()), mutation, variables).await;
        assert_eq!(refusals(&data["setUserGroups"])[0].0, code);
        assert_eq!(data["setUserGroups"]["user"], Value::Null);
    }
    let refused = test.ask(Some(&passenger()), mutation, groups(&target, &["STAFF"])).await;
    assert_eq!(codes(&refused), ["FORBIDDEN"]);
    assert_eq!(events(&test).await, ["identity.groups-changed"]);
}

#[tokio::test]
async fn api_clients_are_made_once_and_revoked() {
    let test = seeded().await;
    let create = "mutation($i: ApiClientInput!) { createApiClient(input: $i) { \
        client { id name scopes account { id } rateLimitPerMinute revokedAt } secret \
        userErrors { code path } } }";
    let input = json!({ "i": {
        "name": "Expenses", "scopes": ["orders:read", "accounts:read", "orders:read"],
        "accountId": world::account(1),
    } });
    let data = test.data(Some(&admin()), create, input).await;
    let made = &data["createApiClient"];
    assert_eq!(made["client"]["scopes"], json!(["accounts:read", "orders:read"]));
    assert_eq!(made["client"]["rateLimitPerMinute"], 120);
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 43, "256 bits");
    let stored =
        test.service.db.fetch_all(sql("SELECT secret_hash FROM api_clients")).await.unwrap();
    assert!(stored.iter().all(|row| row.get::<String>("secret_hash").unwrap() != secret));
    let bad = json!({ "i": {
        "name": "", "scopes": ["orders:read", "users:admin", "nothing"], "accountId": "acc",
        "rateLimitPerMinute": 0,
    } });
    let data = test.data(Some(&admin()), create, bad).await;
    let expected = [
        ("INVALID", r#"["input","name"]"#.to_owned()),
        ("UNKNOWN_SCOPE", r#"["input","scopes","1"]"#.to_owned()),
        ("UNKNOWN_SCOPE", r#"["input","scopes","2"]"#.to_owned()),
        ("INVALID", r#"["input","rateLimitPerMinute"]"#.to_owned()),
        ("INVALID", r#"["input","accountId"]"#.to_owned()),
    ];
    assert_eq!(refusals(&data["createApiClient"]), expected);
    let revoke = "mutation($id: ID!) { revokeApiClient(id: $id) { client { revokedAt } secret \
        userErrors { code } } }";
    let id = json!({ "id": made["client"]["id"] });
    let data = test.data(Some(&admin()), revoke, id.clone()).await;
    let revoked = json!({ "client": { "revokedAt": "2027-01-15T08:00:00Z" }, "secret": null,
        "userErrors": [] });
    assert_eq!(data["revokeApiClient"], revoked);
    test.kit.clock.advance_us(1_000_000);
    assert_eq!(test.data(Some(&admin()), revoke, id.clone()).await["revokeApiClient"], revoked);
    let data = test.data(Some(&admin()), revoke, json!({ "id": "cli_none" })).await;
    assert_eq!(refusals_of_code(&data["revokeApiClient"]), ["NOT_FOUND"]);
    let list = test.data(Some(&admin()), "{ apiClients { name } }", json!({})).await;
    assert_eq!(list["apiClients"], json!([{ "name": "Expenses" }, { "name": "Demo partner" }]));
    for (mutation, variables) in
        [(create, json!({ "i": { "name": "x", "scopes": [] } })), (revoke, id)]
    {
        assert_eq!(codes(&test.ask(Some(&passenger()), mutation, variables).await), ["FORBIDDEN"]);
    }
}

fn refusals_of_code(payload: &Value) -> Vec<&str> {
    let errors = payload["userErrors"].as_array().unwrap();
    errors.iter().map(|error| error["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_client_is_seen_by_itself_and_by_its_accounts_admins() {
    let test = seeded().await;
    let entity = "query($r: [_Any!]!) { _entities(representations: $r) { \
        ... on ApiClient { name } } }";
    let id = world::partner_client();
    let variables = json!({ "r": [{ "__typename": "ApiClient", "id": id }] });
    let shown = json!([{ "name": "Demo partner" }]);
    for (caller, expected) in [
        (admin(), shown.clone()),
        (client(&id, &[], &world::account(0)), shown.clone()),
        (demo(4, &["self"], &["PASSENGER"]), shown),
        (demo(3, &["self"], &["PASSENGER"]), json!([null])),
        (passenger(), json!([null])),
    ] {
        let data = test.data(Some(&caller), entity, variables.clone()).await;
        assert_eq!(data["_entities"], expected, "{}", caller.subject);
    }
}
