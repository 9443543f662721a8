//! `@override`: which field of which graph is taken over by whom.

use rustc_hash::FxHashMap;

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    ir::{FieldDef, Ir, Kind, Override},
    merged::GraphIndex,
    names::Name,
};

/// (graph that lost the field, type, field).
type Lost = (GraphIndex, Name, Name);

/// All valid overrides.
#[derive(Default)]
pub(crate) struct Overrides {
    lost: FxHashMap<Lost, Option<String>>,
    won: FxHashMap<Lost, GraphIndex>,
}

/// How an override touches a field of one graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Overridden {
    No,
    /// The graph never resolves the field.
    Fully,
    /// The graph resolves it while the label is off.
    WhileLabelOff(String),
}

impl Overrides {
    /// Whether `graph` lost the field.
    pub(crate) fn of(&self, graph: GraphIndex, ty: Name, field: Name) -> Overridden {
        match self.lost.get(&(graph, ty, field)) {
            None => Overridden::No,
            Some(None) => Overridden::Fully,
            Some(Some(label)) => Overridden::WhileLabelOff(label.clone()),
        }
    }

    /// Whether `graph` overrides the field from a graph that exists.
    pub(crate) fn is_effective(&self, graph: GraphIndex, ty: Name, field: Name) -> bool {
        self.won.contains_key(&(graph, ty, field))
    }
}

/// Checks all `@override` and collects those that take effect.
pub(crate) fn collect(
    ir: &Ir,
    errors: &mut Vec<Diagnostic>,
    hints: &mut Vec<Diagnostic>,
) -> Overrides {
    let mut overrides = Overrides::default();
    for (graph, sub) in ir.subgraphs.iter().enumerate() {
        for field in &sub.fields {
            let Some(directive) = &field.override_from else { continue };
            let ty = &sub.types[field.parent as usize];
            if ty.kind == Kind::Interface {
                continue; // reported by the subgraph's rules
            }
            let source = ir.subgraphs.iter().position(|other| other.name() == directive.from);
            let Some(source) = source else {
                hints.push(unknown_source(ir, graph, ty.name, field, directive));
                continue;
            };
            check(ir, (graph, field), (source, ty.name), directive, errors);
            let there = ir.subgraphs[source].type_named(ty.name);
            let there = there.and_then(|ty| ir.subgraphs[source].field_named(ty, field.name));
            match there {
                Some(there) => {
                    let used = there.is_used();
                    overrides.lost.insert((source, ty.name, field.name), directive.label.clone());
                    overrides.won.insert((graph, ty.name, field.name), source);
                    hints.push(overridden_hint(ir, (graph, source), ty.name, field, used));
                }
                None => hints.push(unneeded_hint(ir, graph, ty.name, field, directive)),
            }
        }
    }
    overrides
}

fn check(
    ir: &Ir,
    (graph, field): (GraphIndex, &FieldDef),
    (source, ty): (GraphIndex, Name),
    directive: &Override,
    errors: &mut Vec<Diagnostic>,
) {
    let sub = &ir.subgraphs[graph];
    let coordinate = ir.coordinate(ty, field.name);
    if let Some((name, span)) = collision(field, false) {
        let message = format!(
            "@override cannot be used on field \"{coordinate}\" of subgraph \"{}\" since the field \
             is marked with @{name} there",
            sub.name()
        );
        errors.push(
            Diagnostic::error(Code::OverrideCollisionWithAnotherDirective, message)
                .at(&coordinate)
                .label(&sub.source, directive.span, "overridden here")
                .label(&sub.source, span, format!("@{name} here")),
        );
    }
    let other = &ir.subgraphs[source];
    let there = other.type_named(ty).and_then(|ty| other.field_named(ty, field.name));
    let Some(there) = there else { return };
    if let Some(second) = &there.override_from {
        let message = format!(
            "field \"{coordinate}\" on subgraph \"{}\" is also marked with @override in subgraph \
             \"{}\": only one @override is allowed per field",
            sub.name(),
            other.name()
        );
        errors.push(
            Diagnostic::error(Code::OverrideSourceHasOverride, message)
                .at(&coordinate)
                .label(&sub.source, directive.span, "")
                .label(&other.source, second.span, "the source overrides, too"),
        );
    }
    if let Some((name, span)) = collision(there, true) {
        let message = format!(
            "@override cannot be used on field \"{coordinate}\" of subgraph \"{}\" since the field \
             is marked with @{name} on subgraph \"{}\"",
            sub.name(),
            other.name()
        );
        errors.push(
            Diagnostic::error(Code::OverrideCollisionWithAnotherDirective, message)
                .at(&coordinate)
                .label(&sub.source, directive.span, "overridden here")
                .label(&other.source, span, format!("@{name} here")),
        );
    }
}

/// A directive that does not go together with `@override`.
fn collision(field: &FieldDef, at_source: bool) -> Option<(&'static str, crate::source::Span)> {
    let external = field.external.map(|span| ("external", span));
    if !at_source {
        return external;
    }
    external
        .or(field.requires.as_ref().map(|requires| ("requires", requires.span)))
        .or(field.provides.as_ref().map(|provides| ("provides", provides.span)))
}

fn unknown_source(
    ir: &Ir,
    graph: GraphIndex,
    ty: Name,
    field: &FieldDef,
    directive: &Override,
) -> Diagnostic {
    let sub = &ir.subgraphs[graph];
    let coordinate = ir.coordinate(ty, field.name);
    let message = format!(
        "source subgraph \"{}\" for field \"{coordinate}\" on subgraph \"{}\" does not exist",
        directive.from,
        sub.name()
    );
    let mut hint = Diagnostic::hint(Code::FromSubgraphDoesNotExist, Severity::Warning, message)
        .at(coordinate)
        .label(&sub.source, directive.span, "");
    hint.subgraph = Some(sub.name().to_owned());
    let near = ir.subgraphs.iter().find(|other| other.name().eq_ignore_ascii_case(&directive.from));
    match near {
        Some(near) => hint.help(format!("did you mean \"{}\"?", near.name())),
        None => hint,
    }
}

fn overridden_hint(
    ir: &Ir,
    (graph, source): (GraphIndex, GraphIndex),
    ty: Name,
    field: &FieldDef,
    used: bool,
) -> Diagnostic {
    let coordinate = ir.coordinate(ty, field.name);
    let winner = &ir.subgraphs[graph];
    let loser = &ir.subgraphs[source];
    let label = field.override_from.as_ref().and_then(|directive| directive.label.as_ref());
    let span = field.override_from.as_ref().map_or(field.span, |directive| directive.span);
    let (code, message) = match label {
        Some(label) => (
            Code::OverrideMigrationInProgress,
            format!(
                "field \"{coordinate}\" is migrated from subgraph \"{}\" to \"{}\" under label \
                 \"{label}\"",
                loser.name(),
                winner.name()
            ),
        ),
        None => {
            let what = if used { "kept for the references to it, as @external" } else { "removed" };
            (
                Code::OverriddenFieldCanBeRemoved,
                format!(
                    "field \"{coordinate}\" on subgraph \"{}\" is overridden by \"{}\": it can be {what}",
                    loser.name(),
                    winner.name()
                ),
            )
        }
    };
    Diagnostic::hint(code, Severity::Info, message).at(coordinate).label(&winner.source, span, "")
}

fn unneeded_hint(
    ir: &Ir,
    graph: GraphIndex,
    ty: Name,
    field: &FieldDef,
    directive: &Override,
) -> Diagnostic {
    let coordinate = ir.coordinate(ty, field.name);
    let message = format!(
        "field \"{coordinate}\" on subgraph \"{}\" no longer exists in the subgraph \"{}\": the \
         @override directive can be removed",
        ir.subgraphs[graph].name(),
        directive.from
    );
    Diagnostic::hint(Code::OverrideDirectiveCanBeRemoved, Severity::Info, message)
        .at(coordinate)
        .label(&ir.subgraphs[graph].source, directive.span, "")
}
