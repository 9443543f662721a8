//! Where a route's variables come from: see `docs/decisions/0005-rest-by-convention.md`.

use braid_documents::{Method, Rest, Stored};
use braid_model::Supergraph;
use braid_model::ids::InputId;
use braid_model::schema::{Kind, TypeRef};

use crate::case::snake;

/// What a page may hold at most.
pub(crate) const PAGE_SIZE_MAX: i64 = 100;
/// What it holds if nothing is said.
pub(crate) const PAGE_SIZE_DEFAULT: i64 = 20;

/// An `Idempotency-Key` may have as many characters.
pub(crate) const KEY_CHARACTERS_MAX: usize = 255;

/// A route with its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// Method, path and status.
    pub(crate) rest: Rest,
    /// One for each variable, in order.
    pub(crate) variables: Vec<Binding>,
}

/// A variable and where its value comes from.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    /// The variable's name.
    pub(crate) variable: String,
    /// Its type.
    pub(crate) ty: TypeRef,
    /// Where its value comes from.
    pub(crate) source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The segment of the path.
    Path,
    /// The JSON body.
    Body,
    /// The header `Idempotency-Key`.
    IdempotencyKey,
    /// `page_size`
    PageSize,
    /// `page_token`
    PageToken,
    /// Query parameters for the fields of an input object.
    Filter(Vec<FilterField>),
    /// The query parameter of this name.
    Query(String),
}

/// A field of an input object that is a query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilterField {
    /// The parameter.
    pub(crate) parameter: String,
    /// The field.
    pub(crate) input: InputId,
}

/// The route of a document, if it has one.
pub(crate) fn route(schema: &Supergraph, stored: &Stored) -> Option<Route> {
    let rest = stored.rest.clone()?;
    let in_path: Vec<String> = rest.parameters().map(str::to_owned).collect();
    let bind = |variable: &braid_planner::operation::Variable| {
        let named = schema.ty(variable.ty.named);
        let source = match variable.name.as_str() {
            name if in_path.iter().any(|parameter| parameter == name) => Source::Path,
            "in" if rest.method != Method::Get => Source::Body,
            "key" => Source::IdempotencyKey,
            "first" => Source::PageSize,
            "after" => Source::PageToken,
            _ if named.kind == Kind::InputObject => {
                // What a query string cannot say is no parameter.
                let fields = named.inputs.iter().filter(|&&id| {
                    let input = schema.input(id);
                    let kind = schema.ty(input.ty.named).kind;
                    !input.inaccessible && kind != Kind::InputObject
                });
                let field = |&input: &InputId| FilterField {
                    parameter: snake(schema.text(schema.input(input).name)),
                    input,
                };
                Source::Filter(fields.map(field).collect())
            }
            name => Source::Query(snake(name)),
        };
        Binding { variable: variable.name.clone(), ty: variable.ty, source }
    };
    let variables = stored.document.variables().iter().map(bind).collect();
    Some(Route { rest, variables })
}

impl Route {
    /// Whether the answer is a page of a list.
    pub(crate) fn is_list(&self) -> bool {
        self.variables.iter().any(|binding| binding.source == Source::PageToken)
    }

    /// The query parameters that it takes.
    pub(crate) fn query_parameters(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for binding in &self.variables {
            match &binding.source {
                Source::PageSize => names.push("page_size"),
                Source::PageToken => names.push("page_token"),
                Source::Query(name) => names.push(name),
                Source::Filter(fields) => names.extend(fields.iter().map(|f| f.parameter.as_str())),
                Source::Path | Source::Body | Source::IdempotencyKey => {}
            }
        }
        names
    }
}
