//! What the grammar accepts and refuses.

use super::{Limits, Selection, TypeSystemKind, ValueKind, parse, parse_selection_set};

fn fails(source: &str) -> String {
    match parse(source, Limits::OPERATION) {
        Ok(_) => panic!("{source:?} should not parse"),
        Err(error) => format!("{}:{} {}", error.position.0, error.position.1, error.message),
    }
}

#[test]
fn reads_operations() {
    let source = r#"query Q($a: [Int!]! = [1, 2] @d, $b: I) @live { x: f(a: $a, o: {k: "v", n: null}) @include(if: $b) { ...F ... on T { g } ... @skip(if: true) { h } } } fragment F on T { i }"#;
    let doc = parse(source, Limits::OPERATION).unwrap();
    let operation = doc.operations[0];
    assert_eq!(doc.text(operation.name.unwrap()), "Q");
    assert_eq!(operation.variables.len(), 2);
    let Selection::Field(field) = doc[operation.selections][0] else { panic!("a field") };
    assert_eq!(doc.text(field.response_key()), "x");
    assert_eq!(doc.text(field.name), "f");
    assert_eq!(doc[field.selections].len(), 3);
    let object = doc.value(doc[field.arguments][1].value);
    let ValueKind::Object(fields) = object.kind else { panic!("an object") };
    assert_eq!(doc[fields].len(), 2);
    assert_eq!(doc.text(doc.fragments[0].on), "T");
}

#[test]
fn reads_descriptions_of_executable_definitions() {
    let doc = parse("\"about\" query Q(\"v\" $a: Int) { f(a: $a) }", Limits::OPERATION).unwrap();
    assert_eq!(doc.operations.len(), 1);
}

#[test]
fn reads_type_definitions() {
    let source = r#"
        "the schema" schema @a(n: 1) { query: Q mutation: M }
        extend type T implements & A & B @k(fields: "id") { "d" f(a: Int = 3 @x): [T!]! @y g: Int }
        interface A { id: ID } union U @u = | A | B enum E { A @deprecated B } input I { a: [Int] = [1] }
        scalar D @specifiedBy(url: "u") directive @x(a: Int) repeatable on | FIELD | OBJECT
    "#;
    let doc = parse(source, Limits::SCHEMA).unwrap();
    assert_eq!(doc.type_system.len(), 8);
    assert!(doc.type_system[1].extension);
    let TypeSystemKind::Object { implements, fields } = doc.type_system[1].kind else {
        panic!("an object")
    };
    assert_eq!((implements.len(), fields.len()), (2, 2));
}

#[test]
fn reads_strings() {
    let source = r#"{ f(a: "a\n\"\u00e9\u{1F600}\uD83D\uDE00", b: """
        first
          second \"""

    """) }"#;
    let doc = parse(source, Limits::OPERATION).unwrap();
    let Selection::Field(field) = doc[doc.operations[0].selections][0] else { panic!("a field") };
    let text = |at: usize| match doc.value(doc[field.arguments][at].value).kind {
        ValueKind::String(string) => doc.string(string).into_owned(),
        _ => panic!("a string"),
    };
    assert_eq!(text(0), "a\n\"é😀😀");
    assert_eq!(text(1), "first\n  second \"\"\"");
}

#[test]
fn reads_field_sets() {
    for source in ["id org { id }", "{ id ... on T { x } }"] {
        let (doc, selections) = parse_selection_set(source, Limits::OPERATION).unwrap();
        assert_eq!(doc[selections].len(), 2);
    }
    for source in ["", "{ }", "id }", "a { b"] {
        assert!(parse_selection_set(source, Limits::OPERATION).is_err(), "{source}");
    }
}

#[test]
fn refuses_with_a_place() {
    assert_eq!(fails("{ a"), "1:4 expected a name, found the end of the document");
    assert_eq!(fails("query {\n  }"), "2:3 expected a name, found `}`");
    assert_eq!(fails("{ f(a: 01) }"), "1:9 a number does not start with 0");
    assert_eq!(fails("{ f(a: 1x) }"), "1:9 a number is followed by a letter or dot");
    assert_eq!(fails("{ f(a: \"x\n\") }"), "1:10 a string does not end");
    assert_eq!(fails("{ f(a: \"\\uD800\") }"), "1:9 an invalid escape");
    assert_eq!(fails("fragment on on T { a }"), "1:10 expected a fragment's name, found `on`");
    assert_eq!(fails("query Q($a: Int = $b) { a }"), "1:19 expected a constant value, found `$`");
    assert_eq!(fails("{ a } ?"), "1:7 unexpected character");
    assert_eq!(fails(""), "1:1 expected a definition, found the end of the document");
    assert_eq!(fails("{ a .. b }"), "1:5 unexpected character: did you mean `...`?");
}

#[test]
fn bounds_tokens_and_nesting() {
    let deep = "{a".repeat(100_000);
    assert!(parse(&deep, Limits { tokens: usize::MAX, depth: 200 }).unwrap_err().limit);
    for open in ["[", "{a:"] {
        let source = format!("{{ f(a: {}", open.repeat(100_000));
        assert!(parse(&source, Limits { tokens: usize::MAX, depth: 200 }).unwrap_err().limit);
    }
    let source = format!("query Q($a: {}", "[".repeat(100_000));
    assert!(parse(&source, Limits { tokens: usize::MAX, depth: 200 }).unwrap_err().limit);
    let long = format!("{{ {} }}", "a ".repeat(20_000));
    assert!(parse(&long, Limits::OPERATION).unwrap_err().limit);
}

#[test]
fn never_panics_on_cut_or_changed_documents() {
    let source = "query Q($a: [Int!] = [1]) { x: f(a: $a, o: {k: \"v\\u00e9\", e: E}) @d { ...F ... on T { g(s: \"\"\"b\"\"\") } } }";
    for at in 0..source.len() {
        drop(parse(&source[..at], Limits::OPERATION));
        for byte in [b'{', b'}', b'"', b'\\', b'$', b'.', b'@', b'(', b'0', b'-', 0xC3] {
            let mut bytes = source.as_bytes().to_vec();
            bytes[at] = byte;
            drop(parse(&String::from_utf8_lossy(&bytes), Limits::OPERATION));
        }
    }
}
