//! Checks a subgraph's own definitions of federation directives against the specification.
//!
//! Many servers print the definitions of the directives they use. They may be narrower than the
//! specification's, never different. (`DIRECTIVE_DEFINITION_INVALID`, `TYPE_DEFINITION_INVALID`)

use apollo_compiler::ast::{self, Definition, Type};

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    expanded::{known, links::Links},
    parsed::Parsed,
};

/// Reports every user definition that contradicts the specification.
pub(crate) fn check(parsed: &Parsed, links: &Links, errors: &mut Vec<Diagnostic>) {
    for definition in &parsed.document.definitions {
        match definition {
            Definition::DirectiveDefinition(directive) => {
                check_directive(parsed, links, directive, errors);
            }
            _ => check_type(parsed, links, definition, errors),
        }
    }
}

fn check_directive(
    parsed: &Parsed,
    links: &Links,
    written: &apollo_compiler::Node<ast::DirectiveDefinition>,
    errors: &mut Vec<Diagnostic>,
) {
    let Some(known) = links.known(&written.name) else { return };
    let text = known::directive(links, known, &written.name);
    let Ok(specified) = ast::Document::parse(text, "specification.graphql") else { return };
    let Some(Definition::DirectiveDefinition(specified)) = specified.definitions.first() else {
        return;
    };
    let span = parsed.span(written.name.location());
    let mut report = |message: String| {
        let message = format!("invalid definition for directive \"@{}\": {message}", written.name);
        errors.push(
            Diagnostic::in_subgraph(Code::DirectiveDefinitionInvalid, &parsed.source, &message)
                .at(format!("@{}", written.name))
                .label(&parsed.source, span, "defined here"),
        );
    };
    for argument in &written.arguments {
        let wanted = specified.arguments.iter().find(|wanted| wanted.name == argument.name);
        match wanted {
            None => report(format!("unknown argument \"{}\"", argument.name)),
            Some(wanted) if !accepts(&argument.ty, &wanted.ty) => report(format!(
                "argument \"{}\" should have type \"{}\" but found type \"{}\"",
                argument.name, wanted.ty, argument.ty
            )),
            Some(_) => {}
        }
    }
    for wanted in specified.arguments.iter().filter(|wanted| wanted.ty.is_non_null()) {
        if written.arguments.iter().all(|argument| argument.name != wanted.name) {
            report(format!("missing required argument \"{}\"", wanted.name));
        }
    }
    for location in &written.locations {
        if !specified.locations.contains(location) && !location_forgiven(known, *location) {
            report(format!("location {location} is not one the specification allows"));
        }
    }
    if written.repeatable && !specified.repeatable {
        report("it should not be repeatable".to_owned());
    }
}

/// Servers write old definitions of `@tag`, `@shareable` and `@external` with locations of other
/// versions; an application there is still checked by its own rules.
fn location_forgiven(known: known::Known, location: ast::DirectiveLocation) -> bool {
    use ast::DirectiveLocation as At;
    match known {
        known::Known::Tag => location == At::Schema,
        known::Known::Shareable | known::Known::External => location == At::Interface,
        _ => false,
    }
}

/// Whether a written argument type can stand for the specified one: same list shape, nullability
/// equal or looser/stricter at will, custom scalars written as `String` or under another name.
fn accepts(written: &Type, specified: &Type) -> bool {
    match (written, specified) {
        (Type::List(one) | Type::NonNullList(one), Type::List(two) | Type::NonNullList(two)) => {
            accepts(one, two)
        }
        (
            Type::Named(one) | Type::NonNullNamed(one),
            Type::Named(two) | Type::NonNullNamed(two),
        ) => one == two || !is_built_in(two) && (one == "String" || !is_built_in(one)),
        _ => false,
    }
}

fn is_built_in(name: &str) -> bool {
    ["Int", "Float", "String", "Boolean", "ID"].contains(&name)
}

/// Federation's own types must be scalars when a document defines them.
fn check_type(
    parsed: &Parsed,
    links: &Links,
    definition: &Definition,
    errors: &mut Vec<Diagnostic>,
) {
    let Some(name) = definition.name() else { return };
    let own = [&links.field_set, &links.scope, &links.policy];
    if definition.is_extension_definition()
        || !own.iter().any(|scalar| scalar.as_str() == name.as_str())
        || matches!(definition, Definition::ScalarTypeDefinition(_))
    {
        return;
    }
    let message = format!("invalid definition for type \"{name}\": it should be a scalar");
    errors.push(
        Diagnostic::in_subgraph(Code::TypeDefinitionInvalid, &parsed.source, &message)
            .at(name.as_str())
            .label(&parsed.source, parsed.span(name.location()), "defined here"),
    );
}
