//! What holds for every composition.

use braid_composition::compose;

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
