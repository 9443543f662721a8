//! Inputs that try to break the composer: each must end in errors or a result, never in a panic.

use braid_composition::{Code, SubgraphInput, compose};

use crate::{domain::domain, support::subgraph};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: \
                    [\"@key\", \"@external\", \"@requires\", \"@provides\", \"@shareable\"]) ";

fn codes(inputs: &[SubgraphInput]) -> Vec<Code> {
    match compose(inputs) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(|error| error.code).collect(),
    }
}

#[test]
fn no_subgraphs() {
    assert_eq!(codes(&[]), [Code::NoQueries]);
}

#[test]
fn empty_and_meaningless_documents() {
    for text in
        ["", " ", "#", "\0", "\u{feff}", "type", "{", "query { a }", "}}}}", "\"\"\"", "extend"]
    {
        assert!(!codes(&[subgraph("a", text)]).is_empty(), "{text:?}");
    }
}

#[test]
fn names() {
    let plain = "type Query { a: Int }";
    assert_eq!(codes(&[subgraph("", plain)]), [Code::InvalidSubgraphName]);
    assert_eq!(codes(&[subgraph("a", plain), subgraph("a", plain)]), [Code::DuplicateSubgraphName]);
}

#[test]
fn deep_nesting() {
    for depth in [5, 60, 500, 100_000] {
        let list = format!("type Query {{ a: {}Int{} }}", "[".repeat(depth), "]".repeat(depth));
        let result = codes(&[subgraph("a", &list)]);
        assert_eq!(result.is_empty(), depth <= 5, "{depth}");
        let value = format!(
            "type Query {{ a(b: X = {}1{}): Int }} scalar X",
            "[".repeat(depth),
            "]".repeat(depth)
        );
        codes(&[subgraph("a", &value)]);
        let braces = format!("{}b{}", "a { ".repeat(depth), " }".repeat(depth));
        let key = format!(
            "{LINK} type Query {{ a: T }} type T @key(fields: \"{braces}\") {{ a: T b: Int }}"
        );
        let result = codes(&[subgraph("a", &key)]);
        assert_eq!(result.is_empty(), depth <= 5, "{depth}");
    }
}

#[test]
fn too_much_text() {
    let text = "#".repeat(9 * 1024 * 1024);
    assert_eq!(codes(&[subgraph("a", &text)]), [Code::CompositionLimitExceeded]);
}

#[test]
fn every_prefix_and_every_hole_of_a_real_schema() {
    let orders = domain().into_iter().find(|input| input.name == "orders").unwrap();
    let bytes = orders.sdl.len();
    for cut in (0..bytes).step_by(97) {
        let Some(prefix) = orders.sdl.get(..cut) else { continue };
        codes(&[subgraph("a", prefix)]);
        let Some(rest) = orders.sdl.get((cut + 13).min(bytes)..) else { continue };
        codes(&[subgraph("a", &format!("{prefix}{rest}"))]);
    }
}

#[test]
fn circular_requires_end_in_an_error() {
    let a = format!(
        "{LINK} type Query {{ t: T }} type T @key(fields: \"id\") {{ id: ID! b: Int @external \
         a: Int @requires(fields: \"b\") }}"
    );
    let b = format!(
        "{LINK} type T @key(fields: \"id\") {{ id: ID! a: Int @external \
         b: Int @requires(fields: \"a\") }}"
    );
    let found = codes(&[subgraph("a", &a), subgraph("b", &b)]);
    assert!(found.iter().all(|code| *code == Code::SatisfiabilityError), "{found:?}");
    assert!(!found.is_empty());
}
