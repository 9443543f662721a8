//! When requests are sent, how long they are waited for, and what becomes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use braid_executor::RequestContext;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Reply, World, entities, errors};

fn chain() -> World {
    World::new(&[
        ("a", "type Query { item: Item } type Item @key(fields: \"id\") { id: ID! }"),
        ("b", "type Query { other: Item } type Item @key(fields: \"id\") { id: ID! slow: Int }"),
        ("c", "type Item @key(fields: \"id\") { id: ID! quick: Int more: Int }"),
    ])
    .answers("a", Reply::data(r#"{"item":{"__typename":"Item","id":"1"}}"#).after(10))
    .on("b", |asked| match asked["variables"]["r0"].is_array() {
        true => entities(asked, |_| json!({"__typename": "Item", "slow": 1})).after(300),
        false => Reply::data(r#"{"other":{"__typename":"Item","id":"2"}}"#).after(100),
    })
    .on("c", |asked| entities(asked, |_| json!({"__typename": "Item", "quick": 2})).after(50))
}

/// Fetches start when their own inputs are there: there are no waves.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_what_he_does_not_need() {
    let start = Instant::now();
    let answer = chain().run("{ item { slow quick } other { quick } }").await;
    assert_eq!(answer, json!({"data": {"item": {"slow": 1, "quick": 2}, "other": {"quick": 2}}}));
    assert_eq!(start.elapsed(), Duration::from_millis(310));
}

#[tokio::test(start_paused = true)]
async fn a_subgraph_that_hangs_costs_its_timeout() {
    let mut world = chain().answers("c", Reply::data("{}").after(1_000_000));
    world.configs.get_mut("c").unwrap().timeout = Duration::from_millis(500);
    let start = Instant::now();
    let answer = world.run("{ item { slow quick } }").await;
    assert_eq!(answer["data"], json!({"item": {"slow": 1, "quick": null}}));
    assert_eq!(errors(&answer), ["SUBREQUEST_TIMEOUT c item.quick"]);
    assert_eq!(start.elapsed(), Duration::from_millis(510));
}

/// All requests share the deadline of the client's.
#[tokio::test(start_paused = true)]
async fn the_deadline_is_the_clients() {
    let mut world = chain();
    world.context = Arc::new(|context| RequestContext {
        deadline: Instant::now() + Duration::from_millis(100),
        ..context
    });
    let start = Instant::now();
    let answer = world.run("{ item { slow quick } }").await;
    assert_eq!(answer["data"], json!({"item": {"slow": null, "quick": 2}}));
    assert_eq!(errors(&answer), ["SUBREQUEST_TIMEOUT b item.slow"]);
    assert!(start.elapsed() <= Duration::from_millis(102));
}

fn mutations() -> World {
    World::new(&[
        (
            "a",
            "type Query { x: Int } type Mutation { one: Item three: Int! } type Item @key(fields: \"id\") { id: ID! }",
        ),
        (
            "b",
            "type Query { y: Int } type Mutation { two: Int } type Item @key(fields: \"id\") { id: ID! more: Int }",
        ),
    ])
}

#[tokio::test(start_paused = true)]
async fn mutations_run_one_after_the_other() {
    let world = mutations()
        .on("a", |asked| match asked["query"].as_str().unwrap().contains("one") {
            true => Reply::data(r#"{"one":{"__typename":"Item","id":"1"}}"#).after(100),
            false => Reply::data(r#"{"three":3}"#).after(1),
        })
        .on("b", |asked| match asked["query"].as_str().unwrap().contains("two") {
            true => Reply::data(r#"{"two":2}"#).after(10),
            false => entities(asked, |_| json!({"__typename": "Item", "more": 7})),
        });
    let answer = world.run("mutation { one { more } two three }").await;
    assert_eq!(answer, json!({"data": {"one": {"more": 7}, "two": 2, "three": 3}}));
    let log = world.log.lock().unwrap();
    let order: Vec<_> = log
        .iter()
        .filter_map(|(_, asked)| {
            let text = std::str::from_utf8(asked.body()).unwrap().to_owned();
            ["one", "two", "three"].into_iter().find(|name| text.contains(name))
        })
        .collect();
    assert_eq!(order, ["one", "two", "three"]);
}

/// A mutation whose first field fails goes on with the next (section 6.2.2).
#[tokio::test]
async fn a_failed_mutation_does_not_stop_the_next() {
    let world = mutations()
        .on("a", |_| Reply::bytes("").status(503))
        .on("b", |_| Reply::data(r#"{"two":2}"#));
    let answer = world.run("mutation { one { more } two }").await;
    assert_eq!(answer["data"], json!({"one": null, "two": 2}));
    assert_eq!(errors(&answer), ["SUBREQUEST_HTTP a one"]);
    assert_eq!(world.asked("a").len(), 1);
}

/// A client that leaves cancels a query, but a mutation runs to its end.
#[tokio::test(start_paused = true)]
async fn clients_that_leave() {
    for (text, ends) in [("{ y }", 1), ("mutation { two one { id } }", 2)] {
        let ended = Arc::new(AtomicUsize::new(0));
        let counted = |name: &'static str, ended: &Arc<AtomicUsize>| {
            let ended = Arc::clone(ended);
            move |_: &Value| {
                ended.fetch_add(1, Ordering::SeqCst);
                let data = match name {
                    "a" => r#"{"one":{"id":"1"}}"#,
                    _ => r#"{"two":2,"y":1}"#,
                };
                Reply::data(data).after(1000)
            }
        };
        let world = mutations().on("a", counted("a", &ended)).on("b", counted("b", &ended));
        let left = tokio::time::timeout(Duration::from_millis(500), world.run(text)).await;
        assert!(left.is_err());
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(ended.load(Ordering::SeqCst), ends, "{text}");
    }
}

#[tokio::test]
async fn many_at_once_do_not_mix() {
    let world =
        Arc::new(World::new(&[("a", "type Query { echo(x: Int): Int }")]).on("a", |asked| {
            Reply::data(&json!({"echo": asked["variables"]["x"]}).to_string()).after(1)
        }));
    let runs = (0..200).map(|x| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let answer =
                world.run_with("query($x: Int) { echo(x: $x) }", &format!("{{\"x\":{x}}}")).await;
            assert_eq!(answer, json!({"data": {"echo": x}}));
        })
    });
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap();
    }
}
