//! Merging of field arguments: the intersection, with the most strict types.

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    ir::InputDef,
    merged::{
        Cx, GraphIndex, MergedField, MergedInput,
        fields::FieldSource,
        inputs::{self, Codes, InputSource},
        types::name_graphs,
    },
    names::Name,
};

const CODES: Codes = Codes {
    noun: "argument",
    type_mismatch: Code::FieldArgumentTypeMismatch,
    default_mismatch: Code::FieldArgumentDefaultMismatch,
};

/// Merges the arguments of one field; `owned` are its non-external definitions.
pub(crate) fn merge_all(cx: &mut Cx<'_>, ty: Name, owned: &[FieldSource<'_>]) -> Vec<MergedInput> {
    let mut names: Vec<Name> = Vec::new();
    for source in owned {
        for argument in source.subgraph(cx.ir).args_of(source.field) {
            if !names.contains(&argument.name) {
                names.push(argument.name);
            }
        }
    }
    names.iter().filter_map(|name| merge_argument(cx, ty, owned, *name)).collect()
}

fn merge_argument(
    cx: &mut Cx<'_>,
    ty: Name,
    owned: &[FieldSource<'_>],
    name: Name,
) -> Option<MergedInput> {
    let ir = cx.ir;
    let mut sources: Vec<InputSource<'_>> = Vec::new();
    let mut missing: Vec<GraphIndex> = Vec::new();
    for source in owned {
        let arguments = source.subgraph(ir).args_of(source.field);
        match arguments.iter().position(|argument| argument.name == name) {
            Some(at) => sources.push(InputSource {
                graph: source.graph,
                input: &arguments[at],
                index: source.field.args.indices().start + at,
            }),
            None => missing.push(source.graph),
        }
    }
    let field = owned.first()?.field.name;
    let coordinate = ir.argument_coordinate(ty, field, name);
    if missing.is_empty() {
        return inputs::merge_one(cx, &CODES, &coordinate, &sources);
    }
    let required: Vec<&InputSource<'_>> =
        sources.iter().filter(|source| source.input.is_required()).collect();
    if required.is_empty() {
        let message = format!(
            "optional argument \"{coordinate}\" will not be included in the supergraph as it does \
             not appear in all subgraphs: it is missing in {}",
            name_graphs(ir, &missing)
        );
        cx.hints.push(
            Diagnostic::hint(Code::InconsistentArgumentPresence, Severity::Warning, message)
                .at(coordinate),
        );
        return None;
    }
    let graphs: Vec<GraphIndex> = required.iter().map(|source| source.graph).collect();
    let message = format!(
        "argument \"{coordinate}\" is required in some subgraphs but does not appear in all \
         subgraphs: it is required in {} but does not appear in {}",
        name_graphs(ir, &graphs),
        name_graphs(ir, &missing)
    );
    let mut report =
        Diagnostic::error(Code::RequiredArgumentMissingInSomeSubgraph, message).at(coordinate);
    for source in required {
        report = report.label(&ir.subgraphs[source.graph].source, source.input.span, "required");
    }
    cx.errors.push(report);
    None
}

/// An `@external` declaration must have the arguments of the merged field.
pub(crate) fn check_external(
    cx: &mut Cx<'_>,
    coordinate: &str,
    source: &FieldSource<'_>,
    merged: &MergedField,
) {
    let sub = source.subgraph(cx.ir);
    let arguments: &[InputDef] = sub.args_of(source.field);
    for wanted in &merged.args {
        let at = format!("{coordinate}({}:)", &cx.ir.names[wanted.name]);
        let found = arguments.iter().find(|argument| argument.name == wanted.name);
        let (code, what) = match found {
            None => (
                Code::ExternalArgumentMissing,
                format!("it is missing in subgraph \"{}\"", sub.name()),
            ),
            Some(found) if !cx.membership.is_subtype(wanted.ty, found.ty) => (
                Code::ExternalArgumentTypeMismatch,
                format!(
                    "it has type \"{}\" in the supergraph but type \"{}\" in subgraph \"{}\"",
                    wanted.ty.print(&cx.ir.names),
                    found.ty.print(&cx.ir.names),
                    sub.name()
                ),
            ),
            Some(found) if found.default != wanted.default => (
                Code::ExternalArgumentDefaultMismatch,
                format!("its default value differs in subgraph \"{}\"", sub.name()),
            ),
            Some(_) => continue,
        };
        let message =
            format!("argument \"{at}\" differs where \"{coordinate}\" is marked @external: {what}");
        let span = found.map_or(source.field.span, |found| found.span);
        cx.errors.push(Diagnostic::error(code, message).at(at).label(&sub.source, span, ""));
    }
}
