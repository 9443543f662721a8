//! From GraphQL answers to REST answers.

use serde_json::{Value, json};

use crate::support::{Rest, failing};

const THING: &str = r#"{"__typename":"Thing","id":"t1","displayName":"Gr\u00fcn","pdfURL":null,
    "number":12345678901234567890.10,"anything":{"keep":[1.0]},"kind":"SMALL",
    "part":{"id":"p1","partName":"leg"},"parts":[{"partName":"top"}],
    "node":{"__typename":"Part","x":"leg","id":"p1"}}"#;

#[tokio::test]
async fn objects_in_snake_case_in_the_order_asked() {
    let rest = Rest::new(&format!("{{\"thing\":{THING}}}"));
    let answer = rest.get("/v1/things/t1").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        r#"{"type":"Thing","id":"t1","display_name":"Gr\u00fcn","pdf_url":null,"number":12345678901234567890.10,"anything":{"keep":[1.0]},"kind":"SMALL","part":{"id":"p1","part_name":"leg"},"parts":[{"part_name":"top"}],"node":{"type":"Part","x":"leg"}}"#
    );
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn validators() {
    let rest = Rest::new(&format!("{{\"thing\":{THING}}}"));
    let answer = rest.get("/v1/things/t1").await;
    let tag = answer.header("etag").to_owned();
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    assert_eq!(answer.header("vary"), "authorization");
    for (known, status) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"x\", {tag}"), 304),
        ("*".to_owned(), 304),
        ("\"x\"".to_owned(), 200),
        (String::new(), 200),
    ] {
        let answer = rest.send("GET", "/v1/things/t1", &[("if-none-match", &known)], "").await;
        assert_eq!(answer.status.as_u16(), status, "{known}");
        assert_eq!((answer.header("etag"), answer.body.is_empty()), (tag.as_str(), status == 304));
    }
    let head = rest.send("HEAD", "/v1/things/t1", &[], "").await;
    assert_eq!((head.status.as_u16(), head.header("etag")), (200, tag.as_str()));
    rest.answers(&format!("{{\"data\":{{\"thing\":{}}}}}", THING.replace("leg", "arm")));
    assert_ne!(rest.get("/v1/things/t1").await.header("etag"), tag);
}

#[tokio::test]
async fn pages() {
    let page = |more: bool| {
        let items = r#"[{"id":"1","displayName":null},{"id":"2","displayName":"x"}]"#;
        format!(
            "{{\"data\":{{\"all\":{{\"items\":{items},\"nodes\":{items},\
             \"p\":{{\"more\":{more},\"endCursor\":\"a/b=\"}}}}}}}}"
        )
    };
    let rest = Rest::new("{}");
    rest.answers(&page(true));
    let answer = rest.get("/v1/things?kind=SMALL&page%5Ftoken=old&page_size=2").await;
    assert_eq!(
        answer.body,
        r#"{"data":[{"id":"1","display_name":null},{"id":"2","display_name":"x"}],"next_page_token":"a/b="}"#
    );
    let link = "</v1/things?kind=SMALL&page_size=2&page_token=a%2Fb%3D>; rel=\"next\"";
    assert_eq!(answer.header("link"), link);
    rest.asked();
    let next = link.split(['<', '>']).nth(1).unwrap();
    assert_eq!(rest.get(next).await.status, 200);
    let asked = rest.asked().remove(0);
    assert!(asked.as_object().unwrap().values().any(|value| value == "a/b="), "{asked}");
    rest.answers(&page(false));
    let answer = rest.get("/v1/things").await;
    assert_eq!(
        (answer.json()["next_page_token"].clone(), answer.header("link")),
        (Value::Null, "")
    );
}

fn made(replayed: bool, thing: &Value, refusals: &Value) -> String {
    let payload = json!({ "replayed": replayed, "thing": thing, "userErrors": refusals });
    json!({ "data": { "makeThing": payload, "dropThing": payload } }).to_string()
}

#[tokio::test]
async fn what_is_created_has_a_location() {
    let rest = Rest::new("{}");
    let thing = json!({ "id": "a b/1", "displayName": "x", "kind": "LARGE", "part": null });
    rest.answers(&made(false, &thing, &json!([])));
    let answer = rest.post("/v1/things", r#"{"display_name":"x"}"#).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body, r#"{"id":"a b/1","display_name":"x","kind":"LARGE","part":null}"#);
    assert_eq!(answer.header("location"), "/v1/things/a%20b%2F1");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!((answer.header("idempotency-replayed"), answer.header("etag")), ("", ""));
    rest.answers(&made(true, &thing, &json!([])));
    let again = rest.post("/v1/things", r#"{"display_name":"x"}"#).await;
    assert_eq!((again.status.as_u16(), &again.body), (201, &answer.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_route_without_body_takes_none() {
    let rest = Rest::new("{}");
    rest.answers(&made(false, &json!({ "id": "1" }), &json!([])));
    let answer = rest.send("DELETE", "/v1/things/1", &[], "").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, r#"{"id":"1"}"#));
    assert_eq!(answer.header("location"), "");
    assert_eq!(rest.send("DELETE", "/v1/things/1", &[], "{}").await.problem().0, 400);
}

#[tokio::test]
async fn parts_that_failed_are_named() {
    let rest = Rest::new("{}");
    let thing = THING.replace(
        r#"{"id":"p1","partName":"leg"},"parts":[{"partName":"top"}]"#,
        r#"null,"parts":null"#,
    );
    let data = format!("{{\"thing\":{thing}}}");
    rest.answers(&failing(&data, &json!(["thing", "part"]), "INTERNAL"));
    let answer = rest.get("/v1/things/t1").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["meta"], json!({ "partial": ["part"] }));
    assert!(
        answer.body.ends_with(r#","meta":{"partial":["part"]}}"#)
            && !answer.body.contains("secret")
    );
    let list =
        r#"{"all":{"items":[{"id":"1","displayName":null}],"p":{"more":false,"endCursor":null}}}"#;
    rest.answers(&failing(list, &json!(["all", "items", 0, "displayName"]), "X"));
    let answer = rest.get("/v1/things").await;
    assert_eq!(answer.json()["meta"]["partial"], json!(["data.0.display_name"]), "{}", answer.body);
    let payload = r#"{"makeThing":{"replayed":false,"userErrors":[],"thing":{"id":"1","displayName":"x","kind":"SMALL","part":null}}}"#;
    rest.answers(&failing(payload, &json!(["makeThing", "thing", "part"]), "X"));
    let answer = rest.post("/v1/things", r#"{"display_name":"x"}"#).await;
    assert_eq!(answer.json()["meta"]["partial"], json!(["part"]), "{}", answer.body);
}

#[tokio::test]
async fn shaped_answers_are_as_described() {
    let rest = Rest::new(
        r#"{"thing":{"id":"1","displayName":null,"part":{"partName":"leg"},"parts":[{"id":"a"},{"id":"b"}],"node":{"__typename":"Part","id":"n"}}}"#,
    );
    let answer = rest.get("/v1/shaped").await;
    assert_eq!(answer.body, r#"{"part":"leg","parts":["a","b"],"node":"n"}"#);
    rest.answers(
        r#"{"data":{"thing":{"id":"1","displayName":"x","part":null,"parts":null,"node":null}}}"#,
    );
    assert_eq!(rest.get("/v1/shaped").await.body, r#"{"display_name":"x"}"#);
    let described = &rest.document["paths"]["/v1/shaped"]["get"]["responses"]["200"];
    let schema = &described["content"]["application/json"]["schema"];
    assert_eq!(schema["required"], json!([]));
    assert_eq!(schema["properties"]["part"], json!({ "type": ["string", "null"] }));
    assert!(schema["properties"].get("id").is_none());
}
