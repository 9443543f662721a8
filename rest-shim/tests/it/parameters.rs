//! From path, query, headers and body to variables.

use serde_json::{Value, json};

use crate::support::Rest;

fn rest() -> Rest {
    Rest::new(
        r#"{"thing":null,"search":{"id":"1"},"all":{"items":[],"p":{"more":false,"endCursor":null}},
            "things":{"nodes":[],"items":[],"pageInfo":{"hasNextPage":false,"endCursor":null},
                      "p":{"more":false,"hasNextPage":false,"endCursor":null}},
            "makeThing":{"replayed":false,"userErrors":[],
                         "thing":{"id":"1","displayName":null,"kind":"SMALL","part":null}}}"#,
    )
}

/// The values that reached the subgraph, whatever the planner called its variables.
fn values(asked: &[Value]) -> Vec<Value> {
    let mut values: Vec<Value> = asked[0].as_object().unwrap().values().cloned().collect();
    values.sort_by_key(ToString::to_string);
    values
}

#[tokio::test]
async fn path_and_query() {
    let rest = rest();
    let check = async |path: &str, expected: Value| {
        let answer = rest.get(path).await;
        assert!(answer.status.as_u16() < 405, "{path}: {}", answer.body);
        assert_eq!(Value::from(values(&rest.asked())), expected, "{path}");
    };
    check("/v1/things/t1", json!(["t1"])).await;
    check("/v1/things/a%2Fb", json!(["a/b"])).await;
    check("/v1/things/a+b%2B%20c", json!(["a+b+ c"])).await;
    check("/v1/things/%22%7D", json!(["\"}"])).await;
    check("/v1/things/..", json!([".."])).await;
    check("/v1/search?text=a+b%2Bc", json!(["a b+c"])).await;
    check("/v1/search?text=", json!([""])).await;
    check("/v1/search?text=x&count=-7&score=1.5e3&exact=true", json!(["x", -7, 1500.0, true]))
        .await;
    check("/v1/search?text=x&kind=SMALL&kinds_of=LARGE", json!(["SMALL", "x", ["LARGE"]])).await;
    let two = json!(["x", ["SMALL", "LARGE"]]);
    check("/v1/search?text=x&kinds_of=SMALL,LARGE", two.clone()).await;
    check("/v1/search?text=x&kinds_of=SMALL&kinds_of=LARGE", two).await;
    check("/v1/things", json!([20])).await;
    check("/v1/things?page_size=100&page_token=c%3D", json!(["c=", 100])).await;
    let filter =
        json!([20, { "text": "x", "placedAfter": "2026-01-01T00:00:00Z", "kind": ["LARGE"] }]);
    check("/v1/things?text=x&placed_after=2026-01-01T00:00:00Z&kind=LARGE", filter).await;
}

#[tokio::test]
async fn query_parameters_that_are_refused() {
    let rest = rest();
    for (query, said) in [
        (
            "things?colour=red",
            "there is no parameter `colour`; there are: text, placed_after, kind, page_size, page_token",
        ),
        ("things?placedAfter=x", "no parameter `placedAfter`"),
        ("things?hidden=1", "no parameter `hidden`"),
        ("things?filter=x", "no parameter `filter`"),
        ("things/1?x=1", "there are: none"),
        ("things?page_size=0", "`page_size` must be from 1 to 100"),
        ("things?page_size=101", "`page_size` must be"),
        ("things?page_size=1e1", "`page_size` must be"),
        ("things?page_size=", "`page_size` must be"),
        ("things?page_size=99999999999999999999", "`page_size` must be"),
        ("things?page_size=1&page_size=2", "`page_size` is there more than once"),
        ("things?page_token=a&page_token=b", "`page_token` is there more than once"),
        ("things?text=a&text=b", "`text` is there more than once"),
        ("things?kind=ODD", "`kind` must be one of the documented values, not `ODD`"),
        ("things?text=%zz", "percent encoding"),
        ("things?text=%f", "percent encoding"),
        ("things?text=%ff", "percent encoding"),
        ("search", "the parameter `text` must be given"),
        ("search?text=x&count=1.5", "`count` must be an integer"),
        ("search?text=x&count=2147483648", "`count` must be an integer"),
        ("search?text=x&score=NaN", "`score` must be a number"),
        ("search?text=x&score=inf", "`score` must be a number"),
        ("search?text=x&score=1e999", "the parameter `score` must be a Float"),
        ("search?text=x&score=0x1", "`score` must be a number"),
        ("search?text=x&exact=1", "`exact` must be true or false"),
        ("search?text=x&kind=small", "`kind` must be one of the documented values"),
        ("search?text=x&kinds_of=", "`kinds_of` must be one of"),
    ] {
        let answer = rest.get(&format!("/v1/{query}")).await;
        assert_eq!(answer.problem(), (400, "BAD_REQUEST".to_owned()), "{query}");
        assert!(answer.detail().contains(said), "{query}: {}", answer.detail());
    }
    assert!(rest.asked().is_empty());
}

#[tokio::test]
async fn bodies_change_case_and_nothing_else() {
    let rest = rest();
    let body = r#"{"display_name":"Gr\u00fcn","size_in_cm":7,"lines":[{"part_id":12345678901234567890,"quantity":1}],
                   "anything":{"keepThis":[1.10,{"and_this":null}]}}"#;
    let answer = rest.post("/v1/things", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let asked = values(&rest.asked());
    let expected = json!({
        "displayName": "Grün", "sizeInCm": 7,
        "lines": [{ "partId": "12345678901234567890", "quantity": 1 }],
        "anything": { "keepThis": [1.10, { "and_this": null }] },
    });
    assert_eq!(asked, [json!("k"), expected]);
}

#[tokio::test]
async fn members_that_are_refused() {
    let rest = rest();
    for (body, code, pointer) in [
        (r#"{"display_name":"x","status":1}"#, "UNKNOWN_MEMBER", "/status"),
        (r#"{"displayName":"x"}"#, "UNKNOWN_MEMBER", "/displayName"),
        (r#"{"display_name":"x","secret":1}"#, "UNKNOWN_MEMBER", "/secret"),
        (r#"{"a/b~c":1}"#, "UNKNOWN_MEMBER", "/a~1b~0c"),
        (r#"{"lines":[{"part_id":1,"quantity":1,"x":1}]}"#, "UNKNOWN_MEMBER", "/lines/0/x"),
        (r#"{"display_name":"x","display_name":"y"}"#, "DUPLICATE_MEMBER", "/display_name"),
        (r#"{"display_name":"x","\u0064isplay_name":"y"}"#, "DUPLICATE_MEMBER", "/display_name"),
        (r#"{}"#, "INVALID", "/display_name"),
        (r#"{"display_name":null}"#, "INVALID", "/display_name"),
        (r#"{"display_name":7}"#, "INVALID", "/display_name"),
        (r#"{"display_name":"x","size_in_cm":1.5}"#, "INVALID", "/size_in_cm"),
        (r#"{"display_name":"x","size_in_cm":9999999999}"#, "INVALID", "/size_in_cm"),
        (
            r#"{"display_name":"x","lines":[{"part_id":"p","quantity":"1"}]}"#,
            "INVALID",
            "/lines/0/quantity",
        ),
        (r#"{"display_name":"x","lines":[{"part_id":"p"}]}"#, "INVALID", "/lines/0/quantity"),
        (r#"{"display_name":"x","lines":[null]}"#, "INVALID", "/lines/0"),
        (r#"{"display_name":"x","lines":"p"}"#, "INVALID", "/lines"),
    ] {
        let answer = rest.post("/v1/things", body).await;
        assert_eq!(answer.problem(), (422, "INVALID".to_owned()), "{body}: {}", answer.body);
        let error = &answer.json()["errors"][0];
        assert_eq!((&error["code"], &error["pointer"]), (&json!(code), &json!(pointer)), "{body}");
        let graphql = ["$in", "type `", "String!", "Input"];
        assert!(!graphql.iter().any(|word| answer.body.contains(word)), "{}", answer.body);
    }
    assert!(rest.asked().is_empty());
}

#[tokio::test]
async fn writes_need_one_idempotency_key() {
    let rest = rest();
    let json = ("content-type", "application/json");
    let long = "k".repeat(256);
    for keys in [
        vec![],
        vec![("idempotency-key", "")],
        vec![("idempotency-key", long.as_str())],
        vec![("idempotency-key", "a"), ("idempotency-key", "a")],
    ] {
        let headers: Vec<(&str, &str)> = keys.into_iter().chain([json]).collect();
        let answer = rest.send("POST", "/v1/things", &headers, r#"{"display_name":"x"}"#).await;
        assert_eq!(answer.problem(), (400, "BAD_REQUEST".to_owned()));
        assert!(answer.detail().contains("`Idempotency-Key` of 1 to 255"), "{}", answer.body);
    }
    let key = ("idempotency-key", &long[1..]);
    let answer = rest.send("POST", "/v1/things", &[json, key], r#"{"display_name":"x"}"#).await;
    assert_eq!(answer.status, 201);
}
