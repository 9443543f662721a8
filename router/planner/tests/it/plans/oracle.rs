//! Fetches are valid documents for the subgraphs that they are sent to: another implementation
//! says so.

use std::collections::BTreeMap;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use braid_model::Supergraph;
use braid_planner::plan::{Plan, Service};

/// What federation adds to a subgraph's schema.
const FEDERATION: &str = "
scalar FieldSet scalar _Any
directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @requires(fields: FieldSet!) on FIELD_DEFINITION
directive @provides(fields: FieldSet!) on FIELD_DEFINITION
directive @external on OBJECT | FIELD_DEFINITION
directive @shareable repeatable on OBJECT | FIELD_DEFINITION
directive @interfaceObject on OBJECT
directive @override(from: String!, label: String) on FIELD_DEFINITION
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION
  | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
  | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR
  | ENUM
directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION
  | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],
  requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
";

/// The schemas of subgraphs, by name, as the subgraphs themselves would serve them.
pub(crate) struct Oracle {
    schemas: BTreeMap<String, Valid<Schema>>,
}

impl Oracle {
    /// Of subgraphs' names and SDLs.
    pub(crate) fn new<'t>(subgraphs: impl Iterator<Item = (&'t str, &'t str)>) -> Self {
        let schemas = subgraphs.map(|(name, sdl)| (name.to_owned(), served(name, sdl))).collect();
        Self { schemas }
    }

    /// What is wrong with the fetches of a plan.
    pub(crate) fn refusals(&self, schema: &Supergraph, plan: &Plan) -> Vec<String> {
        let mut wrong = Vec::new();
        for fetch in &plan.fetches {
            let Service::Subgraph(id) = fetch.service else { continue };
            let name = &schema.subgraphs[id.index()].name;
            let text = &fetch.operation;
            if let Err(error) =
                ExecutableDocument::parse_and_validate(&self.schemas[name], text, "f")
            {
                wrong.push(format!("{name}: {}\n{text}", error.errors));
            }
        }
        wrong
    }
}

fn served(name: &str, sdl: &str) -> Valid<Schema> {
    // Without the link, whose directives are defined above.
    let sdl = match sdl.find("extend schema") {
        Some(start) => {
            let end = sdl[start..].find(']').unwrap();
            let end = start + end + sdl[start + end..].find(')').unwrap() + 1;
            format!("{}{}", &sdl[..start], &sdl[end..])
        }
        None => sdl.to_owned(),
    };
    let mut text = format!("{FEDERATION}{sdl}\n");
    let mut entities: Vec<&str> = Vec::new();
    for line in sdl.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|word| *word == "type");
        if let Some(at) = at.filter(|_| line.contains("@key(") && !line.starts_with(' ')) {
            entities.push(words[at + 1]);
        }
    }
    if !entities.is_empty() {
        text.push_str(&format!("union _Entity = {}\n", entities.join(" | ")));
        text.push_str("extend type Query { _entities(representations: [_Any!]!): [_Entity]! }\n");
    }
    if !sdl.contains("type Query") {
        text.push_str("type Query { _nothing: Int }\n");
    }
    let schema = Schema::builder().adopt_orphan_extensions().parse(text, "subgraph").build();
    let schema = schema.unwrap_or_else(|error| panic!("{name}: {}", error.errors));
    schema.validate().unwrap_or_else(|error| panic!("{name}: {}", error.errors))
}
