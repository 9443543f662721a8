//! Constant values of documents and of the schema as JSON: defaults.

use braid_model::schema::{ConstValue, Kind, TypeRef};

use super::{BYTES_MAX, Coerced, Coercion, Failure};
use crate::validate::values::Scalar;

/// Defaults of input fields may hold input objects whose fields have defaults. A schema in which
/// that does not end is refused by composers; we only must not follow it.
const DEPTH_MAX: usize = 128;

impl Coercion<'_> {
    /// The JSON of a variable's default.
    pub(super) fn default(&mut self, default: &ConstValue, ty: TypeRef) -> Coerced<String> {
        self.constant(default, ty)?;
        Ok(std::mem::take(&mut self.out))
    }

    /// Writes a constant where a value of the type is expected; the defaults of its input objects
    /// are filled in.
    pub(super) fn constant(&mut self, value: &ConstValue, ty: TypeRef) -> Coerced<()> {
        if self.out.len() > BYTES_MAX {
            return Err(Self::too_large());
        }
        if self.path.len() > DEPTH_MAX {
            return Err(Failure::Value("the defaults of the schema do not end".to_owned()));
        }
        match (value, ty.item()) {
            (ConstValue::Null, _) if ty.is_non_null() => Err(self.missing(ty)),
            (ConstValue::Null, _) => {
                self.out.push_str("null");
                Ok(())
            }
            (ConstValue::List(items), Some(item)) => {
                self.out.push('[');
                for (index, value) in items.iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.path.push_index(index);
                    self.constant(value, item)?;
                    self.path.pop();
                }
                self.out.push(']');
                Ok(())
            }
            (_, Some(item)) => {
                self.out.push('[');
                self.constant(value, item)?;
                self.out.push(']');
                Ok(())
            }
            (_, None) => self.constant_named(value, ty),
        }
    }

    fn constant_named(&mut self, value: &ConstValue, ty: TypeRef) -> Coerced<()> {
        let def = self.schema.ty(ty.named);
        match (value, def.kind) {
            (ConstValue::Object(fields), Kind::InputObject) => {
                let mut given = vec![false; def.inputs.len()];
                self.out.push('{');
                for (name, value) in fields {
                    let Some(at) = self.input_position(&def.inputs, name) else { continue };
                    given[at] = true;
                    let input = self.schema.input(def.inputs[at]);
                    self.key(def.inputs[at]);
                    self.path.push_field(self.schema.text(input.name));
                    self.constant(value, input.ty)?;
                    self.path.pop();
                }
                self.absent(ty.named, &given)?;
                self.out.push('}');
            }
            (ConstValue::Int(text), Kind::Scalar)
                if Scalar::named(self.schema.type_name(ty.named)) == Scalar::Id =>
            {
                write_string(text, &mut self.out);
            }
            _ => write(value, &mut self.out),
        }
        Ok(())
    }
}

/// Writes a constant as JSON without regard to its type.
fn write(value: &ConstValue, out: &mut String) {
    match value {
        ConstValue::Null => out.push_str("null"),
        ConstValue::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        // Numbers of GraphQL are numbers of JSON (section 2.9.1 and RFC 8259, section 6).
        ConstValue::Int(text) | ConstValue::Float(text) => out.push_str(text),
        ConstValue::String(text) | ConstValue::Enum(text) => write_string(text, out),
        ConstValue::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        ConstValue::Object(fields) => {
            out.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

/// Writes a JSON string (RFC 8259, section 7).
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}
