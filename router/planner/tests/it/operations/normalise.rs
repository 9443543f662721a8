//! Normalised operations mean what the document meant: checked beside a naive `CollectFields`.

use std::fmt::Write;

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_model::schema::AuthRequirement;
use braid_planner::document::{Conditions, ValidDocument};
use braid_planner::operation::{Operation, Selection};
use braid_planner::validate::Options;
use braid_planner::view::View;

use super::{read, supergraph};

fn print(schema: &Supergraph, selections: &[Selection]) -> String {
    let mut text = String::new();
    for selection in selections {
        match selection {
            Selection::Typename { key } => write!(text, "{key}: __typename ").unwrap(),
            Selection::Field(field) => {
                let name = schema.coordinate(field.field);
                let key = if field.key == schema.field_name(field.field) {
                    String::new()
                } else {
                    format!("{}: ", field.key)
                };
                write!(text, "{key}{name}").unwrap();
                for (id, value) in &field.arguments {
                    write!(text, "({}: {value:?})", schema.text(schema.input(*id).name)).unwrap();
                }
                if field.denied {
                    text.push_str(" DENIED");
                }
                if field.shaping.flatten {
                    text.push_str(" @flatten");
                }
                if field.shaping.hide {
                    text.push_str(" @hide");
                }
                if field.shaping.omit_null {
                    text.push_str(" @omitNull");
                }
                text.push(' ');
                if schema.is_composite(schema.field_def(field.field).ty.named) {
                    write!(text, "{{ {}}} ", print(schema, &field.selections)).unwrap();
                }
            }
            Selection::Fragment { on, selections } => {
                let inner = print(schema, selections);
                write!(text, "... on {} {{ {inner}}} ", schema.type_name(*on)).unwrap();
            }
        }
    }
    text
}

fn normal(schema: &Supergraph, text: &str, conditions: Conditions) -> Operation {
    read(schema, text).unwrap().normalise(schema, conditions, &AuthSet::new())
}

fn check(text: &str, expected: &str) {
    let schema = supergraph("");
    let operation = normal(&schema, text, Conditions::default());
    assert_eq!(print(&schema, &operation.selections).trim(), expected, "{text}");
}

#[test]
fn equal_fields_are_merged() {
    check("{ typed typed }", "Query.typed");
    check("{ a: typed b: typed a: typed }", "a: Query.typed b: Query.typed");
    check("{ dog { name } typed dog { id name } }", "Query.dog { Dog.name Dog.id } Query.typed");
    check(
        "{ dog { owner { id } } ... on Query { dog { owner { name } } } }",
        "Query.dog { Dog.owner { Human.id Human.name } }",
    );
}

#[test]
fn implied_conditions_vanish_and_impossible_ones_too() {
    check(
        "{ dog { ... on Pet { name ... on Node { id } } ...F __typename } } fragment F on Dog { barks }",
        "Query.dog { Dog.name Dog.id Dog.barks __typename: __typename }",
    );
    check(
        "{ pet { ... on Node { id } ... on Animal { ... on Cat { meows } ... on Dog { ... on Loud { volume } } } } }",
        "Query.pet { Pet.id ... on Cat { Cat.meows } ... on Dog { Dog.volume } }",
    );
    check(
        "{ pet { ... on Cat { ... on Node { ... on Dog { barks } } } name } }",
        "Query.pet { Pet.name }",
    );
    check(
        "{ node(id: 1) { ... on Pet { name ... on Cat { name meows } } } }",
        "Query.node(id: Int(\"1\")) { ... on Pet { Pet.name ... on Cat { Cat.meows } } }",
    );
}

#[test]
fn order_is_that_of_the_answer() {
    check(
        "{ pet { ... on Dog { size } ... on Cat { meows } ... on Dog { barks } } }",
        "Query.pet { ... on Dog { Dog.size Dog.barks } ... on Cat { Cat.meows } }",
    );
    check(
        "{ pet { ... on Dog { size } name ... on Dog { barks name } } }",
        "Query.pet { ... on Dog { Dog.size } Pet.name ... on Dog { Dog.barks } }",
    );
}

#[test]
fn conditions_are_decided() {
    let schema = supergraph("");
    let text = "query ($a: Boolean!, $n: Int, $b: Boolean!) { typed @include(if: $b)
        needs(value: 1) @skip(if: $a) dog { name @skip(if: $a) } x: needs(value: $n) @skip(if: true)
        ... @include(if: $b) @skip(if: $a) { cat { id } } }";
    let text = &text.replace("$n: Int", "$n: Int!");
    let valid = read(&schema, text).unwrap();
    assert_eq!(valid.conditions(), [0, 2]);
    let print = |conditions| print(&schema, &normal(&schema, text, conditions).selections);
    let none = Conditions::default();
    assert_eq!(print(none), "Query.needs(value: Int(\"1\")) Query.dog { Dog.name } ");
    assert_eq!(print(none.with(0)), "Query.dog { } ");
    assert_eq!(print(none.with(0).with(1)), "Query.typed Query.dog { } ");
    assert_eq!(
        print(none.with(1)),
        "Query.typed Query.needs(value: Int(\"1\")) Query.dog { Dog.name } Query.cat { Cat.id } "
    );
}

#[test]
fn arguments_stand_in_the_order_of_the_definition() {
    check(
        "query ($w: Int) { pets(first: $w, where: {older: 3, name: {eq: \"x\\n\"}}) { id } }",
        "Query.pets(where: Object([(\"older\", Int(\"3\")), (\"name\", Object([(\"eq\", \
         String(\"x\\n\"))]))]))(first: Variable(0)) { Pet.id }",
    );
    check(
        "{ pets(order: [AGE, NAME]) { ... on Dog { friends(age: null) { id } } } }",
        "Query.pets(order: List([Enum(\"AGE\"), Enum(\"NAME\")])) \
         { ... on Dog { Dog.friends(age: Null) { Pet.id } } }",
    );
}

#[test]
fn requirements_of_every_possible_type_apply() {
    let sdl = super::SCHEMA.replace("type Dog implements", "type Dog @authenticated implements");
    let sdl = sdl.replace(
        "type Dog @authenticated implements Node & Pet & Loud",
        "type Dog implements Node & Pet & Loud @authenticated",
    );
    let sdl = sdl.replace("meows: Boolean", "meows: Boolean @requiresScopes(scopes: [[\"cats\"]])");
    let sdl = format!(
        "{}\nextend_schema_marker",
        sdl.replace(
            "schema { query",
            "schema @link(url: \"https://specs.apollo.dev/link/v1.0\") \
             @link(url: \"https://specs.apollo.dev/join/v0.3\", for: EXECUTION) \
             @link(url: \"https://specs.apollo.dev/authenticated/v0.1\", for: SECURITY) \
             @link(url: \"https://specs.apollo.dev/requiresScopes/v0.1\", for: SECURITY) { query"
        )
    )
    .replace("extend_schema_marker", "enum join__Graph { A }");
    let schema = Supergraph::read(&sdl).unwrap();
    let print = |text: &str, denied: fn(&AuthRequirement) -> bool| {
        let valid = read(&schema, text).unwrap();
        let denied: AuthSet =
            valid.auth().iter().filter(|id| denied(&schema.auth[id.index()])).collect();
        let operation = valid.normalise(&schema, Conditions::default(), &denied);
        print(&schema, &operation.selections).trim().to_owned()
    };
    let text = "{ dog { name } cat { name meows } pet { id } any { ... on Human { id } } typed }";
    assert_eq!(
        print(text, |auth| auth.authenticated),
        "Query.dog DENIED { } Query.cat { Cat.name Cat.meows } Query.pet DENIED { } \
         Query.any DENIED { } Query.typed"
    );
    assert_eq!(
        print("{ cat { a: meows __typename } }", |auth| !auth.scopes.is_empty()),
        "Query.cat { a: Cat.meows DENIED __typename: __typename }"
    );
    assert!(read(&schema, "{ typed human { id } }").unwrap().auth().is_empty());
}

#[test]
fn shaping_directives_are_for_stored_documents() {
    let schema = supergraph("");
    let text = "query @omitNull { dog @flatten { name id @hide } cat { name @omitNull @mark } }";
    assert!(read(&schema, text).is_err());
    let options = Options { stored: true, ..Options::default() };
    let valid = ValidDocument::read(&schema, &View::api(&schema), text, None, &options).unwrap();
    let operation = valid.normalise(&schema, Conditions::default(), &AuthSet::new());
    assert!(operation.omit_null);
    assert_eq!(
        print(&schema, &operation.selections).trim(),
        "Query.dog @flatten { Dog.name Dog.id @hide } Query.cat { Cat.name @omitNull }"
    );
    let conflict = "{ dog { name @hide name } }";
    let error = ValidDocument::read(&schema, &View::api(&schema), conflict, None, &options);
    assert!(error.is_err());
}

#[test]
fn the_operation_that_is_meant_is_chosen() {
    let schema = supergraph("");
    let text = "query A { typed } mutation B($id: ID!) { feed(pets: [$id]) }";
    let view = View::api(&schema);
    let read = |name| ValidDocument::read(&schema, &view, text, name, &Options::default());
    assert_eq!(read(Some("A")).unwrap().name(), Some("A"));
    let b = read(Some("B")).unwrap();
    assert_eq!(b.variables().len(), 1);
    let operation = b.normalise(&schema, Conditions::default(), &AuthSet::new());
    assert_eq!(operation.root, schema.type_named("Mutation").unwrap());
    for wrong in [None, Some("C"), Some("")] {
        let errors = read(wrong).unwrap_err();
        assert_eq!(errors[0].code(), "OPERATION_RESOLUTION_FAILURE");
    }
}
