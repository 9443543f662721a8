//! The orders subgraph from outside, with the customers subgraph on the same bus.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod access;
mod approval;
mod cancel;
mod contract;
mod crash;
mod dialects;
mod history;
mod place;
mod race;

use std::sync::Arc;
use std::time::Duration;

use braid_service::app::Service;
use braid_service::braid_vouch::Caller;
use braid_service::db::{Sql, sql};
use braid_service::seed::{Scale, world};
use braid_service::testkit::{TestKit, user};
use serde_json::{Value, json};

const PLACE: &str = "mutation($in: PlaceOrderInput!, $key: ID!) { \
     placeOrder(input: $in, idempotencyKey: $key) { replayed order { id number status version \
     rejectionReason total { amount currency } subtotal { amount } tax { amount } \
     lines { id sku productName quantity unitPrice { amount } product { id } } } \
     userErrors { code path message } } }";
const ORDER: &str = "query($id: ID!, $asOf: DateTime) { order(id: $id, asOf: $asOf) { id status \
     version rejectionReason approval { status decidedBy { id } } saga { id } placedBy { id } \
     history { sequence type summary actor { id } } } }";

/// Both services with the tiny world.
struct Shop {
    kit: TestKit,
    orders: Service,
    customers: Service,
}

impl Shop {
    async fn open() -> Self {
        Self::over("ephemeral:", "ephemeral:").await
    }

    async fn over(orders_url: &str, customers_url: &str) -> Self {
        let kit = TestKit::new();
        let orders = orders::build(kit.deps(orders_url)).await.unwrap();
        let customers = customers::build(kit.deps(customers_url)).await.unwrap();
        kit.bus.start();
        for service in [&orders, &customers] {
            service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
        }
        Self { kit, orders, customers }
    }

    async fn ask(&self, caller: &Caller, query: &str, variables: Value) -> Value {
        self.kit.ask(&self.orders, Some(caller), query, variables).await
    }

    async fn data(&self, caller: &Caller, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(caller, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    /// The payload of one `placeOrder`.
    async fn place(&self, caller: &Caller, key: &str, input: Value) -> Value {
        let variables = json!({ "in": input, "key": key });
        self.data(caller, PLACE, variables).await["placeOrder"].take()
    }

    async fn order(&self, id: &str) -> Value {
        self.data(&staff(), ORDER, json!({ "id": id })).await["order"].take()
    }

    /// Waits until the order has this status, and answers it.
    async fn until(&self, id: &str, status: &str) -> Value {
        for _ in 0..1_000 {
            let order = self.order(id).await;
            if order["status"] == status {
                return order;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("order {id} did not become {status}: {}", self.order(id).await);
    }

    /// A number from the customers' database.
    async fn credit(&self, statement: Sql) -> i64 {
        self.customers.db.fetch_one(statement).await.unwrap().get("n").unwrap()
    }

    async fn held(&self, customer: u64) -> i64 {
        let held = sql("SELECT held_minor AS n FROM customers WHERE id = $1");
        self.credit(held.bind(world::customer(customer))).await
    }

    /// Leaves a customer exactly this much credit.
    async fn leave_credit(&self, customer: u64, minor: i64) {
        let set = sql("UPDATE customers SET limit_minor = held_minor + receivable_minor + $1 \
             WHERE id = $2");
        let set = set.bind(minor).bind(world::customer(customer));
        assert_eq!(self.customers.db.execute(set).await.unwrap(), 1);
    }
}

/// `quantity` pieces of product `n` for a customer.
fn input(customer: u64, product: u64, quantity: i32) -> Value {
    json!({
        "customerId": world::customer(customer),
        "lines": [{ "productId": world::product(product).id, "quantity": quantity }],
    })
}

const SCOPES: &[&str] = &["orders:read", "orders:write", "orders:approve"];

fn staff() -> Caller {
    user(&world::user(0), SCOPES, &["STAFF"])
}

/// A demo user: 2 is a customer, 3 buys for account 0, 4 administers it, 5 is a driver.
fn person(n: u64) -> Caller {
    user(&world::user(n), SCOPES, &["PASSENGER"])
}

/// Code and path of the only refusal in a payload.
fn refusal(payload: &Value) -> (&str, String) {
    let errors = payload["userErrors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{payload}");
    assert_eq!(payload["order"], Value::Null);
    let path = errors[0]["path"].as_array().unwrap();
    let path = path.iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join(".");
    (errors[0]["code"].as_str().unwrap(), path)
}

fn id(payload: &Value) -> String {
    payload["order"]["id"].as_str().unwrap_or_else(|| panic!("no order: {payload}")).to_owned()
}
