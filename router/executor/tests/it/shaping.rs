//! Shaped answers: `@flatten`, `@hide`, `@omitNull`.

use serde_json::json;

use crate::support::{Reply, World, errors};

fn world(data: &str) -> World {
    let mut world = World::new(&[(
        "s",
        "
        type Query { owner: User owners: [User!]! orders: Orders secret: String }
        type User { name: String id: ID! mail: String! }
        type Orders { nodes: [Order!]! pageInfo: PageInfo! }
        type Order { id: ID! note: String }
        type PageInfo { end: String }
    ",
    )])
    .answers("s", Reply::data(data));
    world.stored = true;
    world
}

#[tokio::test]
async fn flattened_objects() {
    let data = r#"{"owner":{"name":"Ada","id":"1"},"owners":[{"id":"1","name":null},{"id":"2","name":"B"}],"orders":{"nodes":[{"id":"o"}],"pageInfo":{"end":"e"}}}"#;
    for (text, expected) in [
        ("{ owner @flatten { name } }", json!({"owner": "Ada"})),
        ("{ owner @flatten { name id @hide } }", json!({"owner": "Ada"})),
        ("{ owners @flatten { name } }", json!({"owners": [null, "B"]})),
        ("{ owners @flatten { id } }", json!({"owners": ["1", "2"]})),
        ("{ orders @flatten { nodes { id } } }", json!({"orders": [{"id": "o"}]})),
        ("{ orders @flatten { nodes @flatten { id } } }", json!({"orders": ["o"]})),
        (
            "{ orders @flatten { nodes { id } pageInfo @hide { end } } }",
            json!({"orders": [{"id": "o"}]}),
        ),
    ] {
        assert_eq!(world(data).run(text).await, json!({"data": expected}), "{text}");
    }
    let answer = world(r#"{"owner":null}"#).run("{ owner @flatten { name } }").await;
    assert_eq!(answer, json!({"data": {"owner": null}}));
}

#[tokio::test]
async fn hidden_and_left_out_members() {
    let data = r#"{"owner":{"name":null,"id":"1","mail":"m"},"secret":"s"}"#;
    for (text, expected) in [
        ("{ secret @hide owner { id } }", json!({"owner": {"id": "1"}})),
        ("{ owner { name @omitNull id } }", json!({"owner": {"id": "1"}})),
        ("{ owner { name @omitNull } }", json!({"owner": {}})),
        (
            "query @omitNull { owner { name id } orders { nodes { id } } }",
            json!({"owner": {"id": "1"}}),
        ),
    ] {
        assert_eq!(world(data).run(text).await, json!({"data": expected}), "{text}");
    }
}

#[tokio::test]
async fn errors_inside_what_is_flattened_are_told_at_it() {
    let answer = world(r#"{"owner":{"mail":null}}"#).run("{ owner @flatten { mail } }").await;
    assert_eq!(answer["data"], json!({"owner": null}));
    assert_eq!(errors(&answer), ["INVALID_VALUE - owner"]);
    let answer = world(r#"{"owner":{"name":7}}"#).run("{ owner @flatten { name } }").await;
    assert_eq!(answer["data"], json!({"owner": null}));
    assert_eq!(errors(&answer), ["INVALID_VALUE s owner"]);
}
