//! From a GraphQL answer to a REST answer: the one root field's value, by its shape.
//!
//! What was asked for goes from the answer's text to the body's text in one pass, with no tree
//! between them: strings and numbers leave as the subgraph wrote them.

use braid_model::Supergraph;
use braid_model::json::{DEPTH_MAX, JsonError, Reader};
use braid_planner::operation::{Field, Selection};
use serde_json::Value;

use crate::case::{snake, snake_keys};
use crate::problem::Problem;

/// What the root field answers with.
pub(crate) enum Shape<'o> {
    /// An object, or null.
    Object,
    /// A connection: its `nodes`, and its `pageInfo`.
    List { nodes: &'o Field, page: &'o Field },
    /// A mutation's payload: its entity, beside `userErrors`.
    Payload { entity: &'o Field, errors: &'o Field },
}

/// The shape of an operation's root field.
pub(crate) fn shape_of<'o>(schema: &Supergraph, root: &'o Field) -> Shape<'o> {
    let named = |name: &str| shown(root).find(|field| schema.field_name(field.field) == name);
    if let Some(errors) = named("userErrors") {
        let mut others = shown(root).filter(|field| !std::ptr::eq(*field, errors));
        let is_object = |f: &&Field| {
            schema.is_composite(schema.field_def(f.field).ty.named) && !f.shaping.flatten
        };
        return match others.find(is_object) {
            Some(entity) => Shape::Payload { entity, errors },
            None => Shape::Object,
        };
    }
    match (named("nodes"), named("pageInfo")) {
        (Some(nodes), Some(page)) if !page.shaping.flatten => Shape::List { nodes, page },
        _ => Shape::Object,
    }
}

/// The fields that every object of this place shows.
fn shown(field: &Field) -> impl Iterator<Item = &Field> {
    field.selections.iter().filter_map(|selection| match selection {
        Selection::Field(field) if !field.shaping.hide => Some(field),
        Selection::Field(_) | Selection::Typename { .. } | Selection::Fragment { .. } => None,
    })
}

/// How to read the answer of a route: the shape, without the operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The key of the root field.
    root: String,
    kind: Kind,
}

/// All names are keys of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Object,
    List { nodes: String, page: String, more: Option<String>, cursor: Option<String> },
    Payload { entity: String, errors: String, replayed: Option<String> },
}

impl Reading {
    /// For an operation with this root field.
    pub(crate) fn of(schema: &Supergraph, root: &Field) -> Self {
        let key_in = |parent: &Field, name: &str| {
            let mut fields = shown(parent);
            let found = fields.find(|field| schema.field_name(field.field) == name);
            found.map(|field| field.key.clone())
        };
        let kind = match shape_of(schema, root) {
            Shape::Object => Kind::Object,
            Shape::List { nodes, page } => Kind::List {
                nodes: nodes.key.clone(),
                page: page.key.clone(),
                more: key_in(page, "hasNextPage"),
                cursor: key_in(page, "endCursor"),
            },
            Shape::Payload { entity, errors } => Kind::Payload {
                entity: entity.key.clone(),
                errors: errors.key.clone(),
                replayed: key_in(root, "replayed"),
            },
        };
        Self { root: root.key.clone(), kind }
    }

    /// Reads the answer to an operation that was executed.
    ///
    /// # Errors
    /// What the answer says went wrong, if that costs the whole of it.
    pub(crate) fn read(&self, answer: &[u8], signed_in: bool) -> Result<Done, Problem> {
        // Our own engine wrote it.
        let broken = |error: JsonError| {
            tracing::error!(%error, "an answer of the engine is not as it must be");
            Problem::internal()
        };
        let text = std::str::from_utf8(answer).map_err(|_| Problem::internal())?;
        let top = members(text).map_err(broken)?;
        let errors: Vec<Value> = member(&top, "errors")
            .and_then(|errors| serde_json::from_str(errors).ok())
            .unwrap_or_default();
        let lost = || match errors.first() {
            Some(error) => Problem::of_error(error, signed_in),
            None => Problem::not_found(),
        };
        let data = members(object(member(&top, "data")).ok_or_else(lost)?).map_err(broken)?;
        let root = object(member(&data, &self.root)).ok_or_else(lost)?;
        let mut done = Done { partial: self.partial(&errors), ..Done::default() };
        match &self.kind {
            Kind::Object => done.body = snake_keys(root).map_err(broken)?,
            Kind::List { nodes, page, more, cursor } => {
                let list = members(root).map_err(broken)?;
                let page = object(member(&list, page)).unwrap_or("{}");
                let page = members(page).map_err(broken)?;
                let of_page = |key: &Option<String>| member(&page, key.as_deref()?);
                let token = of_page(cursor).filter(|_| of_page(more) == Some("true"));
                done.next_page_token = token.and_then(string);
                let data = snake_keys(member(&list, nodes).unwrap_or("[]")).map_err(broken)?;
                let token = token.unwrap_or("null");
                done.body = format!("{{\"data\":{data},\"next_page_token\":{token}}}");
            }
            Kind::Payload { entity, errors: refusals, replayed } => {
                let payload = members(root).map_err(broken)?;
                let refusals = member(&payload, refusals).unwrap_or("[]");
                let refusals: Vec<Value> = serde_json::from_str(refusals).unwrap_or_default();
                if !refusals.is_empty() {
                    return Err(Problem::of_user_errors(&refusals));
                }
                let replayed = replayed.as_deref().and_then(|key| member(&payload, key));
                done.replayed = replayed == Some("true");
                let none = || errors.first().map_or_else(Problem::internal, |_| lost());
                let entity = object(member(&payload, entity)).ok_or_else(none)?;
                let id = members(entity).map_err(broken)?;
                done.id = member(&id, "id").and_then(string);
                done.body = snake_keys(entity).map_err(broken)?;
            }
        }
        Ok(done)
    }

    /// The places inside the body that are null because something failed.
    fn partial(&self, errors: &[Value]) -> Vec<String> {
        let mut places = Vec::new();
        for path in errors.iter().filter_map(|error| error.get("path")?.as_array()) {
            let steps = path.iter().skip(1).map(|step| match step {
                Value::String(key) => key.clone(),
                other => other.to_string(),
            });
            let mut steps: Vec<String> = steps.collect();
            match (&self.kind, steps.first_mut()) {
                (Kind::List { nodes, .. }, Some(first)) if first == nodes => {
                    "data".clone_into(first);
                }
                (Kind::List { page, .. }, Some(first)) if first == page => {
                    steps = vec!["next_page_token".to_owned()];
                }
                (Kind::Payload { .. }, Some(_)) => drop(steps.remove(0)),
                (Kind::List { .. } | Kind::Object, Some(_)) | (_, None) => {}
            }
            let steps: Vec<String> = steps.iter().map(|step| snake(step)).collect();
            let place = steps.join(".");
            if !place.is_empty() && !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }
}

/// A successful answer.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Done {
    /// The body: a JSON object.
    pub(crate) body: String,
    /// For a payload: the entity's id.
    pub(crate) id: Option<String>,
    /// For a list: where the next page starts.
    pub(crate) next_page_token: Option<String>,
    /// The mutation had been done before, under the same key.
    pub(crate) replayed: bool,
    /// What is missing from it because something failed.
    pub(crate) partial: Vec<String>,
}

/// The members of a JSON object, each value as it is written.
fn members(json: &str) -> Result<Vec<(&str, &str)>, JsonError> {
    let mut reader = Reader::new(json.as_bytes(), DEPTH_MAX)?;
    let mut found = Vec::new();
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        let span = reader.skip()?;
        found.push((key.raw, &json[span.range()]));
    }
    Ok(found)
}

fn member<'a>(members: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    members.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
}

fn object(json: Option<&str>) -> Option<&str> {
    json.filter(|json| json.starts_with('{'))
}

fn string(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}
