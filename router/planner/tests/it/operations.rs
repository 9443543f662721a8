//! From the text of a document to an operation that can be planned.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test that calls them")]

mod coerce;
mod generate;
mod introspect;
mod limits;
mod normalise;
mod oracle;
mod properties;
mod rules;

use braid_model::Supergraph;
use braid_planner::document::ValidDocument;
use braid_planner::validate::Options;
use braid_planner::validate::error::DocumentError;
use braid_planner::view::View;

/// The schema of these tests, as an API schema but for `@inaccessible` elements.
const SCHEMA: &str = include_str!("operations/schema.graphql");

/// The same as a supergraph of one subgraph.
fn supergraph(more: &str) -> Supergraph {
    Supergraph::read(&format!("{SCHEMA}\n{more}\nenum join__Graph {{ A }}")).unwrap()
}

/// The same with requirements on the caller, on all kinds of elements.
fn guarded() -> Supergraph {
    let links = "schema @link(url: \"https://specs.apollo.dev/link/v1.0\") \
                 @link(url: \"https://specs.apollo.dev/join/v0.3\", for: EXECUTION) \
                 @link(url: \"https://specs.apollo.dev/authenticated/v0.1\", for: SECURITY) \
                 @link(url: \"https://specs.apollo.dev/requiresScopes/v0.1\", for: SECURITY) {";
    let needs = |scope: &str| format!("@requiresScopes(scopes: [[\"{scope}\"]])");
    let mut sdl = SCHEMA.replace("schema {", links);
    for (element, requirement) in [
        ("type Dog implements Node & Pet & Loud", "@authenticated".to_owned()),
        ("interface Pet implements Node", needs("pets")),
        ("interface Loud", needs("loud")),
        ("scalar Date", needs("dates")),
        ("enum Kind", needs("kinds")),
        ("meows: Boolean", needs("meows")),
        ("typed: Int", needs("typed")),
        ("name: String pets: [Pet!]!", needs("people")),
    ] {
        assert!(sdl.contains(element), "{element}");
        sdl = sdl.replace(element, &format!("{element} {requirement}"));
    }
    Supergraph::read(&format!("{sdl} enum join__Graph {{ A }}")).unwrap()
}

fn read(schema: &Supergraph, text: &str) -> Result<ValidDocument, Vec<DocumentError>> {
    ValidDocument::read(schema, &View::api(schema), text, None, &Options::default())
}

/// The names of the rules that a document breaks; of several operations the first is meant.
fn broken(schema: &Supergraph, text: &str, options: &Options) -> Vec<&'static str> {
    match ValidDocument::read(schema, &View::api(schema), text, None, options) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(|error| error.rule.name()).collect(),
    }
}
