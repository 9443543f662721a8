//! `braid compose`: the list of subgraphs, their schemas, the supergraph.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use braid_composition::{Composed, Diagnostic, Severity, SubgraphInput};
use braid_router::config::SubgraphConfig;
use braid_router::config::load;
use braid_router::subgraph_list;
use serde_json::{Value, json};

use super::report::{Failure, Grade, Place, Report, print_reports};
use super::{ComposeArgs, ComposeFormat, environment, print};

/// Runs the command.
pub(crate) fn run(args: &ComposeArgs) -> Result<(), Failure> {
    match args.format {
        ComposeFormat::Sdl => {
            let (inputs, composed) = compose(args)?;
            print_reports(&reports(&inputs, &composed.hints));
            print(&composed.supergraph_sdl)
        }
        ComposeFormat::Json => run_json(args),
    }
}

/// Whatever fails is told as JSON on stdout, too.
fn run_json(args: &ComposeArgs) -> Result<(), Failure> {
    let inputs = match inputs(args) {
        Ok(inputs) => inputs,
        Err(failure) => {
            let errors: Vec<Value> = failure.reports.iter().map(unread).collect();
            print(&format!("{:#}\n", json!({ "errors": errors })))?;
            return Err(failure);
        }
    };
    match braid_composition::compose(&inputs) {
        Ok(composed) => {
            let hints: Vec<Value> = composed.hints.iter().map(to_json).collect();
            let result = json!({
                "supergraph": composed.supergraph_sdl,
                "api_schema": composed.api_sdl,
                "hints": hints,
            });
            print(&format!("{result:#}\n"))
        }
        Err(errors) => {
            let errors: Vec<Value> = errors.iter().map(to_json).collect();
            let found = found(errors.len());
            print(&format!("{:#}\n", json!({ "errors": errors })))?;
            Err(Failure::message(found))
        }
    }
}

fn compose(args: &ComposeArgs) -> Result<(Vec<SubgraphInput>, Composed), Failure> {
    let inputs = inputs(args)?;
    let composed = compose_inputs(&inputs)?;
    Ok((inputs, composed))
}

fn inputs(args: &ComposeArgs) -> Result<Vec<SubgraphInput>, Failure> {
    let subgraphs = match &args.router_config {
        Some(path) => load::config(path, environment())?.subgraphs,
        None => BTreeMap::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::message(format!("start the runtime: {error}")))?;
    runtime.block_on(read_inputs(&args.config, &subgraphs))
}

/// Reads the list and the schemas that it names.
pub(crate) async fn read_inputs(
    list: &Path,
    subgraphs: &BTreeMap<String, SubgraphConfig>,
) -> Result<Vec<SubgraphInput>, Failure> {
    Ok(subgraph_list::read(list, environment(), subgraphs).await?)
}

/// Composes, with errors as reports.
pub(crate) fn compose_inputs(inputs: &[SubgraphInput]) -> Result<Composed, Failure> {
    braid_composition::compose(inputs).map_err(|errors| {
        let mut reports = reports(inputs, &errors);
        reports.push(Report::error(found(errors.len())));
        Failure { reports }
    })
}

fn found(errors: usize) -> String {
    let s = if errors == 1 { "" } else { "s" };
    format!("composition found {errors} error{s}")
}

/// Diagnostics as reports. Hints of the lowest level are for tools only.
fn reports(inputs: &[SubgraphInput], diagnostics: &[Diagnostic]) -> Vec<Report> {
    let texts: BTreeMap<&str, (&str, Arc<str>)> = inputs
        .iter()
        .map(|input| {
            let path = input.file.as_deref().unwrap_or(&input.name);
            (&*input.name, (path, Arc::from(&*input.sdl)))
        })
        .collect();
    let shown = diagnostics.iter().filter(|diagnostic| diagnostic.severity != Severity::Debug);
    shown
        .map(|diagnostic| {
            let grade = match diagnostic.severity {
                Severity::Error => Grade::Error,
                Severity::Warning => Grade::Warning,
                Severity::Info | Severity::Debug => Grade::Note,
            };
            let mut places: Vec<Place> = Vec::new();
            // A hint is one line: it is worth knowing, not worth a page.
            let labels = diagnostic.labels.iter().filter(|_| grade == Grade::Error);
            for label in labels {
                let Some((path, text)) = texts.get(&*label.subgraph) else { continue };
                let mark = (clamp(text, &label.span), label.text.clone());
                match places.iter_mut().find(|place| place.path == *path) {
                    Some(place) => place.marks.push(mark),
                    None => places.push(Place {
                        path: (*path).to_owned(),
                        text: Arc::clone(text),
                        marks: vec![mark],
                    }),
                }
            }
            Report {
                grade,
                code: Some(diagnostic.code.as_str().to_owned()),
                title: diagnostic.message.clone(),
                places,
                help: diagnostic.help.clone(),
            }
        })
        .collect()
}

/// The first line of a range is enough to point at a definition.
fn clamp(text: &str, span: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    let marked = text.get(span.clone()).unwrap_or_default();
    let line = marked.split(['\n', '\r']).next().unwrap_or_default();
    let start = span.start.min(text.len());
    start..start + line.trim_end().len()
}

fn to_json(diagnostic: &Diagnostic) -> Value {
    let locations: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| {
            json!({ "subgraph": label.subgraph, "line": label.line, "column": label.column })
        })
        .collect();
    let severity = match diagnostic.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARN",
        Severity::Info => "INFO",
        Severity::Debug => "DEBUG",
    };
    let mut value = json!({
        "code": diagnostic.code.as_str(),
        "message": diagnostic.message,
        "subgraph": diagnostic.subgraph,
        "coordinate": diagnostic.coordinate,
        "locations": locations,
    });
    if diagnostic.severity != Severity::Error {
        value["severity"] = severity.into();
    }
    value
}

/// A list or schema that could not be read, in the form of a composition error.
fn unread(report: &Report) -> Value {
    let locations: Vec<Value> = report
        .places
        .iter()
        .filter_map(|place| {
            let at = place.marks.first()?.0.start;
            let before = place.text.get(..at)?;
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            Some(json!({ "file": place.path, "line": line, "column": column }))
        })
        .collect();
    json!({
        "code": "INPUT_ERROR",
        "message": report.title,
        "subgraph": null,
        "coordinate": null,
        "locations": locations,
    })
}
