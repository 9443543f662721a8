//! Dead ends in words: a witness query, then for each subgraph why it could not go on.

use std::fmt::Write as _;

use braid_model::{
    ids::{FieldId, Name, TypeId},
    schema::SetSelection,
};

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    ir::Ir,
    satisfiability::{
        hint,
        relations::{Entry, Relations},
        vertices::{At, Vertex},
        walk::{DeadEnd, Mismatch, Outcome},
    },
    source::Span,
};

/// Reasons given for one dead end.
const REASONS_MAX: usize = 24;

/// The report of a field that cannot be resolved on some path.
pub(crate) fn dead_end(
    ir: &Ir,
    relations: &Relations<'_>,
    outcome: &Outcome<'_>,
    dead_end: &DeadEnd,
) -> Diagnostic {
    let supergraph = relations.supergraph;
    if dead_end.nameless {
        return nameless(ir, relations, outcome, dead_end);
    }
    let coordinate = supergraph.coordinate(dead_end.field);
    let state = &outcome.states[dead_end.state];
    let mut message = format!(
        "the following supergraph API query:\n{}cannot be satisfied by the subgraphs because:\n",
        witness(relations, outcome, dead_end)
    );
    let mut count = 0;
    let mut seen: Vec<At> = Vec::new();
    for entry in &state.entries {
        if seen.contains(&entry.at) {
            continue;
        }
        seen.push(entry.at);
        let vertex = &relations.vertices.list(state.ty)[entry.at];
        _ = writeln!(message, "- from subgraph \"{}\":", subgraph_name(relations, vertex));
        for reason in reasons(relations, state.ty, entry, dead_end.field) {
            count += 1;
            if count <= REASONS_MAX {
                _ = writeln!(message, "  - {reason}");
            }
        }
    }
    if count > REASONS_MAX {
        _ = writeln!(message, "  ({} more reasons)", count - REASONS_MAX);
    }
    let report = Diagnostic::error(Code::SatisfiabilityError, message.trim_end().to_owned());
    labels(ir, relations, (state.ty, dead_end.field), report.at(coordinate))
}

/// The report of a field whose objects come from interface objects that lead nowhere.
fn nameless(
    ir: &Ir,
    relations: &Relations<'_>,
    outcome: &Outcome<'_>,
    dead_end: &DeadEnd,
) -> Diagnostic {
    let supergraph = relations.supergraph;
    let field = supergraph.field_def(dead_end.field);
    let interface = supergraph.type_name(field.ty.named);
    let message = format!(
        "the following supergraph API query:\n{}cannot be satisfied by the subgraphs because nobody \
         can tell the object type behind \"{interface}\": it comes from an @interfaceObject, and no \
         subgraph that defines the interface can be reached from there by a @key of it",
        witness(relations, outcome, dead_end)
    );
    let state = &outcome.states[dead_end.state];
    let report = Diagnostic::error(Code::SatisfiabilityError, message)
        .at(supergraph.coordinate(dead_end.field))
        .help(format!("give the interface \"{interface}\" a resolvable @key where it is defined"));
    labels(ir, relations, (state.ty, dead_end.field), report)
}

/// The report of a shareable field whose subgraphs return different objects.
pub(crate) fn mismatch(relations: &Relations<'_>, mismatch: &Mismatch) -> Diagnostic {
    let coordinate = relations.supergraph.coordinate(mismatch.field);
    let parts: Vec<String> = mismatch
        .returned
        .iter()
        .map(|(subgraph, types)| {
            let types: Vec<String> = types.iter().map(|name| format!("\"{name}\"")).collect();
            let types =
                if types.is_empty() { "no type at all".to_owned() } else { types.join(", ") };
            format!("in subgraph \"{subgraph}\" {types}")
        })
        .collect();
    let parts = parts.join("; ");
    if mismatch.none_in_common {
        let message = format!(
            "shared field \"{coordinate}\" returns an abstract type whose runtime types have \
             nothing in common across subgraphs: {parts}"
        );
        return Diagnostic::error(Code::ShareableHasMismatchedRuntimeTypes, message)
            .at(coordinate)
            .help("a shared field must resolve to the same objects in all of its subgraphs");
    }
    let message = format!(
        "shared field \"{coordinate}\" returns an abstract type with different runtime types \
         across subgraphs: {parts}; make sure that all of them resolve it to the same objects"
    );
    hint(Code::InconsistentRuntimeTypesForShareableReturn, message).at(coordinate)
}

fn subgraph_name<'r>(relations: &'r Relations<'_>, vertex: &Vertex) -> &'r str {
    &relations.supergraph.subgraphs[vertex.subgraph.index()].name
}

/// The shortest query that runs into the dead end.
fn witness(relations: &Relations<'_>, outcome: &Outcome<'_>, dead_end: &DeadEnd) -> String {
    let supergraph = relations.supergraph;
    let mut path = vec![dead_end.field];
    let mut state = &outcome.states[dead_end.state];
    while let Some((before, field)) = state.from {
        path.push(field);
        state = &outcome.states[before];
    }
    path.reverse();
    let operation = match Some(state.ty) {
        root if root == supergraph.roots.mutation => "mutation",
        root if root == supergraph.roots.subscription => "subscription",
        _ => "query",
    };
    let mut text = format!("  {operation} {{\n");
    let mut closing: Vec<String> = vec!["  }\n".to_owned()];
    let mut indent = 4;
    let mut returned: Option<TypeId> = None;
    for (at, field) in path.iter().enumerate() {
        let def = supergraph.field_def(*field);
        let needs_condition = returned.is_some_and(|returned| {
            returned != def.parent && supergraph.field(returned, def.name).is_none()
        });
        if needs_condition {
            _ = writeln!(text, "{:indent$}... on {} {{", "", supergraph.type_name(def.parent));
            closing.push(format!("{:indent$}}}\n", ""));
            indent += 2;
        }
        _ = write!(
            text,
            "{:indent$}{}{}",
            "",
            supergraph.text(def.name),
            arguments(relations, *field)
        );
        let is_last = at + 1 == path.len();
        match (is_last, supergraph.is_composite(def.ty.named)) {
            (true, true) if dead_end.nameless => text.push_str(" { __typename }\n"),
            (true, true) => text.push_str(" { ... }\n"),
            (true, false) => text.push('\n'),
            (false, _) => {
                text.push_str(" {\n");
                closing.push(format!("{:indent$}}}\n", ""));
                indent += 2;
            }
        }
        returned = Some(def.ty.named);
    }
    closing.reverse();
    text.push_str(&closing.concat());
    text
}

/// Required arguments with a placeholder each.
fn arguments(relations: &Relations<'_>, field: FieldId) -> String {
    let supergraph = relations.supergraph;
    let required: Vec<String> = supergraph
        .field_def(field)
        .args
        .iter()
        .map(|argument| supergraph.input(*argument))
        .filter(|argument| argument.ty.is_non_null() && argument.default.is_none())
        .map(|argument| {
            let named = supergraph.type_name(argument.ty.named);
            format!("{}: <any {named}>", supergraph.text(argument.name))
        })
        .collect();
    if required.is_empty() { String::new() } else { format!("({})", required.join(", ")) }
}

/// Why `field` cannot be had from `entry`.
fn reasons(
    relations: &Relations<'_>,
    ty: TypeId,
    entry: &Entry<'_>,
    field: FieldId,
) -> Vec<String> {
    let supergraph = relations.supergraph;
    let name = supergraph.field_def(field).name;
    let reach = relations.reach(ty, entry);
    let list = relations.vertices.list(ty);
    let mut reasons = vec![here(relations, ty, entry.at, name)];
    for (at, vertex) in list.iter().enumerate() {
        if at == entry.at {
            continue;
        }
        let subgraph = subgraph_name(relations, vertex);
        let has = vertex.join(supergraph, name).is_some();
        if !has {
            continue;
        }
        if reach.contains(at) {
            reasons.push(here(relations, ty, at, name));
            continue;
        }
        if vertex.doors.is_empty() {
            reasons.push(format!(
                "cannot move to subgraph \"{subgraph}\", which has field \"{}.{}\", because type \
                 \"{}\" has no resolvable @key defined in subgraph \"{subgraph}\"",
                supergraph.type_name(vertex.ty),
                supergraph.text(name),
                supergraph.type_name(vertex.ty),
            ));
            continue;
        }
        for door in &vertex.doors {
            let from = &list[entry.at];
            let set = supergraph.set(door.key);
            let why = if from.interface_object && !door.on_interface {
                format!(
                    "subgraph \"{}\" has \"{}\" as an @interfaceObject and cannot tell the object \
                     type that this key needs",
                    subgraph_name(relations, from),
                    supergraph.type_name(from.ty)
                )
            } else {
                why_not_selectable(relations, ty, entry, &set.selections)
            };
            reasons.push(format!(
                "cannot move to subgraph \"{subgraph}\" using @key(fields: \"{}\") of \"{}\": {why}",
                set.text,
                supergraph.type_name(vertex.ty)
            ));
        }
    }
    reasons
}

/// Why the vertex itself does not resolve the field.
fn here(relations: &Relations<'_>, ty: TypeId, at: At, name: Name) -> String {
    let supergraph = relations.supergraph;
    let vertex = &relations.vertices.list(ty)[at];
    let subgraph = subgraph_name(relations, vertex);
    let coordinate = format!("{}.{}", supergraph.type_name(vertex.ty), supergraph.text(name));
    let Some((_, join)) = vertex.join(supergraph, name) else {
        return format!("cannot find field \"{coordinate}\" in subgraph \"{subgraph}\"");
    };
    if join.external {
        return format!(
            "field \"{coordinate}\" is not resolvable in subgraph \"{subgraph}\" because it is \
             marked @external there"
        );
    }
    if let Some(label) = join.label {
        return format!(
            "field \"{coordinate}\" is resolved in subgraph \"{subgraph}\" only while the label \
             \"{}\" is {}",
            supergraph.text(label.label),
            if label.when { "on" } else { "off" }
        );
    }
    if join.used_overridden {
        return format!("field \"{coordinate}\" is overridden in subgraph \"{subgraph}\"");
    }
    match join.requires {
        Some(requires) => {
            let set = supergraph.set(requires);
            let entry = Entry { at, provided: Default::default() };
            if relations.select(ty, &entry, &set.selections) && !relations.can_jump(ty, &entry, at)
            {
                return format!(
                    "@requires(fields: \"{}\") of \"{coordinate}\" in subgraph \"{subgraph}\" can be \
                     gathered, but type \"{}\" has no resolvable @key there to come back with it",
                    set.text,
                    supergraph.type_name(vertex.ty)
                );
            }
            format!(
                "cannot satisfy @requires(fields: \"{}\") of \"{coordinate}\" in subgraph \
                 \"{subgraph}\": {}",
                set.text,
                why_not_selectable(relations, ty, &entry, &set.selections)
            )
        }
        None => format!("field \"{coordinate}\" cannot be resolved in subgraph \"{subgraph}\""),
    }
}

/// Names the first field that cannot be selected, recursively.
fn why_not_selectable(
    relations: &Relations<'_>,
    ty: TypeId,
    entry: &Entry<'_>,
    selections: &[SetSelection],
) -> String {
    let from = subgraph_name(relations, &relations.vertices.list(ty)[entry.at]);
    match first_failing(relations, ty, entry, selections) {
        Some(coordinate) => {
            format!("\"{coordinate}\" cannot be resolved from subgraph \"{from}\"")
        }
        None => format!("it cannot be used from subgraph \"{from}\""),
    }
}

fn first_failing(
    relations: &Relations<'_>,
    ty: TypeId,
    entry: &Entry<'_>,
    selections: &[SetSelection],
) -> Option<String> {
    let supergraph = relations.supergraph;
    let reach = relations.reach(ty, entry);
    for selection in selections {
        match selection {
            SetSelection::Typename => {}
            SetSelection::Fragment { selections, .. } => {
                let inner = first_failing(relations, ty, entry, selections);
                if inner.is_some() {
                    return inner;
                }
            }
            SetSelection::Field { field, selections, .. } => {
                let name = supergraph.field_def(*field).name;
                let providers = relations.providers(ty, (entry, &reach), name);
                if providers.is_empty() {
                    return Some(supergraph.coordinate(*field));
                }
                for (runtime, entries) in relations.landings(&providers) {
                    for selection in selections {
                        let one = std::slice::from_ref(selection);
                        let works = |entry: &Entry<'_>| {
                            first_failing(relations, runtime, entry, one).is_none()
                        };
                        if !entries.iter().any(works) {
                            let first = entries.first()?;
                            return first_failing(relations, runtime, first, one);
                        }
                    }
                }
            }
        }
    }
    None
}

/// Points at the definitions of the field and at the keys of its type.
fn labels(
    ir: &Ir,
    relations: &Relations<'_>,
    (ty, field): (TypeId, FieldId),
    mut report: Diagnostic,
) -> Diagnostic {
    let supergraph = relations.supergraph;
    let field_name = ir.names.get(supergraph.text(supergraph.field_def(field).name));
    let type_name = ir.names.get(supergraph.type_name(ty));
    let (Some(field_name), Some(type_name)) = (field_name, type_name) else { return report };
    for sub in &ir.subgraphs {
        let Some(def) = sub.type_named(type_name) else { continue };
        let Some(field) = sub.field_named(def, field_name) else { continue };
        if field.span == Span::NONE {
            continue;
        }
        report = report.label(&sub.source, field.span, "defined here");
        for key in sub.keys_of(def) {
            let text = if key.resolvable { "its key" } else { "not resolvable by this key" };
            report = report.label(&sub.source, key.fields.span, text);
        }
    }
    report
}
