//! Directive definitions of the supergraph: executable ones that all graphs have, and those that
//! `@composeDirective` asks for.

use apollo_compiler::ast::DirectiveLocation;
use rustc_hash::FxHashMap;

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    expanded::{known, links::Feature},
    ir::{DirectiveDef, InputDef, Subgraph, marks::Marks},
    merged::{
        Cx, GraphIndex, MergedInput, MergedType,
        inputs::{self, Codes, InputSource},
        types::name_graphs,
    },
    names::Name,
};

/// A linked feature whose directives travel into the supergraph.
pub(crate) struct ComposedFeature {
    pub(crate) url: String,
    /// Local directive names with `@`, and the name in the specification where that differs.
    pub(crate) imports: Vec<(String, String)>,
}

/// What `@composeDirective` brings.
#[derive(Default)]
pub(crate) struct Composed {
    pub(crate) definitions: Vec<String>,
    pub(crate) features: Vec<ComposedFeature>,
}

const CODES: Codes = Codes {
    noun: "argument",
    type_mismatch: Code::FieldArgumentTypeMismatch,
    default_mismatch: Code::FieldArgumentDefaultMismatch,
};

fn is_executable(location: DirectiveLocation) -> bool {
    matches!(
        location,
        DirectiveLocation::Query
            | DirectiveLocation::Mutation
            | DirectiveLocation::Subscription
            | DirectiveLocation::Field
            | DirectiveLocation::FragmentDefinition
            | DirectiveLocation::FragmentSpread
            | DirectiveLocation::InlineFragment
            | DirectiveLocation::VariableDefinition
    )
}

/// Definitions of executable directives: those that every graph defines, with what all agree on.
pub(crate) fn executable(cx: &mut Cx<'_>) -> Vec<String> {
    let mut names: Vec<Name> = Vec::new();
    for sub in &cx.ir.subgraphs {
        for directive in &sub.directives {
            let executable = directive.locations.iter().any(|location| is_executable(*location));
            if executable && !names.contains(&directive.name) {
                names.push(directive.name);
            }
        }
    }
    let mut definitions: Vec<String> =
        names.iter().filter_map(|name| merge_executable(cx, *name)).collect();
    definitions.sort_unstable();
    definitions
}

fn merge_executable(cx: &mut Cx<'_>, name: Name) -> Option<String> {
    let ir = cx.ir;
    let mut sources: Vec<(GraphIndex, &DirectiveDef)> = Vec::new();
    let mut missing: Vec<GraphIndex> = Vec::new();
    for (graph, sub) in ir.subgraphs.iter().enumerate() {
        match sub.directives.iter().find(|directive| directive.name == name) {
            Some(directive) => sources.push((graph, directive)),
            None => missing.push(graph),
        }
    }
    let coordinate = format!("@{}", &ir.names[name]);
    let mut hint = |code, message: String| {
        cx.hints.push(Diagnostic::hint(code, Severity::Warning, message).at(&coordinate));
    };
    if !missing.is_empty() {
        hint(
            Code::InconsistentExecutableDirectivePresence,
            format!(
                "executable directive \"{coordinate}\" will not be part of the supergraph as it \
                 does not appear in all subgraphs: it is missing in {}",
                name_graphs(ir, &missing)
            ),
        );
        return None;
    }
    let first = sources.first()?.1;
    let locations: Vec<DirectiveLocation> = first
        .locations
        .iter()
        .copied()
        .filter(|location| is_executable(*location))
        .filter(|location| sources.iter().all(|(_, source)| source.locations.contains(location)))
        .collect();
    if locations.is_empty() {
        hint(
            Code::NoExecutableDirectiveIntersection,
            format!(
                "executable directive \"{coordinate}\" has no location common to all subgraphs"
            ),
        );
        return None;
    }
    let executable_count = |directive: &DirectiveDef| {
        directive.locations.iter().filter(|location| is_executable(**location)).count()
    };
    if sources.iter().any(|(_, source)| executable_count(source) != locations.len()) {
        hint(
            Code::InconsistentExecutableDirectiveLocations,
            format!(
                "executable directive \"{coordinate}\" has inconsistent locations across subgraphs"
            ),
        );
    }
    let repeatable = sources.iter().all(|(_, source)| source.repeatable);
    if sources.iter().any(|(_, source)| source.repeatable) && !repeatable {
        hint(
            Code::InconsistentExecutableDirectiveRepeatable,
            format!("executable directive \"{coordinate}\" is not repeatable in all subgraphs"),
        );
    }
    let arguments = common_arguments(cx, &coordinate, &sources);
    Some(print(cx, name, first, &arguments, (repeatable, &locations)))
}

/// Arguments that all definitions have.
fn common_arguments(
    cx: &mut Cx<'_>,
    coordinate: &str,
    sources: &[(GraphIndex, &DirectiveDef)],
) -> Vec<MergedInput> {
    let ir = cx.ir;
    let Some((graph, first)) = sources.first() else { return Vec::new() };
    let names: Vec<Name> =
        ir.subgraphs[*graph].inputs[first.args.indices()].iter().map(|input| input.name).collect();
    let mut merged = Vec::new();
    for name in names {
        let found: Vec<InputSource<'_>> = sources
            .iter()
            .filter_map(|(graph, directive)| {
                let inputs: &[InputDef] = &ir.subgraphs[*graph].inputs[directive.args.indices()];
                let at = inputs.iter().position(|input| input.name == name)?;
                let index = directive.args.indices().start + at;
                Some(InputSource { graph: *graph, input: &inputs[at], index })
            })
            .collect();
        if found.len() == sources.len() {
            let at = format!("{coordinate}({}:)", &ir.names[name]);
            merged.extend(inputs::merge_one(cx, &CODES, &at, &found));
        }
    }
    merged
}

fn print(
    cx: &Cx<'_>,
    name: Name,
    directive: &DirectiveDef,
    arguments: &[MergedInput],
    (repeatable, locations): (bool, &[DirectiveLocation]),
) -> String {
    let names = &cx.ir.names;
    let mut text = String::new();
    crate::print::element::description(&mut text, "", directive.description.as_deref());
    text.push_str("directive @");
    text.push_str(&names[name]);
    if !arguments.is_empty() {
        let list: Vec<String> = arguments
            .iter()
            .map(|argument| crate::print::element::input_value(names, argument))
            .collect();
        text.push_str(&format!("({})", list.join(", ")));
    }
    let locations: Vec<&str> = locations.iter().map(|location| location.name()).collect();
    text.push_str(if repeatable { " repeatable on " } else { " on " });
    text.push_str(&locations.join(" | "));
    text
}

/// One `@composeDirective` application, resolved.
struct Request<'r> {
    graph: GraphIndex,
    feature: &'r Feature,
    directive: &'r DirectiveDef,
    /// Name in the specification.
    spec_name: String,
}

/// Composed directives, and whether each is repeatable.
type Kept = FxHashMap<Name, bool>;

/// Resolves `@composeDirective` and keeps only those applications on all merged elements.
pub(crate) fn composed(cx: &mut Cx<'_>, types: &mut [MergedType]) -> Composed {
    let requests = requests(cx);
    let mut composed = Composed::default();
    let mut kept = Kept::default();
    let mut done: Vec<(String, String)> = Vec::new();
    for request in &requests {
        let identity = (request.feature.identity.clone(), request.spec_name.clone());
        if done.contains(&identity) {
            continue;
        }
        done.push(identity);
        let same: Vec<&Request<'_>> = requests
            .iter()
            .filter(|other| other.feature.identity == request.feature.identity)
            .filter(|other| other.spec_name == request.spec_name)
            .collect();
        if check_agreement(cx, &same) {
            let newest = same.iter().max_by_key(|request| request.feature.version);
            let repeatable = newest.is_some_and(|newest| newest.directive.repeatable);
            kept.insert(request.directive.name, repeatable);
            add(cx, &same, &mut composed);
        }
    }
    for ty in types {
        let name = cx.ir.names[ty.name].to_owned();
        retain(cx, &kept, &name, &mut ty.marks);
        for field in &mut ty.fields {
            let coordinate = format!("{name}.{}", &cx.ir.names[field.name]);
            retain(cx, &kept, &coordinate, &mut field.marks);
            for argument in &mut field.args {
                let at = format!("{coordinate}({}:)", &cx.ir.names[argument.name]);
                retain(cx, &kept, &at, &mut argument.marks);
            }
        }
        for input in &mut ty.inputs {
            let coordinate = format!("{name}.{}", &cx.ir.names[input.name]);
            retain(cx, &kept, &coordinate, &mut input.marks);
        }
        for value in &mut ty.values {
            let coordinate = format!("{name}.{}", &cx.ir.names[value.name]);
            retain(cx, &kept, &coordinate, &mut value.marks);
        }
    }
    composed
}

/// Drops applications that are not composed; of a directive that is not repeatable only the most
/// frequent one stays.
fn retain(cx: &mut Cx<'_>, kept: &Kept, coordinate: &str, marks: &mut Marks) {
    marks.custom.retain(|custom| kept.contains_key(&custom.name));
    let mut at = 0;
    while let Some(custom) = marks.custom.get(at) {
        let name = custom.name;
        let same = || marks.custom.iter().filter(|other| other.name == name);
        if kept.get(&name) == Some(&true) || same().count() == 1 {
            at += 1;
            continue;
        }
        // The last of equal maxima is the first of the reversed order.
        let Some(best) = same().rev().max_by_key(|other| other.count).cloned() else { return };
        let message = format!(
            "non-repeatable directive @{} is applied to \"{coordinate}\" in multiple subgraphs but \
             with different arguments: the supergraph will use the most frequent ones",
            &cx.ir.names[name]
        );
        let code = Code::InconsistentNonRepeatableDirectiveArguments;
        cx.hints.push(Diagnostic::hint(code, Severity::Warning, message).at(coordinate).label(
            &cx.ir.subgraphs[best.graph].source,
            best.span,
            "used in the supergraph",
        ));
        marks.custom.retain(|other| other.name != name);
        marks.custom.insert(at, best);
        at += 1;
    }
}

fn requests<'r>(cx: &mut Cx<'r>) -> Vec<Request<'r>> {
    let ir = cx.ir;
    let mut requests = Vec::new();
    for (graph, sub) in ir.subgraphs.iter().enumerate() {
        for (name, span) in &sub.composed {
            if is_composed_anyway(sub, name) {
                let message = format!(
                    "directive \"{name}\" need not be composed explicitly: federation composes it"
                );
                cx.hints.push(
                    Diagnostic::hint(Code::DirectiveCompositionInfo, Severity::Info, message)
                        .at(name)
                        .label(&sub.source, *span, ""),
                );
                continue;
            }
            match resolve(cx, sub, name) {
                Ok((feature, directive, spec_name)) => {
                    requests.push(Request { graph, feature, directive, spec_name });
                }
                Err(message) => cx.errors.push(
                    Diagnostic::in_subgraph(Code::DirectiveCompositionError, &sub.source, &message)
                        .label(&sub.source, *span, "asked for here"),
                ),
            }
        }
    }
    requests
}

/// A federation directive that travels into the supergraph by itself.
fn is_composed_anyway(sub: &Subgraph, name: &str) -> bool {
    let Some(local) = name.strip_prefix('@') else { return false };
    let federation =
        sub.features.iter().find(|feature| feature.identity.ends_with(".dev/federation"));
    known::ALL
        .iter()
        .filter(|info| info.own_spec.is_some())
        .any(|info| federation.is_some_and(|feature| feature.local_directive(info.name) == local))
}

type Resolved<'r> = (&'r Feature, &'r DirectiveDef, String);

fn resolve<'r>(cx: &Cx<'r>, sub: &'r Subgraph, name: &str) -> Result<Resolved<'r>, String> {
    let Some(local) = name.strip_prefix('@') else {
        return Err(format!("argument to @composeDirective \"{name}\" must have a leading \"@\""));
    };
    let interned = cx.ir.names.get(local);
    let directive = sub.directives.iter().find(|directive| Some(directive.name) == interned);
    let Some(directive) = directive else {
        return Err(format!(
            "could not find a definition of directive \"{name}\" that @composeDirective could compose"
        ));
    };
    for feature in &sub.features {
        let imported = feature.imports.iter().find(|(_, own)| own == name);
        if let Some((spec, _)) = imported {
            return Ok((feature, directive, spec.clone()));
        }
        let prefixed = local.strip_prefix(&feature.alias).and_then(|rest| rest.strip_prefix("__"));
        if let Some(element) = prefixed {
            return Ok((feature, directive, format!("@{element}")));
        }
        if local == feature.alias {
            return Ok((feature, directive, format!("@{}", feature.name)));
        }
    }
    Err(format!(
        "directive \"{name}\" cannot be composed because it is not a member of a linked \
         specification: add a @link with a url that imports it"
    ))
}

fn label_definitions(cx: &Cx<'_>, same: &[&Request<'_>], mut report: Diagnostic) -> Diagnostic {
    for request in same {
        let source = &cx.ir.subgraphs[request.graph].source;
        report = report.label(source, request.directive.span, "defined here");
    }
    report
}

/// One name and one major version everywhere.
fn check_agreement(cx: &mut Cx<'_>, same: &[&Request<'_>]) -> bool {
    let Some(first) = same.first() else { return false };
    let coordinate = format!("@{}", &cx.ir.names[first.directive.name]);
    let graphs: Vec<GraphIndex> = same.iter().map(|request| request.graph).collect();
    if same.iter().any(|request| request.directive.name != first.directive.name) {
        let message = format!(
            "composed directive \"{}\" of \"{}\" does not have the same name in {}",
            first.spec_name,
            first.feature.identity,
            name_graphs(cx.ir, &graphs)
        );
        let report = Diagnostic::error(Code::DirectiveCompositionError, message).at(coordinate);
        cx.errors.push(label_definitions(cx, same, report));
        return false;
    }
    let major = |request: &Request<'_>| request.feature.version.map(|version| version.0);
    if same.iter().any(|request| major(request) != major(first)) {
        let message = format!(
            "core feature \"{}\" requested to be merged has a major version mismatch across {}",
            first.feature.identity,
            name_graphs(cx.ir, &graphs)
        );
        let report = Diagnostic::error(Code::DirectiveCompositionError, message).at(coordinate);
        cx.errors.push(label_definitions(cx, same, report));
        return false;
    }
    true
}

/// Adds the definition of the highest minor version.
fn add(cx: &Cx<'_>, same: &[&Request<'_>], composed: &mut Composed) {
    let Some(newest) = same.iter().max_by_key(|request| request.feature.version) else { return };
    let sub = &cx.ir.subgraphs[newest.graph];
    let plain = |input: &InputDef| MergedInput {
        name: input.name,
        ty: input.ty,
        default: input.default.clone(),
        marks: Marks { description: input.marks.description.clone(), ..Marks::default() },
        joins: Vec::new(),
        sources: Vec::new(),
    };
    let arguments: Vec<MergedInput> =
        sub.inputs[newest.directive.args.indices()].iter().map(plain).collect();
    let directive = newest.directive;
    let shape = (directive.repeatable, directive.locations.as_slice());
    composed.definitions.push(print(cx, directive.name, directive, &arguments, shape));
    let import = (format!("@{}", &cx.ir.names[directive.name]), newest.spec_name.clone());
    match composed.features.iter_mut().find(|feature| feature.url == newest.feature.url) {
        Some(feature) => feature.imports.push(import),
        None => composed
            .features
            .push(ComposedFeature { url: newest.feature.url.clone(), imports: vec![import] }),
    }
}
