//! What holds for every composition.

use apollo_compiler::ast::Definition;
use braid_composition::compose;
use braid_model::Supergraph;

use crate::{
    domain::domain,
    support::{must_compose, subgraph},
};

#[test]
fn the_order_of_subgraphs_does_not_matter() {
    let mut inputs = domain();
    let expected = must_compose(&inputs);
    for turn in 0..inputs.len() {
        inputs.rotate_left(turn);
        inputs.swap(0, 3);
        assert_eq!(must_compose(&inputs), expected);
    }
}

#[test]
fn errors_do_not_depend_on_the_order_either() {
    let one = subgraph("one", "type Query { a: Int b: T } type T { x: Int }");
    let two = subgraph(
        "two",
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\") \
         type Query { a: String } enum T { X }",
    );
    let forth = compose(&[one.clone(), two.clone()]).unwrap_err();
    let back = compose(&[two, one]).unwrap_err();
    assert_eq!(forth, back);
    assert!(forth.len() > 1);
}

/// Composing the API of one plain schema gives that schema back.
#[test]
fn the_api_of_a_plain_schema_is_itself() {
    let first = must_compose(&domain());
    let again = must_compose(&[subgraph("monolith", &first.api_sdl)]);
    assert_eq!(again.api_sdl, first.api_sdl);
}

/// Every field of every subgraph is found again in the model that reads what was printed, with its
/// own type and its own marks.
#[test]
fn the_model_reads_back_what_the_subgraphs_said() {
    let inputs = domain();
    let composed = must_compose(&inputs);
    let model = Supergraph::read(&composed.supergraph_sdl).unwrap();
    let mut fields_seen = 0;
    for input in &inputs {
        let subgraph = model.subgraph_named(&input.name).unwrap();
        assert_eq!(model.subgraphs[subgraph.index()].url, input.url);
        let document =
            apollo_compiler::ast::Document::parse(&input.sdl, "subgraph.graphql").unwrap();
        for definition in &document.definitions {
            let (name, fields) = match definition {
                Definition::ObjectTypeDefinition(object) => (&object.name, &object.fields),
                Definition::InterfaceTypeDefinition(interface) => {
                    (&interface.name, &interface.fields)
                }
                _ => continue,
            };
            let ty = model.type_named(name).unwrap();
            assert!(model.has_type(subgraph, ty), "{name} in {}", input.name);
            for field in fields {
                let at = format!("{name}.{} in {}", field.name, input.name);
                let found = model.field_named(ty, &field.name).expect(&at);
                let join = model.join(found, subgraph).expect(&at);
                assert_eq!(model.type_text(join.ty), field.ty.to_string(), "{at}");
                assert_eq!(join.external, field.directives.has("external"), "{at}");
                for (set, directive) in [(join.requires, "requires"), (join.provides, "provides")] {
                    let written = field.directives.get(directive).map(|directive| {
                        directive.specified_argument_by_name("fields").unwrap().as_str().unwrap()
                    });
                    assert_eq!(set.map(|set| model.set(set).text.as_str()), written, "{at}");
                }
                fields_seen += 1;
            }
        }
    }
    assert!(fields_seen > 500, "{fields_seen}");
}

/// Nothing depends on hashing or addresses.
#[test]
fn hints_and_text_are_the_same_on_every_run() {
    let inputs = domain();
    let first = must_compose(&inputs);
    for _ in 0..3 {
        assert_eq!(must_compose(&inputs), first);
    }
}
