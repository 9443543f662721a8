//! JSON Schema (2020-12, as OpenAPI 3.1 has it) of what operations select and of what they take.

use braid_model::Supergraph;
use braid_model::ids::TypeId;
use braid_model::schema::{Kind, TypeRef};
use braid_planner::operation::Selection;
use serde_json::{Map, Value, json};

use super::reference;
use crate::case::snake;

/// Collects the named schemas that others refer to.
pub(super) struct Types<'s> {
    schema: &'s Supergraph,
    named: Map<String, Value>,
}

impl<'s> Types<'s> {
    pub(super) fn new(schema: &'s Supergraph) -> Self {
        Self { schema, named: Map::new() }
    }

    pub(super) fn schema(&self) -> &'s Supergraph {
        self.schema
    }

    pub(super) fn finish(self) -> Map<String, Value> {
        self.named
    }

    /// The object that a selection set on a type answers with.
    pub(super) fn object(&mut self, selections: &[Selection], on: TypeId) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        self.properties(selections, on, true, &mut properties, &mut required);
        json!({ "type": "object", "properties": properties, "required": required })
    }

    /// `always`: the selections apply to every object of this place.
    fn properties(
        &mut self,
        selections: &[Selection],
        on: TypeId,
        always: bool,
        properties: &mut Map<String, Value>,
        required: &mut Vec<Value>,
    ) {
        for selection in selections {
            let (key, schema) = match selection {
                Selection::Typename { key } => (snake(key), self.type_names(on)),
                Selection::Field(field) => {
                    let def = self.schema.field_def(field.field);
                    let mut schema = self.output(def.ty, &field.selections);
                    if let (Some(text), Value::Object(schema)) = (&def.description, &mut schema) {
                        schema.insert("description".to_owned(), json!(text));
                    }
                    (snake(&field.key), schema)
                }
                Selection::Fragment { on, selections } => {
                    self.properties(selections, *on, false, properties, required);
                    continue;
                }
            };
            if always && !properties.contains_key(&key) {
                required.push(json!(key));
            }
            properties.entry(key).or_insert(schema);
        }
    }

    fn type_names(&self, on: TypeId) -> Value {
        let possible = self.schema.ty(on).possible.iter();
        let visible = possible.filter(|&id| !self.schema.ty(id).inaccessible);
        let names: Vec<&str> = visible.map(|id| self.schema.type_name(id)).collect();
        json!({ "type": "string", "enum": names })
    }

    fn output(&mut self, ty: TypeRef, selections: &[Selection]) -> Value {
        let schema = match ty.item() {
            Some(item) => {
                json!({ "type": "array", "items": self.output(item, selections) })
            }
            None if self.schema.is_composite(ty.named) => self.object(selections, ty.named),
            None => self.leaf(ty.named),
        };
        if ty.is_non_null() { schema } else { or_null(schema) }
    }

    /// What is taken for an argument or a field of a body.
    pub(super) fn input(&mut self, ty: TypeRef) -> Value {
        let schema = match ty.item() {
            Some(item) => json!({ "type": "array", "items": self.input(item) }),
            None if self.schema.ty(ty.named).kind == Kind::InputObject => {
                self.input_object(ty.named)
            }
            None => self.leaf(ty.named),
        };
        schema
    }

    fn input_object(&mut self, id: TypeId) -> Value {
        let name = self.schema.type_name(id).to_owned();
        if self.named.contains_key(&name) {
            return reference(&name);
        }
        // Before its fields, which may name it again.
        self.named.insert(name.clone(), json!({}));
        let mut properties = Map::new();
        let mut required = Vec::new();
        for &input in &self.schema.ty(id).inputs {
            let def = self.schema.input(input);
            if def.inaccessible {
                continue;
            }
            let key = snake(self.schema.text(def.name));
            let schema = self.input(def.ty);
            if def.ty.is_non_null() && def.default.is_none() {
                required.push(json!(key));
                properties.insert(key, schema);
            } else {
                properties.insert(key, or_null(schema));
            }
        }
        let mut schema = json!({
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": false,
        });
        if let Some(text) = &self.schema.ty(id).description {
            schema["description"] = json!(text);
        }
        self.named.insert(name.clone(), schema);
        reference(&name)
    }

    fn leaf(&mut self, id: TypeId) -> Value {
        let def = self.schema.ty(id);
        let name = self.schema.type_name(id);
        if def.kind == Kind::Enum {
            let visible = def.values.iter().filter(|value| !value.inaccessible);
            let values: Vec<&str> = visible.map(|value| self.schema.text(value.name)).collect();
            self.named.insert(name.to_owned(), json!({ "type": "string", "enum": values }));
            return reference(name);
        }
        match name {
            "Int" => json!({ "type": "integer", "format": "int32" }),
            "Float" => json!({ "type": "number" }),
            "Boolean" => json!({ "type": "boolean" }),
            "ID" | "String" => json!({ "type": "string" }),
            "DateTime" => json!({ "type": "string", "format": "date-time" }),
            "Date" => json!({ "type": "string", "format": "date" }),
            "Decimal" => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" }),
            "CurrencyCode" => json!({ "type": "string", "pattern": "^[A-Z]{3}$" }),
            _ => json!({ "description": def.description.clone().unwrap_or_default() }),
        }
    }
}

fn or_null(mut schema: Value) -> Value {
    let simple = schema.get("type").and_then(Value::as_str).map(str::to_owned);
    match simple {
        Some(kind) => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        None => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}
