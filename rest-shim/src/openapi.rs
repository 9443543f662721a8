//! The OpenAPI 3.1 document, derived from the stored documents and the schema, so that it cannot
//! say anything else than what is served.

mod types;

use std::collections::BTreeSet;
use std::sync::Arc;

use braid_documents::{Method, Stored};
use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_model::ids::AuthId;
use braid_planner::document::Conditions;
use braid_planner::operation::Selection;
use serde_json::{Map, Value, json};

use crate::answer::{Shape, shape_of};
use crate::binding::{KEY_CHARACTERS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Route, Source, route};
use types::Types;

/// The document for all routes.
pub(crate) fn document(schema: &Supergraph, documents: &[Arc<Stored>]) -> Value {
    let mut types = Types::new(schema);
    let mut paths: Map<String, Value> = Map::new();
    let mut scopes = BTreeSet::new();
    for stored in documents {
        let Some(route) = route(schema, stored) else { continue };
        let path = paths.entry(route.rest.path.clone()).or_insert_with(|| json!({}));
        path[route.rest.method.as_str().to_ascii_lowercase()] =
            operation(&mut types, &mut scopes, stored, &route);
    }
    let mut schemas = types.finish();
    schemas.insert("Problem".to_owned(), problem());
    schemas.insert("Meta".to_owned(), meta());
    let scopes: Map<String, Value> = scopes.into_iter().map(|scope| (scope, json!(""))).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Corridor",
            "version": "1",
            "description": "Managed mobility for organisations: products, prices, orders and accounts.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "client": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "client": {
                "type": "oauth2",
                "flows": { "clientCredentials": { "tokenUrl": "/auth/token", "scopes": scopes } },
            } },
            "responses": { "Problem": {
                "description": "What went wrong, as RFC 9457 has it.",
                "content": { "application/problem+json": { "schema": reference("Problem") } },
            } },
        },
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn operation(
    types: &mut Types<'_>,
    scopes: &mut BTreeSet<String>,
    stored: &Stored,
    route: &Route,
) -> Value {
    let schema = types.schema();
    let normal = stored.document.normalise(schema, Conditions::default(), &AuthSet::new());
    types.begin(normal.omit_null);
    let root = normal.selections.iter().find_map(|selection| match selection {
        Selection::Field(field) => Some(field),
        Selection::Typename { .. } | Selection::Fragment { .. } => None,
    });
    let mut value = json!({
        "operationId": stored.id,
        "parameters": parameters(types, route),
    });
    if let Some(field) = root {
        let def = schema.field_def(field.field);
        if let Some(description) = &def.description {
            value["description"] = json!(description);
        }
        value["security"] = security(schema, def.auth, scopes);
        let mut content = match shape_of(schema, field) {
            Shape::Object => types.object(&field.selections, def.ty.named),
            Shape::List { nodes, .. } => page_of(&types.items(nodes)),
            Shape::Payload { entity, .. } => {
                types.object(&entity.selections, schema.field_def(entity.field).ty.named)
            }
        };
        content["properties"]["meta"] = reference("Meta");
        value["responses"] = responses(route, &content);
    }
    for binding in route.variables.iter().filter(|binding| binding.source == Source::Body) {
        let schema = types.input(binding.ty.nullable());
        value["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    value
}

/// The alternatives of what a client must have.
fn security(schema: &Supergraph, auth: Option<AuthId>, all: &mut BTreeSet<String>) -> Value {
    let Some(auth) = auth else { return json!([{}, { "client": [] }]) };
    let mut alternatives = Vec::new();
    for group in &schema.auth[auth.index()].scopes {
        let names: Vec<&str> = group.iter().map(|&scope| schema.text(scope)).collect();
        all.extend(names.iter().map(|&name| name.to_owned()));
        alternatives.push(json!({ "client": names }));
    }
    if alternatives.is_empty() {
        alternatives.push(json!({ "client": [] }));
    }
    Value::Array(alternatives)
}

fn page_of(item: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["data", "next_page_token"],
        "properties": {
            "data": { "type": "array", "items": item },
            "next_page_token": {
                "type": ["string", "null"],
                "description": "To be sent as `page_token` for the next page; null on the last.",
            },
        },
    })
}

fn parameters(types: &mut Types<'_>, route: &Route) -> Value {
    let mut list = Vec::new();
    let mut add = |name: &str, place: &str, required: bool, schema: Value| {
        list.push(json!({ "name": name, "in": place, "required": required, "schema": schema }));
    };
    for binding in &route.variables {
        let ty = binding.ty;
        match &binding.source {
            Source::Path => add(&binding.variable, "path", true, types.input(ty.nullable())),
            Source::IdempotencyKey => {
                let schema = json!({
                    "type": "string", "minLength": 1, "maxLength": KEY_CHARACTERS_MAX,
                    "description": "The same for every try of one intent.",
                });
                add("Idempotency-Key", "header", true, schema);
            }
            Source::PageSize => {
                let schema = json!({
                    "type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX,
                    "default": PAGE_SIZE_DEFAULT,
                });
                add("page_size", "query", false, schema);
            }
            Source::PageToken => add("page_token", "query", false, json!({ "type": "string" })),
            Source::Query(name) => {
                add(name, "query", ty.is_non_null(), types.input(ty.nullable()));
            }
            Source::Filter(fields) => {
                for field in fields {
                    let ty = types.schema().input(field.input).ty;
                    let schema = types.input(ty.nullable());
                    add(&field.parameter, "query", ty.is_non_null(), schema);
                }
            }
            Source::Body => {}
        }
    }
    Value::Array(list)
}

fn responses(route: &Route, content: &Value) -> Value {
    let header =
        |description: &str| json!({ "schema": { "type": "string" }, "description": description });
    let mut headers = Map::new();
    let mut add = |name: &str, description: &str| {
        headers.insert(name.to_owned(), header(description));
    };
    let is_get = route.rest.method == Method::Get;
    if is_get {
        add("ETag", "To be sent as `If-None-Match`.");
    }
    if route.is_list() {
        add("Link", "The next page (`rel=\"next\"`), if there is one.");
    }
    if route.rest.status == 201 {
        add("Location", "Where the new one is.");
    }
    if route.variables.iter().any(|binding| binding.source == Source::IdempotencyKey) {
        add("Idempotency-Replayed", "`true` if it had been done before, under the same key.");
    }
    let mut responses = json!({
        route.rest.status.to_string(): {
            "description": "Done.",
            "headers": headers,
            "content": { "application/json": { "schema": content } },
        },
    });
    let mut refusals = vec!["400", "401", "403", "404", "503", "default"];
    if is_get {
        responses["304"] = json!({ "description": "Not changed since the `ETag` sent." });
    } else {
        refusals.extend(["409", "410", "413", "415", "422"]);
    }
    for status in refusals {
        responses[status] = json!({ "$ref": "#/components/responses/Problem" });
    }
    responses
}

fn meta() -> Value {
    json!({
        "type": "object",
        "description": "There only if something is missing because a part of the system failed.",
        "required": ["partial"],
        "properties": {
            "partial": {
                "type": "array", "items": { "type": "string" },
                "description": "The places that are null for that reason, such as `invoice`.",
            },
        },
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "code": { "type": "string", "description": "Stable; made for programs." },
            "detail": { "type": "string" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {
                        "pointer": { "type": "string", "description": "RFC 6901, into the request's body." },
                        "code": { "type": "string" },
                        "message": { "type": "string" },
                    },
                },
            },
        },
    })
}
