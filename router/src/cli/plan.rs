//! `braid plan`: what the planner makes of an operation.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_planner::document::{Conditions, ValidDocument};
use braid_planner::validate::Options;
use braid_planner::validate::error::DocumentError;
use braid_planner::view::View;
use braid_router::config::load;

use super::report::{Failure, Place, Report, offset};
use super::{PlanArgs, PlanFormat, print, print_plan};

/// The largest supergraph that is read, in bytes.
const SUPERGRAPH_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The largest document, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 1024 * 1024;

/// Runs the command.
pub(crate) fn run(args: &PlanArgs) -> Result<(), Failure> {
    let schema = read_supergraph(&args.supergraph)?;
    let text = operation(&args.operation)?;
    let options = Options { suggest: true, ..Options::default() };
    let view = View::api(&schema);
    let name = args.operation_name.as_deref();
    let valid = ValidDocument::read(&schema, &view, &text, name, &options)
        .map_err(|errors| invalid(&args.operation, text, &errors))?;
    let conditions = conditions(&valid, args.variables.as_deref())?;
    let operation = valid.normalise(&schema, conditions, &AuthSet::new());
    let plan = braid_planner::plan(&schema, &operation, &braid_planner::PlanOptions::default())
        .map_err(|error| Failure::message(format!("plan the operation: {error}")))?;
    print(&match args.format {
        PlanFormat::Text => print_plan::text(&schema, &plan),
        PlanFormat::Json => print_plan::json(&schema, &operation, &plan),
        PlanFormat::Mermaid => print_plan::mermaid(&schema, &plan),
    })
}

/// Reads supergraph SDL.
pub(crate) fn read_supergraph(path: &Path) -> Result<Supergraph, Failure> {
    let text = load::text(path, SUPERGRAPH_BYTES_MAX)?;
    Supergraph::read(&text).map_err(|error| {
        let title = format!("the supergraph cannot be read: {}", error.message);
        let help = "compose it again: braid compose --config subgraphs.yaml".to_owned();
        let text: Arc<str> = text.into();
        let places = vec![place(path, &text, error.position)];
        Report { places, help: Some(help), ..Report::error(title) }.into()
    })
}

fn operation(path: &Path) -> Result<String, Failure> {
    if path != Path::new("-") {
        return Ok(load::text(path, DOCUMENT_BYTES_MAX)?);
    }
    let mut text = String::new();
    match std::io::stdin().lock().take(DOCUMENT_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => {
            Err(Failure::message(format!("read standard input: {}", load::reason(&error))))
        }
    }
}

/// What `--variables` decide; what they leave open is included.
fn conditions(valid: &ValidDocument, json: Option<&str>) -> Result<Conditions, Failure> {
    let given: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json.unwrap_or("{}")).map_err(|error| {
            Failure::message(format!("read --variables: not a JSON object: {error}"))
        })?;
    let mut conditions = Conditions::default();
    for (bit, &variable) in valid.conditions().iter().enumerate() {
        let value = given.get(&valid.variables()[variable].name);
        if value.is_none_or(|value| value != &serde_json::Value::Bool(false)) {
            conditions = conditions.with(bit);
        }
    }
    Ok(conditions)
}

fn invalid(path: &Path, text: String, errors: &[DocumentError]) -> Failure {
    let text: Arc<str> = text.into();
    let report = |error: &DocumentError| {
        let mut places: Vec<Place> =
            error.locations.iter().take(1).map(|at| place(path, &text, *at)).collect();
        if let Some(first) = places.first_mut() {
            let others = error.locations.iter().skip(1);
            first.marks.extend(others.flat_map(|at| place(path, &text, *at).marks));
        }
        Report { code: Some(error.code().to_owned()), places, ..Report::error(&error.message) }
    };
    Failure { reports: errors.iter().map(report).collect() }
}

/// The word at a line and column.
fn place(path: &Path, text: &Arc<str>, (line, column): (u32, u32)) -> Place {
    let at = offset(text, line as usize, column as usize);
    let rest = text.get(at..).unwrap_or_default();
    let word = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let end = at + word.count().max(rest.chars().next().map_or(0, char::len_utf8));
    let path = if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    Place { path, text: Arc::clone(text), marks: vec![(at..end, String::new())] }
}
