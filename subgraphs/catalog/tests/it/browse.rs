//! Reading as the public does: products, lists, categories.

use std::collections::BTreeSet;

use braid_service::seed::world;
use serde_json::{Value, json};

use crate::{code, editor, reads, seeded};

const LIST: &str =
    "query($filter: ProductFilter, $sort: ProductSort, $first: Int, $after: String) {
    products(filter: $filter, sort: $sort, first: $first, after: $after) {
        nodes { id sku name status price { amount currency } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }";

fn ids(connection: &Value) -> Vec<String> {
    let nodes = connection["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_product_is_found_by_id_and_by_sku_with_the_fields_of_its_kind() {
    let test = seeded().await;
    let fields = "{ __typename id sku name summary imageUrl(width: 100) status updatedAt
        price { amount currency } category { id name }
        ... on RidePass { rides validDays } ... on ShuttleSeat { route departures }
        ... on Charter { seats includedHours } ... on AddOn { appliesTo { __typename id } } }";
    for (n, name) in ["RidePass", "ShuttleSeat", "Charter", "AddOn"].into_iter().enumerate() {
        let shared = world::product(n as u64);
        let query = format!(
            "query($id: ID!, $sku: String!) {{ a: product(id: $id) {fields} \
             b: product(sku: $sku) {fields} }}"
        );
        let data = test.data(None, &query, json!({"id": shared.id, "sku": shared.sku})).await;
        assert_eq!(data["a"], data["b"]);
        assert_eq!(data["a"]["__typename"], name);
        assert_eq!(data["a"]["name"], shared.name);
        assert_eq!(data["a"]["category"]["id"], world::category(shared.category));
        let image = format!("/images/products/{}/160.webp", shared.sku.to_lowercase());
        assert_eq!(data["a"]["imageUrl"], image);
    }
    let add_on = world::product(3).id;
    let query = "query($id: ID!) { product(id: $id) { ... on AddOn { appliesTo { id } } } }";
    let data = test.data(None, query, json!({ "id": add_on })).await;
    assert_eq!(data["product"]["appliesTo"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_product_needs_exactly_one_key_and_unknown_keys_find_nothing() {
    let test = seeded().await;
    for query in ["{ product { id } }", r#"{ product(id: "prd_1", sku: "AB") { id } }"#] {
        let answer = test.ask(None, query, json!({})).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        assert_eq!(answer["data"]["product"], Value::Null);
    }
    let unknown = world::id("prd", 999_999);
    for id in [unknown.as_str(), "", "prd_", "acc_1", "' OR 1=1 --", "prd_\u{0}"] {
        let query = "query($id: ID!) { product(id: $id) { id } }";
        assert_eq!(test.data(None, query, json!({ "id": id })).await["product"], Value::Null);
        let query = "query($id: String!) { product(sku: $id) { id } }";
        assert_eq!(test.data(None, query, json!({ "id": id })).await["product"], Value::Null);
    }
}

#[tokio::test]
async fn every_order_pages_through_all_products_once() {
    let test = seeded().await;
    for sort in ["RELEVANCE", "PRICE_ASC", "PRICE_DESC", "NEWEST"] {
        let whole = test.data(None, LIST, json!({"sort": sort, "first": 100})).await;
        let whole = ids(&whole["products"]);
        assert_eq!(whole.len(), 24, "all but the draft");
        let (mut paged, mut after, mut pages) = (Vec::new(), Value::Null, 0);
        loop {
            let variables = json!({"sort": sort, "first": 5, "after": after});
            let page = &test.data(None, LIST, variables).await["products"];
            assert_eq!(page["totalCount"], 24);
            assert_eq!(page["pageInfo"]["hasPreviousPage"], pages > 0);
            paged.extend(ids(page));
            pages += 1;
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!((pages, &paged), (5, &whole), "{sort}");
        assert_eq!(paged.iter().collect::<BTreeSet<_>>().len(), 24);
    }
}

#[tokio::test]
async fn prices_sort_by_number_and_newest_comes_first() {
    let test = seeded().await;
    let data = test.data(None, LIST, json!({"sort": "PRICE_ASC", "first": 100})).await;
    let cents = |node: &Value| {
        node["price"]["amount"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap()
    };
    let prices: Vec<i64> =
        data["products"]["nodes"].as_array().unwrap().iter().map(cents).collect();
    assert!(prices.is_sorted(), "{prices:?}");
    let data = test.data(None, LIST, json!({"sort": "NEWEST", "first": 1})).await;
    assert_eq!(ids(&data["products"]), [world::product(23).id]);
}

#[tokio::test]
async fn the_edges_of_pages() {
    let test = seeded().await;
    let empty = test.data(None, LIST, json!({"first": 0})).await;
    let page_info = &empty["products"]["pageInfo"];
    assert_eq!(empty["products"]["nodes"], json!([]));
    assert_eq!(page_info["hasNextPage"], true);
    assert_eq!(page_info["endCursor"], Value::Null);
    for first in [-1, 101, i32::MAX] {
        let answer = test.ask(None, LIST, json!({ "first": first })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        assert_eq!(answer["data"]["products"], Value::Null);
    }
    let newest = test.data(None, LIST, json!({"sort": "NEWEST", "first": 1})).await;
    let foreign = newest["products"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let long = "A".repeat(5_000);
    for after in ["", "x", "!", "MTpy", "MTpuMTp4", &long, &foreign] {
        let answer = test.ask(None, LIST, json!({ "after": after })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{after}");
    }
    let null = test.data(None, LIST, json!({"first": null, "sort": null})).await;
    assert_eq!(ids(&null["products"]).len(), 20, "the default page");
}

#[tokio::test]
async fn filters_narrow_and_wildcards_are_text() {
    let test = seeded().await;
    let count = async |filter: Value| {
        let data = test.data(None, LIST, json!({"filter": filter, "first": 100})).await;
        assert_eq!(data["products"]["totalCount"], ids(&data["products"]).len());
        ids(&data["products"]).len()
    };
    assert_eq!(count(json!({"kind": "CHARTER"})).await, 6);
    assert_eq!(count(json!({"kind": "ADD_ON"})).await, 6);
    assert_eq!(count(json!({"categoryId": world::category(0)})).await, 6);
    assert_eq!(count(json!({"categoryId": world::category(99)})).await, 0);
    assert_eq!(count(json!({"categoryId": "nonsense"})).await, 0);
    assert_eq!(count(json!({"status": "RETIRED"})).await, 0);
    assert_eq!(count(json!({"text": "SHUTTLE"})).await, 6);
    assert_eq!(count(json!({"text": "line 4 shuttle"})).await, 1, "words in any order");
    assert_eq!(count(json!({"text": "cha-0002"})).await, 1, "by SKU");
    for text in ["%", "_", "\\", "100%", "'; DROP TABLE products; --", "\u{0}x%"] {
        assert_eq!(count(json!({ "text": text })).await, 0, "{text:?}");
    }
    assert_eq!(count(json!({"text": ""})).await, 24);
    assert_eq!(count(json!({"text": "  \n"})).await, 24);
    assert_eq!(count(json!({"text": "a ".repeat(50_000)})).await, 24, "cut, and still answered");
}

#[tokio::test]
async fn relevance_puts_names_that_begin_with_the_text_first() {
    let test = seeded().await;
    let filter = json!({"text": "ride"});
    let data = test.data(None, LIST, json!({"filter": filter, "first": 100})).await;
    let names = data["products"]["nodes"].as_array().unwrap().iter();
    let names: Vec<bool> = names.map(|n| n["name"].as_str().unwrap().contains("ride")).collect();
    assert!(names.iter().any(|named| !named), "add-ons have it in their summary only");
    assert!(names.is_sorted_by_key(|named| !named), "{names:?}");
}

#[tokio::test]
async fn drafts_are_seen_only_by_those_who_write() {
    let test = seeded().await;
    let draft = world::product(24).id;
    let query = "query($id: ID!) { product(id: $id) { status } }";
    let hidden = test.data(None, query, json!({ "id": draft })).await;
    assert_eq!(hidden["product"], Value::Null);
    let shown = test.data(Some(&editor()), query, json!({ "id": draft })).await;
    assert_eq!(shown["product"]["status"], "DRAFT");
    let drafts = json!({"filter": {"status": "DRAFT"}});
    let hidden = test.data(None, LIST, drafts.clone()).await;
    assert_eq!(hidden["products"]["totalCount"], 0);
    let shown = test.data(Some(&editor()), LIST, drafts).await;
    assert_eq!(ids(&shown["products"]), [draft]);
    assert_eq!(test.data(Some(&editor()), LIST, json!({})).await["products"]["totalCount"], 25);
}

#[tokio::test]
async fn categories_stand_in_their_order_and_pictures_come_in_few_widths() {
    let test = seeded().await;
    let data = test.data(None, "{ categories { id name } }", json!({})).await;
    let names = data["categories"].as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ride passes", "Shuttles", "Charters", "Extras"]);
    let query = "query($id: ID!, $w: Int) { product(id: $id) { imageUrl(width: $w) } }";
    for (width, found) in
        [(json!(null), 320), (json!(-5), 96), (json!(641), 1280), (json!(i32::MAX), 2048)]
    {
        let variables = json!({"id": world::product(0).id, "w": width});
        let data = test.data(None, query, variables).await;
        let url = data["product"]["imageUrl"].as_str().unwrap();
        assert!(url.ends_with(&format!("/{found}.webp")), "{url}");
    }
}

#[tokio::test]
async fn a_page_costs_two_reads_however_long_it_is() {
    let test = seeded().await;
    let query = "{ products(first: 100) { nodes { id price { amount } category { name } } } }";
    let before = reads(&test).await;
    test.data(None, query, json!({})).await;
    assert_eq!(reads(&test).await - before, 2, "the page, and its categories");
}
