//! The OpenAPI 3.1 document, derived from the stored documents and the schema, so that it cannot
//! say anything else than what is served.

mod types;

use std::sync::Arc;

use braid_documents::{Method, Stored};
use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_model::schema::TypeRef;
use braid_planner::document::Conditions;
use braid_planner::operation::Selection;
use serde_json::{Map, Value, json};

use crate::answer::{Shape, shape_of};
use crate::binding::{PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Route, Source, route};
use types::Types;

/// The document for all routes.
pub(crate) fn document(schema: &Supergraph, documents: &[Arc<Stored>]) -> Value {
    let mut types = Types::new(schema);
    let mut paths: Map<String, Value> = Map::new();
    for stored in documents {
        let Some(route) = route(schema, stored) else { continue };
        let path = paths.entry(route.rest.path.clone()).or_insert_with(|| json!({}));
        path[route.rest.method.as_str().to_ascii_lowercase()] =
            operation(&mut types, stored, &route);
    }
    let mut schemas = types.finish();
    schemas.insert("Problem".to_owned(), problem());
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
                "flows": { "clientCredentials": { "tokenUrl": "/auth/token", "scopes": {} } },
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

fn operation(types: &mut Types<'_>, stored: &Stored, route: &Route) -> Value {
    let schema = types.schema();
    let normal = stored.document.normalise(schema, Conditions::default(), &AuthSet::new());
    let root = normal.selections.iter().find_map(|selection| match selection {
        Selection::Field(field) => Some(field),
        Selection::Typename { .. } | Selection::Fragment { .. } => None,
    });
    let mut description = String::new();
    let mut content = json!({});
    let mut anonymous = false;
    if let Some(field) = root {
        let def = schema.field_def(field.field);
        description = def.description.clone().unwrap_or_default();
        anonymous = def.auth.is_none();
        content = match shape_of(schema, field) {
            Shape::Object => types.object(&field.selections, def.ty.named),
            Shape::List(nodes) => {
                let item = types.object(&nodes.selections, schema.field_def(nodes.field).ty.named);
                page_of(item)
            }
            Shape::Payload(entity) => {
                types.object(&entity.selections, schema.field_def(entity.field).ty.named)
            }
        };
    }
    let mut value = json!({
        "operationId": stored.id,
        "description": description,
        "parameters": parameters(types, route),
        "responses": responses(route, &content),
    });
    for binding in route.variables.iter().filter(|binding| binding.source == Source::Body) {
        let schema = types.input(binding.ty.nullable());
        value["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    if anonymous {
        value["security"] = json!([{}, { "client": [] }]);
    }
    value
}

fn page_of(item: Value) -> Value {
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
        let needed = binding.ty.is_non_null();
        match &binding.source {
            Source::Path => add(&binding.variable, "path", true, types.input(nullable(binding.ty))),
            Source::IdempotencyKey => {
                add(
                    "Idempotency-Key",
                    "header",
                    true,
                    json!({ "type": "string", "maxLength": 255 }),
                );
            }
            Source::PageSize => {
                let schema = json!({
                    "type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX,
                    "default": PAGE_SIZE_DEFAULT,
                });
                add("page_size", "query", false, schema);
            }
            Source::PageToken => add("page_token", "query", false, json!({ "type": "string" })),
            Source::Query(name) => add(name, "query", needed, types.input(nullable(binding.ty))),
            Source::Filter(fields) => {
                for field in fields {
                    let def = types.schema().input(field.input);
                    let schema = types.input(nullable(def.ty));
                    add(&field.parameter, "query", def.ty.is_non_null(), schema);
                }
            }
            Source::Body => {}
        }
    }
    Value::Array(list)
}

fn nullable(ty: TypeRef) -> TypeRef {
    ty.nullable()
}

fn responses(route: &Route, content: &Value) -> Value {
    let mut headers = json!({});
    if route.rest.method == Method::Get {
        headers["ETag"] = json!({ "schema": { "type": "string" } });
    }
    if route.is_list() {
        headers["Link"] =
            json!({ "schema": { "type": "string" }, "description": "The next page." });
    }
    let mut responses = json!({
        route.rest.status.to_string(): {
            "description": "Done.",
            "headers": headers,
            "content": { "application/json": { "schema": content } },
        },
    });
    let mut refusals = vec!["400", "401", "403", "503"];
    if route.rest.path.contains('{') {
        refusals.push("404");
    }
    if route.rest.method == Method::Get {
        responses["304"] = json!({ "description": "Not changed since the `ETag` sent." });
    } else {
        refusals.extend(["409", "410", "415", "422"]);
    }
    refusals.sort_unstable();
    for status in refusals {
        responses[status] = json!({ "$ref": "#/components/responses/Problem" });
    }
    responses
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
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
