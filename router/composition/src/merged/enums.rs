//! Merging of enums, whose rule depends on how the merged graph uses them.
//!
//! Only returned (or unused): union of values. Only taken: intersection. Both: must be equal.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    ir::{Kind, ValueDef},
    merged::{
        Cx, GraphIndex, MergedType, MergedValue, marks,
        types::{Group, name_graphs},
    },
    names::Name,
};

/// Fills the values of all enum types; the other types are merged already.
pub(crate) fn merge_all(cx: &mut Cx<'_>, groups: &[Group<'_>], merged: &mut [MergedType]) {
    let mut returned = FxHashSet::default();
    let mut taken = FxHashSet::default();
    for ty in merged.iter() {
        taken.extend(ty.inputs.iter().map(|input| input.ty.base));
        for field in &ty.fields {
            returned.insert(field.ty.base);
            taken.extend(field.args.iter().map(|argument| argument.ty.base));
        }
    }
    let by_name: FxHashMap<Name, usize> =
        groups.iter().enumerate().map(|(index, group)| (group.name, index)).collect();
    for ty in merged.iter_mut().filter(|ty| ty.kind == Kind::Enum) {
        let Some(group) = by_name.get(&ty.name).map(|index| &groups[*index]) else { continue };
        let usage = match (returned.contains(&ty.name), taken.contains(&ty.name)) {
            (true, true) => Usage::Both,
            (false, true) => Usage::Taken,
            (true, false) => Usage::Returned,
            (false, false) => Usage::None,
        };
        ty.values = merge_values(cx, group, usage);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Usage {
    None,
    Returned,
    Taken,
    Both,
}

fn merge_values(cx: &mut Cx<'_>, group: &Group<'_>, usage: Usage) -> Vec<MergedValue> {
    let type_name = &cx.ir.names[group.name];
    if usage == Usage::None {
        let message = format!(
            "enum type \"{type_name}\" is defined but unused: it will be included in the supergraph \
             with all the values of any subgraph"
        );
        cx.hints
            .push(Diagnostic::hint(Code::UnusedEnumType, Severity::Debug, message).at(type_name));
    }
    let mut names: Vec<Name> = Vec::new();
    for (graph, ty) in &group.sources {
        for value in cx.ir.subgraphs[*graph].values_of(ty) {
            if !names.contains(&value.name) {
                names.push(value.name);
            }
        }
    }
    let errors_before = cx.errors.len();
    let merged: Vec<MergedValue> =
        names.iter().filter_map(|name| merge_value(cx, group, usage, *name)).collect();
    if merged.is_empty() && cx.errors.len() == errors_before {
        let message = format!(
            "none of the values of enum type \"{type_name}\" are defined consistently in all the \
             subgraphs defining that type: the merged type would be empty"
        );
        let mut report = Diagnostic::error(Code::EmptyMergedEnumType, message).at(type_name);
        for (graph, ty) in &group.sources {
            report = report.label(&cx.ir.subgraphs[*graph].source, ty.span, "");
        }
        cx.errors.push(report);
    }
    merged
}

fn merge_value(
    cx: &mut Cx<'_>,
    group: &Group<'_>,
    usage: Usage,
    name: Name,
) -> Option<MergedValue> {
    let ir = cx.ir;
    let mut sources: Vec<(GraphIndex, &ValueDef)> = Vec::new();
    let mut missing: Vec<GraphIndex> = Vec::new();
    for (graph, ty) in &group.sources {
        let values = ir.subgraphs[*graph].values_of(ty);
        match values.iter().find(|value| value.name == name) {
            Some(value) => sources.push((*graph, value)),
            None => missing.push(*graph),
        }
    }
    let coordinate = ir.coordinate(group.name, name);
    let hidden = sources.iter().any(|(_, value)| value.marks.inaccessible.is_some());
    if !missing.is_empty() {
        let keep = report_missing(cx, usage, hidden, (&coordinate, &sources, &missing));
        if !keep {
            return None;
        }
    }
    let mark_sources: Vec<_> =
        sources.iter().map(|(graph, value)| (*graph, &value.marks)).collect();
    let marks = marks::merge(cx, &coordinate, &mark_sources);
    Some(MergedValue { name, marks, graphs: sources.iter().map(|source| source.0).collect() })
}

type Presence<'a> = (&'a str, &'a [(GraphIndex, &'a ValueDef)], &'a [GraphIndex]);

/// Whether a value that some graphs lack stays; reports what that means.
fn report_missing(
    cx: &mut Cx<'_>,
    usage: Usage,
    hidden: bool,
    (coordinate, sources, missing): Presence<'_>,
) -> bool {
    let having: Vec<GraphIndex> = sources.iter().map(|source| source.0).collect();
    let where_ = format!(
        "it is defined in {} but not in {}",
        name_graphs(cx.ir, &having),
        name_graphs(cx.ir, missing)
    );
    let mut hint = |code, severity, what: &str| {
        let message = format!("enum value \"{coordinate}\" {what}: {where_}");
        cx.hints.push(Diagnostic::hint(code, severity, message).at(coordinate));
    };
    match usage {
        Usage::None => true,
        Usage::Returned => {
            hint(
                Code::InconsistentEnumValueForOutputEnum,
                Severity::Debug,
                "has been added but is not defined in all the subgraphs defining its type",
            );
            true
        }
        Usage::Taken => {
            hint(
                Code::InconsistentEnumValueForInputEnum,
                Severity::Warning,
                "will not be part of the type in the supergraph as not all subgraphs define it",
            );
            hidden
        }
        Usage::Both if hidden => true,
        Usage::Both => {
            let message = format!(
                "enum value \"{coordinate}\" must be defined in all subgraphs because its type is \
                 used both as an input and as an output type: {where_}"
            );
            let mut report = Diagnostic::error(Code::EnumValueMismatch, message).at(coordinate);
            for (graph, value) in sources {
                report = report.label(&cx.ir.subgraphs[*graph].source, value.span, "defined here");
            }
            cx.errors.push(report.help("define it everywhere, or mark it @inaccessible"));
            false
        }
    }
}
