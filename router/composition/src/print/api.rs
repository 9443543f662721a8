//! The API schema: what clients see. No inaccessible elements, no join, link or feature machinery.

use std::fmt::Write as _;

use crate::{
    ir::{Kind, TypeRef},
    merged::{Merged, MergedField, MergedInput, MergedType},
    names::{Name, Names},
    print::{
        element,
        supergraph::{keyword, roots},
    },
};

/// Prints the API schema of a merged schema.
pub(crate) fn print(names: &Names, merged: &Merged) -> String {
    let printer = Printer { names, merged };
    let mut text = String::with_capacity(32 * 1024);
    element::description(&mut text, "", merged.schema_marks.description.as_deref());
    text.push_str("schema {\n");
    for (operation, root) in roots(names, merged) {
        _ = writeln!(text, "  {operation}: {root}");
    }
    text.push_str("}\n");
    let one_of = printer.visible_types().any(|ty| ty.marks.one_of.is_some());
    if one_of {
        text.push_str("\ndirective @oneOf on INPUT_OBJECT\n");
    }
    for definition in &merged.executable_directives {
        _ = write!(text, "\n{definition}\n");
    }
    for ty in printer.visible_types() {
        text.push('\n');
        printer.type_(&mut text, ty);
    }
    text
}

struct Printer<'p> {
    names: &'p Names,
    merged: &'p Merged,
}

impl<'p> Printer<'p> {
    fn visible_types(&self) -> impl Iterator<Item = &'p MergedType> {
        let is_empty_root = |ty: &MergedType| {
            ["Mutation", "Subscription", "Query"].contains(&&self.names[ty.name])
                && ty.fields.is_empty()
        };
        self.merged
            .types
            .iter()
            .filter(move |ty| ty.marks.inaccessible.is_none() && !is_empty_root(ty))
    }

    fn is_visible(&self, name: Name) -> bool {
        self.merged.type_named(name).is_none_or(|ty| ty.marks.inaccessible.is_none())
    }

    fn shows(&self, ty: TypeRef, marks: &crate::ir::marks::Marks) -> bool {
        marks.inaccessible.is_none() && self.is_visible(ty.base)
    }

    fn type_(&self, text: &mut String, ty: &MergedType) {
        element::description(text, "", ty.marks.description.as_deref());
        _ = write!(text, "{} {}", keyword(ty.kind), &self.names[ty.name]);
        let interfaces: Vec<&str> = ty
            .interfaces
            .iter()
            .filter(|name| self.is_visible(**name))
            .map(|name| &self.names[*name])
            .collect();
        if !interfaces.is_empty() {
            _ = write!(text, " implements {}", interfaces.join(" & "));
        }
        element::standard_directives(text, &ty.marks);
        match ty.kind {
            Kind::Scalar => text.push('\n'),
            Kind::Union => {
                let members: Vec<&str> = ty
                    .members
                    .iter()
                    .filter(|name| self.is_visible(**name))
                    .map(|name| &self.names[*name])
                    .collect();
                _ = writeln!(text, " = {}", members.join(" | "));
            }
            Kind::Object | Kind::Interface => self.block(text, |printer, text| {
                ty.fields.iter().for_each(|field| printer.field(text, field));
            }),
            Kind::Input => self.block(text, |printer, text| {
                ty.inputs.iter().for_each(|input| printer.input(text, input));
            }),
            Kind::Enum => self.block(text, |printer, text| {
                for value in ty.values.iter().filter(|value| value.marks.inaccessible.is_none()) {
                    element::description(text, "  ", value.marks.description.as_deref());
                    _ = write!(text, "  {}", &printer.names[value.name]);
                    element::standard_directives(text, &value.marks);
                    text.push('\n');
                }
            }),
        }
    }

    fn block(&self, text: &mut String, body: impl FnOnce(&Self, &mut String)) {
        text.push_str(" {\n");
        body(self, text);
        text.push_str("}\n");
    }

    fn field(&self, text: &mut String, field: &MergedField) {
        if !self.shows(field.ty, &field.marks) {
            return;
        }
        element::description(text, "  ", field.marks.description.as_deref());
        _ = write!(text, "  {}", &self.names[field.name]);
        let visible = field.args.iter().filter(|argument| self.shows(argument.ty, &argument.marks));
        let arguments: Vec<String> = visible.map(|argument| self.argument(argument)).collect();
        if !arguments.is_empty() {
            _ = write!(text, "({})", arguments.join(", "));
        }
        _ = write!(text, ": {}", field.ty.print(self.names));
        element::standard_directives(text, &field.marks);
        text.push('\n');
    }

    fn argument(&self, argument: &MergedInput) -> String {
        let mut text = element::input_value(self.names, argument);
        element::standard_directives(&mut text, &argument.marks);
        text
    }

    fn input(&self, text: &mut String, input: &MergedInput) {
        if !self.shows(input.ty, &input.marks) {
            return;
        }
        element::description(text, "  ", input.marks.description.as_deref());
        _ = write!(text, "  {}", element::bare_input_value(self.names, input));
        element::standard_directives(text, &input.marks);
        text.push('\n');
    }
}
