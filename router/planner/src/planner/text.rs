//! GraphQL text towards subgraphs: values and arguments.

use braid_model::schema::ConstValue;

use super::selection::Args;
use crate::coerce::constant::write_string;
use crate::operation::Value;

/// Arguments with their parentheses, and the variables that they use.
pub(super) fn arguments<'v>(
    named: impl Iterator<Item = (&'v str, &'v Value)>,
    variables: &[&str],
) -> Args {
    let mut args = Args::default();
    for (name, value) in named {
        args.text.push(if args.text.is_empty() { '(' } else { ',' });
        args.text.push_str(name);
        args.text.push(':');
        write_value(&mut args, value, variables);
    }
    if !args.text.is_empty() {
        args.text.push(')');
    }
    args
}

/// A constant as a value of an operation.
pub(super) fn value_of(constant: &ConstValue) -> Value {
    match constant {
        ConstValue::Null => Value::Null,
        ConstValue::Boolean(value) => Value::Boolean(*value),
        ConstValue::Int(text) => Value::Int(text.clone()),
        ConstValue::Float(text) => Value::Float(text.clone()),
        ConstValue::String(text) => Value::String(text.clone()),
        ConstValue::Enum(text) => Value::Enum(text.clone()),
        ConstValue::List(items) => Value::List(items.iter().map(value_of).collect()),
        ConstValue::Object(fields) => Value::Object(
            fields.iter().map(|(name, value)| (name.clone(), value_of(value))).collect(),
        ),
    }
}

/// The text of a constant.
pub(super) fn constant(value: &ConstValue) -> String {
    let mut args = Args::default();
    write_value(&mut args, &value_of(value), &[]);
    args.text
}

fn write_value(args: &mut Args, value: &Value, variables: &[&str]) {
    match value {
        Value::Variable(index) => {
            args.text.push('$');
            args.text.push_str(variables[*index]);
            if !args.variables.contains(index) {
                args.variables.push(*index);
            }
        }
        Value::Null => args.text.push_str("null"),
        Value::Boolean(true) => args.text.push_str("true"),
        Value::Boolean(false) => args.text.push_str("false"),
        Value::Int(text) | Value::Float(text) | Value::Enum(text) => args.text.push_str(text),
        // The escapes of GraphQL strings (specification 2.9.4) and of JSON are the same.
        Value::String(text) => write_string(text, &mut args.text),
        Value::List(items) => {
            args.text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    args.text.push(',');
                }
                write_value(args, item, variables);
            }
            args.text.push(']');
        }
        Value::Object(fields) => {
            args.text.push('{');
            for (at, (name, item)) in fields.iter().enumerate() {
                if at > 0 {
                    args.text.push(',');
                }
                args.text.push_str(name);
                args.text.push(':');
                write_value(args, item, variables);
            }
            args.text.push('}');
        }
    }
}
