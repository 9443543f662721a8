//! JSON Schema (2020-12, as OpenAPI 3.1 has it) of what operations select and of what they take.

use braid_model::Supergraph;
use braid_model::ids::TypeId;
use braid_model::schema::{Kind, TypeRef};
use braid_planner::operation::{Field, Selection};
use serde_json::{Map, Value, json};

use super::reference;
use crate::case::snake;

/// Collects the named schemas that others refer to.
pub(super) struct Types<'s> {
    schema: &'s Supergraph,
    named: Map<String, Value>,
    /// The operation leaves out null members everywhere.
    omit_null: bool,
}

/// A member of an object in the answer.
struct Member<'o> {
    key: &'o str,
    /// Nothing for `__typename`.
    field: Option<&'o Field>,
    /// The type whose selection it is.
    on: TypeId,
    /// It applies to every object of this place.
    always: bool,
}

impl<'s> Types<'s> {
    pub(super) fn new(schema: &'s Supergraph) -> Self {
        Self { schema, named: Map::new(), omit_null: false }
    }

    pub(super) fn schema(&self) -> &'s Supergraph {
        self.schema
    }

    /// Begins with another operation.
    pub(super) fn begin(&mut self, omit_null: bool) {
        self.omit_null = omit_null;
    }

    pub(super) fn finish(self) -> Map<String, Value> {
        self.named
    }

    /// The object that a selection set on a type answers with.
    pub(super) fn object(&mut self, selections: &[Selection], on: TypeId) -> Value {
        let members = members(selections, on, true);
        let mut properties = Map::new();
        let mut required = Vec::new();
        for key in keys(&members) {
            let of_key = || members.iter().filter(|member| member.key == key);
            let schema = self.any_of(of_key());
            let mut fields = of_key().filter_map(|member| member.field);
            let can_be_null = |field: &Field| !self.schema.field_def(field.field).ty.is_non_null();
            let is_omitted = |field: &Field| {
                (self.omit_null || field.shaping.omit_null)
                    && (can_be_null(field) || field.shaping.flatten)
            };
            let name = snake(key);
            if of_key().any(|member| member.always) && !fields.any(is_omitted) {
                required.push(json!(name));
            }
            properties.insert(name, schema);
        }
        json!({ "type": "object", "properties": properties, "required": required })
    }

    /// The items that a list field answers with.
    pub(super) fn items(&mut self, field: &Field) -> Value {
        let ty = self.schema.field_def(field.field).ty;
        self.output(ty.item().unwrap_or(ty), field)
    }

    /// Members of one key are of one type for one object, but maybe of several for several.
    fn any_of<'o>(&mut self, members: impl Iterator<Item = &'o Member<'o>>) -> Value {
        let mut schemas: Vec<Value> = Vec::new();
        for member in members {
            let schema = match member.field {
                None => self.type_names(member.on),
                Some(field) => self.member(field),
            };
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        if schemas.len() == 1 { schemas.swap_remove(0) } else { json!({ "anyOf": schemas }) }
    }

    fn member(&mut self, field: &Field) -> Value {
        let def = self.schema.field_def(field.field);
        let mut schema = self.output(def.ty, field);
        if let (Some(text), Value::Object(schema)) = (&def.description, &mut schema) {
            schema.insert("description".to_owned(), json!(text));
        }
        schema
    }

    /// `ty` is the field's type, or that of its items.
    fn output(&mut self, ty: TypeRef, field: &Field) -> Value {
        let schema = match ty.item() {
            Some(item) => json!({ "type": "array", "items": self.output(item, field) }),
            None if !self.schema.is_composite(ty.named) => self.leaf(ty.named),
            None if field.shaping.flatten => self.flat(&field.selections, ty.named),
            None => self.object(&field.selections, ty.named),
        };
        if ty.is_non_null() { schema } else { or_null(schema) }
    }

    /// What takes the place of a flattened object: its one member, or a connection's `nodes`.
    fn flat(&mut self, selections: &[Selection], on: TypeId) -> Value {
        let members = members(selections, on, true);
        let keys = keys(&members);
        let is_nodes = |member: &&Member<'_>| {
            member.field.is_some_and(|field| self.schema.field_name(field.field) == "nodes")
        };
        let nodes = members.iter().find(is_nodes).map(|member| member.key);
        let key = if keys.len() == 1 { keys.first().copied() } else { nodes };
        self.any_of(members.iter().filter(|member| Some(member.key) == key))
    }

    fn type_names(&self, on: TypeId) -> Value {
        let possible = self.schema.ty(on).possible.iter();
        let visible = possible.filter(|&id| !self.schema.ty(id).inaccessible);
        let names: Vec<&str> = visible.map(|id| self.schema.type_name(id)).collect();
        json!({ "type": "string", "enum": names })
    }

    /// What is taken for an argument or a field of a body.
    pub(super) fn input(&mut self, ty: TypeRef) -> Value {
        match ty.item() {
            Some(item) => json!({ "type": "array", "items": self.input(item) }),
            None if self.schema.ty(ty.named).kind == Kind::InputObject => {
                self.input_object(ty.named)
            }
            None => self.leaf(ty.named),
        }
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

/// The members that a selection set shows, those of fragments among them.
fn members(selections: &[Selection], on: TypeId, always: bool) -> Vec<Member<'_>> {
    let mut found = Vec::new();
    for selection in selections {
        match selection {
            Selection::Typename { key } => found.push(Member { key, field: None, on, always }),
            Selection::Field(field) if field.shaping.hide => {}
            Selection::Field(field) => {
                found.push(Member { key: &field.key, field: Some(field), on, always });
            }
            Selection::Fragment { on, selections } => {
                found.extend(members(selections, *on, false));
            }
        }
    }
    found
}

/// The different keys, in order.
fn keys<'o>(members: &[Member<'o>]) -> Vec<&'o str> {
    let mut keys = Vec::new();
    for member in members {
        if !keys.contains(&member.key) {
            keys.push(member.key);
        }
    }
    keys
}

fn or_null(mut schema: Value) -> Value {
    match schema.get("type") {
        Some(Value::String(kind)) => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        // It may be null already.
        Some(_) => schema,
        None => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}
