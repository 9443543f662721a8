//! What a plan depends on besides schema and document; and when there is none.

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_model::ids::AuthId;
use braid_planner::document::{Conditions, ValidDocument};
use braid_planner::plan::OutputValue;
use braid_planner::validate::Options;
use braid_planner::view::View;
use braid_planner::{PlanError, PlanOptions, plan};

use super::cases::composed;
use super::support::{planned, planned_with};

const MOVED: &str = "
#### a
type Query { item: Item }
type Item @key(fields: \"id\") { id: ID! size: Int }
#### b
type Item @key(fields: \"id\") { id: ID! size: Int @override(from: \"a\", label: \"percent(5)\") }
";

#[test]
fn a_label_decides_who_answers() {
    let schema = composed(MOVED);
    let off = planned(&schema, "{ item { size } }").unwrap();
    assert_eq!(off.fetches.len(), 1);
    let label = schema.names.get("percent(5)").unwrap();
    let options = PlanOptions { labels: vec![label], ..PlanOptions::default() };
    let on = planned_with(&schema, "{ item { size } }", &options).unwrap();
    assert_eq!(on.fetches.len(), 2);
    assert_eq!(on.fetches[0].operation, "{item{id}}");
}

#[test]
fn what_is_denied_is_not_fetched() {
    let schema = composed(
        "
#### a
extend schema @link(url: \"https://specs.apollo.dev/authenticated/v0.1\")
type Query { item: Item }
type Item @key(fields: \"id\") { id: ID! size: Int }
#### b
type Item @key(fields: \"id\") { id: ID! secret: Int }
",
    );
    // Without requirements in the schema nothing is denied: the operation says what is.
    let view = View::api(&schema);
    let text = "{ item { size secret } }";
    let document = ValidDocument::read(&schema, &view, text, None, &Options::default()).unwrap();
    let denied: AuthSet = std::iter::empty::<AuthId>().collect();
    let mut operation = document.normalise(&schema, Conditions::default(), &denied);
    let braid_planner::operation::Selection::Field(item) = &mut operation.selections[0] else {
        panic!("a field");
    };
    let braid_planner::operation::Selection::Field(secret) = &mut item.selections[1] else {
        panic!("a field");
    };
    secret.denied = true;
    let plan = plan(&schema, &operation, &PlanOptions::default()).unwrap();
    assert_eq!(plan.fetches.len(), 1);
    assert_eq!(plan.fetches[0].operation, "{item{size}}");
    let OutputValue::Object(_, item) = plan.outputs[plan.root].fields[0].value else {
        panic!("an object");
    };
    let values: Vec<&OutputValue> = plan.outputs[item].fields.iter().map(|f| &f.value).collect();
    assert!(matches!(values[..], [OutputValue::Leaf(..), OutputValue::Denied]));
}

/// A supergraph that no composition lets through: keys that cannot be had, fields that require each
/// other.
const BROKEN: &str = r#"
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
enum join__Graph { A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") }
type Query @join__type(graph: A) { user: User item: Item }
type User @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  left: Int @join__field(graph: A, requires: "right") @join__field(graph: B, external: true)
  right: Int @join__field(graph: B, requires: "left") @join__field(graph: A, external: true)
}
type Item @join__type(graph: A) @join__type(graph: B, key: "code") {
  name: String @join__field(graph: A)
  code: ID! @join__field(graph: B)
  price: Int @join__field(graph: B)
}
"#;

#[test]
fn what_no_subgraph_can_answer_is_named() {
    let schema = Supergraph::read(BROKEN).unwrap();
    let refused = |text: &str| planned(&schema, text).unwrap_err();
    let unreachable = |coordinate: &str| PlanError::Unreachable { coordinate: coordinate.into() };
    assert_eq!(refused("{ item { name price } }"), unreachable("Item.price"));
    assert_eq!(refused("{ user { left } }"), unreachable("User.left"));
    assert!(planned(&schema, "{ user { id } item { name } }").is_ok());
}

#[test]
fn a_plan_beyond_the_budget_is_refused() {
    let schema = composed(MOVED);
    let options = PlanOptions { steps_max: 2, ..PlanOptions::default() };
    let refused = planned_with(&schema, "{ item { size } }", &options).unwrap_err();
    assert_eq!(refused, PlanError::TooComplex { limit: 2 });
}
