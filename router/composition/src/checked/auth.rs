//! `MISSING_TRANSITIVE_AUTH_REQUIREMENTS`: a field that reads protected data through `@requires`
//! must itself demand what that data demands, or it would be a way around.

use crate::{
    checked::CheckCx,
    code::Code,
    diagnostic::Diagnostic,
    ir::{
        field_set::{Selection, SelectionKind},
        marks::{Marks, Requirement},
    },
    merged::{MergedType, marks::conjunction},
};

pub(super) fn check(cx: &mut CheckCx<'_>) {
    let ir = cx.ir;
    for sub in &ir.subgraphs {
        for field in &sub.fields {
            let Some(requires) = &field.requires else { continue };
            let name = sub.types[field.parent as usize].name;
            let Some(ty) = cx.merged.type_named(name) else { continue };
            let Some(own) = ty.field_named(field.name) else { continue };
            let mut needed = Needs::default();
            collect(cx, ty, &requires.set.selections, &mut needed);
            let mut given = Needs::default();
            given.add(&ty.marks);
            given.add(&own.marks);
            let missing = given.missing(&needed);
            if missing.is_empty() {
                continue;
            }
            let coordinate = ir.coordinate(name, field.name);
            let message = format!(
                "field \"{coordinate}\" does not specify the necessary {} to access the fields of \
                 its @requires(fields: \"{}\")",
                missing.join(", "),
                requires.text
            );
            cx.errors.push(
                Diagnostic::in_subgraph(
                    Code::MissingTransitiveAuthRequirements,
                    &sub.source,
                    &message,
                )
                .at(coordinate)
                .label(&sub.source, requires.span, "reads protected data")
                .help("apply the same directives to this field"),
            );
        }
    }
}

/// A conjunction of requirements.
#[derive(Default)]
struct Needs {
    authenticated: bool,
    scopes: Option<Requirement>,
    policies: Option<Requirement>,
}

impl Needs {
    fn add(&mut self, marks: &Marks) {
        self.authenticated |= marks.authenticated.is_some();
        and(&mut self.scopes, marks.scopes.as_ref().map(|scopes| &scopes.0));
        and(&mut self.policies, marks.policies.as_ref().map(|policies| &policies.0));
    }

    /// The directives that `self` lacks to imply `needed`.
    fn missing(&self, needed: &Self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if needed.authenticated && !self.authenticated {
            missing.push("@authenticated");
        }
        if !implies(self.scopes.as_ref(), needed.scopes.as_ref()) {
            missing.push("@requiresScopes");
        }
        if !implies(self.policies.as_ref(), needed.policies.as_ref()) {
            missing.push("@policy");
        }
        missing
    }
}

fn and(known: &mut Option<Requirement>, more: Option<&Requirement>) {
    let Some(more) = more else { return };
    *known = Some(match known {
        Some(known) => conjunction(known, more),
        None => more.clone(),
    });
}

/// Whether everybody who meets `given` also meets `needed`.
fn implies(given: Option<&Requirement>, needed: Option<&Requirement>) -> bool {
    let Some(needed) = needed else { return true };
    let Some(given) = given else { return false };
    given.iter().all(|have| needed.iter().any(|want| want.iter().all(|item| have.contains(item))))
}

/// Adds what the selected fields and the types they return demand.
fn collect(cx: &CheckCx<'_>, parent: &MergedType, selections: &[Selection], needs: &mut Needs) {
    for selection in selections {
        match selection.kind {
            SelectionKind::Fragment(condition) => {
                let target = condition.map_or(Some(parent), |name| cx.merged.type_named(name));
                if let Some(target) = target {
                    collect(cx, target, &selection.children, needs);
                }
            }
            SelectionKind::Field(name) => {
                let Some(field) = parent.field_named(name) else { continue };
                needs.add(&field.marks);
                let Some(target) = cx.merged.type_named(field.ty.base) else { continue };
                needs.add(&target.marks);
                collect(cx, target, &selection.children, needs);
            }
        }
    }
}
