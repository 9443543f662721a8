//! From a GraphQL answer to a REST answer: the one root field's value, by its shape.

use braid_model::Supergraph;
use braid_planner::operation::{Field, Selection};
use serde_json::{Map, Value};

use crate::case::snake_keys;
use crate::problem::Problem;

/// What the root field answers with.
pub(crate) enum Shape<'o> {
    /// An object, or null.
    Object,
    /// A connection: its `nodes`.
    List(&'o Field),
    /// A mutation's payload: its entity, beside `userErrors`.
    Payload(&'o Field),
}

/// The shape of an operation's root field.
pub(crate) fn shape_of<'o>(schema: &Supergraph, root: &'o Field) -> Shape<'o> {
    let fields = || {
        root.selections.iter().filter_map(|selection| match selection {
            Selection::Field(field) => Some(field),
            Selection::Typename { .. } | Selection::Fragment { .. } => None,
        })
    };
    if fields().any(|field| schema.field_name(field.field) == "userErrors") {
        let entity = fields().find(|field| {
            schema.field_name(field.field) != "userErrors"
                && schema.is_composite(schema.field_def(field.field).ty.named)
        });
        return entity.map_or(Shape::Object, Shape::Payload);
    }
    let named = |name: &str| fields().find(|field| schema.field_name(field.field) == name);
    match (named("nodes"), named("pageInfo")) {
        (Some(nodes), Some(_)) => Shape::List(nodes),
        _ => Shape::Object,
    }
}

/// How to read the answer of a route: the shape, without the operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The key of the root field.
    root: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Object,
    List,
    Payload(String),
}

impl Reading {
    /// For an operation with this root field.
    pub(crate) fn of(schema: &Supergraph, root: &Field) -> Self {
        let kind = match shape_of(schema, root) {
            Shape::Object => Kind::Object,
            Shape::List(_) => Kind::List,
            Shape::Payload(entity) => Kind::Payload(entity.key.clone()),
        };
        Self { root: root.key.clone(), kind }
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// What the answer says went wrong, if that costs the whole of it.
    pub(crate) fn read(&self, mut answer: Value, signed_in: bool) -> Result<Done, Problem> {
        let errors = match answer.get_mut("errors").map(Value::take) {
            Some(Value::Array(errors)) => errors,
            _ => Vec::new(),
        };
        let value = answer.pointer_mut(&format!("/data/{}", self.root)).map(Value::take);
        let Some(Value::Object(mut object)) = value else {
            return Err(match errors.first() {
                Some(error) => Problem::of_error(error, signed_in),
                None => Problem::not_found(),
            });
        };
        let mut done = Done { partial: self.partial(&errors), ..Done::default() };
        match &self.kind {
            Kind::Object => done.body = snake_keys(Value::Object(object)),
            Kind::List => {
                let page = object.remove("pageInfo").unwrap_or_default();
                let more = page.get("hasNextPage").and_then(Value::as_bool).unwrap_or(false);
                let token = page.get("endCursor").and_then(Value::as_str).filter(|_| more);
                done.next_page_token = token.map(str::to_owned);
                let mut body = Map::new();
                let nodes = object.remove("nodes").unwrap_or(Value::Array(Vec::new()));
                body.insert("data".to_owned(), snake_keys(nodes));
                let token = done.next_page_token.clone();
                body.insert("next_page_token".to_owned(), token.map_or(Value::Null, Value::from));
                done.body = Value::Object(body);
            }
            Kind::Payload(entity) => {
                if let Some(Value::Array(refusals)) = object.get("userErrors")
                    && !refusals.is_empty()
                {
                    return Err(Problem::of_user_errors(refusals));
                }
                done.replayed = object.get("replayed").and_then(Value::as_bool).unwrap_or(false);
                let entity = object.remove(entity).filter(|value| !value.is_null());
                let entity = entity.ok_or_else(|| match errors.first() {
                    Some(error) => Problem::of_error(error, signed_in),
                    None => Problem::internal(),
                })?;
                done.body = snake_keys(entity);
            }
        }
        Ok(done)
    }

    /// The places inside the answer that are null because something failed.
    fn partial(&self, errors: &[Value]) -> Vec<String> {
        let place = |error: &Value| {
            let path = error.get("path")?.as_array()?;
            let inner = path.iter().skip(1).map(|step| match step {
                Value::String(key) => crate::case::snake(key),
                other => other.to_string(),
            });
            Some(inner.collect::<Vec<_>>().join("."))
        };
        errors.iter().filter_map(place).collect()
    }
}

/// A successful answer.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Done {
    /// The body.
    pub(crate) body: Value,
    /// For a list: where the next page starts.
    pub(crate) next_page_token: Option<String>,
    /// The mutation had been done before, under the same key.
    pub(crate) replayed: bool,
    /// What is missing from it because something failed.
    pub(crate) partial: Vec<String>,
}
