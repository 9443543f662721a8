//! Compares two schemas as schemas: the order of types, fields, arguments, values and directives
//! does not matter; everything else does, descriptions and defaults included.

use std::collections::BTreeMap;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    ConstDirective, InputValueDefinition, TypeKind, TypeSystemDefinition,
};

use super::{SdlError, parse, print};

/// Every difference between `exported` and `contract`, one line each; empty when they are equal.
///
/// # Errors
/// One of them does not parse.
pub fn differences(exported: &str, contract: &str) -> Result<Vec<String>, SdlError> {
    let exported = elements(exported)?;
    let contract = elements(contract)?;
    let mut lines = Vec::new();
    for (coordinate, expected) in &contract {
        match exported.get(coordinate) {
            None => lines.push(format!("missing {coordinate}: {expected}")),
            Some(found) if found != expected => {
                lines.push(format!("{coordinate}: exported `{found}`, contract `{expected}`"));
            }
            Some(_) => {}
        }
    }
    for (coordinate, found) in &exported {
        if !contract.contains_key(coordinate) {
            lines.push(format!("surplus {coordinate}: {found}"));
        }
    }
    Ok(lines)
}

/// Everything a schema says, by coordinate.
fn elements(sdl: &str) -> Result<BTreeMap<String, String>, SdlError> {
    let mut elements = BTreeMap::new();
    for definition in parse(sdl)?.definitions {
        match definition {
            TypeSystemDefinition::Schema(schema) => {
                elements.insert("schema".to_owned(), directives(&schema.node.directives));
            }
            TypeSystemDefinition::Directive(directive) => {
                elements.insert(format!("@{}", directive.node.name.node), String::new());
            }
            TypeSystemDefinition::Type(definition) => {
                let node = definition.node;
                let name = node.name.node.to_string();
                let text = described(node.description.as_ref(), &directives(&node.directives));
                let kind = kind(&node.kind);
                let extends = if node.extend { "extend " } else { "" };
                elements.insert(name.clone(), format!("{extends}{kind}{text}"));
                members(&mut elements, &name, node.kind);
            }
        }
    }
    Ok(elements)
}

fn kind(kind: &TypeKind) -> String {
    let implements = |interfaces: &[Positioned<async_graphql::Name>]| {
        let mut names: Vec<&str> = interfaces.iter().map(|name| name.node.as_str()).collect();
        names.sort_unstable();
        names.join("&")
    };
    match kind {
        TypeKind::Scalar => "scalar".to_owned(),
        TypeKind::Object(object) => format!("type {}", implements(&object.implements)),
        TypeKind::Interface(interface) => {
            format!("interface {}", implements(&interface.implements))
        }
        TypeKind::Union(union) => format!("union {}", implements(&union.members)),
        TypeKind::Enum(_) => "enum".to_owned(),
        TypeKind::InputObject(_) => "input".to_owned(),
    }
}

fn members(elements: &mut BTreeMap<String, String>, name: &str, kind: TypeKind) {
    let fields = match kind {
        TypeKind::Object(object) => object.fields,
        TypeKind::Interface(interface) => interface.fields,
        TypeKind::Enum(values) => {
            for value in values.values {
                let node = value.node;
                let text = described(node.description.as_ref(), &directives(&node.directives));
                elements.insert(format!("{name}.{}", node.value.node), text);
            }
            return;
        }
        TypeKind::InputObject(input) => {
            for field in input.fields {
                let coordinate = format!("{name}.{}", field.node.name.node);
                elements.insert(coordinate, input_value(&field.node));
            }
            return;
        }
        TypeKind::Scalar | TypeKind::Union(_) => return,
    };
    for field in fields {
        let node = field.node;
        let coordinate = format!("{name}.{}", node.name.node);
        let rest = described(node.description.as_ref(), &directives(&node.directives));
        elements.insert(coordinate.clone(), format!("{}{rest}", node.ty.node));
        for argument in node.arguments {
            let argument_coordinate = format!("{coordinate}({}:)", argument.node.name.node);
            elements.insert(argument_coordinate, input_value(&argument.node));
        }
    }
}

fn input_value(value: &InputValueDefinition) -> String {
    let default = value.default_value.as_ref().map(|value| format!(" = {}", value.node));
    let rest = described(value.description.as_ref(), &directives(&value.directives));
    format!("{}{}{rest}", value.ty.node, default.unwrap_or_default())
}

fn described(description: Option<&Positioned<String>>, directives: &str) -> String {
    match description {
        Some(text) => format!(" {directives} \"{}\"", text.node.trim()),
        None => format!(" {directives}"),
    }
}

fn directives(list: &[Positioned<ConstDirective>]) -> String {
    let mut texts: Vec<String> = list.iter().map(print::directive).collect();
    texts.sort();
    texts.join(" ")
}
