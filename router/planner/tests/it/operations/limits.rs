//! Attacks by documents: refused with their code, in no time.

use std::time::{Duration, Instant};

use braid_model::Supergraph;
use braid_planner::document::ValidDocument;
use braid_planner::limits::Limits;
use braid_planner::validate::Options;
use braid_planner::view::View;

use super::supergraph;

/// The codes of a refusal, and that it came in time. Debug builds are some 20 times slower than
/// what is shipped.
fn codes(schema: &Supergraph, text: &str, options: &Options) -> Vec<&'static str> {
    let view = View::api(schema);
    let start = Instant::now();
    let read = ValidDocument::read(schema, &view, text, None, options);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "took {took:?}: {text:.60}");
    match read {
        Ok(_) => Vec::new(),
        Err(errors) => {
            assert!(errors.len() <= options.errors_max);
            let told: usize = errors.iter().map(|error| error.message.len()).sum();
            assert!(told < 20_000, "{told} bytes of messages");
            errors.iter().map(|error| error.code()).collect()
        }
    }
}

fn check(text: &str, expected: &[&str]) {
    let codes = codes(&supergraph(""), text, &Options::default());
    assert_eq!(codes, expected, "{text:.100}");
}

fn nested(field: &str, depth: usize) -> String {
    format!("{}n{}", format!("{field} {{ ").repeat(depth), " }".repeat(depth))
}

#[test]
fn depth() {
    check(&format!("{{ {} }}", nested("deep", 14)), &[]);
    check(&format!("{{ {} }}", nested("deep", 15)), &["MAX_DEPTH"]);
    check(&format!("{{ {} }}", nested("deep", 190)), &["MAX_DEPTH"]);
    let chain: String = (0..20)
        .map(|at| format!("fragment F{at} on Deep {{ deep {{ ...F{} }} }} ", at + 1))
        .collect();
    check(&format!("{{ deep {{ ...F0 }} }} {chain} fragment F20 on Deep {{ n }}"), &["MAX_DEPTH"]);
}

#[test]
fn nesting() {
    for depth in [10_000, 200_000] {
        check(&"{".repeat(depth), &["GRAPHQL_PARSE_FAILED"]);
        check(&"{a".repeat(depth), &["MAX_NESTING"]);
        check(&format!("{{ a(b: {}", "[".repeat(depth)), &["MAX_NESTING"]);
        check(&format!("{{ a(b: {}", "{c:".repeat(depth)), &["MAX_NESTING"]);
        check(&format!("query ($a: {}", "[".repeat(depth)), &["MAX_NESTING"]);
    }
    let inline = format!("{}{{ typed }}{}", "{ ... ".repeat(150), " }".repeat(150));
    check(&inline, &[]);
    let chain: String =
        (0..400).map(|at| format!("fragment F{at} on Query {{ ...F{} }} ", at + 1)).collect();
    check(&format!("{{ ...F0 }} {chain} fragment F400 on Query {{ typed }}"), &["MAX_NESTING"]);
}

#[test]
fn aliases_and_root_fields() {
    let aliases = |count: usize, field: &str| -> String {
        (0..count).map(|at| format!("a{at}: {field} ")).collect()
    };
    check(&format!("{{ dog {{ {} }} }}", aliases(30, "id")), &[]);
    check(&format!("{{ dog {{ {} }} }}", aliases(31, "id")), &["MAX_ALIASES"]);
    check(&format!("{{ dog {{ {} }} }}", aliases(4_000, "id")), &["MAX_ALIASES"]);
    check(&format!("{{ {} }}", aliases(1_000, "dog { id }")), &["MAX_ALIASES", "MAX_ROOT_FIELDS"]);
    check(&format!("{{ {} }}", aliases(10_000, "typed")), &["MAX_TOKENS"]);
    check(&format!("{{ {} }}", aliases(20, "typed")), &[]);
    check(&format!("{{ {} }}", aliases(21, "typed")), &["MAX_ROOT_FIELDS"]);
    let twice = format!(
        "{{ dog {{ ...F }} cat {{ ...F }} }} fragment F on Pet {{ {} }}",
        aliases(16, "id")
    );
    check(&twice, &["MAX_ALIASES"]);
}

#[test]
fn directives_and_definitions() {
    check(&format!("{{ typed {} }}", "@mark ".repeat(5)), &[]);
    check(&format!("{{ typed {} }}", "@mark ".repeat(6)), &["MAX_DIRECTIVES"]);
    check(
        &format!("{{ typed {} }}", "@include(if: true) ".repeat(2_000)),
        &["MAX_DIRECTIVES", "MAX_DIRECTIVES"],
    );
    check(&format!("{{ dog {{ {} }} }}", "id @mark ".repeat(51)), &["MAX_DIRECTIVES"]);
    let operations: String = (0..1_000).map(|at| format!("query q{at} {{ typed }} ")).collect();
    check(&operations, &["MAX_DEFINITIONS"]);
    let variables: String = (0..3_000).map(|at| format!("$v{at}: Int ")).collect();
    check(&format!("query ({variables}) {{ typed }}"), &["MAX_VARIABLES"]);
}

#[test]
fn fragment_bombs_cost_nothing() {
    let doubling = |levels: usize, inner: &str| -> String {
        let fragments: String = (0..levels)
            .map(|at| {
                format!(
                    "fragment F{at} on Deep {{ {} }} ",
                    inner.replace('#', &format!("F{}", at + 1))
                )
            })
            .collect();
        format!("{{ deep {{ ...F0 }} }} {fragments} fragment F{levels} on Deep {{ n }}")
    };
    check(&doubling(30, "...# ...#"), &["MAX_SELECTIONS"]);
    check(&doubling(200, "...# ...#"), &["MAX_NESTING", "MAX_SELECTIONS"]);
    check(
        &doubling(25, "a: deep { ...# } b: deep { ...# }"),
        &["MAX_DEPTH", "MAX_ALIASES", "MAX_SELECTIONS"],
    );
    let text = doubling(12, "...# ...#");
    assert!(text.len() < 700);
    check(&text, &["MAX_SELECTIONS"]);
    // Without the limit the walk must still not double: equal fragments are looked at once.
    let limits = Limits { selections: usize::MAX, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    assert!(codes(&supergraph(""), &doubling(12, "...# ...#"), &options).is_empty());
}

#[test]
fn fragment_cycles_are_found_in_linear_time() {
    for length in [1, 2, 450] {
        let cycle: String = (0..length)
            .map(|at| format!("fragment F{at} on Query {{ ...F{} }} ", (at + 1) % length))
            .collect();
        check(&format!("{{ ...F0 }} {cycle}"), &["GRAPHQL_VALIDATION_FAILED"]);
    }
    let limits = Limits { definitions: 5_000, tokens: 100_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let cycle: String = (0..2_000)
        .map(|at| {
            format!(
                "fragment F{at} on Query {{ ...F{} ...F{} }} ",
                (at + 1) % 2_000,
                (at + 7) % 2_000
            )
        })
        .collect();
    let codes = codes(&supergraph(""), &format!("{{ ...F0 }} {cycle}"), &options);
    assert_eq!(codes, ["GRAPHQL_VALIDATION_FAILED"]);
}

#[test]
fn only_the_first_errors_are_told() {
    let schema = supergraph("");
    let fields: String = (0..10_000).map(|at| format!("unknown{at} ")).collect();
    let found = codes(&schema, &format!("{{ dog {{ {fields} }} }}"), &Options::default());
    assert_eq!(found.len(), 1, "too many selections");
    let fields: String = (0..9_000).map(|at| format!("unknown{at} ")).collect();
    let found = codes(&schema, &format!("{{ dog {{ {fields} }} }}"), &Options::default());
    assert_eq!(found.len(), 20);
    let name = "x".repeat(1_000_000);
    check(&format!("{{ {name} }}"), &["GRAPHQL_VALIDATION_FAILED"]);
    check(&format!("{{ dog {{ id(a: \"{name}\") }} }}"), &["GRAPHQL_VALIDATION_FAILED"]);
    check(&format!("{{ typed \"\"\"{name}"), &["GRAPHQL_PARSE_FAILED"]);
}

#[test]
fn overlapping_fields_take_linear_time() {
    let limits = Limits {
        tokens: 1_000_000,
        selections: 1_000_000,
        root_fields: 1_000_000,
        ..Limits::default()
    };
    let options = Options { limits, ..Options::default() };
    let schema = supergraph("");
    let equal = "typed ".repeat(50_000);
    assert!(codes(&schema, &format!("{{ {equal} }}"), &options).is_empty());
    let composite = "dog { name owner { id name } } ".repeat(10_000);
    assert!(codes(&schema, &format!("{{ {composite} }}"), &options).is_empty());
    let pairs = "... on Dog { nick(upper: true) } ... on Cat { nick(upper: false) } ".repeat(3_000);
    assert!(codes(&schema, &format!("{{ pet {{ {pairs} }} }}"), &options).is_empty());
    // Every field has a tag of its own and arguments of its own: the pairs are counted.
    let levels = |at: usize| -> String {
        let path: String = (0..12)
            .map(|bit| {
                format!("... on {} {{ friends {{ ", if at >> bit & 1 == 1 { "Dog" } else { "Cat" })
            })
            .collect();
        format!("{path} nick(upper: {}) {}", at.is_multiple_of(2), " } }".repeat(12))
    };
    let hostile: String = (0..2_000).map(levels).collect();
    let limits = Limits { depth: 30, ..options.limits.clone() };
    let options = Options { limits, ..options };
    let found = codes(&schema, &format!("{{ pet {{ {hostile} }} }}"), &options);
    assert_eq!(found, ["MAX_SELECTIONS"]);
}

#[test]
fn introspection_has_a_depth_of_its_own() {
    let types =
        |depth: usize| format!("{}name{}", "fields { type { ".repeat(depth), " } }".repeat(depth));
    check(&format!("{{ __schema {{ types {{ {} }} }} }}", types(2)), &[]);
    check(&format!("{{ __schema {{ types {{ {} }} }} }}", types(3)), &["MAX_INTROSPECTION_DEPTH"]);
    check(&format!("{{ __type(name: \"Dog\") {{ {} }} }}", types(8)), &["MAX_INTROSPECTION_DEPTH"]);
    let wrappers = format!("{}name{}", "ofType { ".repeat(20), " }".repeat(20));
    check(&format!("{{ __type(name: \"Dog\") {{ {wrappers} }} }}"), &[]);
    let wrappers = format!("{}name{}", "ofType { ".repeat(40), " }".repeat(40));
    check(&format!("{{ __type(name: \"Dog\") {{ {wrappers} }} }}"), &["MAX_INTROSPECTION_DEPTH"]);
    check(super::introspect::STANDARD, &[]);
}
