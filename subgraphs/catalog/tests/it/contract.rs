//! What the router relies on: the schema, and that nobody else is answered.

use std::sync::Arc;

use braid_service::db::sql;
use braid_service::seed::Scale;
use braid_service::testkit::{TestService, assert_closed, assert_contract};

#[tokio::test]
async fn the_exported_schema_is_the_contract() {
    let test = TestService::start(catalog::build).await;
    let contract = include_str!("../../../../schema/subgraphs/catalog.graphql");
    assert_contract(test.service.subgraph.sdl(), contract);
}

#[tokio::test]
async fn only_the_router_is_answered() {
    let test = TestService::start(catalog::build).await;
    assert_closed(&test.kit, &test.service).await;
}

#[tokio::test]
async fn seeding_that_was_interrupted_goes_on_and_adds_nothing_twice() {
    let test = crate::seeded().await;
    let db = &test.service.db;
    db.execute(sql("DELETE FROM seeded")).await.unwrap();
    db.execute(sql("DELETE FROM account_prices")).await.unwrap();
    test.service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
    for (count, expected) in [
        (sql("SELECT COUNT(*) AS n FROM products"), 25),
        (sql("SELECT COUNT(*) AS n FROM prices"), 50),
        (sql("SELECT COUNT(*) AS n FROM account_prices"), 9),
    ] {
        assert_eq!(db.fetch_one(count).await.unwrap().get::<i64>("n").unwrap(), expected);
    }
}
