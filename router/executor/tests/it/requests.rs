//! What subgraphs are asked: representations, variables, headers.

use serde_json::json;

use crate::naive::serve;
use crate::support::{Reply, World, entities, errors};

fn shop() -> World {
    World::new(&[
        (
            "catalog",
            "type Query { products: [Product!]! product(id: ID!, size: Int = 3): Product }
          type Product @key(fields: \"id\") { id: ID! name: String }",
        ),
        ("stock", "type Product @key(fields: \"id\") { id: ID! left: Int }"),
    ])
}

#[tokio::test]
async fn equal_representations_are_asked_once() {
    let world = shop()
        .answers("catalog", Reply::data(
            r#"{"products":[{"__typename":"Product","id":"a","name":"A"},{"__typename":"Product","id":"b","name":"B"},{"__typename":"Product","id":"a","name":"A2"}]}"#,
        ))
        .on("stock", |asked| entities(asked, |of| {
            json!({"__typename": "Product", "left": if of["id"] == "a" { 1 } else { 2 }})
        }));
    let answer = world.run("{ products { name left } }").await;
    assert_eq!(
        answer,
        json!({"data": {"products": [
            {"name": "A", "left": 1}, {"name": "B", "left": 2}, {"name": "A2", "left": 1},
        ]}})
    );
    let asked = world.asked("stock");
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0]["variables"]["r0"],
        json!([
            {"__typename": "Product", "id": "a"}, {"__typename": "Product", "id": "b"},
        ])
    );
}

#[tokio::test]
async fn many_entities_find_their_own() {
    let products: Vec<_> = (0..1000)
        .map(|at| json!({"__typename": "Product", "id": format!("{}", at % 300)}))
        .collect();
    let world = shop()
        .answers("catalog", Reply::data(&json!({"products": products}).to_string()))
        .on("stock", |asked| entities(asked, |of| {
            json!({"__typename": "Product", "left": of["id"].as_str().unwrap().parse::<u32>().unwrap()})
        }));
    let answer = world.run("{ products { left } }").await;
    for at in 0..1000 {
        assert_eq!(answer["data"]["products"][at]["left"], json!(at % 300));
    }
    assert_eq!(world.asked("stock")[0]["variables"]["r0"].as_array().unwrap().len(), 300);
}

#[tokio::test]
async fn no_entity_no_request() {
    for data in [r#"{"products":[]}"#, r#"{"product":null}"#] {
        let world = shop().answers("catalog", Reply::data(data));
        let text = if data.contains("products") {
            "{ products { left } }"
        } else {
            "{ product(id: 1) { left } }"
        };
        let answer = world.run(text).await;
        assert_eq!(errors(&answer), Vec::<String>::new());
        assert!(world.asked("stock").is_empty());
    }
}

/// A null in a key: no jump for that one, the others stay.
#[tokio::test]
async fn a_null_in_a_key_costs_only_that_object() {
    let world = World::new(&[
        ("a", "type Query { items: [Item] } type Item @key(fields: \"code\") { code: String name: String }"),
        ("b", "type Item @key(fields: \"code\") { code: String left: Int }"),
    ])
    .answers("a", Reply::data(r#"{"items":[{"__typename":"Item","code":null,"name":"x"},{"__typename":"Item","code":"k","name":"y"},null]}"#))
    .on("b", |asked| entities(asked, |_| json!({"__typename": "Item", "left": 5})));
    let answer = world.run("{ items { name left } }").await;
    assert_eq!(
        answer,
        json!({"data": {"items": [
            {"name": "x", "left": null}, {"name": "y", "left": 5}, null,
        ]}})
    );
}

#[tokio::test]
async fn variables_travel_as_they_came() {
    let world = shop().answers("catalog", Reply::data(r#"{"product":{"name":"x"}}"#));
    let text = "query($id: ID!, $size: Int) { product(id: $id, size: $size) { name } }";
    world.run_with(text, r#"{"id":"a\u0062\"c"}"#).await;
    world.run_with(text, r#"{"id":7,"size":null}"#).await;
    let log = world.log.lock().unwrap();
    let bodies: Vec<&str> =
        log.iter().map(|(_, asked)| std::str::from_utf8(asked.body()).unwrap()).collect();
    assert!(bodies[0].contains(r#""variables":{"id":"a\u0062\"c"}"#), "{}", bodies[0]);
    assert!(bodies[1].contains(r#""variables":{"id":"7","size":null}"#), "{}", bodies[1]);
}

#[tokio::test]
async fn requires_gathers_from_other_subgraphs() {
    let world = World::new(&[
        ("a", "type Query { item: Item } type Item @key(fields: \"id\") { id: ID! }"),
        ("b", "type Item @key(fields: \"id\") { id: ID! weight: Int dims: Dims tags: [String] }
               type Dims { w: Int h: Int }"),
        ("c", "type Item @key(fields: \"id\") { id: ID! weight: Int @external dims: Dims @external tags: [String] @external
                 cost: Int @requires(fields: \"weight dims { w h } tags\") }
               type Dims @shareable { w: Int h: Int }"),
    ].map(|(name, sdl)| (name, if name == "b" { "type Item @key(fields: \"id\") { id: ID! weight: Int dims: Dims tags: [String] } type Dims @shareable { w: Int h: Int }" } else { sdl })))
    .answers("a", Reply::data(r#"{"item":{"__typename":"Item","id":"1"}}"#))
    .on("b", |asked| entities(asked, |_| json!({"__typename": "Item", "weight": null, "dims": {"w": 1, "h": 2}, "tags": ["x", null]})))
    .on("c", |asked| entities(asked, |_| json!({"__typename": "Item", "cost": 9})));
    let answer = world.run("{ item { cost } }").await;
    assert_eq!(answer, json!({"data": {"item": {"cost": 9}}}));
    assert_eq!(
        world.asked("c")[0]["variables"]["r0"],
        json!([
            {"__typename": "Item", "id": "1", "weight": null, "dims": {"w": 1, "h": 2}, "tags": ["x", null]},
        ])
    );
}

#[tokio::test]
async fn introspection_is_answered_by_us() {
    let world = shop().answers("catalog", Reply::data(r#"{"products":[]}"#));
    let text = r#"query($n: String!) { __schema { queryType { name } } products { name } __type(name: $n) { name kind } none: __type(name: "None") { name } }"#;
    let answer = world.run_with(text, r#"{"n":"Product"}"#).await;
    assert_eq!(
        answer,
        json!({"data": {
            "__schema": {"queryType": {"name": "Query"}}, "products": [],
            "__type": {"name": "Product", "kind": "OBJECT"}, "none": null,
        }})
    );
    assert_eq!(shop().run("{ __typename }").await, json!({"data": {"__typename": "Query"}}));
}

#[tokio::test]
async fn subscriptions_are_refused_for_now() {
    let world = World::new(&[("a", "type Query { x: Int } type Subscription { ticks: Int }")]);
    let answer = world.run("subscription { ticks }").await;
    assert_eq!(errors(&answer), ["SUBSCRIPTIONS_UNSUPPORTED - "]);
}

/// An entity in many places is fetched, read and rendered once, also with what hangs below it.
#[tokio::test]
async fn shared_entities_are_written_alike_everywhere() {
    let world = World::new(&[
        ("a", "type Query { items: [Item!]! } type Item { n: Int! owner: User } type User @key(fields: \"id\") { id: ID! }"),
        ("b", "type User @key(fields: \"id\") { id: ID! name: String friends: [User!] }"),
    ])
    .answers("a", {
        let items: Vec<_> = (0..50)
            .map(|n| json!({"n": n, "owner": {"__typename": "User", "id": format!("{}", n % 3)}}))
            .collect();
        Reply::data(&json!({ "items": items }).to_string())
    })
    .on("b", |asked| entities(asked, |of| {
        let id = of["id"].as_str().unwrap();
        json!({"__typename": "User", "name": format!("name {id}"), "friends": [{"name": "f", "id": id}]})
    }));
    let answer = world.run("{ items { n owner { name friends { name id } } } }").await;
    for n in 0..50 {
        let id = (n % 3).to_string();
        assert_eq!(
            answer["data"]["items"][n],
            json!({
                "n": n, "owner": {"name": format!("name {id}"), "friends": [{"name": "f", "id": id}]},
            })
        );
    }
    assert_eq!(world.asked("b").len(), 1);
}

/// Fields of one key that differ by type or arguments are asked for under other keys, which the
/// client never sees.
#[tokio::test]
async fn one_key_may_be_several_fields() {
    let sdl = "
        type Query { all: [Any!] }
        union Any = Book | Film
        type Book { by: Author size: Int }
        type Film { by: Director size: Int! }
        type Author { name: String }
        type Director { name: String films: Int }
    ";
    let world = World::new(&[("s", sdl)]).on("s", serve(sdl, &json!({"all": [
        {"__typename": "Film", "by": {"__typename": "Director", "name": "d", "films": 3}, "size": 1},
        {"__typename": "Book", "by": {"__typename": "Author", "name": "a"}, "size": 2},
    ]})));
    let text = "{ all { ... on Book { by { name } n: size } ... on Film { by { name films } } } }";
    assert_eq!(
        world.run(text).await,
        json!({"data": {"all": [
            {"by": {"name": "d", "films": 3}}, {"by": {"name": "a"}, "n": 2},
        ]}})
    );
    let text = "{ all { __typename ... on Film { by { __typename } } } }";
    assert_eq!(
        world.run(text).await,
        json!({"data": {"all": [
            {"__typename": "Film", "by": {"__typename": "Director"}}, {"__typename": "Book"},
        ]}})
    );
}

/// A shareable list of objects without a key: each subgraph has a part of every item.
#[tokio::test]
async fn lists_of_several_sources_go_by_position() {
    let a = "type Query { rows: [Row] @shareable } type Row { a: Int same: Int @shareable }";
    let b = "type Query { rows: [Row] @shareable } type Row { b: Int same: Int @shareable }";
    let composed = World::new(&[("a", a), ("b", b)]);
    let rows = |b: &str| {
        composed
            .clone()
            .answers("a", Reply::data(r#"{"rows":[{"a":1},{"a":2},null]}"#))
            .answers("b", Reply::data(b))
    };
    let answer = rows(r#"{"rows":[{"b":3},{"b":4},null]}"#).run("{ rows { a b } }").await;
    assert_eq!(answer, json!({"data": {"rows": [{"a": 1, "b": 3}, {"a": 2, "b": 4}, null]}}));
    let answer = rows(r#"{"rows":[{"b":3},null,{"b":5}]}"#).run("{ rows { a b } }").await;
    assert_eq!(
        answer["data"],
        json!({"rows": [{"a": 1, "b": 3}, {"a": 2, "b": null}, {"a": null, "b": 5}]})
    );
    // Lists of different lengths cannot be joined: the later one counts for nothing, and is told.
    let answer = rows(r#"{"rows":[{"b":4}]}"#).run("{ rows { a b } }").await;
    assert_eq!(answer["data"], json!({"rows": [{"a": 1, "b": null}, {"a": 2, "b": null}, null]}));
    assert_eq!(errors(&answer), ["INVALID_VALUE - rows"]);
    let answer = rows(r#"{"rows":null}"#).run("{ rows { a b } }").await;
    assert_eq!(answer["data"], json!({"rows": [{"a": 1, "b": null}, {"a": 2, "b": null}, null]}));
}
