//! Answers that are not what was asked for: each costs only its own fields, and is told.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::support::{Reply, World, entities, errors};

const SICK: &str = r#"
  type Query {
    name: String count: Int ratio: Float on: Boolean key: ID blob: JSON
    color: Color colors: [Color!] tags: [String!] grid: [[Int]] item: Item items: [Item] media: Media must: String!
  }
  scalar JSON
  enum Color { RED GREEN HIDDEN @inaccessible }
  type Item { name: String! note: String }
  interface Media { title: String }
  type Book implements Media { title: String pages: Int }
  type Film implements Media { title: String minutes: Int }
"#;

const SOUND: &str = "type Query { ok: Boolean }";

fn world(reply: Reply) -> World {
    static COMPOSED: LazyLock<World> =
        LazyLock::new(|| World::new(&[("sick", SICK), ("sound", SOUND)]));
    COMPOSED.clone().answers("sick", reply).answers("sound", Reply::data(r#"{"ok":true}"#))
}

/// Runs `text` beside a sound subgraph; the sick one's data and all errors.
async fn outcome(text: &str, reply: Reply) -> (Value, Vec<String>) {
    let answer = world(reply).run(&format!("{{ ok {text} }}")).await;
    let mut data = answer["data"].clone();
    if let Some(data) = data.as_object_mut() {
        assert_eq!(data.remove("ok"), Some(json!(true)), "the others' data stays");
    }
    (data, errors(&answer))
}

async fn check(text: &str, data: &str, expected: Value, told: &[&str]) {
    let (actual, errors) = outcome(text, Reply::data(data)).await;
    assert_eq!(actual, expected, "{data}");
    assert_eq!(errors, told, "{data}");
}

#[tokio::test]
async fn answers_that_cannot_be_read() {
    let deep = format!("{{\"data\":{{\"name\":{}1{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("{{\"data\":{{\"x\":{}", "{\"a\":".repeat(100_000));
    for body in [
        "",
        "garbage",
        "{",
        r#"{"data":{"name":"x"}"#,
        r#"{"data":{"name":"x"}}{}"#,
        "null",
        "7",
        "\"x\"",
        "[]",
        "{}",
        r#"{"data":[]}"#,
        r#"{"data":"x"}"#,
        r#"{"data":7}"#,
        r#"{"data":{"name":"x"},"data":{"name":"y"}}"#,
        r#"{"data":{"name":"x","name":"y"}}"#,
        r#"{"errors":"x"}"#,
        r#"{"errors":[]}"#,
        r#"{"data":{"name":"\ud800"}}"#,
        r#"{"data":{"name":01}}"#,
        r#"{"data":{"name":"x"},}"#,
        r#"{"extensions":{}}"#,
        deep.as_str(),
        nested.as_str(),
    ] {
        let (data, errors) = outcome("name", Reply::bytes(body)).await;
        assert_eq!(data, json!({"name": null}), "{body:.80}");
        assert_eq!(errors, ["SUBREQUEST_MALFORMED sick name"], "{body:.80}");
    }
    let (data, errors) = outcome("name", Reply::bytes(b"{\"data\":{\"name\":\"\xff\"}}")).await;
    assert_eq!(
        (data, errors),
        (json!({"name": null}), vec!["SUBREQUEST_MALFORMED sick name".to_owned()])
    );
}

#[tokio::test]
async fn statuses_and_media_types() {
    let good = || Reply::data(r#"{"name":"x"}"#);
    for reply in [
        good(),
        good().status(400),
        good().status(500),
        good().media("application/graphql-response+json"),
        good().media("application/graphql-response+json; charset=utf-8").status(401),
        good().media("Application/JSON;charset=utf-8"),
        good().header("set-cookie", "a=b"),
        good().header("content-encoding", "identity"),
    ] {
        assert_eq!(outcome("name", reply).await, (json!({"name": "x"}), vec![]));
    }
    for (reply, told) in [
        (good().media("text/html"), "SUBREQUEST_MALFORMED sick name"),
        (good().media("text/plain"), "SUBREQUEST_MALFORMED sick name"),
        (good().header("content-encoding", "gzip"), "SUBREQUEST_MALFORMED sick name"),
        (good().header("content-encoding", "nonsense"), "SUBREQUEST_MALFORMED sick name"),
        (good().header("content-type", "text/html"), "SUBREQUEST_MALFORMED sick name"),
        (Reply::bytes("").status(204), "SUBREQUEST_MALFORMED sick name"),
        (Reply::bytes(""), "SUBREQUEST_MALFORMED sick name"),
        (good().status(302), "SUBREQUEST_HTTP sick name"),
        (good().status(307), "SUBREQUEST_HTTP sick name"),
        (
            Reply::bytes("<html>secret</html>").media("text/html").status(404),
            "SUBREQUEST_HTTP sick name",
        ),
        (Reply::bytes("").media("text/html").status(503), "SUBREQUEST_HTTP sick name"),
        (Reply::bytes("").status(502), "SUBREQUEST_HTTP sick name"),
        (Reply::bytes(r#"{"error":"internal"}"#).status(500), "SUBREQUEST_HTTP sick name"),
    ] {
        let status = reply.status;
        let answer = world(reply).run("{ ok name }").await;
        assert_eq!(answer["data"], json!({"ok": true, "name": null}));
        assert_eq!(errors(&answer), [told], "{status}");
        let told = &answer["errors"][0]["extensions"]["http"]["status"];
        assert_eq!(*told, if status >= 300 { json!(status) } else { Value::Null });
        assert!(!answer.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn leaves_of_the_wrong_kind() {
    for (field, wrong) in [
        ("name", vec!["1", "true", "{}", "[]", r#"["x"]"#, r#"{"a":[1]}"#]),
        ("count", vec!["1.0", "1e2", "\"1\"", "true", "{}", "[1]"]),
        ("ratio", vec!["\"1\"", "false", "{}", "[1.5]"]),
        ("on", vec!["0", "\"true\"", "{}"]),
        ("key", vec!["{}", "true", "7", "1.5"]),
        ("color", vec!["\"BLUE\"", "\"HIDDEN\"", "\"red\"", "1", "{}", "\"\""]),
        ("item{name}", vec!["1", "\"x\"", "true", "[]", "[{\"name\":\"x\"}]"]),
        ("items{name}", vec!["1", "{}", "{\"name\":\"x\"}"]),
        ("tags", vec!["\"x\"", "1", "{}"]),
        (
            "media{title __typename}",
            vec![
                "{}",
                r#"{"title":"x"}"#,
                r#"{"title":"x","__typename":"Item"}"#,
                r#"{"title":"x","__typename":"Nothing"}"#,
                r#"{"title":"x","__typename":1}"#,
                r#"{"title":"x","__typename":null}"#,
            ],
        ),
    ] {
        let key = field.split('{').next().unwrap();
        for value in wrong {
            let (data, mut errors) =
                outcome(field, Reply::data(&format!("{{\"{key}\":{value}}}"))).await;
            assert_eq!(data, json!({ key: null }), "{key} {value}");
            errors.dedup();
            assert!(
                errors.iter().any(|e| e.starts_with(&format!("INVALID_VALUE sick {key}"))
                    || (value == "\"HIDDEN\"" && e == "INVALID_VALUE - color")),
                "{key} {value} {errors:?}"
            );
        }
    }
}

#[tokio::test]
async fn leaves_leave_as_they_came() {
    for (field, value) in [
        ("name", r#""a\u00e9\n\"""#),
        ("count", "12345678901234567890"),
        ("ratio", "1.50E+3"),
        ("ratio", "-0"),
        ("on", "false"),
        ("key", "\"7\""),
        ("color", "\"RED\""),
        ("color", r#""R\u0045D""#),
        ("blob", r#"{"b": [1, {"a":null}] , "a":1}"#),
        ("blob", "1e999"),
        ("blob", "[]"),
        ("tags", r#"[ "a" , "b\t" ]"#),
        ("grid", "[[1,null],null,[ ]]"),
        ("colors", "[\"RED\"]"),
    ] {
        let world = world(Reply::data(&format!("{{\"{field}\":{value}}}")));
        let response = world.respond(&format!("{{ {field} }}"), "").await;
        let expected = format!("{{\"data\":{{\"{field}\":{value}}}}}");
        assert_eq!(std::str::from_utf8(&response.body).unwrap(), expected);
    }
}

#[tokio::test]
async fn items_of_the_wrong_kind() {
    check("tags", r#"{"tags":["a",1]}"#, json!({"tags": null}), &["INVALID_VALUE sick tags.1"])
        .await;
    check("tags", r#"{"tags":["a",null]}"#, json!({"tags": null}), &["INVALID_VALUE - tags.1"])
        .await;
    check(
        "colors",
        r#"{"colors":["RED","HIDDEN"]}"#,
        json!({"colors": null}),
        &["INVALID_VALUE - colors.1"],
    )
    .await;
    check(
        "grid",
        r#"{"grid":[[1,"x"],2,null,[3]]}"#,
        json!({"grid": [[1, null], null, null, [3]]}),
        &["INVALID_VALUE sick grid.0.1", "INVALID_VALUE sick grid.1"],
    )
    .await;
    check(
        "items{note}",
        r#"{"items":[{"note":"a"},7,null,{"note":[]}]}"#,
        json!({"items": [{"note": "a"}, null, null, {"note": null}]}),
        &["INVALID_VALUE sick items.1", "INVALID_VALUE sick items.3.note"],
    )
    .await;
}

#[tokio::test]
async fn fields_that_are_missing_or_too_many() {
    check("name count", r#"{"count":1}"#, json!({"name": null, "count": 1}), &[]).await;
    check("name", r#"{"other":{"a":[1]},"name":"x","more":"\u0041"}"#, json!({"name": "x"}), &[])
        .await;
    check(
        "item{name note}",
        r#"{"item":{"note":"x"}}"#,
        json!({"item": null}),
        &["INVALID_VALUE - item.name"],
    )
    .await;
    check("name count", r#"{"count":1,"n\u0061me":"x"}"#, json!({"name": "x", "count": 1}), &[])
        .await;
    let (data, errors) =
        outcome("name", Reply::bytes(r#"{"extensions":{"a":1},"data":{"name":"x"},"more":[]}"#))
            .await;
    assert_eq!((data, errors), (json!({"name": "x"}), vec![]));
}

#[tokio::test]
async fn null_data() {
    check("name count", "null", json!({"name": null, "count": null}), &[]).await;
    let answer = world(Reply::data("null")).run("{ ok must }").await;
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(errors(&answer), ["INVALID_VALUE - must"]);
    for data in [r#"{"must":null}"#, "{}", r#"{"must":3}"#] {
        let answer = world(Reply::data(data)).run("{ ok must }").await;
        assert_eq!(answer["data"], Value::Null);
        assert_eq!(errors(&answer).len(), 1, "{data}");
    }
}

#[tokio::test]
async fn errors_that_are_none() {
    for errors_text in [
        "\"x\"",
        "7",
        "{}",
        "[1]",
        "[\"x\"]",
        "[{}]",
        r#"[{"message":7}]"#,
        r#"[{"path":["name"]}]"#,
        "[null]",
    ] {
        let reply = Reply::bytes(format!(r#"{{"errors":{errors_text},"data":{{"name":"x"}}}}"#));
        let (data, errors) = outcome("name", reply).await;
        assert_eq!(data, json!({"name": "x"}), "{errors_text}");
        assert_eq!(errors.len(), 1, "{errors_text}");
        assert!(errors[0].starts_with("SUBREQUEST_MALFORMED sick"), "{errors:?}");
    }
    for none in ["null", "[]"] {
        let reply = Reply::bytes(format!(r#"{{"data":{{"name":"x"}},"errors":{none}}}"#));
        assert_eq!(outcome("name", reply).await, (json!({"name": "x"}), vec![]));
    }
}

#[tokio::test]
async fn too_many_errors() {
    let one = r#"{"message":"no","path":["name"]}"#;
    let body = format!(r#"{{"errors":[{}],"data":{{"name":null}}}}"#, vec![one; 20_000].join(","));
    let response = world(Reply::bytes(body)).respond("{ ok name }", "").await;
    assert!(response.body.len() < 300_000);
    assert_eq!(response.errors, 20_000);
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    let told = answer["errors"].as_array().unwrap();
    assert_eq!(told.len(), 21);
    assert_eq!(told[20]["message"], json!("… and 19980 more"));
    assert_eq!(answer["data"], json!({"ok": true, "name": null}));
}

#[tokio::test]
async fn many_wrong_values_are_counted() {
    let items = vec![r#"{"note":1}"#; 5_000].join(",");
    let answer =
        world(Reply::data(&format!("{{\"items\":[{items}]}}"))).run("{ items { note } }").await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 21);
    assert_eq!(answer["errors"][20]["message"], json!("… and 4980 more"));
}

fn graph() -> World {
    World::new(&[
        ("users", "type Query { users: [User] } type User @key(fields: \"id\") { id: ID! name: String }"),
        ("scores", "type User @key(fields: \"id\") { id: ID! score: Int must: Int! rank: Rank } type Rank { at: Int! }"),
    ])
    .answers("users", Reply::data(
        r#"{"users":[{"__typename":"User","id":"a","name":"A"},{"__typename":"User","id":"b","name":"B"},{"__typename":"User","id":"c","name":"C"}]}"#,
    ))
}

async fn entities_give(data: &str) -> (Value, Vec<String>) {
    let world = graph().answers("scores", Reply::data(data));
    let answer = world.run("{ users { name score } }").await;
    let users = answer["data"]["users"].as_array().unwrap();
    assert!(users.iter().zip(["A", "B", "C"]).all(|(user, name)| user["name"] == name));
    let scores = users.iter().map(|user| user["score"].clone()).collect();
    (scores, errors(&answer))
}

#[tokio::test]
async fn entities_are_never_taken_for_others() {
    let missing = |at: &[usize]| -> Vec<String> {
        at.iter().map(|at| format!("SUBREQUEST_MALFORMED scores users.{at}.score")).collect()
    };
    let one = r#"{"__typename":"User","score":1}"#;
    for (data, scores, told) in [
        (format!(r#"{{"_entities":[{one}]}}"#), json!([1, null, null]), missing(&[1, 2])),
        (format!(r#"{{"_entities":[{one},{one},{one},{one},7]}}"#), json!([1, 1, 1]), vec![]),
        (format!(r#"{{"_entities":[null,{one},null]}}"#), json!([null, 1, null]), vec![]),
        (
            format!(r#"{{"_entities":[7,{one},"x"]}}"#),
            json!([null, 1, null]),
            vec![
                "INVALID_VALUE scores users.0.score".to_owned(),
                "INVALID_VALUE scores users.2.score".to_owned(),
            ],
        ),
        ("{}".to_owned(), json!([null, null, null]), missing(&[0, 1, 2])),
        (r#"{"_entities":{}}"#.to_owned(), json!([null, null, null]), missing(&[0, 1, 2])),
        (r#"{"_entities":"x"}"#.to_owned(), json!([null, null, null]), missing(&[0, 1, 2])),
        (r#"{"_entities":null}"#.to_owned(), json!([null, null, null]), vec![]),
        (r#"{"_entities":[]}"#.to_owned(), json!([null, null, null]), missing(&[0, 1, 2])),
    ] {
        assert_eq!(entities_give(&data).await, (scores, told), "{data}");
    }
}

#[tokio::test]
async fn null_for_non_null_costs_the_item() {
    let world = graph().on("scores", |asked| entities(asked, |of| {
        json!({"__typename": "User", "must": if of["id"] == "b" { Value::Null } else { json!(1) }})
    }));
    let answer = world.run("{ users { name must } }").await;
    assert_eq!(
        answer["data"]["users"],
        json!([{"name": "A", "must": 1}, null, {"name": "C", "must": 1}])
    );
    assert_eq!(errors(&answer), ["INVALID_VALUE - users.1.must"]);
}

#[tokio::test]
async fn a_failed_fetch_under_a_non_null_field_is_told_once() {
    let world = graph().answers("scores", Reply::bytes("x"));
    let answer = world.run("{ users { name must } }").await;
    assert_eq!(answer["data"]["users"], json!([null, null, null]));
    assert_eq!(errors(&answer), ["SUBREQUEST_MALFORMED scores users.0.must"]);
}

/// No broken answer panics, and whatever of it is served is a part of the sound one.
#[tokio::test]
async fn no_mutated_answer_panics() {
    let text = "{ ok name count tags grid color items { name note } media { __typename title ... on Book { pages } } }";
    let sound = r#"{"data":{"name":"n","count":1,"tags":["a","b"],"grid":[[1],[2]],"color":"RED","items":[{"name":"i","note":null},{"name":"j","note":"k"}],"media":{"__typename":"Book","title":"t","pages":3}},"errors":[{"message":"m","path":["items",0,"note"],"extensions":{"code":"C"}}]}"#;
    let mut seed = 7_u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap()
    };
    for round in 0..3000 {
        let mut body = sound.as_bytes().to_vec();
        match round % 4 {
            0 => body.truncate(next() % body.len()),
            1 => {
                let at = next() % body.len();
                body[at] = u8::try_from(next() % 256).unwrap();
            }
            2 => {
                let (at, length) = (next() % body.len(), next() % 20);
                let end = (at + length).min(body.len());
                body.drain(at..end);
            }
            _ => {
                let (at, from) = (next() % body.len(), next() % body.len());
                let piece: Vec<u8> = body[from..(from + next() % 20).min(body.len())].to_vec();
                body.splice(at..at, piece);
            }
        }
        let response = world(Reply::bytes(body)).respond(text, "").await;
        let answer: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(answer["data"]["ok"], json!(true), "everything in the sick part is nullable");
    }
}

/// Objects of types that clients may not see are null, as enum values are.
#[tokio::test]
async fn objects_of_hidden_types() {
    let world = World::new(&[("s", "
        type Query { all: [Media] one: Media }
        interface Media { title: String }
        type Book implements Media { title: String }
        type Draft implements Media @inaccessible { title: String }
    ")])
    .answers("s", Reply::data(r#"{"all":[{"__typename":"Draft","title":"secret"},{"__typename":"Book","title":"t"}]}"#));
    let answer = world.run("{ all { __typename title } }").await;
    assert_eq!(answer["data"], json!({"all": [null, {"__typename": "Book", "title": "t"}]}));
    assert_eq!(errors(&answer), ["INVALID_VALUE - all.0"]);
}
