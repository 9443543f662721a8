//! Accounts from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod commands;
mod contacts;
mod contract;
mod domain;
mod duplicates;
mod entities;
mod read;
mod store;

use std::sync::Arc;
use std::time::Duration;

use braid_service::braid_vouch::Caller;
use braid_service::db::{Db, sql};
use braid_service::seed::{Scale, world};
use braid_service::testkit::{TestService, user};
use serde_json::Value;

const SCOPES: [&str; 4] = ["accounts:read", "accounts:write", "contacts:read", "contacts:write"];

/// A service with the tiny world: 10 accounts, 20 contacts, two of them at each account.
async fn seeded() -> TestService {
    let test = TestService::start(accounts::build).await;
    test.service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
    test
}

/// Sales staff with all scopes.
fn staff() -> Caller {
    user(&world::user(0), &SCOPES, &["STAFF"])
}

/// The admin of account 0, with all scopes: only the row rules are in the way.
fn account_admin() -> Caller {
    user(&world::user(4), &SCOPES, &["PASSENGER"])
}

/// Reads of the database so far, with the background tasks (which read, too) stopped first.
async fn reads(test: &TestService) -> u64 {
    assert!(test.kit.tasks.shutdown(Duration::from_secs(30)).await, "the tasks end");
    test.service.db.reads()
}

/// The code of an answer's only error.
fn code(answer: &Value) -> &str {
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{answer}");
    errors[0]["extensions"]["code"].as_str().unwrap()
}

/// Type, sequence and data of the events about a subject, in order.
async fn events(db: &Db, subject: &str) -> Vec<(String, i64, Value)> {
    let statement = sql("SELECT envelope FROM outbox WHERE partition_key = $1 ORDER BY seq");
    let rows = db.fetch_all(statement.bind(subject)).await.unwrap();
    rows.iter()
        .map(|row| {
            let text: String = row.get("envelope").unwrap();
            let mut event: Value = serde_json::from_str(&text).unwrap();
            let sequence = event["sequence"].as_str().unwrap().parse().unwrap();
            (event["type"].as_str().unwrap().to_owned(), sequence, event["data"].take())
        })
        .collect()
}

/// All events in the outbox.
async fn count_events(db: &Db) -> i64 {
    db.fetch_one(sql("SELECT COUNT(*) AS n FROM outbox")).await.unwrap().get("n").unwrap()
}
