//! The same documents in another implementation: it must accept and refuse the same.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};

use braid_model::Supergraph;
use braid_planner::limits::Limits;
use braid_planner::validate::Options;
use proptest::prelude::{Strategy, prop};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{broken, generate, rules, supergraph};

/// The API schema for the other implementation: without lines that have `@inaccessible` parts.
pub(super) fn oracle_schema() -> Valid<Schema> {
    let words = [
        "secret: String @inaccessible",
        "hidden: Int @inaccessible",
        "SECRET @inaccessible",
        "type Ghost implements Node @inaccessible { id: ID! }",
    ];
    let sdl = words.iter().fold(super::SCHEMA.to_owned(), |sdl, word| sdl.replace(word, ""));
    Schema::parse_and_validate(sdl, "schema.graphql").unwrap()
}

/// Limits that let everything pass but what would take for ever: they are not what is compared.
pub(super) fn options() -> Options {
    let limits = Limits {
        depth: 100,
        aliases: 1000,
        root_fields: 1000,
        directives: 1000,
        directives_per_place: 100,
        introspection_lists: 100,
        ..Limits::default()
    };
    Options { limits, ..Options::default() }
}

fn accepts(schema: &Supergraph, text: &str) -> Result<(), Vec<&'static str>> {
    let mut broken = broken(schema, text, &options());
    // Which operation is meant is no question of validity.
    broken.retain(|rule| *rule != "KnownOperation");
    if broken.is_empty() { Ok(()) } else { Err(broken) }
}

fn compare(schema: &Supergraph, oracle: &Valid<Schema>, text: &str) {
    let ours = accepts(schema, text);
    let theirs = ExecutableDocument::parse_and_validate(oracle, text, "document.graphql");
    let theirs = theirs.map(drop).map_err(|errors| errors.errors.to_string());
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{text}\nours: {ours:?}\ntheirs: {theirs:?}");
}

/// Where the other implementation does not follow the specification (September 2025).
const THEIR_MISTAKES: &[(&str, &str)] = &[
    (
        "5.2.4.1 asks for one response key, not for one field",
        "subscription { barks { volume } ...F } fragment F on Subscription { barks { dog { id } } }",
    ),
    ("5.6.3 is not checked", "{ pets(where: {older: 1, older: 1}) { id } }"),
    ("5.6.3 is not checked", "{ scalars(date: {a: 1, a: 2}) }"),
    ("5.8.5: a null default is no default", "query ($a: Int = null) { needs(value: $a) }"),
    ("5.8.5 holds in lists, too", "query ($a: Kind) { any(kinds: [$a]) { __typename } }"),
    (
        "5.8.5 holds in input objects, too",
        "mutation ($n: String) { rename(in: {id: 1, name: $n}) { id } }",
    ),
];

#[test]
fn the_table_is_judged_alike() {
    let (schema, oracle) = (supergraph(""), oracle_schema());
    let mut failures = Vec::new();
    for (rule, valid, invalid) in rules::CASES {
        for text in valid.iter().chain(*invalid) {
            let check = AssertUnwindSafe(|| compare(&schema, &oracle, text));
            let differs = std::panic::catch_unwind(check).is_err();
            if differs != THEIR_MISTAKES.iter().any(|(_, mistake)| mistake == text) {
                failures.push(format!("{rule}: {text}"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

pub(super) fn run(
    cases: u32,
    name: &'static str,
    test: impl Fn(&str),
    documents: impl Strategy<Value = String>,
) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let result = runner.run(&documents, |text| {
        test(&text);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{name}: {failure}"));
}

pub(super) fn generated(wrong: u8) -> impl Strategy<Value = String> {
    let schema = supergraph("");
    prop::collection::vec(0_u8.., 0..300)
        .prop_map(move |choices| generate::document(&schema, &choices, wrong))
}

#[test]
fn generated_documents_are_judged_alike() {
    let (schema, oracle) = (supergraph(""), oracle_schema());
    let valid = Cell::new(0);
    for wrong in [0, 60] {
        let test = |text: &str| {
            compare(&schema, &oracle, text);
            valid.set(valid.get() + usize::from(accepts(&schema, text).is_ok()));
        };
        run(800, "generated", test, generated(wrong));
    }
    assert!((250..1350).contains(&valid.get()), "{} of 1600 are valid", valid.get());
}

/// A document with some of its tokens left out, doubled or put elsewhere.
pub(super) fn mutated() -> impl Strategy<Value = String> {
    let texts: Vec<&str> =
        rules::CASES.iter().flat_map(|(_, valid, bad)| valid.iter().chain(*bad)).copied().collect();
    let edits = prop::collection::vec((0..3_u8, 0..1000_usize, 0..1000_usize), 1..4);
    (prop::sample::select(texts), edits).prop_map(|(text, edits)| {
        let mut tokens = tokens(text);
        for (edit, from, to) in edits {
            let (from, to) = (from % tokens.len().max(1), to % tokens.len().max(1));
            match edit {
                0 if tokens.len() > 1 => drop(tokens.remove(from)),
                1 => tokens.insert(to, tokens[from].clone()),
                _ => tokens.swap(from, to),
            }
        }
        tokens.join(" ")
    })
}

#[test]
fn mutated_documents_are_judged_alike() {
    let (schema, oracle) = (supergraph(""), oracle_schema());
    let test = |text: &str| {
        // What they do not check: see above. Their parser goes on after syntax errors, and forgets
        // some of them.
        let lax = [
            "Syntax",
            "UniqueInputFieldNames",
            "VariablesInAllowedPosition",
            "SingleFieldSubscriptions",
        ];
        let lax = |rules: Vec<&str>| rules.iter().all(|rule| lax.contains(rule));
        if text.contains("subscription") || accepts(&schema, text).is_err_and(lax) {
            return;
        }
        compare(&schema, &oracle, text);
    };
    run(1500, "mutated", test, mutated());
}

/// Names, numbers, strings and marks, roughly.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut joined = false;
    for char in text.chars() {
        let word = char.is_alphanumeric() || "_\"\\.-".contains(char);
        match tokens.last_mut() {
            Some(last) if word && joined => last.push(char),
            _ if char.is_whitespace() => {}
            _ => tokens.push(char.to_string()),
        }
        joined = word;
    }
    tokens
}
