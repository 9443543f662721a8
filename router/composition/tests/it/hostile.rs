//! Inputs that try to break the composer: each must end in errors or a result, never in a panic.

use braid_composition::{Code, SubgraphInput, compose};

use crate::{
    domain::domain,
    support::{Random, subgraph},
};

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

/// Tokens of a real schema, deleted, doubled, swapped and exchanged: whatever still composes must
/// be valid GraphQL.
#[test]
fn shuffled_tokens_of_real_schemas() {
    let all = domain();
    let tokens = |sdl: &str| -> Vec<String> {
        let spaced: String = sdl
            .chars()
            .flat_map(|character| match character {
                '{' | '}' | '(' | ')' | '[' | ']' | '!' | ':' | '@' | '"' => {
                    vec![' ', character, ' ']
                }
                other => vec![other],
            })
            .collect();
        spaced.split_whitespace().map(str::to_owned).collect()
    };
    let mut random = Random(20_240_607);
    let mut composed = 0;
    for round in 0..300 {
        let mut inputs = vec![all[round % all.len()].clone(), all[(round + 5) % all.len()].clone()];
        let mut words = tokens(&inputs[0].sdl.replace('\"', " "));
        if round % 2 == 0 {
            // Without breaking strings: exchange whole lines instead.
            words = inputs[0].sdl.lines().map(str::to_owned).collect();
        }
        for _ in 0..=random.below(3) {
            let (one, two) = (random.below(words.len()), random.below(words.len()));
            match random.below(4) {
                0 => drop(words.remove(one)),
                1 => words.insert(one, words[two].clone()),
                2 => words.swap(one, two),
                _ => words[one] = words[two].clone(),
            }
        }
        inputs[0].sdl = words.join("\n");
        if let Ok(result) = compose(&inputs) {
            composed += 1;
            let valid =
                apollo_compiler::Schema::parse_and_validate(&result.supergraph_sdl, "s.graphql");
            assert!(valid.is_ok(), "{}\n{}", valid.err().unwrap(), inputs[0].sdl);
        }
    }
    assert!(composed < 300);
}

#[test]
fn many_subgraphs_with_one_entity() {
    let sdl = |at: usize| {
        format!(
            "{LINK} type Query {{ q{at}: T }} type T @key(fields: \"id\") {{ id: ID! f{at}: Int }}"
        )
    };
    let inputs: Vec<SubgraphInput> =
        (0..150).map(|at| subgraph(&format!("s{at}"), &sdl(at))).collect();
    assert_eq!(codes(&inputs), []);
}

/// Each subgraph can only be entered from the one before it. With the subgraphs' names rising or
/// falling along the chain, the fixpoint meets the jumps in the best or the worst order.
#[test]
fn a_long_chain_of_keys() {
    let sdl = |at: usize| {
        let next = at + 1;
        let query = if at == 0 { "type Query { t: T }" } else { "" };
        format!(
            "{LINK} {query} type T @key(fields: \"k{at}\") @key(fields: \"k{next}\") \
             {{ k{at}: ID! k{next}: ID! f{at}: Int }}"
        )
    };
    for falling in [false, true] {
        let name = |at: usize| format!("s{:03}", if falling { 150 - at } else { at });
        let inputs: Vec<SubgraphInput> = (0..150).map(|at| subgraph(&name(at), &sdl(at))).collect();
        let begun = std::time::Instant::now();
        assert_eq!(codes(&inputs), []);
        // Half a second in a debug build; a third power of the length would take half a minute.
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

#[test]
fn too_many_subgraphs() {
    let inputs: Vec<SubgraphInput> = (0..1025)
        .map(|at| subgraph(&format!("s{at}"), &format!("type Query {{ q{at}: Int }}")))
        .collect();
    assert_eq!(codes(&inputs), [Code::CompositionLimitExceeded]);
}

#[test]
fn many_progressive_overrides_end() {
    let mut old = format!("{LINK} type T @key(fields: \"id\") {{ id: ID! ");
    let mut new = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.7\", import: \
                   [\"@key\", \"@override\"]) type Query { t: T } type T @key(fields: \"id\") { id: ID! "
        .to_owned();
    for at in 0..40 {
        old.push_str(&format!("f{at}: Int "));
        new.push_str(&format!("f{at}: Int @override(from: \"old\", label: \"l{at}\") "));
    }
    let inputs = [subgraph("old", &format!("{old}}}")), subgraph("new", &format!("{new}}}"))];
    assert_eq!(codes(&inputs), []);
}

#[test]
fn requirements_that_multiply_are_bounded() {
    let scopes = |graph: usize| -> String {
        let list: Vec<String> = (0..40).map(|at| format!("[\"s{graph}_{at}\"]")).collect();
        format!(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: \
             [\"@shareable\", \"@requiresScopes\"]) type Query {{ f: Int @shareable \
             @requiresScopes(scopes: [{}]) }}",
            list.join(", ")
        )
    };
    let inputs: Vec<SubgraphInput> =
        (0..4).map(|at| subgraph(&format!("s{at}"), &scopes(at))).collect();
    assert_eq!(codes(&inputs), [Code::CompositionLimitExceeded]);
}

#[test]
fn too_many_elements() {
    let repeat = |count: usize, piece: &dyn Fn(usize) -> String| -> String {
        (0..count).map(piece).collect::<Vec<_>>().join(" ")
    };
    let documents = [
        format!("type Query {{ {} }}", repeat(50_000, &|at| format!("a{at}: Int"))),
        format!("type Query {{ a({}): Int }}", repeat(5_000, &|at| format!("a{at}: Int"))),
        format!("type Query {{ a: E }} enum E {{ {} }}", repeat(50_000, &|at| format!("A{at}"))),
        format!("{LINK} type Query {{ a: Int {} }}", repeat(5_000, &|at| format!("@t(n: {at})"))),
        format!("type Query {{ a: Int }} {}", repeat(30_000, &|at| format!("scalar S{at}"))),
        format!("type Query {{ a(x: [Int] = [{}]): Int }}", repeat(50_000, &|at| at.to_string())),
    ];
    for (at, document) in documents.iter().enumerate() {
        let found = codes(&[subgraph("a", document)]);
        // The last one is long, not wide.
        let expected: &[Code] = if at == 5 { &[] } else { &[Code::CompositionLimitExceeded] };
        assert_eq!(found, expected, "{at}");
    }
}
