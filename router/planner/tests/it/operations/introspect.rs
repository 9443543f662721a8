//! Introspection beside another implementation, and what the view hides.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::introspection::partial_execute;
use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::JsonMap;
use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_planner::coerce::Variables;
use braid_planner::document::Conditions;
use braid_planner::introspect;
use braid_planner::view::View;
use serde_json::Value;

use super::{oracle::oracle_schema, read, supergraph};

/// What GraphiQL and other tools ask: everything, types nine wrappers deep.
pub(super) const STANDARD: &str = r#"
query IntrospectionQuery {
  __schema {
    description
    queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL
  fields(includeDeprecated: true) {
    name description
    args(includeDeprecated: true) { ...InputValue }
    type { ...TypeRef } isDeprecated deprecationReason
  }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue {
  name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
}
fragment TypeRef on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
    kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } }
  } } } } } }
}
"#;

fn ours(schema: &Supergraph, text: &str, variables: &str) -> Value {
    let view = View::api(schema);
    let valid = read(schema, text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    let values = Variables::coerce(schema, &view, &valid, variables.as_bytes()).unwrap();
    let operation = valid.normalise(schema, Conditions::default(), &AuthSet::new());
    let json = introspect::answer(schema, &view, &operation.selections, &values).unwrap();
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

fn theirs(text: &str, variables: &str) -> Value {
    let schema = oracle_schema();
    let document = ExecutableDocument::parse_and_validate(&schema, text, "q.graphql").unwrap();
    let operation = document.operations.get(None).unwrap();
    let variables: JsonMap = serde_json::from_str(variables).unwrap();
    let variables = coerce_variable_values(&schema, operation, &variables).unwrap();
    let implementers = schema.implementers_map();
    let answer = partial_execute(&schema, &implementers, &document, operation, &variables).unwrap();
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    serde_json::to_value(answer.data).unwrap()
}

/// Lists of named things in the order of names; without what introspection says of itself and of
/// the directives of the specification, whose texts are everybody's own.
fn comparable(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => {
            let own = ["skip", "include", "deprecated", "specifiedBy", "oneOf", "defer"];
            let scalars = ["Int", "Float", "String", "Boolean", "ID"];
            let name = |item: &Value| item["name"].as_str().unwrap_or_default().to_owned();
            let standard = |item: &Value| {
                let name = name(item);
                name.starts_with("__")
                    || own.contains(&name.as_str()) && item.get("locations").is_some()
                    || scalars.contains(&name.as_str()) && item.get("fields").is_some()
            };
            let mut kept: Vec<Value> =
                items.drain(..).filter(|item| !standard(item)).map(comparable).collect();
            kept.sort_by_key(name);
            Value::Array(kept)
        }
        Value::Object(members) => {
            members.values_mut().for_each(|member| *member = comparable(member.take()));
            value
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[test]
fn answers_are_the_same() {
    let schema = supergraph("");
    let dog = r#"query ($name: String!, $old: Boolean! = true) {
        typed a: __type(name: $name) { name fields(includeDeprecated: $old) { name args { name } } kind
            interfaces { name possibleTypes { name } } __typename }
        none: __type(name: "Nothing") { name } hidden: __type(name: "Ghost") { name }
        list: __schema { queryType { fields { name type { name kind ofType { name } } } } }
        values: __type(name: "Order") { enumValues { name } all: enumValues(includeDeprecated: true) { name } }
        inputs: __type(name: "RenameInput") { inputFields { name defaultValue } }
    }"#;
    for (text, variables) in
        [(STANDARD, "{}"), (dog, r#"{"name": "Query"}"#), (dog, r#"{"name": "Dog", "old": false}"#)]
    {
        let (ours, theirs) = (ours(&schema, text, variables), theirs(text, variables));
        assert_eq!(comparable(ours), comparable(theirs), "{text}");
    }
}

#[test]
fn what_is_inaccessible_is_not_told() {
    let schema = supergraph("");
    let text = ours(&schema, STANDARD, "{}").to_string();
    for name in ["Ghost", "secret", "hidden", "SECRET", "join__", "__Query"] {
        assert!(!text.contains(name), "{name}");
    }
}

#[test]
fn what_the_specification_added_is_told() {
    let sdl = super::SCHEMA.replace("typed: Int", "typed(by: By): Int");
    let more = "input By @oneOf { id: ID name: String } enum join__Graph { A }";
    let schema = Supergraph::read(&format!("{sdl} {more}")).unwrap();
    let text = r#"{ by: __type(name: "By") { isOneOf } filter: __type(name: "PetFilter") { isOneOf }
        dog: __type(name: "Dog") { isOneOf } date: __type(name: "Date") { specifiedByURL }
        input: __type(name: "RenameInput") { inputFields(includeDeprecated: true) { name isDeprecated } }
        __schema { directives { name } types { name } } }"#;
    let answer = ours(&schema, text, "{}");
    assert_eq!(answer["by"]["isOneOf"], true);
    assert_eq!(answer["filter"]["isOneOf"], false);
    assert_eq!(answer["dog"]["isOneOf"], Value::Null);
    assert_eq!(answer["date"]["specifiedByURL"], "https://example.com/date");
    assert_eq!(answer["input"]["inputFields"][3]["isDeprecated"], true);
    let names = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap().to_owned()).collect()
    };
    let directives = names(&answer["__schema"]["directives"]);
    for name in ["skip", "include", "deprecated", "specifiedBy", "oneOf", "mark"] {
        assert!(directives.iter().any(|directive| directive == name), "{name}");
    }
    let types = names(&answer["__schema"]["types"]);
    for name in ["Int", "Float", "String", "Boolean", "ID", "__Type", "__TypeKind", "By"] {
        assert!(types.iter().any(|ty| ty == name), "{name}");
    }
}

#[test]
fn the_answer_is_bounded() {
    let fields: String = (0..500).map(|at| format!("field{at}: Query ")).collect();
    let sdl = format!("type Query {{ {fields} }} enum join__Graph {{ A }}");
    let schema = Supergraph::read(&sdl).unwrap();
    let text = "{ __schema { types { fields { type { fields { name type { name } } } } } } }";
    let valid = read(&schema, text).unwrap();
    let operation = valid.normalise(&schema, Conditions::default(), &AuthSet::new());
    let view = View::api(&schema);
    let answer = introspect::answer(&schema, &view, &operation.selections, &Variables::default());
    assert_eq!(answer, Err(introspect::TooLarge));
}
