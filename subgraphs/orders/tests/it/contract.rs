//! The schema, and what every subgraph must refuse.

use braid_service::testkit::{TestService, assert_closed, assert_contract};

#[tokio::test]
async fn the_schema_is_the_contract() {
    let test = TestService::start(orders::build).await;
    let contract = include_str!("../../../../schema/subgraphs/orders.graphql");
    assert_contract(test.service.subgraph.sdl(), contract);
}

#[tokio::test]
async fn only_the_router_is_answered() {
    let test = TestService::start(orders::build).await;
    assert_closed(&test.kit, &test.service).await;
}
