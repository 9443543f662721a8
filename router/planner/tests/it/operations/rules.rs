//! Each rule of section 5 of the specification by documents that keep and that break it. The same
//! documents go through another implementation in `oracle`.

use braid_planner::validate::Options;
use braid_planner::view::View;

use super::{broken, read, supergraph};

/// A rule, documents that keep it (and all others), and documents that break it.
pub(super) type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

pub(super) const CASES: &[Case] = &[
    (
        "ExecutableDefinitions",
        &["{ typed }"],
        &[
            "{ typed } type A { b: Int }",
            "{ typed } extend type Dog { x: Int }",
            "{ typed } schema { query: Query }",
        ],
    ),
    (
        "UniqueOperationNames",
        &["query a { typed } mutation b { feed(pets: []) }"],
        &[
            "query a { typed } query a { dog { id } }",
            "query a { typed } mutation a { feed(pets: []) }",
        ],
    ),
    (
        "LoneAnonymousOperation",
        &["{ typed }", "query a { typed } query b { typed }"],
        &["{ typed } query a { typed }", "{ typed } { typed }"],
    ),
    (
        "SingleFieldSubscriptions",
        &[
            "subscription { barks { volume } }",
            "subscription { barks { volume } ...F } fragment F on Subscription { barks { dog { id } } }",
        ],
        &[
            "subscription { barks { volume } meows }",
            "subscription { ...F } fragment F on Subscription { barks { volume } meows }",
            "subscription { __typename }",
            "subscription ($a: Boolean!) { barks @skip(if: $a) { volume } }",
            "subscription ($a: Boolean!) { ... @include(if: $a) { meows } }",
            "subscription { a: meows b: meows }",
        ],
    ),
    (
        "FieldsOnCorrectType",
        &[
            "{ dog { name ... on Pet { nick } __typename } }",
            "{ any { __typename } }",
            "{ __schema { types { name } } __type(name: \"Dog\") { kind } }",
        ],
        &[
            "{ nothing }",
            "{ dog { meows } }",
            "{ pet { barks } }",
            "{ any { name } }",
            "{ dog { __schema { types { name } } } }",
            "mutation { __schema { types { name } } }",
            "{ human { favourite { id } } }",
            "{ dog { ... on Loud { name } } }",
            "{ __typo }",
        ],
    ),
    (
        "OverlappingFieldsCanBeMerged",
        &[
            "{ dog { name nick name } dog { id } }",
            "{ a: typed a: typed }",
            "{ pet { ... on Dog { volume } ... on Cat { meows } } }",
            "{ pet { ... on Dog { x: id } ... on Cat { x: id } } }",
            "{ pet { ... on Dog { x: size } ... on Cat { x: size } } }",
            "{ pet { ... on Dog { n: nick(upper: true) } ... on Cat { n: nick(upper: false) } } }",
            "{ dog { knows(trick: SIT) knows(trick: SIT) } }",
            "{ pets(where: {older: 1, name: {eq: \"a\"}}) { id } pets(where: {name: {eq: \"a\"}, older: 1}) { id } }",
            "query ($a: Int) { scalars(int: $a) scalars(int: $a) }",
            "{ pet { ... on Dog { f: friends { n: nick(upper: true) } } ... on Cat { f: friends { n: nick } } } }",
            "{ pet { ... on Dog { a: owner { n: name } } ... on Cat { a: owner { n: name } } } }",
        ],
        &[
            "{ a: typed a: old }",
            "{ dog { name: nick name } }",
            "{ dog { x: size x: barks } }",
            "{ dog { knows(trick: SIT) knows(trick: DOWN) } }",
            "{ dog { nick nick(upper: true) } }",
            "{ pet { nick(upper: true) ... on Dog { nick(upper: false) } } }",
            "{ pet { ... on Dog { volume } ... on Cat { volume } } }",
            "{ pet { ... on Dog { x: id } ... on Cat { x: size } } }",
            "{ dog { ...A ...B } } fragment A on Dog { x: size } fragment B on Dog { x: volume }",
            "{ dog { owner { x: id } } dog { owner { x: name } } }",
            "{ pet { ... on Dog { x: friends { id } } ... on Cat { x: owner { id } } } }",
            "{ pet { ... on Dog { f: friends { n: nick(upper: true) } } ... on Pet { f: friends { n: nick } } } }",
            "{ pet { ... on Dog { owner { n: name } } ... on Cat { owner { n: id } } } }",
            "{ pet { ... on Dog { x: owner { a: id } } ... on Cat { x: owner { a: name } } } }",
            "{ pet { ...A } ...Q } fragment Q on Query { pet { ...B } } fragment A on Pet { x: name } fragment B on Pet { x: nick }",
            "query ($a: Int, $b: Int) { scalars(int: $a) scalars(int: $b) }",
            "{ typed: scalars typed }",
            "{ dog { friends { x: id } } dog { friends { x: name } } }",
            "{ x: __typename x: typed }",
            "{ dog { owner { id } } dog: cat { owner { id } } }",
        ],
    ),
    (
        "ScalarLeafs",
        &["{ dog { kind } }"],
        &[
            "{ dog }",
            "{ typed { x } }",
            "{ pets }",
            "{ dog { kind { x } } }",
            "{ any }",
            "{ __typename { x } }",
        ],
    ),
    (
        "KnownArgumentNames",
        &["{ pet(name: \"x\") { id } }", "{ typed @skip(if: false) }"],
        &[
            "{ pet(nom: \"x\") { id } }",
            "{ pet { friends(age: 3) { id } } }",
            "{ typed @skip(if: false, unless: true) }",
            "{ __typename(a: 1) }",
        ],
    ),
    (
        "UniqueArgumentNames",
        &["{ needs(value: 1, flag: true) }"],
        &["{ needs(value: 1, value: 1) }", "{ typed @skip(if: true, if: true) }"],
    ),
    (
        "ProvidedRequiredArguments",
        &["{ needs(value: 1) }", "{ node(id: 1) { id } }"],
        &[
            "{ needs }",
            "{ needs(flag: true) }",
            "{ typed @include }",
            "{ typed @once }",
            "{ __type { name } }",
        ],
    ),
    (
        "UniqueFragmentNames",
        &["{ ...A ...B } fragment A on Query { typed } fragment B on Query { typed }"],
        &["{ ...A } fragment A on Query { typed } fragment A on Query { old }"],
    ),
    (
        "KnownTypeNames",
        &["query ($a: Int) { scalars(int: $a) ... on Query { typed } }"],
        &[
            "{ ... on Nothing { typed } }",
            "{ ...F } fragment F on Nothing { typed }",
            "query ($a: Nothing) { scalars(int: $a) }",
            "query ($a: [Nothing!]!) { typed @skip(if: $a) }",
        ],
    ),
    (
        "FragmentsOnCompositeTypes",
        &["{ any { ... on Animal { __typename } ... on Node { id } } }"],
        &[
            "{ ... on Int { x } }",
            "{ ...F } fragment F on Kind { x }",
            "{ dog { ... on PetFilter { x } } }",
            "fragment F on Date { x } { ...F }",
        ],
    ),
    (
        "NoUnusedFragments",
        &["{ ...A } fragment A on Query { ...B } fragment B on Query { typed }"],
        &[
            "{ typed } fragment A on Query { typed }",
            "{ ...A } fragment A on Query { typed } fragment B on Query { ...A }",
        ],
    ),
    (
        "KnownFragmentNames",
        &["{ ...A } fragment A on Query { typed }"],
        &["{ ...A }", "{ dog { ...B } }", "{ ...A } fragment A on Query { ...C }"],
    ),
    (
        "NoFragmentCycles",
        &["{ ...A ...B } fragment A on Query { ...B } fragment B on Query { typed }"],
        &[
            "{ ...A } fragment A on Query { ...A }",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "{ human { ...A } } fragment A on Human { pets { owner { ...A } } }",
            "{ typed ...B } fragment A on Query { ... { ...A } } fragment B on Query { ...A }",
        ],
    ),
    (
        "PossibleFragmentSpreads",
        &[
            "{ dog { ... on Loud { volume } ... on Animal { __typename } } }",
            "{ any { ... on Pet { name } ... on Loud { volume } } }",
            "{ pet { ... on Loud { volume } } }",
            "{ pet { ... { ... on Dog { barks } } } }",
        ],
        &[
            "{ dog { ... on Cat { meows } } }",
            "{ dog { ...F } } fragment F on Cat { meows }",
            "{ human { ... on Pet { name } } }",
            "{ any { ... on Machine { __typename } } }",
            "{ any { ... on Robot { serial } } }",
            "{ pet { ... on Human { name } } }",
            "{ cat { ... on Loud { volume } } }",
        ],
    ),
    (
        "ValuesOfCorrectType",
        &[
            "{ scalars(int: 1, float: 1, string: \"a\", boolean: true, id: \"a\", date: \"x\") }",
            "{ scalars(int: -2147483648, float: 1.5e3, string: null, id: 4, date: {a: [1, {b: X}]}) }",
            "{ scalars(string: \"\"\"block\"\"\", date: 99999999999999999999) }",
            "{ matrix(of: [[1], [2, 3], null]) }",
            "{ matrix(of: 1) }",
            "{ pets(order: NAME, where: {kinds: DOG, and: {older: 3}}) { id } }",
            "{ pets(where: {and: [{}, {name: {in: [\"a\"]}}]}) { id } }",
            "mutation { rename(in: {id: 1, name: \"x\", options: {times: 2, tags: []}}) { id } }",
            "mutation { feed(pets: \"a\") }",
            "query ($a: Int = 1, $p: PetFilter = {older: 1}) { scalars(int: $a) pets(where: $p) { id } }",
            "{ typed @mark(label: null, sizes: [1, 2]) @mark }",
        ],
        &[
            "{ scalars(int: \"1\") }",
            "{ scalars(int: 1.0) }",
            "{ scalars(int: 2147483648) }",
            "{ scalars(int: true) }",
            "{ scalars(int: DOG) }",
            "{ scalars(int: [1]) }",
            "{ scalars(int: {a: 1}) }",
            "{ scalars(float: \"1\") }",
            "{ scalars(float: DOG) }",
            "{ scalars(string: 1) }",
            "{ scalars(string: X) }",
            "{ scalars(string: true) }",
            "{ scalars(boolean: 1) }",
            "{ scalars(boolean: \"true\") }",
            "{ scalars(id: 1.5) }",
            "{ scalars(id: true) }",
            "{ scalars(id: X) }",
            "{ needs(value: null) }",
            "{ needs(value: 1, flag: null) }",
            "{ matrix(of: [[null]]) }",
            "{ matrix(of: [\"a\"]) }",
            "{ any(kinds: [null]) { __typename } }",
            "{ any(kinds: [\"DOG\"]) { __typename } }",
            "{ any(kinds: BIRD) { __typename } }",
            "{ dog { knows(trick: \"SIT\") } }",
            "{ dog { knows(trick: 1) } }",
            "{ dog { knows(trick: JUMP) } }",
            "{ pets(where: {unknown: 1}) { id } }",
            "{ pets(where: 1) { id } }",
            "{ pets(where: []) { id } }",
            "{ pets(where: {and: [{older: \"x\"}]}) { id } }",
            "mutation { rename(in: {id: 1}) { id } }",
            "mutation { rename(in: {id: 1, name: null}) { id } }",
            "mutation { rename(in: {id: 1, name: \"x\", options: {loud: null}}) { id } }",
            "query ($a: Int = \"x\") { scalars(int: $a) }",
            "query ($a: Int! = null) { scalars(int: $a) }",
            "query ($p: PetFilter = {older: true}) { pets(where: $p) { id } }",
            "{ typed @skip(if: \"x\") }",
            "{ typed @mark(sizes: [null, \"a\"]) }",
        ],
    ),
    (
        "UniqueInputFieldNames",
        &["{ pets(where: {older: 1, name: {}}) { id } }"],
        &["{ pets(where: {older: 1, older: 1}) { id } }", "{ scalars(date: {a: 1, a: 2}) }"],
    ),
    (
        "KnownDirectives",
        &["query @mark { typed @mark dog @once(of: NAME) { id } ... @include(if: true) { old } }"],
        &[
            "{ typed @nothing }",
            "query @skip(if: true) { typed }",
            "{ typed @deprecated }",
            "query ($a: Int @once(of: NAME)) { scalars(int: $a) }",
            "{ ...F } fragment F on Query @include(if: true) { typed }",
            "mutation @once(of: NAME) { feed(pets: []) }",
        ],
    ),
    (
        "UniqueDirectivesPerLocation",
        &["{ typed @mark @mark(label: \"a\") }", "{ typed @skip(if: false) @include(if: true) }"],
        &[
            "{ typed @skip(if: true) @skip(if: true) }",
            "{ ... @include(if: true) @include(if: true) { typed } }",
        ],
    ),
    (
        "UniqueVariableNames",
        &["query ($a: Int, $b: Int) { a: scalars(int: $a) b: scalars(int: $b) }"],
        &[
            "query ($a: Int, $a: Int) { scalars(int: $a) }",
            "query ($a: Int, $a: String) { scalars(int: $a) }",
        ],
    ),
    (
        "VariablesAreInputTypes",
        &[
            "query ($a: [Kind!], $b: PetFilter, $d: Date) { any(kinds: $a) { __typename } pets(where: $b) { id } scalars(date: $d) }",
        ],
        &[
            "query ($a: Dog) { scalars(int: $a) }",
            "query ($a: [Animal!]!) { scalars(int: $a) }",
            "query ($a: Pet) { typed @mark(label: $a) }",
        ],
    ),
    (
        "NoUndefinedVariables",
        &[
            "query a($a: Int) { ...F } query b($a: Int) { ...F } fragment F on Query { scalars(int: $a) }",
        ],
        &[
            "{ scalars(int: $a) }",
            "query ($b: Int) { scalars(int: $a, float: $b) }",
            "query a($a: Int) { ...F } query b { ...F } fragment F on Query { scalars(int: $a) }",
            "{ pets(where: {and: [{older: $x}]}) { id } }",
            "{ typed @skip(if: $x) }",
        ],
    ),
    (
        "NoUnusedVariables",
        &[
            "query ($a: Int) { ...F } fragment F on Query { ...G } fragment G on Query { scalars(int: $a) }",
        ],
        &[
            "query ($a: Int) { typed }",
            "query a($a: Int) { typed } query b($a: Int) { scalars(int: $a) }",
        ],
    ),
    (
        "VariablesInAllowedPosition",
        &[
            "query ($a: Int!) { scalars(int: $a) }",
            "query ($a: Int!) { needs(value: $a) }",
            "query ($a: Int = 1) { needs(value: $a) }",
            "query ($a: Boolean) { needs(value: 1, flag: $a) }",
            "query ($a: [Int!]!, $b: [[Int!]]) { matrix(of: [$a]) m: matrix(of: $b) }",
            "query ($a: ID!) { node(id: $a) { id } }",
            "mutation ($b: Boolean) { rename(in: {id: 1, name: \"x\", options: {loud: $b}}) { id } }",
            "query ($k: Kind!) { any(kinds: [$k]) { __typename } }",
            "query ($a: Boolean = true) { typed @skip(if: $a) }",
            "query ($a: Int) { scalars(date: {a: [$a]}) }",
        ],
        &[
            "query ($a: String) { scalars(int: $a) }",
            "query ($a: Int) { needs(value: $a) }",
            "query ($a: Int = null) { needs(value: $a) }",
            "query ($a: [Int]) { scalars(int: $a) }",
            "query ($a: Int) { matrix(of: $a) }",
            "query ($a: [[Int]]) { matrix(of: $a) }",
            "query ($a: Kind) { any(kinds: [$a]) { __typename } }",
            "query ($a: String!) { node(id: $a) { id } }",
            "query ($a: Boolean) { typed @skip(if: $a) }",
            "mutation ($n: String) { rename(in: {id: 1, name: $n}) { id } }",
            "query ($a: Int) { ...F } fragment F on Query { needs(value: $a) }",
            "query ($a: Order) { any(kinds: [$a]) { __typename } }",
        ],
    ),
    ("KnownOperationTypes", &[], &[]),
];

#[test]
fn documents_that_keep_all_rules_are_valid() {
    let schema = supergraph("");
    for (rule, valid, _) in CASES {
        for text in *valid {
            let mut broken = broken(&schema, text, &Options::default());
            broken.retain(|rule| *rule != "KnownOperation");
            assert!(broken.is_empty(), "{rule}: {text}: {broken:?}");
        }
    }
}

#[test]
fn documents_that_break_a_rule_are_told_so() {
    let schema = supergraph("");
    for (rule, _, invalid) in CASES {
        for text in *invalid {
            let broken = broken(&schema, text, &Options::default());
            assert!(broken.contains(rule), "{rule}: {text}: {broken:?}");
        }
    }
}

#[test]
fn operations_need_a_root_type() {
    let sdl = "schema { query: Q } type Q { a: Int } enum join__Graph { A }";
    let schema = braid_model::Supergraph::read(sdl).unwrap();
    for text in ["mutation { a }", "subscription { a }"] {
        assert_eq!(broken(&schema, text, &Options::default()), ["KnownOperationTypes"], "{text}");
    }
}

#[test]
fn one_of_takes_exactly_one_field() {
    let sdl = super::SCHEMA.replace("typed: Int", "typed: Int by(by: By, holder: Holder): Int");
    let schema = braid_model::Supergraph::read(&format!(
        "{sdl} input By @oneOf {{ id: ID name: String }} input Holder {{ by: By! }} enum join__Graph {{ A }}"
    ))
    .unwrap();
    let check = |text: &str, expected: &[&str]| {
        assert_eq!(broken(&schema, text, &Options::default()), expected, "{text}");
    };
    check("{ by(by: {id: 1}, holder: {by: {name: \"x\"}}) }", &[]);
    check("query ($a: ID!) { by(by: {id: $a}) }", &[]);
    check("query ($a: ID = 1) { by(by: {id: $a}) }", &[]);
    check("{ by(by: {}) }", &["ValuesOfCorrectType"]);
    check("{ by(by: {id: 1, name: \"x\"}) }", &["ValuesOfCorrectType"]);
    check("{ by(by: {id: null}) }", &["ValuesOfCorrectType"]);
    check("{ by(holder: {by: {id: 1, name: null}}) }", &["ValuesOfCorrectType"]);
    check("query ($a: ID) { by(by: {id: $a}) }", &["VariablesInAllowedPosition"]);
}

#[test]
fn what_is_inaccessible_does_not_exist() {
    let schema = supergraph("");
    for (text, rule) in [
        ("{ secret }", "FieldsOnCorrectType"),
        ("{ dog { hidden } }", "FieldsOnCorrectType"),
        ("{ node(id: 1) { ... on Ghost { id } } }", "KnownTypeNames"),
        ("query ($g: Ghost) { typed @mark(label: $g) }", "KnownTypeNames"),
        ("{ pets(order: SECRET) { id } }", "ValuesOfCorrectType"),
        ("{ pets(where: {hidden: 1}) { id } }", "ValuesOfCorrectType"),
        ("{ ... on __Query { __typename } }", "KnownTypeNames"),
    ] {
        assert_eq!(broken(&schema, text, &Options::default()), [rule], "{text}");
    }
}

#[test]
fn messages_name_nothing_that_the_document_does_not_name() {
    let schema = supergraph("");
    let texts = CASES.iter().flat_map(|(_, _, invalid)| invalid.iter());
    for text in texts.chain(&["{ secre }", "{ dog { nam } }", "{ pets(wher: {}) { id } }"]) {
        let Err(errors) = read(&schema, text) else { continue };
        for error in errors {
            assert_eq!(error.coordinate, None);
            for name in ["RenameInput", "PetFilter", "friends", "grams", "older: Int"] {
                assert!(text.contains(name) || !error.message.contains(name), "{text}: {error}");
            }
            let told = error.message.contains("did you mean");
            assert!(!told, "{text}: {error}");
        }
    }
}

#[test]
fn suggestions_are_told_where_they_are_on() {
    let schema = supergraph("");
    let options = Options { suggest: true, ..Options::default() };
    let view = View::api(&schema);
    for (text, suggestion, coordinate) in [
        ("{ dog { nam } }", Some("did you mean `name`?"), "Dog.nam"),
        ("{ secre }", None, "Query.secre"),
        ("{ pets(order: AGED) { id } }", Some("did you mean `AGE`?"), "Order"),
        ("{ dog }", Some("of type `Dog`"), "Query.dog"),
        ("mutation { rename(in: {id: 1}) { id } }", Some("`name: String!`"), "RenameInput.name"),
    ] {
        let errors =
            braid_planner::document::ValidDocument::read(&schema, &view, text, None, &options);
        let error = errors.unwrap_err().remove(0);
        let told = suggestion.is_none_or(|suggestion| error.message.contains(suggestion));
        assert!(told, "{text}: {error}");
        assert!(!error.message.contains("secret"), "{error}");
        assert_eq!(error.coordinate.as_deref(), Some(coordinate), "{text}");
    }
}

#[test]
fn errors_say_where() {
    let schema = supergraph("");
    let errors = read(&schema, "query {\n  typed\n  dog { nam }\n  é: 1 }").unwrap_err();
    assert_eq!((errors.len(), errors[0].code()), (1, "GRAPHQL_PARSE_FAILED"));
    assert_eq!(errors[0].locations, [(4, 3)]);
    let errors = read(&schema, "query {\n  typed\n  dog { nam }\n  x: cat { id } x: dog { id } }");
    let errors = errors.unwrap_err();
    assert_eq!(errors[0].locations, [(3, 9)]);
    let errors = read(&schema, "query {\n  x: cat { id }\n x: dog { id } }").unwrap_err();
    assert_eq!(errors[0].locations, [(2, 3), (3, 2)]);
    assert_eq!(errors[0].rule.name(), "OverlappingFieldsCanBeMerged");
}

#[test]
fn introspection_can_be_closed() {
    let schema = supergraph("");
    let options = Options { introspection: false, ..Options::default() };
    for text in [
        "{ __schema { description } }",
        "{ a: __type(name: \"Dog\") { kind } }",
        "{ ...F } fragment F on Query { ... { __schema { description } } }",
    ] {
        assert_eq!(broken(&schema, text, &options), ["IntrospectionClosed"], "{text}");
    }
    assert!(broken(&schema, "{ __typename dog { __typename } }", &options).is_empty());
}

#[test]
fn descriptions_are_allowed() {
    let text = "\"one\" query A(\"two\" $a: Int) { ...F } \"\"\"three\"\"\" fragment F on Query { scalars(int: $a) }";
    assert!(broken(&supergraph(""), text, &Options::default()).is_empty());
    assert_eq!(broken(&supergraph(""), "\"no\" { typed }", &Options::default()), ["Syntax"]);
}
