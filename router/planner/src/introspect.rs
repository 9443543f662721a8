//! Answers to introspection (specification, section 4).
//!
//! [`answer`] makes the JSON that a service would answer to the `__schema` and `__type` fields of
//! an operation; the executor reads it like any other answer. What the view hides is not there.
//!
//! The depth of introspection and of its lists is bounded by [`crate::limits`], the answer by
//! [`BYTES_MAX`].

mod literal;

use braid_model::Supergraph;
use braid_model::ids::{InputId, TypeId};
use braid_model::schema::{
    DirectiveDef, EnumValue, FieldDef, InputDef, Kind, TypeDef, TypeRef, Wrap,
};

use crate::coerce::Variables;
use crate::coerce::constant::write_string;
use crate::operation::{Field, Selection, Value};
use crate::view::View;

/// The greatest answer to introspection: 8 MiB, as for any service.
pub const BYTES_MAX: usize = 8 << 20;

/// The answer would have more than [`BYTES_MAX`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer to introspection is too large; ask for less at once")]
pub struct TooLarge;

/// The answer (JSON, what stands behind `data`) to those of an operation's root `selections` that
/// are introspection fields; all others are passed over.
///
/// # Errors
/// The answer is too large.
pub fn answer(
    schema: &Supergraph,
    view: &View,
    selections: &[Selection],
    variables: &Variables,
) -> Result<String, TooLarge> {
    let mut writer = Writer { schema, view, variables, out: String::new() };
    writer.out.push('{');
    for selection in selections {
        let Selection::Field(field) = selection else { continue };
        if !schema.is_introspection_field(field.field) {
            continue;
        }
        writer.key(&field.key);
        if schema.field_name(field.field) == "__schema" {
            writer.object(Node::Schema, &field.selections)?;
        } else {
            let name = writer.text_argument(field);
            let id = name.and_then(|name| view.type_named(schema, &name));
            writer.ty_or_null(id, &field.selections)?;
        }
    }
    writer.out.push('}');
    Ok(writer.out)
}

/// An element of the schema.
#[derive(Clone, Copy)]
enum Node<'a> {
    Schema,
    Type(TypeRef),
    Field(&'a FieldDef),
    Input(&'a InputDef),
    Value(&'a EnumValue),
    Directive(&'a DirectiveDef),
}

struct Writer<'a> {
    schema: &'a Supergraph,
    view: &'a View,
    variables: &'a Variables,
    out: String,
}

type Written = Result<(), TooLarge>;

impl<'a> Writer<'a> {
    fn object(&mut self, node: Node<'a>, selections: &[Selection]) -> Written {
        if self.out.len() > BYTES_MAX {
            return Err(TooLarge);
        }
        self.out.push('{');
        for selection in selections {
            match selection {
                Selection::Typename { key } => {
                    self.key(key);
                    self.text(match node {
                        Node::Schema => "__Schema",
                        Node::Type(_) => "__Type",
                        Node::Field(_) => "__Field",
                        Node::Input(_) => "__InputValue",
                        Node::Value(_) => "__EnumValue",
                        Node::Directive(_) => "__Directive",
                    });
                }
                Selection::Field(field) => {
                    self.key(&field.key);
                    match node {
                        Node::Schema => self.schema_field(field)?,
                        Node::Type(ty) => self.type_field(ty, field)?,
                        Node::Field(def) => self.field_field(def, field)?,
                        Node::Input(def) => self.input_field(def, field)?,
                        Node::Value(def) => self.value_field(def, field),
                        Node::Directive(def) => self.directive_field(def, field)?,
                    }
                }
                // Introspection has no abstract types, so no condition is left.
                Selection::Fragment { .. } => {}
            }
        }
        self.out.push('}');
        Ok(())
    }

    /// 4.2.1
    fn schema_field(&mut self, field: &Field) -> Written {
        let schema = self.schema;
        let roots = &schema.roots;
        let visible = |id: &TypeId| self.view.ty(*id);
        match schema.field_name(field.field) {
            "description" => self.optional(schema.description.as_deref()),
            "queryType" => self.ty_or_null(roots.query.filter(visible), &field.selections)?,
            "mutationType" => self.ty_or_null(roots.mutation.filter(visible), &field.selections)?,
            "subscriptionType" => {
                self.ty_or_null(roots.subscription.filter(visible), &field.selections)?;
            }
            "types" => {
                let types = (0..schema.types.len()).map(TypeId::new).filter(visible);
                let types: Vec<Node<'a>> = types.map(named).collect();
                self.list(&types, &field.selections)?;
            }
            "directives" => {
                let directives: Vec<Node<'a>> =
                    schema.directives.iter().map(Node::Directive).collect();
                self.list(&directives, &field.selections)?;
            }
            _ => self.null(),
        }
        Ok(())
    }

    /// 4.2.2
    fn type_field(&mut self, ty: TypeRef, field: &Field) -> Written {
        let schema = self.schema;
        let name = schema.field_name(field.field);
        let inner = if ty.is_non_null() { Some(ty.nullable()) } else { ty.item() };
        if let Some(inner) = inner {
            match name {
                "kind" => self.text(if ty.is_non_null() { "NON_NULL" } else { "LIST" }),
                "ofType" => self.object(Node::Type(inner), &field.selections)?,
                _ => self.null(),
            }
            return Ok(());
        }
        let def = schema.ty(ty.named);
        let has_fields = matches!(def.kind, Kind::Object | Kind::Interface);
        match name {
            "kind" => self.text(kind(def.kind)),
            "name" => self.text(schema.text(def.name)),
            "description" => self.optional(def.description.as_deref()),
            "specifiedByURL" => self.optional(def.specified_by.as_deref()),
            "isOneOf" if def.kind == Kind::InputObject => self.boolean(def.one_of),
            "fields" if has_fields => self.fields(def, field)?,
            "interfaces" if has_fields => {
                let interfaces = def.interfaces.iter().copied().filter(|&id| self.view.ty(id));
                let interfaces: Vec<Node<'a>> = interfaces.map(named).collect();
                self.list(&interfaces, &field.selections)?;
            }
            "possibleTypes" if matches!(def.kind, Kind::Interface | Kind::Union) => {
                let possible = self.view.possible(schema, ty.named);
                let possible: Vec<Node<'a>> = possible.iter().map(named).collect();
                self.list(&possible, &field.selections)?;
            }
            "enumValues" if def.kind == Kind::Enum => {
                let all = self.include_deprecated(field);
                let values = def.values.iter().filter(|value| self.view.value(value));
                let values: Vec<Node<'a>> = values
                    .filter(|value| all || value.deprecated.is_none())
                    .map(Node::Value)
                    .collect();
                self.list(&values, &field.selections)?;
            }
            "inputFields" if def.kind == Kind::InputObject => self.inputs(&def.inputs, field)?,
            _ => self.null(),
        }
        Ok(())
    }

    fn fields(&mut self, def: &'a TypeDef, field: &Field) -> Written {
        let all = self.include_deprecated(field);
        let fields = def.fields.iter().filter(|&&id| self.view.field(id));
        let fields: Vec<Node<'a>> = fields
            .map(|&id| self.schema.field_def(id))
            .filter(|field| all || field.deprecated.is_none())
            .map(Node::Field)
            .collect();
        self.list(&fields, &field.selections)
    }

    /// Arguments and input fields.
    fn inputs(&mut self, inputs: &'a [InputId], field: &Field) -> Written {
        let all = self.include_deprecated(field);
        let inputs = inputs.iter().filter(|&&id| self.view.input(self.schema, id));
        let inputs: Vec<Node<'a>> = inputs
            .map(|&id| self.schema.input(id))
            .filter(|input| all || input.deprecated.is_none())
            .map(Node::Input)
            .collect();
        self.list(&inputs, &field.selections)
    }

    /// 4.2.3
    fn field_field(&mut self, def: &'a FieldDef, field: &Field) -> Written {
        let schema = self.schema;
        match schema.field_name(field.field) {
            "name" => self.text(schema.text(def.name)),
            "description" => self.optional(def.description.as_deref()),
            "args" => self.inputs(&def.args, field)?,
            "type" => self.object(Node::Type(def.ty), &field.selections)?,
            "isDeprecated" => self.boolean(def.deprecated.is_some()),
            "deprecationReason" => self.optional(def.deprecated.as_deref()),
            _ => self.null(),
        }
        Ok(())
    }

    /// 4.2.4
    fn input_field(&mut self, def: &'a InputDef, field: &Field) -> Written {
        let schema = self.schema;
        match schema.field_name(field.field) {
            "name" => self.text(schema.text(def.name)),
            "description" => self.optional(def.description.as_deref()),
            "type" => self.object(Node::Type(def.ty), &field.selections)?,
            "defaultValue" => {
                let default = def.default.as_ref().map(literal::print);
                self.optional(default.as_deref());
            }
            "isDeprecated" => self.boolean(def.deprecated.is_some()),
            "deprecationReason" => self.optional(def.deprecated.as_deref()),
            _ => self.null(),
        }
        Ok(())
    }

    /// 4.2.5
    fn value_field(&mut self, def: &'a EnumValue, field: &Field) {
        let schema = self.schema;
        match schema.field_name(field.field) {
            "name" => self.text(schema.text(def.name)),
            "description" => self.optional(def.description.as_deref()),
            "isDeprecated" => self.boolean(def.deprecated.is_some()),
            "deprecationReason" => self.optional(def.deprecated.as_deref()),
            _ => self.null(),
        }
    }

    /// 4.2.6
    fn directive_field(&mut self, def: &'a DirectiveDef, field: &Field) -> Written {
        let schema = self.schema;
        match schema.field_name(field.field) {
            "name" => self.text(schema.text(def.name)),
            "description" => self.optional(def.description.as_deref()),
            "isRepeatable" => self.boolean(def.repeatable),
            "args" => self.inputs(&def.args, field)?,
            "locations" => {
                self.out.push('[');
                for (index, location) in def.locations.iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.text(location);
                }
                self.out.push(']');
            }
            _ => self.null(),
        }
        Ok(())
    }

    fn list(&mut self, nodes: &[Node<'a>], selections: &[Selection]) -> Written {
        self.out.push('[');
        for (index, &node) in nodes.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.object(node, selections)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn ty_or_null(&mut self, id: Option<TypeId>, selections: &[Selection]) -> Written {
        match id {
            Some(id) => self.object(named(id), selections)?,
            None => self.null(),
        }
        Ok(())
    }

    fn key(&mut self, key: &str) {
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        self.text(key);
        self.out.push(':');
    }

    fn text(&mut self, text: &str) {
        write_string(text, &mut self.out);
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    fn boolean(&mut self, value: bool) {
        self.out.push_str(if value { "true" } else { "false" });
    }

    fn null(&mut self) {
        self.out.push_str("null");
    }

    /// The argument `includeDeprecated`; its default is `false`.
    fn include_deprecated(&self, field: &Field) -> bool {
        match field.arguments.first() {
            Some((_, Value::Boolean(value))) => *value,
            Some((_, Value::Variable(variable))) => self.variables.get(*variable) == Some("true"),
            _ => false,
        }
    }

    /// The argument `name` of `__type`.
    fn text_argument(&self, field: &Field) -> Option<String> {
        match &field.arguments.first()?.1 {
            Value::String(name) => Some(name.clone()),
            Value::Variable(variable) => {
                let json = self.variables.get(*variable)?;
                let mut reader = braid_model::json::Reader::new(json.as_bytes(), 1).ok()?;
                Some(reader.string().ok()?.to_text())
            }
            _ => None,
        }
    }
}

fn named(id: TypeId) -> Node<'static> {
    Node::Type(TypeRef { named: id, wrap: Wrap::NONE })
}

/// `__TypeKind`
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Scalar => "SCALAR",
        Kind::Object => "OBJECT",
        Kind::Interface => "INTERFACE",
        Kind::Union => "UNION",
        Kind::Enum => "ENUM",
        Kind::InputObject => "INPUT_OBJECT",
    }
}
