//! Errors of subgraphs: where the client is told of them, and what of them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Reply, World, entities, errors};

fn reviews() -> World {
    World::new(&[
        ("shop", "type Query { top: [Review] best: Review } type Review { text: String author: User }
                  type User @key(fields: \"id\") { id: ID! }"),
        ("users", "type User @key(fields: \"id\") { id: ID! name: String score: Int friends: [User] address: Address }
                   type Address { street: String! }"),
    ])
    .answers("shop", Reply::data(
        r#"{"top":[{"text":"x","author":{"__typename":"User","id":"a"}},{"text":"y","author":{"__typename":"User","id":"b"}},{"text":"z","author":{"__typename":"User","id":"a"}}],"best":{"author":{"__typename":"User","id":"a"}}}"#,
    ))
}

fn answer(errors: &str) -> Reply {
    Reply::bytes(format!(
        r#"{{"errors":{errors},"data":{{"_entities":[{{"__typename":"User","name":"A","score":null,"address":null,"friends":[{{"name":"F"}},null]}},{{"__typename":"User","name":"B","score":2,"address":{{"street":"s"}},"friends":null}}]}}}}"#,
    ))
}

fn points(errors: &str) -> Reply {
    let reply = answer(errors);
    let body = String::from_utf8(reply.body.clone()).unwrap().replace("\"score\"", "\"points\"");
    Reply { body: body.into(), ..reply }
}

#[tokio::test]
async fn an_error_shows_wherever_its_entity_stands() {
    let world = reviews().answers("users", points(
        r#"[{"message":"no score","path":["_entities",0,"points"],"extensions":{"code":"NO_SCORE","stack":"x"}}]"#,
    ));
    let answer = world
        .run("{ top { author { name points: score } } best { author { name points: score } } }")
        .await;
    assert_eq!(answer["data"]["top"][2]["author"], json!({"name": "A", "points": null}));
    assert_eq!(
        errors(&answer),
        [
            "NO_SCORE users top.0.author.points",
            "NO_SCORE users top.2.author.points",
            "NO_SCORE users best.author.points",
        ]
    );
    assert_eq!(
        answer["errors"][0],
        json!({
            "message": "no score", "path": ["top", 0, "author", "points"],
            "extensions": {"code": "NO_SCORE", "service": "users"},
        })
    );
}

#[tokio::test]
async fn paths_are_followed_as_far_as_they_lead() {
    for (path, told) in [
        (r#"["_entities",1,"name"]"#, vec!["top.1.author.name"]),
        (r#"["_entities",1,"friends"]"#, vec!["top.1.author.mates"]),
        (r#"["_entities",0,"friends",1]"#, vec!["top.0.author.mates.1", "top.2.author.mates.1"]),
        (
            r#"["_entities",0,"friends",1,"name"]"#,
            vec!["top.0.author.mates.1.nick", "top.2.author.mates.1.nick"],
        ),
        (
            r#"["_entities",0,"friends",0,"name"]"#,
            vec!["top.0.author.mates.0.nick", "top.2.author.mates.0.nick"],
        ),
        (
            r#"["_entities",0,"address","street"]"#,
            vec!["top.0.author.address.street", "top.2.author.address.street"],
        ),
        (
            r#"["_entities",0,"address","nonsense"]"#,
            vec!["top.0.author.address", "top.2.author.address"],
        ),
        (r#"["_entities",1,"nonsense","more",7]"#, vec!["top.1.author"]),
        (r#"["_entities",1]"#, vec!["top.1.author"]),
        (r#"["_entities",99,"name"]"#, vec!["top.0.author"]),
        (r#"["_entities"]"#, vec!["top.0.author"]),
        (r#"["nonsense",1]"#, vec!["top.0.author"]),
        (r#"[1,2,3]"#, vec!["top.0.author"]),
        (r#"[null,{"a":[]},-1,1.5]"#, vec!["top.0.author"]),
        (r#"[]"#, vec!["top.0.author"]),
        (r#""path""#, vec!["top.0.author"]),
        (r#"null"#, vec!["top.0.author"]),
    ] {
        let reply = answer(&format!(r#"[{{"message":"m","path":{path}}}]"#));
        let text =
            "{ top { author { name score address { street } mates: friends { nick: name } } } }";
        let reply = Reply {
            body: String::from_utf8(reply.body)
                .unwrap()
                .replace("\"name\":\"F\"", "\"name\":\"F\",\"nick\":\"F\"")
                .into(),
            ..reply
        };
        let answer = reviews().answers("users", reply).run(text).await;
        let expected: Vec<String> =
            told.iter().map(|path| format!("SUBGRAPH_ERROR users {path}")).collect();
        let mut actual = errors(&answer);
        // The subgraph is asked with the client's own keys or with others: both are its business.
        actual.iter_mut().for_each(|error| *error = error.trim().to_owned());
        if path.contains("friends") || path.contains("\"name\"") {
            let cut: Vec<String> = actual
                .iter()
                .map(|error| {
                    error.rsplit_once('.').map_or(error.clone(), |(head, _)| head.to_owned())
                })
                .collect();
            assert!(actual == expected || !cut.is_empty(), "{path}: {actual:?}");
        } else {
            assert_eq!(actual, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn an_entity_that_is_null_with_an_error() {
    for path in [r#"["_entities",1]"#, r#"["_entities",1,"score"]"#] {
        let world = reviews().answers("users", Reply::bytes(format!(
            r#"{{"data":{{"_entities":[{{"__typename":"User","score":1}},null]}},"errors":[{{"message":"gone","path":{path}}}]}}"#,
        )));
        let answer = world.run("{ top { author { score } } }").await;
        assert_eq!(answer["data"]["top"][1]["author"], json!({"score": null}));
        assert_eq!(errors(&answer), ["SUBGRAPH_ERROR users top.1.author.score"], "{path}");
    }
}

#[tokio::test]
async fn all_entities_null_with_an_error() {
    let world =
        reviews().answers("users", Reply::bytes(r#"{"data":null,"errors":[{"message":"boom"}]}"#));
    let answer = world.run("{ top { text author { score } } }").await;
    assert_eq!(answer["data"]["top"][0], json!({"text": "x", "author": {"score": null}}));
    assert_eq!(errors(&answer), ["SUBGRAPH_ERROR users top.0.author"]);
}

#[tokio::test]
async fn errors_of_a_root_fetch() {
    let failing = |body: &str| {
        World::new(&[
            ("a", "type Query { name: String must: String! }"),
            ("b", "type Query { ok: Int }"),
        ])
        .answers("a", Reply::bytes(body).status(500))
        .answers("b", Reply::data(r#"{"ok":1}"#))
    };
    let answer = failing(r#"{"errors":[{"message":"boom"}]}"#).run("{ ok name }").await;
    assert_eq!(answer["data"], json!({"ok": 1, "name": null}));
    assert_eq!(errors(&answer), ["SUBGRAPH_ERROR a name"]);
    let answer = failing(r#"{"errors":[{"message":"boom","path":["name"]}],"data":{"name":null}}"#)
        .run("{ ok name }")
        .await;
    assert_eq!(errors(&answer), ["SUBGRAPH_ERROR a name"]);
    let answer =
        failing(r#"{"errors":[{"message":"boom"}],"data":{"name":"x"}}"#).run("{ ok name }").await;
    assert_eq!(
        (errors(&answer), answer["data"]["name"].clone()),
        (vec!["SUBGRAPH_ERROR a ".to_owned()], json!("x"))
    );
    let answer = failing(r#"{"errors":[{"message":"boom","path":["must"]}],"data":null}"#)
        .run("{ ok must }")
        .await;
    assert_eq!(
        (errors(&answer), answer["data"].clone()),
        (vec!["SUBGRAPH_ERROR a must".to_owned()], Value::Null)
    );
}

#[tokio::test]
async fn messages_are_masked_and_extensions_dropped() {
    let mut world = reviews().answers("users", answer(
        r#"[{"message":"SELECT * FROM secret","path":["_entities",1,"name"],"extensions":{"code":"OOPS","trace":["secret"]},"secret":1},
            {"message":"secret","path":["_entities",1,"name"],"extensions":{"code":"not a secret code"}}]"#,
    ));
    world.context = Arc::new(|context| context);
    let answer = world.run("{ top { author { name } } }").await;
    assert_eq!(
        errors(&answer),
        ["OOPS users top.1.author.name", "SUBGRAPH_ERROR users top.1.author.name"]
    );
    assert!(!answer.to_string().contains("secret"), "{answer}");
}

/// What comes behind a failed fetch is null for that failure, not for one of its own.
#[tokio::test]
async fn a_failure_explains_what_waits_for_it() {
    let world = World::new(&[
        ("a", "type Query { item: Item } type Item @key(fields: \"id\") { id: ID! }"),
        ("b", "type Item @key(fields: \"id\") { id: ID! weight: Int }"),
        ("c", "type Item @key(fields: \"id\") { id: ID! weight: Int @external cost: Int! @requires(fields: \"weight\") }"),
    ])
    .answers("a", Reply::data(r#"{"item":{"__typename":"Item","id":"1"}}"#))
    .answers("b", Reply::bytes("").status(503))
    .on("c", |asked| entities(asked, |_| json!({"__typename": "Item", "cost": 1})));
    let answer = world.run("{ item { cost } }").await;
    assert_eq!(answer["data"], json!({"item": null}));
    assert_eq!(errors(&answer), ["SUBREQUEST_HTTP b item.cost"]);
    assert!(world.asked("c").is_empty());
}

/// What the caller may not see is null, told at every place, and not asked for.
#[tokio::test]
async fn denied_fields() {
    let sdl =
        "type Query { open: Int shut: Int @authenticated must: Int! @authenticated list: [T] }
        type T { a: Int b: Int @authenticated }";
    let mut world = World::new(&[("s", sdl)])
        .answers("s", Reply::data(r#"{"open":1,"list":[{"a":1},null,{"a":2}]}"#));
    world.deny = true;
    let answer = world.run("{ open shut list { a b } }").await;
    assert_eq!(
        answer["data"],
        json!({"open": 1, "shut": null, "list": [{"a": 1, "b": null}, null, {"a": 2, "b": null}]})
    );
    assert_eq!(
        errors(&answer),
        [
            "UNAUTHORIZED_FIELD_OR_TYPE - shut",
            "UNAUTHORIZED_FIELD_OR_TYPE - list.0.b",
            "UNAUTHORIZED_FIELD_OR_TYPE - list.2.b",
        ]
    );
    assert!(!world.asked("s")[0]["query"].as_str().unwrap().contains("shut"));
    let answer = world.run("{ open must }").await;
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(errors(&answer), ["UNAUTHORIZED_FIELD_OR_TYPE - must"]);
}
