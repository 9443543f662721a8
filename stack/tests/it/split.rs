//! Corridor in six processes: every subgraph on its own, talking over Redis, and the router with the
//! edges. Only configuration tells it from the one process of the other tests.

use std::time::Duration;

use braid_service::testkit::redis_url;
use serde_json::{Value, json};

use crate::harness::{Corridor, Process, eventually};

/// What an order is placed with.
struct Buyer {
    token: String,
    customer: Value,
    product: Value,
}

impl Buyer {
    async fn new(corridor: &Corridor) -> Self {
        let token = corridor.token("buyer").await;
        let text = "{ me { memberships { account { customer { id } } } } products(first: 1) { nodes { id } } }";
        let answer = corridor.query(Some(&token), text, json!({})).await;
        let customer = answer["data"]["me"]["memberships"][0]["account"]["customer"]["id"].clone();
        let product = answer["data"]["products"]["nodes"][0]["id"].clone();
        assert!(customer.is_string() && product.is_string(), "{answer}");
        Self { token, customer, product }
    }

    /// Places an order at the mobile edge; answers its id.
    async fn place(&self, corridor: &Corridor, key: &str) -> String {
        let lines = json!([{ "productId": self.product, "quantity": 1 }]);
        let variables =
            json!({ "in": { "customerId": self.customer, "lines": lines }, "key": key });
        let token = Some(self.token.as_str());
        let answer = corridor.stored(&corridor.mobile, token, "M08_PlaceOrder", variables).await;
        let id = answer["data"]["placeOrder"]["order"]["id"].as_str();
        id.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// What became of an order.
    async fn decision(&self, corridor: &Corridor, order: &str) -> String {
        let text = "query($id: ID!) { order(id: $id) { status rejectionReason } }";
        let mut last = Value::Null;
        let decided = eventually(Duration::from_secs(60), async || {
            let variables = json!({ "id": order });
            last = corridor.query(Some(&self.token), text, variables).await;
            last["data"]["order"]["status"].as_str().is_some_and(|status| status != "PENDING")
        });
        assert!(decided.await, "{order} is lost or stuck: {last}");
        last["data"]["order"]["status"].to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_decided_across_processes_and_over_a_kill() {
    let Some(redis) = redis_url() else { return };
    // Keys of its own on the server that all tests share.
    let bus = format!("{redis}#split-{}", std::process::id());
    let mut processes = Process::all(Some(&bus)).await;
    let corridor = Corridor::over(&processes);
    let buyer = Buyer::new(&corridor).await;
    let order = buyer.place(&corridor, "split-first").await;
    assert_eq!(buyer.decision(&corridor, &order).await, "\"APPROVED\"");

    let mut orders = Vec::new();
    for number in 0..10 {
        orders.push(buyer.place(&corridor, &format!("split-{number}")).await);
        if number == 4 {
            let customers = processes.iter_mut().find(|process| process.name == "customers");
            customers.expect("it is one of them").kill();
        }
    }
    let customers = processes.iter_mut().find(|process| process.name == "customers");
    customers.expect("it is one of them").start().await;
    for order in orders {
        let decision = buyer.decision(&corridor, &order).await;
        assert!(["\"APPROVED\"", "\"REJECTED\""].contains(&decision.as_str()), "{decision}");
    }
}
