//! What the router relies on: the schema, and that nobody else is answered.

use braid_service::testkit::{TestService, assert_closed, assert_contract};

#[tokio::test]
async fn the_exported_schema_is_the_contract() {
    let test = TestService::start(accounts::build).await;
    let contract = include_str!("../../../../schema/subgraphs/accounts.graphql");
    assert_contract(test.service.subgraph.sdl(), contract);
}

#[tokio::test]
async fn only_the_router_is_answered() {
    let test = TestService::start(accounts::build).await;
    assert_closed(&test.kit, &test.service).await;
}
