//! Documents that are fine, and documents that a change of the schema broke.

use braid_model::Supergraph;

use super::{Audience, File, Method, Problem, Routes, Rules, Stored, hash, read_all};

const SDL: &str = r#"
schema @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
{ query: Query mutation: Mutation }
enum join__Graph { A @join__graph(name: "a", url: "") }
type Query @join__type(graph: A) {
  order(id: ID!): Order orders(first: Int): OrderConnection numbers: [Int!] any: Thing
}
type Mutation @join__type(graph: A) { cancel(id: ID!): Order }
interface Thing @join__type(graph: A) { id: ID! }
type Order implements Thing @join__type(graph: A) @join__implements(graph: A, interface: "Thing")
{ id: ID! number: String lines: [Line!] }
type Line implements Thing @join__type(graph: A) @join__implements(graph: A, interface: "Thing")
{ id: ID! sku: String order: Order }
type OrderConnection @join__type(graph: A) { nodes: [Order!]! pageInfo: PageInfo! }
type PageInfo @join__type(graph: A) { endCursor: String }
"#;

fn read_one(sdl: &str, rules: Rules, text: &str) -> Result<Stored, Vec<Problem>> {
    let schema = Supergraph::read(sdl).unwrap();
    let file = File { id: "D", path: "operations/D.graphql", text };
    read_all(&schema, rules, &[file]).map(|mut documents| documents.remove(0))
}

/// Whatever `@rest` says or not.
fn check(text: &str) -> Result<Stored, Vec<String>> {
    let routes = if text.contains("@rest") { Routes::Each } else { Routes::None };
    let rules = Rules { audience: Audience::Everything, routes };
    read_one(SDL, rules, text).map_err(|p| p.iter().map(ToString::to_string).collect())
}

fn refused(text: &str) -> String {
    check(text).unwrap_err().join("\n")
}

#[test]
fn takes_the_route_off_and_keeps_places() {
    let text = "query Q($id: ID!)\n  @rest(method: GET, path: \"/v1/orders/{id}\", status: 202) { order(id: $id) { id } }";
    let stored = check(text).unwrap();
    let rest = stored.rest.unwrap();
    assert_eq!((rest.method, rest.status), (Method::Get, 202));
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
    for text in [
        "{ order(id: 1) @flatten { id @hide number @omitNull } }",
        "query @omitNull { order(id: 1) { id number } }",
        "{ orders @flatten { nodes { id } } }",
        "{ orders @flatten { nodes @flatten { id } pageInfo { endCursor } } }",
        "{ order(id: 1) { lines @flatten { ...F } } } fragment F on Line { sku }",
        "{ any @flatten { ... on Order { x: number } ... on Line { x: sku } } }",
        "query($v: Boolean!) { order(id: 1) @flatten { id number @hide @include(if: $v) } }",
        "query($v: Boolean!) { order(id: 1) @flatten { x: id @skip(if: $v) x: id @include(if: $v) } }",
    ] {
        assert!(check(text).is_ok(), "{text}: {:?}", check(text).err());
    }
}

#[test]
fn flatten_leaves_one_member() {
    let at = |place: &str, what: &str, text: &str| {
        let refused = refused(text);
        let wanted = format!("operations/D.graphql:{place}: ");
        assert!(refused.starts_with(&wanted) && refused.contains(what), "{text}: {refused}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
    };
    at("1:16", "`id`, `number` are shown", "{ order(id: 1) @flatten { id number } }");
    at("1:16", "`__typename`, `id` are", "{ order(id: 1) @flatten { __typename id } }");
    at("1:16", "can leave none", "{ order(id: 1) @flatten { id @hide } }");
    at("2:8", "can leave none", "{ orders {\n nodes @flatten { id @hide } } }");
    at("1:25", "`number` is none", "{ order(id: 1) { number @flatten } }");
    // What counts is the field's name, not the key.
    let alias = "{ orders @flatten { nodes: pageInfo { endCursor } pageInfo { endCursor } } }";
    at("1:10", "`nodes`, `pageInfo` are shown", alias);
    let skip = "query($v: Boolean!) { order(id: 1) @flatten { id @skip(if: $v) } }";
    at("1:36", "can leave none", skip);
    let fragments = "{ any @flatten { ... on Order { number } ... on Line { sku } } }";
    at("1:7", "`number`, `sku` are shown", fragments);
    let spread = "{ order(id: 1) { ...F } }\nfragment F on Order { lines @flatten { id sku } }";
    at("2:29", "`id`, `sku` are shown", spread);
}

#[test]
fn says_what_is_wrong_and_where() {
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
    let code = super::build::check_folder(&folder, &schema, Rules::OWN).unwrap();
    assert!(code.contains("Source { id: \"A\""));
    std::fs::write(folder.join("B.graphql"), "{ order { id } }").unwrap();
    let problems = super::build::check_folder(&folder, &schema, Rules::OWN).unwrap_err();
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
            "type Order implements Thing @join__type(graph: A)",
            "type Order implements Thing @join__type(graph: A) @tag(name: \"partner\")",
        )
        .replace("number: String", "number: String @tag(name: \"internal\")");
    let sees = |text: &str| {
        let text = format!("query @rest(method: GET, path: \"/v1/a\") {text}");
        read_one(&sdl, Rules::PARTNER, &text)
    };
    assert!(sees("{ order(id: 1) { id } }").is_ok());
    let problems = sees("{ order(id: 1) { number } }").unwrap_err();
    assert_eq!((problems[0].line, problems[0].column), (1, 58), "{}", problems[0]);
    assert!(sees("{ other { id } }").is_err());
}

#[test]
fn routes_must_be_such_that_can_be_served() {
    let rest = |arguments: &str| {
        refused(&format!("query Q($id: ID) @rest({arguments}) {{ order(id: $id) {{ id }} }}"))
    };
    assert!(
        rest("method: GET, method: GET, path: \"/a\"")
            .contains("`method` of `@rest` is there twice")
    );
    assert!(rest("method: \"GET\", path: \"/a\"").contains("of another type"));
    assert!(rest("method: GET, path: \"/a/{id}/{id}\"").contains("names `id` twice"));
    assert!(rest("method: GET, path: \"/a//b\"").contains("`` is no segment"));
    assert!(rest("method: GET, path: \"/a?b=c\"").contains("`a?b=c` is no segment"));
    assert!(rest("method: GET, path: \"/{}\"").contains("`{}` is no segment"));
    assert!(rest("method: POST, path: \"/a\", status: 204").contains("200, 201 or 202"));
    let get = "@rest(method: GET, path: \"/a\")";
    let at = |text: &str, what: &str| {
        let refused = refused(&text.replace("GET", get));
        assert!(refused.contains(what) && refused.contains(":1:"), "{text}: {refused}");
    };
    at("mutation GET { cancel(id: 1) { id } }", "a GET changes nothing");
    at("query GET { order(id: 1) { id } b: order(id: 1) { id } }", "one root field");
    at("query($v: Boolean!) GET { order(id: 1) @include(if: $v) { id } }", "one root field");
    at("query GET { numbers }", "`numbers`, the root field of a route, must be an object");
    at("query GET { order(id: 1) @flatten { id } }", "must be an object");
    at("query GET GET { order(id: 1) { id } }", "a second time");
}

#[test]
fn routes_are_there_where_they_must_be() {
    let plain = "{ order(id: 1) { id } }";
    let routed = "query @rest(method: GET, path: \"/a\") { order(id: 1) { id } }";
    let message = |rules, text| read_one(SDL, rules, text).unwrap_err()[0].to_string();
    assert!(message(Rules::OWN, routed).contains("1:7: `@rest` is for documents of the REST edge"));
    assert!(message(Rules::PARTNER, plain).contains("needs `@rest"));
}

#[test]
fn no_two_routes_take_the_same_requests() {
    let schema = Supergraph::read(SDL).unwrap();
    let check = |one: &str, other: &str| {
        let text =
            |route: &str| format!("query($id: ID!) @rest({route}) {{ order(id: $id) {{ id }} }}");
        let (one, other) = (text(one), text(other));
        let file = |id, text| File { id, path: id, text };
        let rules = Rules { audience: Audience::Everything, routes: Routes::Each };
        read_all(&schema, rules, &[file("A", &one), file("B", &other)])
    };
    let orders = "method: GET, path: \"/orders/{id}\"";
    assert!(check(orders, "method: POST, path: \"/orders/{id}\"").is_ok());
    assert!(check(orders, "method: GET, path: \"/orders/{id}/lines\"").is_ok());
    assert!(check(orders, "method: GET, path: \"/invoices/{id}\"").is_ok());
    let problems = check(orders, "method: GET, path: \"/orders/open\"").unwrap_err();
    assert_eq!(problems[0].to_string(), "B:1:1: `A` takes the same requests");
}
