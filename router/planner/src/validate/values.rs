//! Literal values (specification, section 5.6; what each type accepts, section 3).

use braid_model::ids::TypeId;
use braid_model::schema::{Kind, TypeRef};
use braid_model::syntax::{Argument, List, Value, ValueKind};

use super::error::{Rule, excerpt};
use super::{Check, Usage, suggest};

impl Check<'_> {
    /// A value at a place of a known type. Recursion is as deep as the text nests.
    pub(super) fn value(&mut self, value: &Value, ty: TypeRef, has_default: bool) {
        match value.kind {
            ValueKind::Variable(name) => {
                let expected = Some(ty);
                self.uses.variables.push(Usage { name, expected, has_default, one_of: false });
            }
            ValueKind::Null if ty.is_non_null() => self.wrong(value, ty, "null is not allowed"),
            ValueKind::Null => {}
            ValueKind::List(items) => match ty.item() {
                Some(item) => {
                    for value in &self.doc[items] {
                        self.value(value, item, false);
                    }
                }
                None => self.named(value, ty),
            },
            ValueKind::Int
            | ValueKind::Float
            | ValueKind::String(_)
            | ValueKind::Boolean(_)
            | ValueKind::Enum
            | ValueKind::Object(_) => {
                // A single value stands for a list of it, at any depth (section 3.11).
                let mut ty = ty;
                while let Some(item) = ty.item() {
                    ty = item;
                }
                self.named(value, ty);
            }
        }
    }

    /// A value at a place of which nothing is known: its variables are uses all the same.
    pub(super) fn unknown_value(&mut self, value: &Value) {
        match value.kind {
            ValueKind::Variable(name) => {
                let usage = Usage { name, expected: None, has_default: false, one_of: false };
                self.uses.variables.push(usage);
            }
            ValueKind::List(items) => {
                for value in &self.doc[items] {
                    self.unknown_value(value);
                }
            }
            ValueKind::Object(fields) => {
                let doc = self.doc;
                self.unique_names(&doc[fields], Rule::UniqueInputFieldNames);
                for field in &doc[fields] {
                    self.unknown_value(doc.value(field.value));
                }
            }
            ValueKind::Int
            | ValueKind::Float
            | ValueKind::String(_)
            | ValueKind::Boolean(_)
            | ValueKind::Null
            | ValueKind::Enum => {}
        }
    }

    fn named(&mut self, value: &Value, ty: TypeRef) {
        let schema = self.schema;
        match schema.ty(ty.named).kind {
            Kind::Scalar => self.scalar(value, ty),
            Kind::Enum => self.enum_value(value, ty),
            Kind::InputObject => match value.kind {
                ValueKind::Object(fields) => self.object(value, fields, ty.named),
                _ => {
                    self.unknown_value(value);
                    self.wrong(value, ty, "an input object (`{ … }`) is expected");
                }
            },
            // The definition of the argument would be wrong, which composition refuses.
            Kind::Object | Kind::Interface | Kind::Union => {}
        }
    }

    fn scalar(&mut self, value: &Value, ty: TypeRef) {
        let text = self.doc.text(value.span);
        let wrong = match Scalar::named(self.schema.type_name(ty.named)) {
            Scalar::Custom => return self.unknown_value(value),
            Scalar::Int => match value.kind {
                ValueKind::Int if is_int32(text) => return,
                ValueKind::Int => "an Int is between -2147483648 and 2147483647",
                _ => "an Int is expected",
            },
            Scalar::Float => match value.kind {
                ValueKind::Int | ValueKind::Float if is_finite(text) => return,
                ValueKind::Int | ValueKind::Float => "the number is too large for a Float",
                _ => "a Float is expected",
            },
            Scalar::String => match value.kind {
                ValueKind::String(_) => return,
                _ => "a String is expected",
            },
            Scalar::Boolean => match value.kind {
                ValueKind::Boolean(_) => return,
                _ => "`true` or `false` is expected",
            },
            Scalar::Id => match value.kind {
                ValueKind::String(_) | ValueKind::Int => return,
                _ => "an ID is expected, written as a string or an integer",
            },
        };
        self.unknown_value(value);
        self.wrong(value, ty, wrong);
    }

    fn enum_value(&mut self, value: &Value, ty: TypeRef) {
        let (schema, doc) = (self.schema, self.doc);
        if !matches!(value.kind, ValueKind::Enum) {
            self.unknown_value(value);
            return self.wrong(value, ty, "an enum value is expected, written without quotes");
        }
        let text = doc.text(value.span);
        if self.view.value_named(schema, ty.named, text).is_none() {
            let hint = self.hint(|| {
                let values = schema.ty(ty.named).values.iter().filter(|v| self.view.value(v));
                let near = suggest::nearest(text, values.map(|value| schema.text(value.name)));
                near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
            });
            let message = format!("the enum has no value `{}`{hint}", excerpt(text));
            let coordinate = schema.type_name(ty.named).to_owned();
            self.error_at(Rule::ValuesOfCorrectType, message, value.span, coordinate);
        }
    }

    /// An input object: its fields exist, once each; those required are there; of `@oneOf` there
    /// is exactly one, which is not null (section 3.10.1).
    fn object(&mut self, value: &Value, fields: List<Argument>, id: TypeId) {
        let (schema, doc) = (self.schema, self.doc);
        let def = schema.ty(id);
        let given = &doc[fields];
        self.unique_names(given, Rule::UniqueInputFieldNames);
        for field in given {
            let name = doc.text(field.name);
            let Some(input) = self.view.input_named(schema, &def.inputs, name) else {
                self.unknown_value(doc.value(field.value));
                self.unknown_input_field(field, id);
                continue;
            };
            let input = schema.input(input);
            let before = self.uses.variables.len();
            self.value(doc.value(field.value), input.ty, input.default.is_some());
            if let ValueKind::Variable(_) = doc.value(field.value).kind {
                for usage in &mut self.uses.variables[before..] {
                    usage.one_of = def.one_of;
                }
            }
        }
        if def.one_of {
            let null = |field: &Argument| matches!(doc.value(field.value).kind, ValueKind::Null);
            if given.len() != 1 || given.iter().any(null) {
                let message = "exactly one field of this input object is to be given, not null";
                self.error(Rule::ValuesOfCorrectType, message, value.span);
            }
        }
        for &input in &def.inputs {
            let field = schema.input(input);
            if !field.ty.is_non_null() || field.default.is_some() || !self.view.input(schema, input)
            {
                continue;
            }
            let name = schema.text(field.name);
            if !given.iter().any(|field| doc.text(field.name) == name) {
                let hint = self.hint(|| format!(": `{name}: {}`", schema.type_text(field.ty)));
                let message = format!("the input object lacks a required field{hint}");
                let coordinate = format!("{}.{name}", schema.type_name(id));
                self.error_at(Rule::ValuesOfCorrectType, message, value.span, coordinate);
            }
        }
    }

    fn unknown_input_field(&mut self, field: &Argument, on: TypeId) {
        let schema = self.schema;
        let name = self.doc.text(field.name);
        let hint = self.hint(|| {
            let inputs = schema.ty(on).inputs.iter().filter(|&&id| self.view.input(schema, id));
            let names = inputs.map(|&id| schema.text(schema.input(id).name));
            let near = suggest::nearest(name, names);
            near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
        });
        let message = format!("the input object has no field `{}`{hint}", excerpt(name));
        let coordinate = format!("{}.{}", schema.type_name(on), excerpt(name));
        self.error_at(Rule::ValuesOfCorrectType, message, field.name, coordinate);
    }

    fn wrong(&mut self, value: &Value, ty: TypeRef, what: &str) {
        let schema = self.schema;
        let text = excerpt(self.doc.text(value.span));
        let hint = self.hint(|| format!(" (type `{}`)", schema.type_text(ty)));
        let message = format!("{what} here{hint}, found `{text}`");
        let coordinate = schema.type_name(ty.named).to_owned();
        self.error_at(Rule::ValuesOfCorrectType, message, value.span, coordinate);
    }
}

/// The scalars whose values the specification defines (section 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    Int,
    Float,
    String,
    Boolean,
    Id,
    Custom,
}

impl Scalar {
    /// The scalar of that name.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "Int" => Self::Int,
            "Float" => Self::Float,
            "String" => Self::String,
            "Boolean" => Self::Boolean,
            "ID" => Self::Id,
            _ => Self::Custom,
        }
    }
}

/// Whether the text of an integer is within 32 bits (section 3.5.1).
pub(crate) fn is_int32(text: &str) -> bool {
    text.parse::<i32>().is_ok()
}

/// Whether the text of a number is within a double (section 3.5.2).
pub(crate) fn is_finite(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}
