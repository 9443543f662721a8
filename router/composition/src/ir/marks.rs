//! Directive applications with their meaning.

use apollo_compiler::{
    Node,
    ast::{Directive, Value},
};

use crate::{
    expanded::{Expanded, known::Known},
    names::{Name, Names},
    source::Span,
};

/// A disjunction of conjunctions of scopes or policies.
pub(crate) type Requirement = Vec<Vec<String>>;

/// What may stand on any element and travels into the supergraph.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    pub(crate) description: Option<String>,
    pub(crate) inaccessible: Option<Span>,
    pub(crate) tags: Vec<(Name, Span)>,
    /// With the reason, if one was given.
    pub(crate) deprecated: Option<(Option<String>, Span)>,
    pub(crate) specified_by: Option<(String, Span)>,
    pub(crate) one_of: Option<Span>,
    pub(crate) authenticated: Option<Span>,
    pub(crate) scopes: Option<(Requirement, Span)>,
    pub(crate) policies: Option<(Requirement, Span)>,
    pub(crate) cost: Option<(i32, Span)>,
    pub(crate) list_size: Option<(ListSize, Span)>,
    /// Applications of the subgraph's own directives.
    pub(crate) custom: Vec<Custom>,
}

/// `@listSize`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListSize {
    pub(crate) assumed_size: Option<i32>,
    pub(crate) slicing_arguments: Option<Vec<String>>,
    pub(crate) sized_fields: Option<Vec<String>>,
    pub(crate) require_one_slicing_argument: Option<bool>,
}

/// An application of a directive without a meaning to composition.
#[derive(Clone, Debug)]
pub(crate) struct Custom {
    /// Local name, without `@`.
    pub(crate) name: Name,
    /// Printed arguments, with parentheses; empty if none.
    pub(crate) arguments: String,
    pub(crate) span: Span,
    /// The subgraph of `span`, and how many subgraphs apply it just so; known after merging.
    pub(crate) graph: usize,
    pub(crate) count: usize,
}

impl Marks {
    /// The first directive here that composition would merge into the supergraph, for rules that
    /// forbid those (`@external` fields).
    pub(crate) fn first_merged(&self) -> Option<(&'static str, Span)> {
        None.or(self.inaccessible.map(|span| ("inaccessible", span)))
            .or(self.tags.first().map(|tag| ("tag", tag.1)))
            .or(self.authenticated.map(|span| ("authenticated", span)))
            .or(self.scopes.as_ref().map(|scopes| ("requiresScopes", scopes.1)))
            .or(self.policies.as_ref().map(|policies| ("policy", policies.1)))
            .or(self.cost.as_ref().map(|cost| ("cost", cost.1)))
            .or(self.list_size.as_ref().map(|size| ("listSize", size.1)))
    }
}

/// Reads the marks among `directives`; federation's structural directives (`@key` …) are passed to
/// `structural` instead.
pub(crate) fn read<'d>(
    names: &mut Names,
    expanded: &Expanded,
    directives: impl Iterator<Item = &'d Node<Directive>>,
    mut structural: impl FnMut(&mut Names, Known, &Node<Directive>, Span),
) -> Marks {
    let mut marks = Marks::default();
    for directive in directives {
        let span = expanded.span(directive.location());
        match expanded.links.known(&directive.name) {
            Some(known) => read_known(names, known, (directive, span), &mut marks, &mut structural),
            None => read_other(names, expanded, (directive, span), &mut marks),
        }
    }
    marks
}

fn read_known(
    names: &mut Names,
    known: Known,
    (directive, span): (&Node<Directive>, Span),
    marks: &mut Marks,
    structural: &mut impl FnMut(&mut Names, Known, &Node<Directive>, Span),
) {
    let argument = |name: &str| directive.specified_argument_by_name(name);
    match known {
        Known::Inaccessible => marks.inaccessible = Some(span),
        Known::Tag => {
            if let Some(name) = argument("name").and_then(|value| value.as_str()) {
                let name = names.intern(name);
                if marks.tags.iter().all(|tag| tag.0 != name) {
                    marks.tags.push((name, span));
                }
            }
        }
        Known::Authenticated => marks.authenticated = Some(span),
        Known::RequiresScopes => marks.scopes = Some((requirement(argument("scopes")), span)),
        Known::Policy => marks.policies = Some((requirement(argument("policies")), span)),
        Known::Cost => {
            let weight = argument("weight").and_then(|value| value.to_i32());
            marks.cost = weight.map(|weight| (weight, span));
        }
        Known::ListSize => marks.list_size = Some((list_size(directive), span)),
        Known::Key
        | Known::External
        | Known::Requires
        | Known::Provides
        | Known::Extends
        | Known::Shareable
        | Known::InterfaceObject
        | Known::Override
        | Known::ComposeDirective => structural(names, known, directive, span),
    }
}

fn read_other(
    names: &mut Names,
    expanded: &Expanded,
    (directive, span): (&Node<Directive>, Span),
    marks: &mut Marks,
) {
    let argument =
        |name: &str| Some(directive.specified_argument_by_name(name)?.as_str()?.to_owned());
    match directive.name.as_str() {
        "deprecated" => marks.deprecated = Some((argument("reason"), span)),
        "specifiedBy" => marks.specified_by = argument("url").map(|url| (url, span)),
        "oneOf" => marks.one_of = Some(span),
        name if name == expanded.links.link => {}
        name => {
            let printed: Vec<String> = directive
                .arguments
                .iter()
                .map(|argument| {
                    format!("{}: {}", argument.name, argument.value.serialize().no_indent())
                })
                .collect();
            let arguments = match printed.is_empty() {
                true => String::new(),
                false => format!("({})", printed.join(", ")),
            };
            marks.custom.push(Custom {
                name: names.intern(name),
                arguments,
                span,
                graph: 0,
                count: 1,
            });
        }
    }
}

fn requirement(value: Option<&Node<Value>>) -> Requirement {
    let Some(Value::List(alternatives)) = value.map(|value| &**value) else { return Vec::new() };
    alternatives.iter().map(|alternative| strings(alternative)).collect()
}

/// The strings of a list; a single string counts as a list of one (input coercion, GraphQL
/// section 3.11).
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => {
            items.iter().filter_map(|item| item.as_str()).map(str::to_owned).collect()
        }
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn list_size(directive: &Directive) -> ListSize {
    let argument = |name: &str| directive.specified_argument_by_name(name);
    let list =
        |name: &str| argument(name).filter(|value| !value.is_null()).map(|value| strings(value));
    ListSize {
        assumed_size: argument("assumedSize").and_then(|value| value.to_i32()),
        slicing_arguments: list("slicingArguments"),
        sized_fields: list("sizedFields"),
        require_one_slicing_argument: argument("requireOneSlicingArgument")
            .and_then(|value| value.to_bool()),
    }
}
