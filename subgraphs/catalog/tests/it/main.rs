//! The catalog from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod browse;
mod commands;
mod contract;
mod domain;
mod entities;
mod quote;
mod store;

use std::sync::Arc;
use std::time::Duration;

use braid_service::braid_vouch::Caller;
use braid_service::seed::Scale;
use braid_service::testkit::{TestService, user};

/// A catalog with the tiny world: 24 products and a draft.
async fn seeded() -> TestService {
    let test = TestService::start(catalog::build).await;
    test.service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
    test
}

/// Somebody who writes the catalog.
fn editor() -> Caller {
    user("usr_editor", &["catalog:write", "accounts:read"], &["STAFF"])
}

/// Reads of the database so far, with the background tasks (which read, too) stopped first.
async fn reads(test: &TestService) -> u64 {
    assert!(test.kit.tasks.shutdown(Duration::from_secs(30)).await, "the tasks end");
    test.service.db.reads()
}

/// The code of an answer's only error.
fn code(answer: &serde_json::Value) -> &str {
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer}");
    errors[0]["extensions"]["code"].as_str().unwrap()
}
