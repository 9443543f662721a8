//! Rules that look at one subgraph alone: an area a file, a code a function.

mod cost;
mod external;
mod field_sets;
mod interfaces;
mod overrides;
mod reserved;
mod shareable;

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    ir::{FieldDef, Subgraph, TypeDef},
    names::{Name, Names},
    source::Span,
};

/// What every rule gets.
pub(crate) struct RuleCx<'r> {
    pub(crate) names: &'r Names,
    pub(crate) sub: &'r Subgraph,
    pub(crate) errors: &'r mut Vec<Diagnostic>,
}

/// Runs all rules over one subgraph.
pub(crate) fn check(names: &Names, sub: &Subgraph, errors: &mut Vec<Diagnostic>) {
    let mut cx = RuleCx { names, sub, errors };
    field_sets::check(&mut cx);
    external::check(&mut cx);
    shareable::check(&mut cx);
    overrides::check(&mut cx);
    interfaces::check(&mut cx);
    cost::check(&mut cx);
    reserved::check(&mut cx);
}

impl RuleCx<'_> {
    fn coordinate(&self, ty: &TypeDef, field: &FieldDef) -> String {
        self.member(ty.name, field.name)
    }

    fn member(&self, ty: Name, member: Name) -> String {
        format!("{}.{}", &self.names[ty], &self.names[member])
    }

    /// Reports `message` at `coordinate`, labelled at `span`.
    fn report(&mut self, code: Code, coordinate: &str, span: Span, message: &str) {
        self.errors.push(
            Diagnostic::in_subgraph(code, &self.sub.source, message).at(coordinate).label(
                &self.sub.source,
                span,
                "",
            ),
        );
    }
}
