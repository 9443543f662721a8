//! The reader against the grammar, its limits, and broken texts.

use super::{JsonErrorKind, Kind, Reader};

fn check(text: &str) -> Result<(), JsonErrorKind> {
    check_bytes(text.as_bytes())
}

fn check_bytes(bytes: &[u8]) -> Result<(), JsonErrorKind> {
    let mut reader = Reader::new(bytes, 64).map_err(|error| error.kind)?;
    reader.skip().and_then(|_| reader.end()).map_err(|error| error.kind)
}

#[test]
fn well_formed_texts_pass() {
    for text in [
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "10",
        "-1.5e+10",
        "1E9",
        "0.25",
        "1e-2",
        r#""""#,
        r#""a\"b\\c\/\b\f\n\r\t""#,
        r#""\u00e9\ud83d\ude00""#,
        "\"é😀\"",
        "[]",
        "[ ]",
        "{}",
        "{ }",
        "[1,2 , 3]",
        r#"{"a":1,"b":[{},[]],"c":{"d":null}}"#,
        "\t\r\n{ \"a\" : \n1 }\n",
        r#"{"a":1,"a":2}"#,
        "123456789012345678901234567890",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn broken_texts_are_refused() {
    use JsonErrorKind::{Byte, End, Escape, Number, Trailing};
    for (text, kind) in [
        ("", End),
        (" ", End),
        ("[", End),
        ("{", End),
        ("[1", End),
        ("\"a", End),
        ("{\"a\"", End),
        ("{\"a\":", End),
        ("[1,", End),
        ("[1,]", Byte),
        ("{\"a\":1,}", Byte),
        ("[,1]", Byte),
        ("{,}", Byte),
        ("{a:1}", Byte),
        ("{1:1}", Byte),
        ("[1 2]", Byte),
        ("{\"a\" 1}", Byte),
        ("[1}", Byte),
        ("{\"a\":1]", Byte),
        ("nul", Byte),
        ("nulL", Byte),
        ("True", Byte),
        ("]", Byte),
        ("}", Byte),
        (",", Byte),
        ("'a'", Byte),
        ("+1", Byte),
        (".5", Byte),
        ("\"\u{1}\"", Byte),
        ("\"a\nb\"", Byte),
        ("1 1", Trailing),
        ("{}{}", Trailing),
        ("nullx", Trailing),
        ("\u{feff}1", Byte),
        ("01", Number),
        ("-", Number),
        ("1.", Number),
        ("1.e1", Number),
        ("1e", Number),
        ("1e+", Number),
        ("-a", Number),
        ("1a", Number),
        ("1.2.3", Number),
        ("0x1", Number),
        (r#""\x""#, Escape),
        (r#""\u12g4""#, Escape),
        (r#""\ud800""#, Escape),
        (r#""\udc00""#, Escape),
        (r#""\ud800\n12345""#, Escape),
        (r#""\ud800\ud800""#, Escape),
        (r#""\u12"#, Escape),
        (r#""\"#, Escape),
    ] {
        assert_eq!(check(text), Err(kind), "{text}");
    }
}

#[test]
fn texts_are_utf8() {
    assert_eq!(check_bytes(b"\"\xff\""), Err(JsonErrorKind::Utf8));
    assert_eq!(check_bytes(b"\"\xed\xa0\x80\""), Err(JsonErrorKind::Utf8));
    assert_eq!(check_bytes(b"\"\xc3"), Err(JsonErrorKind::Utf8));
}

#[test]
fn depth_is_limited_and_skipping_does_not_recurse() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(check(&nested(64)), Ok(()));
    assert_eq!(check(&nested(65)), Err(JsonErrorKind::Depth));
    assert_eq!(check(&"[".repeat(100_000)), Err(JsonErrorKind::Depth));
    assert_eq!(check(&"{\"a\":".repeat(100_000)), Err(JsonErrorKind::Depth));
    let widest = nested(128);
    assert!(Reader::new(widest.as_bytes(), u32::MAX).and_then(|mut reader| reader.skip()).is_ok());
}

#[test]
fn members_are_pulled_one_by_one() {
    let text = r#" {"name" : "Ada", "tags":["x", 2.50, true ,null], "n\u0061me":-7 } "#;
    let mut reader = Reader::new(text.as_bytes(), 8).unwrap();
    assert_eq!(reader.peek().unwrap(), Kind::Object);
    reader.enter_object().unwrap();
    assert!(!reader.accept_key(b"\"tags\"").unwrap());
    assert!(reader.accept_key(b"\"name\"").unwrap());
    assert_eq!(reader.string().unwrap().raw, "Ada");
    assert!(!reader.accept_key(b"\"name\"").unwrap());
    assert!(reader.next_key().unwrap().unwrap().is("tags"));
    reader.enter_array().unwrap();
    assert!(reader.next_item().unwrap());
    assert_eq!(reader.string().unwrap().to_text(), "x");
    assert!(reader.next_item().unwrap());
    let number = reader.number().unwrap();
    assert_eq!((number.raw, number.integer), ("2.50", false));
    assert!(reader.next_item().unwrap());
    assert!(reader.boolean().unwrap());
    assert!(reader.next_item().unwrap());
    reader.null().unwrap();
    assert!(!reader.next_item().unwrap());
    let key = reader.next_key().unwrap().unwrap();
    assert!(key.is("name") && !key.is("nam") && !key.is("names"));
    assert_eq!(key.to_text(), "name");
    assert!(reader.number().unwrap().integer);
    assert!(reader.next_key().unwrap().is_none());
    assert_eq!(reader.depth(), 0);
    reader.end().unwrap();
}

#[test]
fn asking_for_another_kind_is_an_error_that_consumes_nothing() {
    let mut reader = Reader::new(b"[1]", 8).unwrap();
    assert_eq!(reader.string().unwrap_err().kind, JsonErrorKind::Kind);
    assert_eq!(reader.enter_object().unwrap_err().kind, JsonErrorKind::Kind);
    let span = reader.skip().unwrap();
    assert_eq!(reader.slice(span), "[1]");
}

#[test]
fn escapes_are_undone() {
    let mut reader = Reader::new(br#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#, 1).unwrap();
    let text = reader.string().unwrap();
    assert_eq!(text.to_text(), "a\"\\/\u{8}\u{c}\n\r\té😀z");
    assert!(text.is("a\"\\/\u{8}\u{c}\n\r\té😀z"));
}

/// Special bytes at every place of a word, beside bytes that differ from them by one bit.
#[test]
fn strings_are_scanned_by_words_as_by_bytes() {
    for length in 0..40 {
        for at in 0..length {
            for (byte, ok) in
                [(b'"', false), (b'!', true), (0x1f, false), (0x20, true), (0x7f, true)]
            {
                let mut text = vec![b'#'; length];
                text[at] = byte;
                let quoted = [b"\"".as_slice(), &text, b"\""].concat();
                assert_eq!(check_bytes(&quoted).is_ok(), ok, "{length} {at} {byte}");
            }
        }
    }
}

/// Every cut and every changed byte of a text is read without a panic.
#[test]
fn no_broken_text_panics() {
    let text = r#"{"a":[1.5e3,"x\u00e9\ud83d\ude00",true,null,{"b":{}}],"c":-0}"#.as_bytes();
    for cut in 0..text.len() {
        assert!(check_bytes(&text[..cut]).is_err());
    }
    for at in 0..text.len() {
        for byte in 0..=255 {
            let mut changed = text.to_vec();
            changed[at] = byte;
            let _outcome = check_bytes(&changed);
        }
    }
}
