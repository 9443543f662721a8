//! Every subgraph in a process of its own, killed in turn while the clients' documents run: what is
//! lost must be what `availability.txt` says, and nothing else.
//!
//! A line there is `client|document|critical|optional`: the loss of a critical subgraph empties the
//! screen, that of an optional one costs fields, that of any other nothing. Subgraphs that are not
//! built yet stand there, too, and do not matter.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Corridor, Process};

const TABLE: &str = include_str!("availability.txt");
/// A document with variables under which it shows something.
struct Screen {
    client: &'static str,
    document: &'static str,
    critical: Vec<&'static str>,
    optional: Vec<&'static str>,
}

fn screens() -> Vec<Screen> {
    let list = |text: &'static str| text.split(',').filter(|name| !name.is_empty()).collect();
    let screen = |line: &'static str| {
        let mut columns = line.split('|');
        let mut next = || columns.next().expect("four columns");
        let (client, document) = (next(), next());
        Screen { client, document, critical: list(next()), optional: list(next()) }
    };
    TABLE.lines().map(screen).collect()
}

/// Ids that the documents need.
struct World {
    product: String,
    sku: String,
    order: String,
    account: String,
    customer: String,
}

struct Tokens {
    buyer: String,
    staff: String,
    admin: String,
    partner: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn each_subgraph_costs_only_its_own_fields() {
    let mut processes = Process::all(None).await;
    let corridor = Corridor::over(&processes);
    let tokens = Tokens {
        buyer: corridor.token("buyer").await,
        staff: corridor.token("staff").await,
        admin: corridor.token("system admin").await,
        partner: corridor.partner_token().await,
    };
    let world = world(&corridor, &tokens).await;
    let mut healthy = Vec::new();
    for screen in screens() {
        let answer = run(&corridor, &tokens, &world, &screen, 0).await;
        assert_eq!(loss(&answer), Loss::Nothing, "{}: {answer:#}", screen.document);
        healthy.push(screen);
    }
    for (round, process) in processes.iter_mut().enumerate() {
        process.kill();
        for screen in &healthy {
            let answer = run(&corridor, &tokens, &world, screen, round + 1).await;
            let expected = if screen.critical.contains(&process.name) {
                Loss::Everything
            } else if screen.optional.contains(&process.name) {
                Loss::Fields
            } else {
                Loss::Nothing
            };
            let lost = loss(&answer);
            assert_eq!(lost, expected, "{} without {}: {answer:#}", screen.document, process.name);
        }
        process.start().await;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Loss {
    Nothing,
    Fields,
    Everything,
}

/// What an answer lost. A REST answer is told from a GraphQL one by its `status`.
fn loss(answer: &Value) -> Loss {
    if let Some(status) = answer["rest_status"].as_u64() {
        return match status {
            200 | 201 if answer["body"]["meta"]["partial"].is_array() => Loss::Fields,
            200 | 201 => Loss::Nothing,
            503 => Loss::Everything,
            _ => panic!("{answer}"),
        };
    }
    let shown = answer["data"].as_object().is_some_and(|data| data.values().any(|v| !v.is_null()));
    match (shown, answer["errors"].is_array()) {
        (true, false) => Loss::Nothing,
        (true, true) => Loss::Fields,
        (false, _) => Loss::Everything,
    }
}

async fn world(corridor: &Corridor, tokens: &Tokens) -> World {
    let text = "{ products(first: 1) { nodes { id sku } } me { memberships { account { id customer { id orders(first: 1) { nodes { id } } } } } } }";
    let answer = corridor.query(Some(&tokens.buyer), text, json!({})).await;
    let account = &answer["data"]["me"]["memberships"][0]["account"];
    let product = &answer["data"]["products"]["nodes"][0];
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    World {
        product: text(&product["id"]),
        sku: text(&product["sku"]),
        account: text(&account["id"]),
        customer: text(&account["customer"]["id"]),
        order: text(&account["customer"]["orders"]["nodes"][0]["id"]),
    }
}

async fn run(
    corridor: &Corridor,
    tokens: &Tokens,
    world: &World,
    screen: &Screen,
    round: usize,
) -> Value {
    if screen.client == "rest" {
        return run_rest(corridor, tokens, world, screen, round).await;
    }
    let lines = json!([{ "productId": world.product, "quantity": 1 }]);
    let (token, variables) = match screen.document {
        "M06_Shop" => (&tokens.buyer, json!({})),
        "M07_Product" => (&tokens.buyer, json!({ "id": world.product })),
        "M08_Checkout" => (&tokens.buyer, json!({ "in": { "lines": lines, "currency": "EUR" } })),
        "M08_PlaceOrder" => {
            let input = json!({ "customerId": world.customer, "lines": lines });
            (&tokens.buyer, json!({ "in": input, "key": format!("kill-{round}") }))
        }
        "M09_Order" => (&tokens.buyer, json!({ "id": world.order })),
        "W05_Order" => (&tokens.staff, json!({ "id": world.order })),
        "W05_Orders" | "W06_Credit" => (&tokens.staff, json!({})),
        "W13_Access" => (&tokens.admin, json!({})),
        other => panic!("{other} is in the table, and nobody knows its variables"),
    };
    let edge = if screen.client == "mobile" { &corridor.mobile } else { &corridor.web };
    corridor.stored(edge, Some(token), screen.document, variables).await
}

async fn run_rest(
    corridor: &Corridor,
    tokens: &Tokens,
    world: &World,
    screen: &Screen,
    round: usize,
) -> Value {
    let lines = json!([{ "product_id": world.product, "quantity": 1 }]);
    let key = format!("rest-kill-{round}");
    let (method, path, body) = match screen.document {
        "R01_list_products" => (Method::GET, "/v1/products".to_owned(), None),
        "R02_get_product" => (Method::GET, format!("/v1/products/{}", world.sku), None),
        "R03_create_order" => {
            let order = json!({ "customer_id": world.customer, "lines": lines });
            (Method::POST, "/v1/orders".to_owned(), Some(order))
        }
        "R04_get_order" => (Method::GET, format!("/v1/orders/{}", world.order), None),
        "R05_list_orders" => (Method::GET, "/v1/orders".to_owned(), None),
        "R15_get_account" => (Method::GET, format!("/v1/accounts/{}", world.account), None),
        "R16_price_quote" => {
            let quote = json!({ "lines": lines, "currency": "EUR" });
            (Method::POST, "/v1/price-quotes".to_owned(), Some(quote))
        }
        other => panic!("{other} is in the table, and nobody knows its route"),
    };
    let headers = [("idempotency-key", key.as_str())];
    let (status, _, body) =
        corridor.rest(method, &path, Some(&tokens.partner), &headers, body).await;
    json!({ "rest_status": status, "body": body })
}
