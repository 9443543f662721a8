//! `camelCase` of GraphQL and `snake_case` of REST.

use serde_json::{Map, Value};

/// `quoteToken` -> `quote_token`; `__typename` -> `type`.
pub(crate) fn snake(name: &str) -> String {
    if name == "__typename" {
        return "type".to_owned();
    }
    let mut out = String::with_capacity(name.len() + 4);
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A value with all its keys in `snake_case`.
pub(crate) fn snake_keys(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let renamed = members.into_iter().map(|(key, value)| (snake(&key), snake_keys(value)));
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(snake_keys).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
