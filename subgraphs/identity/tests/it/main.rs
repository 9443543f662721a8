//! Identity from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod auth;
mod commands;
mod contract;
mod rows;
mod store;

use std::sync::Arc;

use braid_service::seed::{Scale, world};
use braid_service::testkit::{TestService, user};
use braid_vouch::Caller;

/// Identity with the tiny world: 50 users, the first 8 of them the demo users.
async fn seeded() -> TestService {
    let test = TestService::start(identity::build).await;
    test.service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
    test
}

/// Demo user `n` with these scopes and groups.
fn demo(n: u64, scopes: &[&str], groups: &[&str]) -> Caller {
    user(&world::user(n), scopes, groups)
}

/// The demo system admin.
fn admin() -> Caller {
    let scopes = ["self", "users:read", "users:admin", "clients:admin", "privacy:admin"];
    demo(7, &scopes, &["SYSTEM_ADMIN"])
}

/// The demo passenger.
fn passenger() -> Caller {
    demo(2, &["self", "orders:read"], &["PASSENGER"])
}

/// The codes of an answer's errors.
fn codes(answer: &serde_json::Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap()).collect()
}
