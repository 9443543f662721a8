//! Values of variables: what goes to subgraphs, and what is refused with which path.

use braid_model::Supergraph;
use braid_planner::coerce::Variables;
use braid_planner::validate::error::DocumentError;
use braid_planner::view::View;

use super::read;

fn schema() -> Supergraph {
    let sdl = super::SCHEMA.replace("typed: Int", "typed: Int by(by: By, any: Date): Int");
    let more = "input By @oneOf { id: ID name: String list: [Int] } enum join__Graph { A }";
    Supergraph::read(&format!("{sdl} {more}")).unwrap()
}

fn coerce(declared: &str, json: &str) -> Result<Vec<Option<String>>, DocumentError> {
    let schema = schema();
    // One variable each, whose use is known to be right anywhere.
    let name = declared.split(':').next().unwrap_or_default();
    let text = format!("query ({declared}) {{ by(any: {{v: {name}}}) }}");
    let valid = read(&schema, &text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    let values = Variables::coerce(&schema, &View::api(&schema), &valid, json.as_bytes())?;
    Ok((0..valid.variables().len()).map(|at| values.get(at).map(str::to_owned)).collect())
}

fn check(declared: &str, json: &str, expected: &str) {
    let values =
        coerce(declared, json).unwrap_or_else(|error| panic!("{declared} {json}: {error}"));
    let values: Vec<String> =
        values.into_iter().map(|value| value.unwrap_or_else(|| "absent".to_owned())).collect();
    assert_eq!(values.join(" | "), expected, "{declared} {json}");
}

fn refused(declared: &str, json: &str, message: &str) {
    let error = coerce(declared, json).expect_err(json);
    assert_eq!(error.message, message, "{declared} {json}");
    assert_eq!(error.code(), "BAD_USER_INPUT");
}

#[test]
fn leaves_keep_their_text() {
    check("$v: Int", r#"{"v": -2147483648}"#, "-2147483648");
    check("$v: Float", r#"{"v": 1.50e2}"#, "1.50e2");
    check("$v: Float", r#"{"v": 3}"#, "3");
    check("$v: String", r#"{"v": "a\u00e9\n"}"#, r#""a\u00e9\n""#);
    check("$v: Boolean", r#"{"v": false}"#, "false");
    check("$v: ID", r#"{"v": "x"}"#, r#""x""#);
    check("$v: ID", r#"{"v": 12345678901234567890}"#, r#""12345678901234567890""#);
    check("$v: Kind", r#"{"v": "D\u004fG"}"#, r#""DOG""#);
    check("$v: Date", r#"{"v": {"a": [1.0, null, "x"]}}"#, r#"{"a": [1.0, null, "x"]}"#);
    check("$v: Date", r#"{"v": 100000000000000000000000}"#, "100000000000000000000000");
}

#[test]
fn leaves_of_the_wrong_kind_are_refused() {
    refused(
        "$v: Int",
        r#"{"v": 2147483648}"#,
        "`$v` must be an Int between -2147483648 and 2147483647, found `2147483648`",
    );
    refused("$v: Int", r#"{"v": 1.0}"#, "`$v` must be an Int, found `1.0`");
    refused("$v: Int", r#"{"v": "1"}"#, "`$v` must be an Int, found `\"1\"`");
    refused("$v: Int", r#"{"v": true}"#, "`$v` must be an Int, found `true`");
    refused(
        "$v: Float",
        r#"{"v": 1e999999}"#,
        "`$v` must be a Float that fits a double, found `1e999999`",
    );
    refused("$v: Float", r#"{"v": "1.5"}"#, "`$v` must be a Float, found `\"1.5\"`");
    refused("$v: String", r#"{"v": 1}"#, "`$v` must be a String, found `1`");
    refused("$v: Boolean", r#"{"v": 0}"#, "`$v` must be a Boolean, found `0`");
    refused("$v: ID", r#"{"v": 1.5}"#, "`$v` must be an ID, a string or an integer, found `1.5`");
    refused("$v: ID", r#"{"v": {}}"#, "`$v` must be an ID, a string or an integer, found `{}`");
    refused("$v: Kind", r#"{"v": "BIRD"}"#, "`$v` must be a value of the enum, found `\"BIRD\"`");
    refused("$v: Kind", r#"{"v": 1}"#, "`$v` must be a value of the enum, as a string, found `1`");
    refused(
        "$v: Order",
        r#"{"v": "SECRET"}"#,
        "`$v` must be a value of the enum, found `\"SECRET\"`",
    );
    refused("$v: PetFilter", r#"{"v": []}"#, "`$v` must be an input object, found `[]`");
}

#[test]
fn absent_null_and_default_differ() {
    check("$v: Int", "", "absent");
    check("$v: Int", "{}", "absent");
    check("$v: Int", "null", "absent");
    check("$v: Int", r#"{"v": null}"#, "null");
    check("$v: Int = 3", "{}", "3");
    check("$v: Int = 3", r#"{"v": null}"#, "null");
    check("$v: Int! = 3", "{}", "3");
    check("$v: Int!", r#"{"v": 1, "other": [{}]}"#, "1");
    refused("$v: Int!", "{}", "`$v` of type `Int!` must be given and not be null");
    refused("$v: Int!", r#"{"v": null}"#, "`$v` of type `Int!` must be given and not be null");
    refused("$v: Int! = 3", r#"{"v": null}"#, "`$v` of type `Int!` must be given and not be null");
}

#[test]
fn lists_take_single_values() {
    check("$v: [Int]", r#"{"v": [1, null, 2]}"#, "[1,null,2]");
    check("$v: [Int]", r#"{"v": 1}"#, "[1]");
    check("$v: [Int]", r#"{"v": null}"#, "null");
    check("$v: [[Int]]", r#"{"v": 1}"#, "[[1]]");
    check("$v: [[Int]]", r#"{"v": [1, [2], null]}"#, "[[1],[2],null]");
    check("$v: [ID!]!", r#"{"v": 7}"#, r#"["7"]"#);
    check("$v: [Int] = 1", "{}", "[1]");
    check("$v: [ID] = [1, \"a\"]", "{}", r#"["1","a"]"#);
    refused(
        "$v: [Int!]",
        r#"{"v": [1, null]}"#,
        "`$v[1]` of type `Int!` must be given and not be null",
    );
    refused("$v: [[Int]]", r#"{"v": [[1], [true]]}"#, "`$v[1][0]` must be an Int, found `true`");
}

#[test]
fn input_objects_are_checked_in_depth_and_completed() {
    check(
        "$v: PetFilter",
        r#"{"v": {"older": 2, "and": {"name": {"eq": null}}}}"#,
        r#"{"older":2,"and":[{"name":{"eq":null,"prefix":"a\"b"},"kinds":["DOG"],"older":1}],"kinds":["DOG"]}"#,
    );
    check("$v: PetFilter", r#"{"v": {}}"#, r#"{"kinds":["DOG"],"older":1}"#);
    check(
        "$v: RenameInput",
        r#"{"v": {"name": "x", "id": 5}}"#,
        r#"{"name":"x","id":"5","options":{"loud":true,"times":1,"tags":["all"]}}"#,
    );
    check(
        "$v: RenameInput",
        r#"{"v": {"name": "x", "id": 5, "options": null, "note": "n"}}"#,
        r#"{"name":"x","id":"5","options":null,"note":"n"}"#,
    );
    check(
        "$v: RenameInput = {id: 1, name: \"\\u0001\\\"\"}",
        "{}",
        r#"{"id":"1","name":"\u0001\"","options":{"loud":true,"times":1,"tags":["all"]}}"#,
    );
    refused(
        "$v: PetFilter",
        r#"{"v": {"and": [{}, {"name": {"in": ["a", 3]}}]}}"#,
        "`$v.and[1].name.in[1]` must be a String, found `3`",
    );
    refused("$v: PetFilter", r#"{"v": {"and": [{"nope": 1}]}}"#, "`$v.and[0]` has no field `nope`");
    refused("$v: PetFilter", r#"{"v": {"hidden": 1}}"#, "`$v` has no field `hidden`");
    refused(
        "$v: PetFilter",
        r#"{"v": {"older": 1, "old\u0065r": 2}}"#,
        "`$v.older` is given twice",
    );
    refused(
        "$v: RenameInput",
        r#"{"v": {"id": 1}}"#,
        "`$v.name` of type `String!` must be given and not be null",
    );
    refused(
        "$v: RenameInput",
        r#"{"v": {"id": 1, "name": "x", "options": {"times": null}}}"#,
        "`$v.options.times` of type `Int!` must be given and not be null",
    );
}

#[test]
fn one_of_takes_exactly_one_field() {
    check("$v: By", r#"{"v": {"id": 1}}"#, r#"{"id":"1"}"#);
    check("$v: By", r#"{"v": {"list": 1}}"#, r#"{"list":[1]}"#);
    for json in [
        r#"{"v": {}}"#,
        r#"{"v": {"id": null}}"#,
        r#"{"v": {"id": 1, "name": "x"}}"#,
        r#"{"v": {"id": 1, "name": null}}"#,
    ] {
        refused("$v: By", json, "`$v` must have exactly one field, which is not null");
    }
}

#[test]
fn broken_variables_are_refused() {
    for json in ["[]", "1", "\"x\"", "{\"v\": 1", "{} {}", "{\"v\": 01}", "{v: 1}", "\u{feff}{}"] {
        let error = coerce("$v: Int", json).expect_err(json);
        assert!(error.message.starts_with("the variables are not a JSON object"), "{error}");
    }
    refused("$v: Int", r#"{"v": 1, "v": 1}"#, "variable `v` is given twice");
    refused("$v: Int", r#"{"w": 1, "\u0077": 1}"#, "variable `w` is given twice");
    let deep = format!(r#"{{"v": {}}}"#, "[".repeat(100_000));
    refused("$v: Date", &deep, "the variables nest deeper than 64");
    refused("$v: [Int]", &deep, "the variables nest deeper than 64");
}

#[test]
fn messages_repeat_little() {
    let long = "x".repeat(100_000);
    for json in [format!(r#"{{"v": "{long}"}}"#), format!(r#"{{"v": {{"{long}": 1}}}}"#)] {
        let error = coerce("$v: PetFilter", &json).unwrap_err();
        assert!(error.message.len() < 300, "{}", error.message.len());
    }
}

#[test]
fn large_variables_take_linear_time() {
    let digits = format!(r#"{{"v": {}}}"#, "9".repeat(100_000));
    assert!(coerce("$v: Int", &digits).is_err());
    assert!(coerce("$v: Float", &digits).is_err());
    assert!(coerce("$v: ID", &digits).is_ok());
    let keys: String = (0..200_000).map(|at| format!("\"k{at}\":0,")).collect();
    assert!(coerce("$v: Int", &format!("{{{keys}\"v\":1}}")).is_ok());
    // Defaults make a small text large: that is bounded.
    let filters = "{},".repeat(400_000);
    let error = coerce("$v: [PetFilter]", &format!(r#"{{"v": [{filters}{{}}]}}"#)).unwrap_err();
    assert!(error.message.contains("more than 8388608 bytes"), "{error}");
}

#[test]
fn conditions_come_from_values() {
    let schema = schema();
    let text = "query ($a: Boolean!, $b: Boolean = true) { typed @skip(if: $a) __typename @include(if: $b) }";
    let valid = read(&schema, text).unwrap();
    let conditions = |json: &str| {
        let view = View::api(&schema);
        Variables::coerce(&schema, &view, &valid, json.as_bytes()).unwrap().conditions(&valid)
    };
    let decided = conditions(r#"{"a": false}"#).unwrap();
    assert!(!decided.is_true(0) && decided.is_true(1));
    let decided = conditions(r#"{"a": true, "b": false}"#).unwrap();
    assert!(decided.is_true(0) && !decided.is_true(1));
    let error = conditions(r#"{"a": true, "b": null}"#).unwrap_err();
    assert_eq!(error.message, "`$b` decides `@skip` or `@include`: give a Boolean");
}
