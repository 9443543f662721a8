//! REST for partners.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Corridor, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn products_are_public_and_paged() {
    let corridor = Corridor::ephemeral();
    let get = async |path: &str| corridor.rest(Method::GET, path, None, &[], None).await;
    let (status, headers, page) = get("/v1/products?page_size=5").await;
    assert_eq!((status, page["data"].as_array().map(Vec::len)), (200, Some(5)), "{page}");
    assert!(page["data"][0]["updated_at"].is_string() && page["data"][0]["type"].is_string());
    let token = page["next_page_token"].as_str().unwrap();
    assert!(headers["link"].to_str().unwrap().contains("rel=\"next\""));
    let (_, _, next) = get(&format!("/v1/products?page_size=5&page_token={token}")).await;
    assert_ne!(next["data"][0]["id"], page["data"][0]["id"]);
    let sku = page["data"][0]["sku"].as_str().unwrap();
    let (status, headers, product) = get(&format!("/v1/products/{sku}")).await;
    assert_eq!((status, &product["sku"]), (200, &json!(sku)));
    let tag = headers["etag"].to_str().unwrap().to_owned();
    let known = [("if-none-match", tag.as_str())];
    let path = format!("/v1/products/{sku}");
    let (status, _, body) = corridor.rest(Method::GET, &path, None, &known, None).await;
    assert_eq!((status, body), (304, json!("")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_as_a_problem() {
    let corridor = Corridor::ephemeral();
    let token = corridor.partner_token().await;
    let check = async |method: Method,
                       path: &str,
                       token: Option<&str>,
                       body: Option<Value>,
                       expected: (u16, &str)| {
        let key = [("idempotency-key", "k")];
        let headers: &[(&str, &str)] = if body.is_some() { &key } else { &[] };
        let (status, headers, problem) = corridor.rest(method, path, token, headers, body).await;
        assert_eq!(
            (status, problem["code"].as_str().unwrap_or_default()),
            expected,
            "{path} {problem}"
        );
        assert_eq!(headers["content-type"], "application/problem+json", "{path}");
        assert_eq!(problem["status"], status, "{path}");
        problem
    };
    let get = Method::GET;
    let post = Method::POST;
    check(get.clone(), "/v1/nothing", None, None, (404, "NOT_FOUND")).await;
    check(get.clone(), "/v1/products/NO-SUCH-SKU", None, None, (404, "NOT_FOUND")).await;
    check(get.clone(), "/v1/products?page_size=0", None, None, (400, "BAD_REQUEST")).await;
    check(get.clone(), "/v1/products?page_size=101", None, None, (400, "BAD_REQUEST")).await;
    check(get.clone(), "/v1/products?colour=red", None, None, (400, "BAD_REQUEST")).await;
    check(get.clone(), "/v1/products?page_token=x", None, None, (400, "BAD_REQUEST")).await;
    check(get.clone(), "/v1/orders", None, None, (401, "UNAUTHENTICATED")).await;
    check(get.clone(), "/v1/orders?status=SOLD", Some(&token), None, (400, "BAD_REQUEST")).await;
    check(get.clone(), "/v1/orders/ord_none", Some(&token), None, (404, "NOT_FOUND")).await;
    check(Method::DELETE, "/v1/orders", Some(&token), None, (405, "METHOD_NOT_ALLOWED")).await;
    check(post.clone(), "/v1/orders", Some(&token), Some(json!([])), (400, "BAD_REQUEST")).await;
    let extra = json!({ "customer_id": "cus_x", "lines": [], "status": "APPROVED" });
    let problem =
        check(post.clone(), "/v1/orders", Some(&token), Some(extra), (422, "INVALID")).await;
    assert_eq!(problem["errors"][0]["pointer"], "/status");
    let (status, _, problem) =
        corridor.rest(post, "/v1/orders", Some(&token), &[], Some(json!({}))).await;
    assert_eq!(status, 400, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("Idempotency-Key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_quotes_orders_and_watches() {
    let corridor = Corridor::ephemeral();
    let token = corridor.partner_token().await;
    let (_, _, products) = corridor.rest(Method::GET, "/v1/products", None, &[], None).await;
    let product = products["data"][0]["id"].clone();
    let staff = corridor.token("staff").await;
    let accounts = "{ accounts(first: 100) { nodes { id customer { id } } } }";
    let accounts = corridor.query(Some(&staff), accounts, json!({})).await;
    let nodes = accounts["data"]["accounts"]["nodes"].as_array().unwrap();
    let mut linked = None;
    for node in nodes {
        let path = format!("/v1/accounts/{}", node["id"].as_str().unwrap());
        let (status, _, account) = corridor.rest(Method::GET, &path, Some(&token), &[], None).await;
        if status == 200 {
            assert!(account["legal_name"].is_string() || account["legal_name"].is_null());
            assert!(linked.replace(node.clone()).is_none(), "only the linked account");
        } else {
            assert_eq!(status, 404, "{account}");
        }
    }
    let customer = linked.expect("one is linked")["customer"]["id"].clone();
    let lines = json!([{ "product_id": product, "quantity": 2 }]);
    let quote = json!({ "lines": lines, "currency": "EUR" });
    let (status, _, quote) =
        corridor.rest(Method::POST, "/v1/price-quotes", Some(&token), &[], Some(quote)).await;
    assert_eq!(status, 200, "{quote}");
    let order =
        json!({ "customer_id": customer, "lines": lines, "quote_token": quote["quote_token"] });
    let key = [("idempotency-key", "intent-7")];
    let place = async |order: &Value| {
        corridor.rest(Method::POST, "/v1/orders", Some(&token), &key, Some(order.clone())).await
    };
    let (status, headers, placed) = place(&order).await;
    assert_eq!((status, placed["status"].as_str()), (201, Some("PENDING")), "{placed}");
    let id = placed["id"].as_str().unwrap();
    assert_eq!(headers["location"], format!("/v1/orders/{id}"));
    assert!(headers.get("idempotency-replayed").is_none());
    let (status, headers, again) = place(&order).await;
    assert_eq!((status, &again["id"]), (201, &placed["id"]), "{again}");
    assert_eq!(headers["idempotency-replayed"], "true");
    let mut other = order.clone();
    other["lines"][0]["quantity"] = json!(3);
    other["quote_token"] = Value::Null;
    let (status, _, problem) = place(&other).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (422, Some("IDEMPOTENCY_MISMATCH")),
        "{problem}"
    );
    let path = format!("/v1/orders/{id}");
    let decided = eventually(Duration::from_secs(10), async || {
        let (_, _, order) = corridor.rest(Method::GET, &path, Some(&token), &[], None).await;
        order["status"] != "PENDING"
    })
    .await;
    assert!(decided);
    let (status, _, list) = corridor
        .rest(
            Method::GET,
            "/v1/orders?page_size=1&status=APPROVED,REJECTED",
            Some(&token),
            &[],
            None,
        )
        .await;
    assert_eq!((status, list["data"].as_array().map(Vec::len)), (200, Some(1)), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_describes_every_route() {
    let corridor = Corridor::ephemeral();
    let (status, _, document) =
        corridor.rest(Method::GET, "/v1/openapi.json", None, &[], None).await;
    assert_eq!((status, document["openapi"].as_str()), (200, Some("3.1.0")));
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/v1/accounts/{id}",
            "/v1/orders",
            "/v1/orders/{id}",
            "/v1/price-quotes",
            "/v1/products",
            "/v1/products/{sku}"
        ]
    );
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let checked_in =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/openapi.json"));
    let checked_in: Value = serde_json::from_str(&checked_in.unwrap()).unwrap();
    assert_eq!(document, checked_in);
}

fn collect_references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| collect_references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, into)),
        _ => {}
    }
}
