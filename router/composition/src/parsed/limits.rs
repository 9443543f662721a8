//! Limits on the number of elements, so that no later step needs to care about absurd documents.
//!
//! They are far above what people write; within them the quadratic spots behind stay quick.

use apollo_compiler::{
    Node,
    ast::{self, Definition, DirectiveList, FieldDefinition, InputValueDefinition},
};

use crate::{code::Code, diagnostic::Diagnostic, parsed::Parsed};

/// Definitions and extensions in one document.
const DEFINITIONS_MAX: usize = 20_000;
/// Fields, values or members in one definition.
const MEMBERS_MAX: usize = 10_000;
/// Arguments of one field or directive.
const ARGUMENTS_MAX: usize = 1_000;
/// Directive applications on one element.
const DIRECTIVES_MAX: usize = 1_000;

/// Refuses documents with too many elements somewhere.
pub(crate) fn check(parsed: &Parsed) -> Result<(), Vec<Diagnostic>> {
    let document = &parsed.document;
    let mut check = Check { parsed, errors: Vec::new() };
    if document.definitions.len() > DEFINITIONS_MAX {
        check.refuse(None, "definitions", document.definitions.len(), DEFINITIONS_MAX);
    }
    for definition in &document.definitions {
        check.definition(definition);
    }
    if check.errors.is_empty() { Ok(()) } else { Err(check.errors) }
}

struct Check<'c> {
    parsed: &'c Parsed,
    errors: Vec<Diagnostic>,
}

impl Check<'_> {
    fn refuse(&mut self, place: Option<&Definition>, what: &str, count: usize, limit: usize) {
        let source = &self.parsed.source;
        let message = format!("there are {count} {what}; the limit is {limit}");
        let mut report = Diagnostic::in_subgraph(Code::CompositionLimitExceeded, source, &message);
        if let Some(name) = place.and_then(|definition| definition.name()) {
            report = report.at(name.as_str());
            report = report.label(source, self.parsed.span(name.location()), "here");
        }
        self.errors.push(report);
    }

    fn count(&mut self, place: &Definition, what: &str, count: usize, limit: usize) {
        if count > limit {
            self.refuse(Some(place), what, count, limit);
        }
    }

    fn directives(&mut self, place: &Definition, list: &DirectiveList) {
        self.count(place, "directive applications on one element", list.len(), DIRECTIVES_MAX);
    }

    fn definition(&mut self, place: &Definition) {
        self.directives(place, place.directives());
        match place {
            Definition::ObjectTypeDefinition(def) => self.fields(place, &def.fields),
            Definition::ObjectTypeExtension(def) => self.fields(place, &def.fields),
            Definition::InterfaceTypeDefinition(def) => self.fields(place, &def.fields),
            Definition::InterfaceTypeExtension(def) => self.fields(place, &def.fields),
            Definition::InputObjectTypeDefinition(def) => {
                self.inputs(place, &def.fields, MEMBERS_MAX);
            }
            Definition::InputObjectTypeExtension(def) => {
                self.inputs(place, &def.fields, MEMBERS_MAX);
            }
            Definition::EnumTypeDefinition(def) => self.values(place, &def.values),
            Definition::EnumTypeExtension(def) => self.values(place, &def.values),
            Definition::UnionTypeDefinition(def) => {
                self.count(place, "members of one union", def.members.len(), MEMBERS_MAX);
            }
            Definition::UnionTypeExtension(def) => {
                self.count(place, "members of one union", def.members.len(), MEMBERS_MAX);
            }
            Definition::DirectiveDefinition(def) => {
                self.inputs(place, &def.arguments, ARGUMENTS_MAX);
            }
            Definition::SchemaDefinition(_)
            | Definition::SchemaExtension(_)
            | Definition::ScalarTypeDefinition(_)
            | Definition::ScalarTypeExtension(_)
            | Definition::OperationDefinition(_)
            | Definition::FragmentDefinition(_) => {}
        }
    }

    fn fields(&mut self, place: &Definition, fields: &[Node<FieldDefinition>]) {
        self.count(place, "fields of one type", fields.len(), MEMBERS_MAX);
        for field in fields {
            self.directives(place, &field.directives);
            self.inputs(place, &field.arguments, ARGUMENTS_MAX);
        }
    }

    fn inputs(&mut self, place: &Definition, inputs: &[Node<InputValueDefinition>], limit: usize) {
        self.count(place, "input values of one element", inputs.len(), limit);
        for input in inputs {
            self.directives(place, &input.directives);
        }
    }

    fn values(&mut self, place: &Definition, values: &[Node<ast::EnumValueDefinition>]) {
        self.count(place, "values of one enum", values.len(), MEMBERS_MAX);
        for value in values {
            self.directives(place, &value.directives);
        }
    }
}
