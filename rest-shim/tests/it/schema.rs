//! As much of JSON Schema (2020-12) as the OpenAPI document uses.

use serde_json::Value;

/// Checks `value` against `schema`; `document` is what references are looked up in.
pub(crate) fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Err(fault) = conforms(document, schema, value, at) {
        panic!("{fault}\nin {value}");
    }
}

fn conforms(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        return conforms(document, target.unwrap_or_else(|| panic!("{reference}")), value, at);
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array)
        && !choices.iter().any(|choice| conforms(document, choice, value, at).is_ok())
    {
        return Err(format!("{at}: none of {} schemas fits", choices.len()));
    }
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) if kinds.contains(&"number") => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !kinds.is_empty() && !kinds.contains(&kind) {
        return Err(format!("{at}: {kind} instead of {kinds:?}"));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array)
        && !value.is_null()
        && !values.contains(value)
    {
        return Err(format!("{at}: {value} is not among {values:?}"));
    }
    if let (Some(items), Value::Array(values)) = (schema.get("items"), value) {
        for (index, value) in values.iter().enumerate() {
            conforms(document, items, value, &format!("{at}/{index}"))?;
        }
    }
    let Value::Object(members) = value else { return Ok(()) };
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !members.contains_key(name.as_str().unwrap()) {
            return Err(format!("{at}: {name} is missing"));
        }
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, value) in members {
        // Stricter than the document: the edge sends nothing that is not described.
        match properties.map(|properties| properties.get(name)) {
            Some(Some(schema)) => conforms(document, schema, value, &format!("{at}/{name}"))?,
            Some(None) => return Err(format!("{at}: `{name}` is not described")),
            None => {}
        }
    }
    Ok(())
}
