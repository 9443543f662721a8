//! The customers subgraph from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod access;
mod commands;
mod contract;
mod credit;
mod dialects;

use std::sync::Arc;

use braid_service::braid_vouch::Caller;
use braid_service::seed::{Scale, world};
use braid_service::testkit::{TestService, user};
use serde_json::{Value, json};

/// The customers of the tiny world.
async fn seeded() -> TestService {
    let test = TestService::start(customers::build).await;
    test.service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
    test
}

/// Finance staff: may do everything here.
fn finance() -> Caller {
    let scopes = ["customers:read", "customers:write", "credit:write"];
    user(&world::user(1), &scopes, &["STAFF"])
}

/// A demo user without scopes of staff.
fn person(n: u64) -> Caller {
    user(&world::user(n), &["customers:read"], &["PASSENGER"])
}

/// The code of the only refusal in a payload.
fn refusal(payload: &Value) -> (&str, String) {
    let errors = payload["userErrors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{payload}");
    let path = errors[0]["path"].as_array().unwrap();
    let path = path.iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join(".");
    (errors[0]["code"].as_str().unwrap(), path)
}

fn account(n: u64) -> Value {
    json!({ "__typename": "Account", "id": world::account(n) })
}
