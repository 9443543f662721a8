//! Prints type definitions as SDL.

use std::fmt::Write as _;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    ConstDirective, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind,
};

/// A whole document: the head, then the types in their order.
pub(super) fn document(head: &str, types: &[TypeDefinition]) -> String {
    let mut out = format!("{head}\n");
    for definition in types {
        out.push('\n');
        type_definition(&mut out, definition);
    }
    out
}

/// A directive as `@name(argument: value)`.
pub(super) fn directive(directive: &Positioned<ConstDirective>) -> String {
    let mut out = format!("@{}", directive.node.name.node);
    let arguments = &directive.node.arguments;
    for (index, (name, value)) in arguments.iter().enumerate() {
        let separator = if index == 0 { "(" } else { ", " };
        put(&mut out, format_args!("{separator}{}: {}", name.node, value.node));
    }
    if !arguments.is_empty() {
        out.push(')');
    }
    out
}

fn type_definition(out: &mut String, definition: &TypeDefinition) {
    description(out, "", definition.description.as_ref());
    if definition.extend {
        out.push_str("extend ");
    }
    let (keyword, implements) = match &definition.kind {
        TypeKind::Scalar => ("scalar", [].as_slice()),
        TypeKind::Object(object) => ("type", object.implements.as_slice()),
        TypeKind::Interface(interface) => ("interface", interface.implements.as_slice()),
        TypeKind::Union(_) => ("union", [].as_slice()),
        TypeKind::Enum(_) => ("enum", [].as_slice()),
        TypeKind::InputObject(_) => ("input", [].as_slice()),
    };
    put(out, format_args!("{keyword} {}", definition.name.node));
    for (index, interface) in implements.iter().enumerate() {
        let separator = if index == 0 { "implements" } else { "&" };
        put(out, format_args!(" {separator} {}", interface.node));
    }
    directives(out, &definition.directives);
    body(out, &definition.kind);
    out.push('\n');
}

fn body(out: &mut String, kind: &TypeKind) {
    match kind {
        TypeKind::Scalar => {}
        TypeKind::Union(union) => {
            for (index, member) in union.members.iter().enumerate() {
                let separator = if index == 0 { "=" } else { "|" };
                put(out, format_args!(" {separator} {}", member.node));
            }
        }
        TypeKind::Object(object) => block(out, &object.fields, field),
        TypeKind::Interface(interface) => block(out, &interface.fields, field),
        TypeKind::InputObject(input) => block(out, &input.fields, |out, value| {
            description(out, "  ", value.description.as_ref());
            out.push_str("  ");
            input_value(out, value);
        }),
        TypeKind::Enum(values) => block(out, &values.values, |out, value| {
            description(out, "  ", value.description.as_ref());
            put(out, format_args!("  {}", value.value.node));
            directives(out, &value.directives);
        }),
    }
}

fn block<T>(out: &mut String, items: &[Positioned<T>], print: impl Fn(&mut String, &T)) {
    out.push_str(" {\n");
    for item in items {
        print(out, &item.node);
        out.push('\n');
    }
    out.push('}');
}

fn field(out: &mut String, field: &FieldDefinition) {
    description(out, "  ", field.description.as_ref());
    put(out, format_args!("  {}", field.name.node));
    for (index, argument) in field.arguments.iter().enumerate() {
        out.push_str(if index == 0 { "(" } else { ", " });
        input_value(out, &argument.node);
    }
    if !field.arguments.is_empty() {
        out.push(')');
    }
    put(out, format_args!(": {}", field.ty.node));
    directives(out, &field.directives);
}

fn input_value(out: &mut String, value: &InputValueDefinition) {
    put(out, format_args!("{}: {}", value.name.node, value.ty.node));
    if let Some(default) = &value.default_value {
        put(out, format_args!(" = {}", default.node));
    }
    directives(out, &value.directives);
}

fn directives(out: &mut String, list: &[Positioned<ConstDirective>]) {
    for item in list {
        out.push(' ');
        out.push_str(&directive(item));
    }
}

/// Our descriptions are one line.
fn description(out: &mut String, indent: &str, text: Option<&Positioned<String>>) {
    if let Some(text) = text {
        let quoted = serde_json::Value::from(text.node.as_str());
        put(out, format_args!("{indent}{quoted}\n"));
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    out.write_fmt(text).unwrap_or_default();
}
