//! Constant values in GraphQL's own notation, as `defaultValue` tells them.

use braid_model::schema::ConstValue;

use crate::coerce::constant::write_string;

/// The literal of a value.
pub(super) fn print(value: &ConstValue) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &ConstValue, out: &mut String) {
    match value {
        ConstValue::Null => out.push_str("null"),
        ConstValue::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        ConstValue::Int(text) | ConstValue::Float(text) | ConstValue::Enum(text) => {
            out.push_str(text);
        }
        // The escapes of JSON strings are escapes of GraphQL strings, too.
        ConstValue::String(text) => write_string(text, out),
        ConstValue::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(item, out);
            }
            out.push(']');
        }
        ConstValue::Object(fields) => {
            out.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(name);
                out.push_str(": ");
                write(value, out);
            }
            out.push('}');
        }
    }
}
