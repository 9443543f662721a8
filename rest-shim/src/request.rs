//! From an HTTP request to an operation's variables.

use std::collections::HashMap;

use braid_model::Supergraph;
use braid_model::schema::{Kind, TypeRef};
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::binding::{Binding, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Route, Source};
use crate::case::snake;
use crate::problem::Problem;

/// An `Idempotency-Key` may have as many characters.
const KEY_CHARACTERS_MAX: usize = 255;

/// The parts of a request that variables come from.
pub(crate) struct Parts<'r> {
    /// The segments of the path that have names.
    pub(crate) path: HashMap<String, String>,
    /// The query string.
    pub(crate) query: &'r str,
    /// The headers.
    pub(crate) headers: &'r HeaderMap,
    /// The body; empty if there is none.
    pub(crate) body: &'r [u8],
}

/// The variables of a route's operation.
///
/// # Errors
/// A parameter is unknown, missing, there twice or of the wrong form.
pub(crate) fn variables(
    schema: &Supergraph,
    route: &Route,
    parts: &Parts<'_>,
) -> Result<Map<String, Value>, Problem> {
    let query = query_parameters(route, parts.query)?;
    let mut variables = Map::new();
    for binding in &route.variables {
        if let Some(value) = value(schema, binding, parts, &query)? {
            variables.insert(binding.variable.clone(), value);
        }
    }
    Ok(variables)
}

fn value(
    schema: &Supergraph,
    binding: &Binding,
    parts: &Parts<'_>,
    query: &HashMap<String, Vec<String>>,
) -> Result<Option<Value>, Problem> {
    let one = |name: &str| query.get(name).and_then(|values| values.first());
    match &binding.source {
        Source::Path => Ok(parts.path.get(&binding.variable).cloned().map(Value::String)),
        Source::Body => body(schema, binding.ty, parts.body).map(Some),
        Source::IdempotencyKey => idempotency_key(parts.headers).map(Some),
        Source::PageSize => page_size(one("page_size")).map(Some),
        Source::PageToken => Ok(one("page_token").cloned().map(Value::String)),
        Source::Query(name) => {
            let values = query.get(name.as_str());
            values.map(|values| parameter(schema, name, binding.ty, values)).transpose()
        }
        Source::Filter(fields) => {
            let mut filter = Map::new();
            for field in fields {
                let Some(values) = query.get(field.parameter.as_str()) else { continue };
                let def = schema.input(field.input);
                let value = parameter(schema, &field.parameter, def.ty, values)?;
                filter.insert(schema.text(def.name).to_owned(), value);
            }
            Ok((!filter.is_empty()).then_some(Value::Object(filter)))
        }
    }
}

/// The parameters of a query string, all of which the route must know. Only lists may repeat one,
/// which `parameter` sees to.
fn query_parameters(route: &Route, query: &str) -> Result<HashMap<String, Vec<String>>, Problem> {
    let known = route.query_parameters();
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (decode(name), decode(value)) else {
            return Err(Problem::bad_request("the query string is not valid percent encoding"));
        };
        if !known.contains(&name.as_str()) {
            let message = format!(
                "there is no parameter `{}`; there are: {}",
                excerpt(&name),
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            );
            return Err(Problem::bad_request(message));
        }
        found.entry(name).or_default().push(value);
    }
    Ok(found)
}

/// A query parameter's value by the type of what it is for. The engine checks the rest.
fn parameter(
    schema: &Supergraph,
    name: &str,
    ty: TypeRef,
    values: &[String],
) -> Result<Value, Problem> {
    if let Some(item) = ty.item() {
        let items = values.iter().flat_map(|value| value.split(','));
        let items = items.map(|value| scalar(schema, name, item, value));
        return Ok(Value::Array(items.collect::<Result<_, _>>()?));
    }
    match values {
        [value] => scalar(schema, name, ty, value),
        _ => Err(Problem::bad_request(format!("the parameter `{name}` is there more than once"))),
    }
}

fn scalar(schema: &Supergraph, name: &str, ty: TypeRef, text: &str) -> Result<Value, Problem> {
    let wrong = |wanted: &str| {
        Problem::bad_request(format!(
            "the parameter `{name}` must be {wanted}, not `{}`",
            excerpt(text)
        ))
    };
    match schema.type_name(ty.named) {
        "Int" => text.parse::<i32>().map(Value::from).map_err(|_| wrong("an integer")),
        "Float" => text.parse::<f64>().map(Value::from).map_err(|_| wrong("a number")),
        "Boolean" => text.parse::<bool>().map(Value::from).map_err(|_| wrong("true or false")),
        _ if schema.ty(ty.named).kind == Kind::Enum => {
            let def = schema.ty(ty.named);
            let known = def.values.iter().any(|value| schema.text(value.name) == text);
            if known { Ok(Value::from(text)) } else { Err(wrong("one of the documented values")) }
        }
        _ => Ok(Value::from(text)),
    }
}

fn page_size(text: Option<&String>) -> Result<Value, Problem> {
    let Some(text) = text else { return Ok(Value::from(PAGE_SIZE_DEFAULT)) };
    match text.parse::<i64>() {
        Ok(size) if (1..=PAGE_SIZE_MAX).contains(&size) => Ok(Value::from(size)),
        _ => Err(Problem::bad_request(format!("`page_size` must be from 1 to {PAGE_SIZE_MAX}"))),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Value, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let key = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_CHARACTERS_MAX || values.next().is_some() {
        return Err(Problem::bad_request(
            "send one header `Idempotency-Key` of 1 to 255 characters: the same for every try of \
             one intent, another for every other",
        ));
    }
    Ok(Value::from(key))
}

/// The body, with the keys of input objects from `snake_case` to the schema's.
fn body(schema: &Supergraph, ty: TypeRef, body: &[u8]) -> Result<Value, Problem> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body is not valid JSON: {error}")))?;
    if !value.is_object() {
        return Err(Problem::bad_request("the body must be a JSON object"));
    }
    renamed(schema, ty, value, "")
}

fn renamed(schema: &Supergraph, ty: TypeRef, value: Value, at: &str) -> Result<Value, Problem> {
    match value {
        Value::Array(items) => {
            let item_type = ty.item().unwrap_or(ty);
            let items = items
                .into_iter()
                .enumerate()
                .map(|(index, item)| renamed(schema, item_type, item, &format!("{at}/{index}")));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        Value::Object(members) if schema.ty(ty.named).kind == Kind::InputObject => {
            let mut out = Map::new();
            for (key, value) in members {
                let place = format!("{at}/{}", excerpt(&key));
                let inputs = schema.ty(ty.named).inputs.iter().map(|&id| schema.input(id));
                let mut visible = inputs.filter(|input| !input.inaccessible);
                let input = visible.find(|input| snake(schema.text(input.name)) == key);
                let Some(input) = input else { return Err(Problem::unknown_member(&place)) };
                let value = renamed(schema, input.ty, value, &place)?;
                out.insert(schema.text(input.name).to_owned(), value);
            }
            Ok(Value::Object(out))
        }
        other => Ok(other),
    }
}

/// Percent decoding of a query string, `+` being a space.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

/// At most 100 characters of what a client sent.
fn excerpt(text: &str) -> String {
    text.chars().take(100).collect()
}
