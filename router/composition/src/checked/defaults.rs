//! Default values must fit the merged types, from which values and fields may have gone
//! (GraphQL 3.6.1, 3.10, 5.6.1; `INVALID_GRAPHQL`).

use apollo_compiler::ast::Value;

use crate::{
    checked::CheckCx,
    code::Code,
    diagnostic::Diagnostic,
    ir::{Kind, TypeRef},
    merged::{MergedInput, MergedType},
};

pub(super) fn check(cx: &mut CheckCx<'_>) {
    for ty in &cx.merged.types {
        for input in &ty.inputs {
            check_input(cx, cx.ir.coordinate(ty.name, input.name), input);
        }
        for field in &ty.fields {
            for argument in &field.args {
                let at = cx.ir.argument_coordinate(ty.name, field.name, argument.name);
                check_input(cx, at, argument);
            }
        }
    }
}

fn check_input(cx: &mut CheckCx<'_>, coordinate: String, input: &MergedInput) {
    let Some(default) = &input.default else { return };
    let Err(why) = fits(cx, input.ty, default) else { return };
    let message = format!(
        "invalid default value {} of \"{coordinate}\" of type \"{}\": {why}",
        default.serialize().no_indent(),
        input.ty.print(&cx.ir.names)
    );
    let mut report = Diagnostic::error(Code::InvalidGraphql, message).at(coordinate);
    for (graph, index) in &input.sources {
        let sub = &cx.ir.subgraphs[*graph];
        report = report.label(&sub.source, sub.inputs[*index].span, "");
    }
    cx.errors.push(report);
}

/// Whether a constant can be coerced to a type.
fn fits(cx: &CheckCx<'_>, ty: TypeRef, value: &Value) -> Result<(), String> {
    if value.is_null() {
        return match ty.is_non_null() {
            true => Err("null is not allowed".to_owned()),
            false => Ok(()),
        };
    }
    if ty.depth > 0 {
        let layers = (1_u32 << ty.depth) - 1;
        let item = TypeRef { depth: ty.depth - 1, non_null: ty.non_null & layers, ..ty };
        return match value {
            Value::List(items) => items.iter().try_for_each(|value| fits(cx, item, value)),
            // A single value stands for a list of one.
            _ => fits(cx, item, value),
        };
    }
    let name = &cx.ir.names[ty.base];
    let Some(def) = cx.merged.type_named(ty.base) else {
        return scalar(name, value);
    };
    match def.kind {
        Kind::Enum => enum_value(cx, def, value),
        Kind::Input => input_object(cx, def, value),
        Kind::Scalar | Kind::Object | Kind::Interface | Kind::Union => Ok(()),
    }
}

fn scalar(name: &str, value: &Value) -> Result<(), String> {
    let fits = match name {
        "Int" => value.to_i32().is_some(),
        "Float" => value.to_f64().is_some(),
        "String" => value.as_str().is_some(),
        "Boolean" => value.to_bool().is_some(),
        "ID" => value.as_str().is_some() || matches!(value, Value::Int(_)),
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("it is no {name}")) }
}

fn enum_value(cx: &CheckCx<'_>, def: &MergedType, value: &Value) -> Result<(), String> {
    let names = &cx.ir.names;
    let Value::Enum(given) = value else {
        return Err(format!("it is no value of \"{}\"", &names[def.name]));
    };
    let found =
        names.get(given).is_some_and(|name| def.values.iter().any(|known| known.name == name));
    match found {
        true => Ok(()),
        false => {
            Err(format!("\"{}\" has no value \"{given}\" in the supergraph", &names[def.name]))
        }
    }
}

fn input_object(cx: &CheckCx<'_>, def: &MergedType, value: &Value) -> Result<(), String> {
    let names = &cx.ir.names;
    let Value::Object(given) = value else {
        return Err(format!("it is no \"{}\"", &names[def.name]));
    };
    for (name, value) in given {
        let field =
            names.get(name).and_then(|name| def.inputs.iter().find(|field| field.name == name));
        match field {
            Some(field) => fits(cx, field.ty, value)?,
            None => {
                return Err(format!(
                    "\"{}\" has no field \"{name}\" in the supergraph",
                    &names[def.name]
                ));
            }
        }
    }
    for field in def.inputs.iter().filter(|field| field.ty.is_non_null() && field.default.is_none())
    {
        let name = &names[field.name];
        if given.iter().all(|(given, _)| given != name) {
            return Err(format!("the required field \"{name}\" is missing"));
        }
    }
    Ok(())
}
