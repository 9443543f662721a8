//! From an HTTP request to an operation's variables, as JSON text.

mod body;

use std::collections::HashMap;

use braid_model::Supergraph;
use braid_model::json::{Kind as JsonKind, Reader};
use braid_model::schema::{Kind, TypeRef};
use braid_router::http::params::decode;
use braid_router::refusal::excerpt;
use http::HeaderMap;

use crate::binding::{
    Binding, KEY_CHARACTERS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Route, Source,
};
use crate::problem::Problem;

/// The parts of a request that variables come from.
pub(crate) struct Parts<'r> {
    /// The segments of the path that have names, decoded.
    pub(crate) path: HashMap<String, String>,
    /// The query string.
    pub(crate) query: &'r str,
    /// The headers.
    pub(crate) headers: &'r HeaderMap,
    /// The body; empty if there is none.
    pub(crate) body: &'r [u8],
}

/// The parameters of a query string, decoded, in the order they came.
type Query = HashMap<String, Vec<String>>;

/// The variables of a route's operation, a JSON object.
///
/// # Errors
/// A parameter is unknown, missing, there twice or of the wrong form.
pub(crate) fn variables(
    schema: &Supergraph,
    route: &Route,
    parts: &Parts<'_>,
) -> Result<String, Problem> {
    let query = query_parameters(route, parts.query)?;
    let mut members = Vec::with_capacity(route.variables.len());
    for binding in &route.variables {
        if let Some(value) = value(schema, binding, parts, &query)? {
            members.push(format!("\"{}\":{value}", binding.variable));
        }
    }
    Ok(format!("{{{}}}", members.join(",")))
}

fn value(
    schema: &Supergraph,
    binding: &Binding,
    parts: &Parts<'_>,
    query: &Query,
) -> Result<Option<String>, Problem> {
    match &binding.source {
        Source::Path => Ok(parts.path.get(&binding.variable).map(|text| quoted(text))),
        Source::Body => body::translate(schema, binding.ty, parts.body).map(Some),
        Source::IdempotencyKey => idempotency_key(parts.headers).map(Some),
        Source::PageSize => page_size(one(query, "page_size")?).map(Some),
        Source::PageToken => Ok(one(query, "page_token")?.map(quoted)),
        Source::Query(name) => {
            let values = query.get(name.as_str());
            values.map(|values| parameter(schema, name, binding.ty, values)).transpose()
        }
        Source::Filter(fields) => {
            let mut filter = Vec::new();
            for field in fields {
                let Some(values) = query.get(field.parameter.as_str()) else { continue };
                let def = schema.input(field.input);
                let value = parameter(schema, &field.parameter, def.ty, values)?;
                filter.push(format!("\"{}\":{value}", schema.text(def.name)));
            }
            Ok((!filter.is_empty()).then(|| format!("{{{}}}", filter.join(","))))
        }
    }
}

/// The parameters of a query string, all of which the route must know.
fn query_parameters(route: &Route, query: &str) -> Result<Query, Problem> {
    let known = route.query_parameters();
    let mut found = Query::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let malformed = |_| Problem::bad_request("the query string is not valid percent encoding");
        let (name, value) = (decode(name).map_err(malformed)?, decode(value).map_err(malformed)?);
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

/// A parameter that is there once at most.
fn one<'q>(query: &'q Query, name: &str) -> Result<Option<&'q str>, Problem> {
    match query.get(name).map(Vec::as_slice) {
        None => Ok(None),
        Some([value]) => Ok(Some(value)),
        Some(_) => Err(twice(name)),
    }
}

fn twice(name: &str) -> Problem {
    Problem::bad_request(format!("the parameter `{name}` is there more than once"))
}

/// A query parameter's value by the type of what it is for; a list may be repeated, or written
/// with commas. The engine checks the rest.
fn parameter(
    schema: &Supergraph,
    name: &str,
    ty: TypeRef,
    values: &[String],
) -> Result<String, Problem> {
    if let Some(item) = ty.item() {
        let items = values.iter().flat_map(|value| value.split(','));
        let items = items.map(|value| scalar(schema, name, item, value));
        let items: Vec<String> = items.collect::<Result<_, _>>()?;
        return Ok(format!("[{}]", items.join(",")));
    }
    match values {
        [value] => scalar(schema, name, ty, value),
        _ => Err(twice(name)),
    }
}

fn scalar(schema: &Supergraph, name: &str, ty: TypeRef, text: &str) -> Result<String, Problem> {
    let wrong = |wanted: &str| {
        let found = excerpt(text);
        Problem::bad_request(format!("the parameter `{name}` must be {wanted}, not `{found}`"))
    };
    match schema.type_name(ty.named) {
        "Int" => match text.parse::<i32>() {
            Ok(number) => Ok(number.to_string()),
            Err(_) => Err(wrong("an integer of 32 bits")),
        },
        "Float" if is_number(text) => Ok(text.to_owned()),
        "Float" => Err(wrong("a number")),
        "Boolean" if matches!(text, "true" | "false") => Ok(text.to_owned()),
        "Boolean" => Err(wrong("true or false")),
        _ if schema.ty(ty.named).kind == Kind::Enum => {
            let visible = schema.ty(ty.named).values.iter().filter(|value| !value.inaccessible);
            let mut names = visible.map(|value| schema.text(value.name));
            if names.any(|name| name == text) {
                Ok(quoted(text))
            } else {
                Err(wrong("one of the documented values"))
            }
        }
        _ => Ok(quoted(text)),
    }
}

/// Whether a text is a number as JSON has it.
fn is_number(text: &str) -> bool {
    let Ok(mut reader) = Reader::new(text.as_bytes(), 1) else { return false };
    reader.peek() == Ok(JsonKind::Number)
        && reader.number().is_ok_and(|number| number.raw.len() == text.len())
}

fn page_size(text: Option<&str>) -> Result<String, Problem> {
    let Some(text) = text else { return Ok(PAGE_SIZE_DEFAULT.to_string()) };
    match text.parse::<i64>() {
        Ok(size) if (1..=PAGE_SIZE_MAX).contains(&size) => Ok(size.to_string()),
        _ => Err(Problem::bad_request(format!("`page_size` must be from 1 to {PAGE_SIZE_MAX}"))),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let key = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_CHARACTERS_MAX || values.next().is_some() {
        return Err(Problem::bad_request(
            "send one header `Idempotency-Key` of 1 to 255 characters: the same for every try of \
             one intent, another for every other",
        ));
    }
    Ok(quoted(key))
}

/// A JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
