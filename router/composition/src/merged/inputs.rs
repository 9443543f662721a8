//! Merging of input values: input object fields here, arguments through [`merge_one`].

use apollo_compiler::{Node, ast::Value};

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    ir::{InputDef, TypeRef},
    merged::{
        Cx, GraphIndex, JoinField, MergedInput, fields, marks,
        types::{Group, name_graphs},
    },
    names::Name,
};

/// One graph's definition of the input value that is being merged.
#[derive(Clone, Copy)]
pub(crate) struct InputSource<'m> {
    pub(crate) graph: GraphIndex,
    pub(crate) input: &'m InputDef,
    /// Index in the subgraph's inputs.
    pub(crate) index: usize,
}

/// What differs between arguments and input fields.
pub(crate) struct Codes {
    pub(crate) noun: &'static str,
    pub(crate) type_mismatch: Code,
    pub(crate) default_mismatch: Code,
}

const CODES: Codes = Codes {
    noun: "input field",
    type_mismatch: Code::FieldTypeMismatch,
    default_mismatch: Code::InputFieldDefaultMismatch,
};

/// Merges the fields of an input object: the intersection.
pub(crate) fn merge_all(cx: &mut Cx<'_>, group: &Group<'_>) -> Vec<MergedInput> {
    let mut names: Vec<Name> = Vec::new();
    for (graph, ty) in &group.sources {
        for input in cx.ir.subgraphs[*graph].inputs_of(ty) {
            if !names.contains(&input.name) {
                names.push(input.name);
            }
        }
    }
    let errors_before = cx.errors.len();
    let merged: Vec<MergedInput> =
        names.iter().filter_map(|name| merge_input_field(cx, group, *name)).collect();
    if merged.is_empty() && cx.errors.len() == errors_before {
        let name = &cx.ir.names[group.name];
        let message = format!(
            "none of the fields of input object type \"{name}\" are consistently defined in all the \
             subgraphs defining that type: the merged type would be empty"
        );
        let mut report = Diagnostic::error(Code::EmptyMergedInputType, message).at(name);
        for (graph, ty) in &group.sources {
            report = report.label(&cx.ir.subgraphs[*graph].source, ty.span, "");
        }
        cx.errors.push(report);
    }
    merged
}

fn merge_input_field(cx: &mut Cx<'_>, group: &Group<'_>, name: Name) -> Option<MergedInput> {
    let ir = cx.ir;
    let mut sources: Vec<InputSource<'_>> = Vec::new();
    let mut missing: Vec<GraphIndex> = Vec::new();
    for (graph, ty) in &group.sources {
        let inputs = ir.subgraphs[*graph].inputs_of(ty);
        match inputs.iter().position(|input| input.name == name) {
            Some(at) => sources.push(InputSource {
                graph: *graph,
                input: &inputs[at],
                index: ty.inputs.indices().start + at,
            }),
            None => missing.push(*graph),
        }
    }
    let coordinate = ir.coordinate(group.name, name);
    if missing.is_empty() {
        let mut merged = merge_one(cx, &CODES, &coordinate, &sources)?;
        merged.joins = joins(&sources, merged.ty);
        return Some(merged);
    }
    let required: Vec<&InputSource<'_>> =
        sources.iter().filter(|source| source.input.is_required()).collect();
    if required.is_empty() {
        let message = format!(
            "input object field \"{coordinate}\" will not be added to \"{}\" in the supergraph as it \
             does not appear in all subgraphs: it is missing in {}",
            &ir.names[group.name],
            name_graphs(ir, &missing)
        );
        cx.hints.push(
            Diagnostic::hint(Code::InconsistentInputObjectField, Severity::Warning, message)
                .at(coordinate),
        );
        return None;
    }
    let graphs: Vec<GraphIndex> = required.iter().map(|source| source.graph).collect();
    let message = format!(
        "input object field \"{coordinate}\" is required in some subgraphs but does not appear in \
         all subgraphs: it is required in {} but does not appear in {}",
        name_graphs(ir, &graphs),
        name_graphs(ir, &missing)
    );
    let mut report =
        Diagnostic::error(Code::RequiredInputFieldMissingInSomeSubgraph, message).at(coordinate);
    for source in required {
        report = report.label(&ir.subgraphs[source.graph].source, source.input.span, "required");
    }
    cx.errors.push(report);
    None
}

fn joins(sources: &[InputSource<'_>], merged: TypeRef) -> Vec<JoinField> {
    if sources.iter().all(|source| source.input.ty == merged) {
        return Vec::new();
    }
    let join = |source: &InputSource<'_>| JoinField {
        graph: Some(source.graph),
        ty: Some(source.input.ty),
        ..JoinField::default()
    };
    sources.iter().map(join).collect()
}

/// Merges one argument or input field that all graphs have.
pub(crate) fn merge_one(
    cx: &mut Cx<'_>,
    codes: &Codes,
    coordinate: &str,
    sources: &[InputSource<'_>],
) -> Option<MergedInput> {
    let ty = merge_type(cx, codes, coordinate, sources)?;
    let default = merge_default(cx, codes, coordinate, sources);
    let mark_sources: Vec<_> =
        sources.iter().map(|source| (source.graph, &source.input.marks)).collect();
    let marks = marks::merge(cx, coordinate, &mark_sources);
    Some(MergedInput {
        name: sources.first()?.input.name,
        ty,
        default,
        marks,
        joins: Vec::new(),
        sources: sources.iter().map(|source| (source.graph, source.index)).collect(),
    })
}

/// The most strict of all declared types.
fn merge_type(
    cx: &mut Cx<'_>,
    codes: &Codes,
    coordinate: &str,
    sources: &[InputSource<'_>],
) -> Option<TypeRef> {
    let types: Vec<TypeRef> = sources.iter().map(|source| source.input.ty).collect();
    let merged = cx.membership.common_subtype(&types);
    if types.iter().all(|ty| Some(*ty) == merged) {
        return merged;
    }
    let listed =
        fields::list_types(cx.ir, sources.iter().map(|source| (source.graph, source.input.ty)));
    let noun = codes.noun;
    let Some(merged) = merged else {
        let message = format!(
            "type of {noun} \"{coordinate}\" is incompatible across subgraphs: it has {listed}"
        );
        let mut report = Diagnostic::error(codes.type_mismatch, message).at(coordinate);
        for source in sources {
            let text = format!("type \"{}\" here", source.input.ty.print(&cx.ir.names));
            report = report.label(&cx.ir.subgraphs[source.graph].source, source.input.span, text);
        }
        cx.errors.push(report);
        return None;
    };
    let code = match codes.type_mismatch {
        Code::FieldArgumentTypeMismatch => Code::InconsistentButCompatibleArgumentType,
        _ => Code::InconsistentButCompatibleFieldType,
    };
    let message = format!(
        "type of {noun} \"{coordinate}\" is inconsistent but compatible across subgraphs: will use \
         type \"{}\" in the supergraph; it has {listed}",
        merged.print(&cx.ir.names)
    );
    cx.hints.push(Diagnostic::hint(code, Severity::Info, message).at(coordinate));
    Some(merged)
}

/// Equal everywhere, or given nowhere.
fn merge_default(
    cx: &mut Cx<'_>,
    codes: &Codes,
    coordinate: &str,
    sources: &[InputSource<'_>],
) -> Option<Node<Value>> {
    let given: Vec<(&InputSource<'_>, &Node<Value>)> = sources
        .iter()
        .filter_map(|source| Some((source, source.input.default.as_ref()?)))
        .collect();
    let (_, first) = given.first()?;
    let noun = codes.noun;
    if given.iter().any(|(_, value)| !same_value(first, value)) {
        let listed: Vec<String> = given
            .iter()
            .map(|(source, value)| {
                format!("{value} in subgraph \"{}\"", cx.ir.subgraphs[source.graph].name())
            })
            .collect();
        let message = format!(
            "{noun} \"{coordinate}\" has incompatible default values across subgraphs: it has {}",
            crate::merged::types::and_list(&listed)
        );
        let mut report = Diagnostic::error(codes.default_mismatch, message).at(coordinate);
        for (source, _) in &given {
            report = report.label(&cx.ir.subgraphs[source.graph].source, source.input.span, "");
        }
        cx.errors.push(report);
        return None;
    }
    if given.len() == sources.len() {
        return Some((*first).clone());
    }
    let without: Vec<GraphIndex> = sources
        .iter()
        .filter(|source| source.input.default.is_none())
        .map(|source| source.graph)
        .collect();
    let message = format!(
        "{noun} \"{coordinate}\" has a default value in only some subgraphs: it will not have a \
         default in the supergraph (there is none in {})",
        name_graphs(cx.ir, &without)
    );
    cx.hints.push(
        Diagnostic::hint(Code::InconsistentDefaultValuePresence, Severity::Warning, message)
            .at(coordinate),
    );
    None
}

/// Equality of constant values: the order of input object fields does not matter (GraphQL 3.10).
fn same_value(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Object(one), Value::Object(two)) => {
            one.len() == two.len()
                && one.iter().all(|(name, value)| {
                    two.iter().any(|(other, found)| other == name && same_value(value, found))
                })
        }
        (Value::List(one), Value::List(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same_value(one, two))
        }
        _ => one == two,
    }
}
