//! Nulls bubble by section 6.4.4 of the specification, compared with a small naive bubbler.

use serde_json::{Value, json};

use crate::support::{Reply, World};

/// What the specification makes of `value` for a type: nothing, if it is null and may not be.
fn bubble(ty: &str, value: &Value, fields: &[(&str, &str)]) -> Option<Value> {
    if let Some(inner) = ty.strip_suffix('!') {
        return bubble(inner, value, fields).filter(|value| !value.is_null());
    }
    if value.is_null() {
        return Some(Value::Null);
    }
    if let Some(item) = ty.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let items = value.as_array().unwrap().iter().map(|value| bubble(item, value, fields));
        return Some(items.collect::<Option<Vec<_>>>().map_or(Value::Null, Value::Array));
    }
    let Some(object) = value.as_object() else { return Some(value.clone()) };
    let mut kept = serde_json::Map::new();
    for (name, ty) in fields {
        match bubble(ty, object.get(*name).unwrap_or(&Value::Null), fields) {
            Some(value) => kept.insert((*name).to_owned(), value),
            None => return Some(Value::Null),
        };
    }
    Some(Value::Object(kept))
}

#[tokio::test]
async fn nulls_bubble() {
    let values = [
        json!(null),
        json!([]),
        json!([null]),
        json!([[null]]),
        json!([[]]),
        json!([[{"a": 1, "b": 2}]]),
        json!([[{"a": null, "b": 2}]]),
        json!([[{"a": 1, "b": null}]]),
        json!([[{"a": 1, "b": 2}, null], [{"a": 1}]]),
        json!([[{"a": 1, "b": 2}], null]),
        json!([[{"a": 1, "b": 2}], [{"b": 1}, {"a": 1, "b": 3}]]),
    ];
    for outer in ["", "!"] {
        for middle in ["", "!"] {
            for inner in ["", "!"] {
                for leaf in ["", "!"] {
                    let ty = format!("[[T{inner}]{middle}]{outer}");
                    let sdl = format!(
                        "type Query {{ x: {ty} o: O }} type O {{ x: {ty} }} type T {{ a: Int{leaf} b: Int }}"
                    );
                    let leaf = format!("Int{leaf}");
                    let fields = [("a", leaf.as_str()), ("b", "Int")];
                    let composed = World::new(&[("s", &sdl)]);
                    for value in &values {
                        let x = bubble(&ty, value, &fields);
                        let world = composed.clone().answers(
                            "s",
                            Reply::data(&json!({"x": value, "o": {"x": value}}).to_string()),
                        );
                        let answer = world.run("{ x { a b } }").await;
                        let expected = x.clone().map_or(Value::Null, |x| json!({"x": x}));
                        assert_eq!(answer["data"], expected, "{ty} {leaf} {value}");
                        let answer = world.run("{ o { x { a b } } }").await;
                        let object = x.clone().map_or(Value::Null, |x| json!({"x": x}));
                        assert_eq!(answer["data"], json!({"o": object}), "{ty} {leaf} {value}");
                        // Whatever is null for another reason than the value itself is told.
                        assert_eq!(
                            answer["errors"].is_null(),
                            x == filled(value),
                            "{ty} {leaf} {value}"
                        );
                    }
                }
            }
        }
    }
}

/// The value, with null for what it leaves out.
fn filled(value: &Value) -> Option<Value> {
    bubble("[[T]]", value, &[("a", "Int"), ("b", "Int")])
}
