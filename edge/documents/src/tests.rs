//! Documents that are fine, and documents that a change of the schema broke.

use braid_model::Supergraph;
use braid_planner::view::View;

use super::{Method, hash, read};

const SDL: &str = r#"
schema @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
enum join__Graph { A @join__graph(name: "a", url: "") }
type Query @join__type(graph: A) { order(id: ID!): Order }
type Order @join__type(graph: A) { id: ID! number: String }
"#;

fn check(text: &str) -> Result<super::Stored, Vec<String>> {
    let schema = Supergraph::read(SDL).unwrap();
    let view = View::api(&schema);
    read(&schema, &view, "D", "operations/D.graphql", text)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn takes_the_route_off_and_keeps_places() {
    let text = "query Q($id: ID!)\n  @rest(method: GET, path: \"/v1/orders/{id}\", status: 206) { order(id: $id) { id } }";
    let stored = check(text).unwrap();
    let rest = stored.rest.unwrap();
    assert_eq!((rest.method, rest.status), (Method::Get, 206));
    assert_eq!(rest.parameters().collect::<Vec<_>>(), ["id"]);
    assert_eq!(stored.text.len(), text.len());
    assert!(!stored.text.contains("rest"));
    assert_eq!(stored.hash, hash(text));
    let broken = text.replace("{ id }", "{ no }");
    let place = broken.lines().nth(1).unwrap().find("no }").unwrap() + 1;
    assert!(
        check(&broken).unwrap_err()[0].starts_with(&format!("operations/D.graphql:2:{place}: "))
    );
}

#[test]
fn knows_shaping_directives() {
    assert!(check("{ order(id: 1) @flatten { id @hide number @omitNull } }").is_ok());
}

#[test]
fn says_what_is_wrong_and_where() {
    let refused = |text: &str| check(text).unwrap_err().join("\n");
    assert!(refused("{ order(id: 1) { numbr } }").contains("operations/D.graphql:1:18: "));
    assert!(refused("{ a").contains("1:4: expected a name"));
    assert!(refused("fragment F on Order { id }").contains("there is no operation"));
    assert!(
        refused("query A { order(id: 1) { id } } query B { order(id: 1) { id } }")
            .contains("1:33: there is a second")
    );
    let rest = |arguments: &str| {
        refused(&format!("query Q @rest({arguments}) {{ order(id: 1) {{ id }} }}"))
    };
    assert!(rest("method: PUT, path: \"/a\"").contains("`PUT` is no method"));
    assert!(rest("method: GET").contains("needs `path`"));
    assert!(rest("method: GET, path: \"a\"").contains("starts with `/`"));
    assert!(rest("method: GET, path: \"/a\", status: 404").contains("status of success"));
    assert!(rest("method: GET, path: \"/a\", verb: 1").contains("no argument `verb`"));
    assert!(rest("method: GET, path: \"/a/{id}\"").contains("`id`, which is no variable"));
}

#[test]
fn hashes_as_manifests_do() {
    assert_eq!(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn checks_a_folder() {
    let folder = std::env::temp_dir().join(format!("braid-documents-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let schema = folder.join("supergraph.sdl");
    std::fs::write(&schema, SDL).unwrap();
    std::fs::write(folder.join("A.graphql"), "{ order(id: 1) { id } }").unwrap();
    let code = super::build::check_folder(&folder, &schema, super::Audience::Everything).unwrap();
    assert!(code.contains("Source { id: \"A\""));
    std::fs::write(folder.join("B.graphql"), "{ order { id } }").unwrap();
    let problems =
        super::build::check_folder(&folder, &schema, super::Audience::Everything).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].file.ends_with("B.graphql"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_audience_sees_what_is_tagged() {
    let sdl = SDL
        .replace(
            "order(id: ID!): Order",
            "order(id: ID!): Order @tag(name: \"partner\") other: Order",
        )
        .replace(
            "type Order @join__type(graph: A)",
            "type Order @join__type(graph: A) @tag(name: \"partner\")",
        )
        .replace("number: String", "number: String @tag(name: \"internal\")");
    let schema = Supergraph::read(&sdl).unwrap();
    let view = super::Audience::Tagged { include: "partner", exclude: "internal" }.view(&schema);
    let sees = |text: &str| read(&schema, &view, "D", "D.graphql", text).is_ok();
    assert!(sees("{ order(id: 1) { id } }"));
    assert!(!sees("{ order(id: 1) { number } }"));
    assert!(!sees("{ other { id } }"));
}
