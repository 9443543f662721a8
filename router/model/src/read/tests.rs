//! Supergraphs as composers write them, and broken ones.

use crate::Supergraph;
use crate::schema::{Kind, SetSelection};

const SDL: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/tag/v0.3")
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "hidden", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@listSize", { name: "@cost", as: "@price" }])
{ query: Query }
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @tag(name: String!) repeatable on FIELD_DEFINITION
directive @cached(ttl: Int = 3) on FIELD
directive @hidden on FIELD_DEFINITION
scalar join__FieldSet
scalar link__Import
enum join__Graph { A @join__graph(name: "a", url: "http://a") B @join__graph(name: "b-1", url: "") }
enum link__Purpose { SECURITY EXECUTION }

interface Media @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true) {
  id: ID!
  score: Int @join__field(graph: B)
}
type Book implements Media
  @join__implements(graph: A, interface: "Media")
  @join__type(graph: A, key: "id") @join__type(graph: A, key: "isbn { code }", resolvable: false)
{
  id: ID!
  isbn: Isbn!
  score: Int @join__field
}
type Isbn @join__type(graph: A) @join__type(graph: B) { code: String! group(n: Int = 1): [[Int!]]! @price(weight: 3) }
type Query @join__type(graph: A) @join__type(graph: B) {
  books(first: Int): [Book!]! @join__field(graph: A) @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false)
  media: Media @join__field(graph: A, type: "Media!", provides: "... on Book { isbn { code } }") @tag(name: "x")
  secret: Color @hidden @requiresScopes(scopes: [["a", "b"], ["c"]]) @join__field(graph: B, override: "a", overrideLabel: "percent(5)") @join__field(graph: A, overrideLabel: "percent(5)")
  any: Thing @join__field(graph: B)
}
union Thing @join__type(graph: A) @join__type(graph: B) @join__unionMember(graph: A, member: "Book") @join__unionMember(graph: A, member: "Isbn") @join__unionMember(graph: B, member: "Isbn") = Book | Isbn
enum Color @join__type(graph: A) @join__type(graph: B) { RED @join__enumValue(graph: A) @join__enumValue(graph: B) BLUE @join__enumValue(graph: B) @deprecated }
"#;

fn read() -> Supergraph {
    Supergraph::read(SDL).unwrap()
}

#[test]
fn leaves_out_the_machinery() {
    let schema = read();
    for name in ["join__Graph", "join__FieldSet", "link__Purpose", "link__Import"] {
        assert_eq!(schema.type_named(name), None, "{name}");
    }
    let directives: Vec<_> = schema.directives.iter().map(|d| schema.text(d.name)).collect();
    assert_eq!(directives, ["cached", "skip", "include", "deprecated", "specifiedBy", "oneOf"]);
    let names: Vec<_> = schema.subgraphs.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["a", "b-1"]);
}

#[test]
fn knows_what_each_subgraph_has() {
    let schema = read();
    let (a, b) = (schema.subgraph_named("a").unwrap(), schema.subgraph_named("b-1").unwrap());
    let media = schema.type_named("Media").unwrap();
    let book = schema.type_named("Book").unwrap();
    let thing = schema.type_named("Thing").unwrap();
    assert_eq!(schema.ty(media).kind, Kind::Interface);
    assert!(schema.is_interface_object(b, media) && !schema.is_interface_object(a, media));
    assert_eq!(schema.possible_in(a, media).len(), 1);
    assert_eq!(schema.possible_in(b, media).len(), 0);
    assert_eq!((schema.possible_in(a, thing).len(), schema.possible_in(b, thing).len()), (2, 1));
    let id = schema.field_named(media, "id").unwrap();
    assert!(schema.join(id, a).is_some() && schema.join(id, b).is_some());
    let projected = schema.field_named(book, "score").unwrap();
    assert!(schema.field_def(projected).joins.is_empty());
    let joins = &schema.ty(book).joins;
    assert_eq!((joins.len(), joins[0].resolvable, joins[1].resolvable), (2, true, false));
    let key = schema.set(joins[1].key.unwrap());
    let SetSelection::Field { selections, .. } = &key.selections[0] else { panic!("a field") };
    assert_eq!(selections.len(), 1);
}

#[test]
fn reads_types_marks_and_labels() {
    let schema = read();
    let query = schema.roots.query.unwrap();
    let (a, b) = (schema.subgraph_named("a").unwrap(), schema.subgraph_named("b-1").unwrap());
    let field = |name| schema.field_named(query, name).unwrap();
    let media = field("media");
    assert_eq!(schema.type_text(schema.field_def(media).ty), "Media");
    assert_eq!(schema.type_text(schema.join(media, a).unwrap().ty), "Media!");
    assert!(schema.join(media, a).unwrap().provides.is_some());
    let secret = schema.field_def(field("secret"));
    assert!(secret.inaccessible);
    let scopes = &schema.auth[secret.auth.unwrap().index()].scopes;
    assert_eq!(scopes.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    assert!(schema.join(field("secret"), b).unwrap().label.unwrap().when);
    assert!(!schema.join(field("secret"), a).unwrap().label.unwrap().when);
    let books = schema.field_def(field("books"));
    let size = books.list_size.as_ref().unwrap();
    assert!(!size.require_one_slicing_argument && size.slicing_arguments.len() == 1);
    let isbn = schema.type_named("Isbn").unwrap();
    let group = schema.field_def(schema.field_named(isbn, "group").unwrap());
    assert_eq!(schema.type_text(group.ty), "[[Int!]]!");
    assert_eq!((group.cost, group.ty.wrap.list_depth()), (Some(3), 2));
    let color = schema.ty(schema.type_named("Color").unwrap());
    assert_eq!(color.values.iter().map(|v| v.subgraphs.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(color.values[1].deprecated.as_deref(), Some("No longer supported"));
}

#[test]
fn has_introspection_beside_the_query_type() {
    let schema = read();
    let query = schema.roots.query.unwrap();
    let meta = schema.field_named(query, "__schema").unwrap();
    assert!(schema.is_introspection_field(meta));
    assert!(!schema.ty(query).fields.contains(&meta));
    assert!(schema.is_introspection_type(schema.type_named("__Type").unwrap()));
    assert!(!schema.is_introspection_type(query));
}

#[test]
fn refuses_what_it_cannot_rely_on() {
    let fails =
        |from: &str, to: &str| Supergraph::read(&SDL.replace(from, to)).unwrap_err().to_string();
    assert!(fails("join__Graph {", "Graph {").contains("compose the subgraphs first"));
    assert!(fails("graph: B, member", "graph: C, member").contains("there is no graph `C`"));
    assert!(fails("isbn { code }", "isbn { cod }").contains("`Isbn` has no field `cod`"));
    assert!(fails("isbn { code }", "isbn { code").contains("invalid field set"));
    assert!(fails("\"Media!\"", "\"[Media\"").contains("is not a type"));
    assert!(fails("any: Thing", "any: Thin").contains("there is no type `Thin`"));
    assert!(fails("type Isbn", "type Book").contains("defined twice"));
    assert!(fails("query: Query", "mutation: Query").contains("no query type"));
    assert!(fails("{ query: Query }", "{ query").contains("expected"));
}
