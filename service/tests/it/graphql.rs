//! The serving contract: what async-graphql gets wrong and the chassis makes right, and who is
//! answered at all. An upgrade of async-graphql shows here what changed.
#![expect(clippy::unused_async, reason = "the macro wants every resolver to be async")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::{Context, EmptySubscription, ID, Object, Schema, SimpleObject};
use braid_service::app::{Deps, Service, StartError};
use braid_service::fault::Fault;
use braid_service::graphql::{ContextExt, Subgraph};
use braid_service::loader::{Batch, Loader};
use braid_service::sdl::Extra;
use braid_service::testkit::{self, TestService};
use braid_vouch::TIMEOUT_HEADER;
use serde_json::json;

const EXTRAS: &[Extra] = &[
    ("Query.secret", "@authenticated"),
    ("Thing", r#""A thing" @key(fields: "id") @tag(name: "partner")"#),
];

struct Query;
struct Mutation;

#[derive(Clone)]
struct Thing {
    id: ID,
}

#[derive(SimpleObject)]
struct Wanted {
    amount: Option<i32>,
}

/// Counts its calls.
struct Names(Arc<AtomicUsize>);

impl Batch for Names {
    type Key = String;
    type Value = String;

    async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, String>, Fault> {
        self.0.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        Ok(keys.into_iter().map(|key| (key.clone(), format!("name of {key}"))).collect())
    }
}

#[Object]
impl Thing {
    async fn id(&self) -> &ID {
        &self.id
    }

    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        ctx.get::<Loader<Names>>()?.load(self.id.to_string()).await
    }

    async fn nullable_fails(&self) -> Result<Option<i32>, Fault> {
        Err(Fault::Forbidden)
    }

    async fn required_fails(&self) -> Result<i32, Fault> {
        Err(Fault::internal("secret details"))
    }

    async fn driver_fails(&self) -> async_graphql::Result<Option<i32>> {
        Err("x".parse::<i32>().map_err(async_graphql::Error::from).unwrap_err())
    }

    async fn children(&self) -> Vec<Thing> {
        vec![Thing { id: ID::from("a") }, Thing { id: ID::from("b") }]
    }

    async fn wanted(&self) -> Wanted {
        Wanted { amount: None }
    }
}

#[Object]
impl Query {
    async fn thing(&self, id: ID) -> Option<Thing> {
        Some(Thing { id })
    }

    async fn whoami(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.caller_opt().map(|caller| caller.subject.clone())
    }

    async fn secret(&self, ctx: &Context<'_>) -> Result<Option<i32>, Fault> {
        ctx.require_scope("things:read")?;
        Ok(Some(42))
    }

    async fn slow(&self) -> Option<i32> {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        None
    }

    #[graphql(entity)]
    async fn find_thing(&self, id: ID) -> Result<Option<Thing>, Fault> {
        match id.as_str() {
            "missing" => Ok(None),
            "broken" => Err(Fault::internal("secret details")),
            _ => Ok(Some(Thing { id })),
        }
    }
}

#[Object]
impl Mutation {
    async fn count(&self, ctx: &Context<'_>) -> Result<i32, Fault> {
        let counter = ctx.get::<Arc<AtomicUsize>>()?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(i32::try_from(counter.fetch_add(1, Ordering::SeqCst)).unwrap() + 1)
    }
}

async fn build(deps: Deps, loads: Arc<AtomicUsize>) -> Result<Service, StartError> {
    let db = deps.open("things", &[]).await?;
    let schema = Schema::build(Query, Mutation, EmptySubscription)
        .enable_federation()
        .disable_introspection()
        .data(Arc::new(AtomicUsize::new(0)))
        .finish();
    let prepare =
        move |request: async_graphql::Request| request.data(Loader::new(Names(Arc::clone(&loads))));
    let subgraph = Subgraph::new(deps.subgraph("things", EXTRAS), schema, prepare)?;
    Ok(Service::new(&deps, db, subgraph, |_, _| async { Ok(()) }))
}

async fn start() -> TestService {
    TestService::start(|deps| build(deps, Arc::default())).await
}

#[tokio::test]
async fn a_failed_nullable_field_is_null_and_its_siblings_stay() {
    let service = start().await;
    let answer = service
        .ask(None, "{ thing(id: 1) { id nullableFails a: nullableFails } }", json!({}))
        .await;
    assert_eq!(answer["data"], json!({ "thing": { "id": "1", "nullableFails": null, "a": null } }));
    let mut paths: Vec<String> =
        answer["errors"].as_array().unwrap().iter().map(|e| e["path"].to_string()).collect();
    paths.sort();
    assert_eq!(paths, [r#"["thing","a"]"#, r#"["thing","nullableFails"]"#]);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn a_failed_required_field_nulls_the_nearest_nullable_ancestor() {
    let service = start().await;
    let query = "{ a: thing(id: 1) { id requiredFails } b: thing(id: 2) { id } }";
    let answer = service.ask(None, query, json!({})).await;
    assert_eq!(answer["data"], json!({ "a": null, "b": { "id": "2" } }));
    // Children are `[Thing!]!` of the nullable `thing`.
    let query = "{ thing(id: 1) { id ...C } } fragment C on Thing { children { requiredFails } }";
    let answer = service.ask(None, query, json!({})).await;
    assert_eq!(answer["data"], json!({ "thing": null }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 2);
    let only = service.ask(None, "{ thing(id: 1) { nullableFails } }", json!({})).await;
    assert_eq!(only["data"], json!({ "thing": { "nullableFails": null } }));
}

#[tokio::test]
async fn faults_are_masked() {
    let service = start().await;
    let query = "{ thing(id: 1) { driverFails requiredFails } }";
    let answer = service.ask(None, query, json!({})).await;
    let text = answer.to_string();
    assert!(!text.contains("secret details") && !text.contains("digit"), "{text}");
    for error in answer["errors"].as_array().unwrap() {
        assert_eq!(error["extensions"]["code"], "INTERNAL");
        assert_eq!(error["message"], "internal error");
    }
    let unknown = service.ask(None, "{ nothing }", json!({})).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(unknown["data"], json!(null));
    let syntax = service.ask(None, "{ thing(", json!({})).await;
    assert_eq!(syntax["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

const ENTITIES: &str = "query($r: [_Any!]!) { _entities(representations: $r) { \
    __typename ... on Thing { id name } } }";

#[tokio::test]
async fn each_representation_fails_alone() {
    let service = start().await;
    let representations = json!([
        { "__typename": "Thing", "id": "1" },
        { "__typename": "Thing", "id": "missing" },
        { "__typename": "Thing", "id": "broken" },
        { "__typename": "Nothing", "id": "1" },
        { "__typename": "Thing" },
        { "id": "1" },
        { "__typename": "Thing", "id": { "deep": [1] } },
        { "__typename": "Thing", "id": null },
        "no object",
        null,
        { "__typename": "Thing", "id": 9 },
        { "__typename": "Thing", "id": "1", "other": { "x": [1, 2] } },
    ]);
    let answer = service.ask(None, ENTITIES, json!({ "r": representations })).await;
    let one = json!({ "__typename": "Thing", "id": "1", "name": "name of 1" });
    let nine = json!({ "__typename": "Thing", "id": "9", "name": "name of 9" });
    let expected = json!({ "_entities": [
        one, null, null, null, null, null, null, null, null, null, nine, one
    ]});
    assert_eq!(answer["data"], expected, "{answer}");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 8, "missing is no error: {answer}");
    let broken: Vec<&serde_json::Value> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|error| error["extensions"]["code"] == "INTERNAL")
        .map(|error| &error["path"])
        .collect();
    assert_eq!(broken, [&json!(["_entities", 2])]);
    assert!(!answer.to_string().contains("secret"));
}

#[tokio::test]
async fn errors_inside_entities_have_their_index() {
    let service = start().await;
    let query = "query($r: [_Any!]!, $s: [_Any!]!) { \
        one: _entities(representations: $r) { ... on Thing { id nullableFails } } \
        two: _entities(representations: $s) { ... on Thing { requiredFails } } }";
    let variables = json!({
        "r": [{ "__typename": "Thing", "id": "1" }, { "__typename": "Thing", "id": "2" }],
        "s": [{ "__typename": "Thing", "id": "3" }],
    });
    let answer = service.ask(None, query, variables).await;
    let thing = |id| json!({ "id": id, "nullableFails": null });
    assert_eq!(answer["data"], json!({ "one": [thing("1"), thing("2")], "two": [null] }));
    let mut paths: Vec<String> =
        answer["errors"].as_array().unwrap().iter().map(|e| e["path"].to_string()).collect();
    paths.sort();
    let expected = [
        r#"["one",0,"nullableFails"]"#,
        r#"["one",1,"nullableFails"]"#,
        r#"["two",0,"requiredFails"]"#,
    ];
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn five_hundred_entities_are_one_or_two_loads() {
    let loads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&loads);
    let service = TestService::start(|deps| build(deps, counted)).await;
    let representations: Vec<serde_json::Value> =
        (0..500).map(|n| json!({ "__typename": "Thing", "id": format!("t{n}") })).collect();
    let data = service.data(None, ENTITIES, json!({ "r": representations })).await;
    assert_eq!(data["_entities"].as_array().unwrap().len(), 500);
    assert_eq!(data["_entities"][499]["name"], "name of t499");
    assert!(loads.load(Ordering::SeqCst) <= 2, "{loads:?} loads");
}

#[tokio::test]
async fn the_service_field_tells_the_finalised_schema() {
    let service = start().await;
    let data = service.data(None, "{ _service { sdl x: sdl } }", json!({})).await;
    let sdl = data["_service"]["sdl"].as_str().unwrap();
    assert_eq!(sdl, service.service.subgraph.sdl());
    assert_eq!(sdl, data["_service"]["x"].as_str().unwrap());
    let contract = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key","@external","@requires","@provides","@shareable","@interfaceObject","@override","@tag","@inaccessible","@authenticated","@requiresScopes","@cost","@listSize"])
        type Mutation { count: Int! }
        type Query { thing(id: ID!): Thing secret: Int @authenticated slow: Int whoami: String }
        "A thing" type Thing @tag(name: "partner") @key(fields: "id") {
            id: ID! name: String nullableFails: Int requiredFails: Int! driverFails: Int
            children: [Thing!]! wanted: Wanted!
        }
        type Wanted { amount: Int }"#;
    testkit::assert_contract(sdl, contract);
    let other = contract
        .replace("secret: Int @authenticated", "secret: Int")
        .replace("[Thing!]!", "[Thing]!");
    let found = braid_service::sdl::compare::differences(sdl, &other).unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
}

#[tokio::test]
async fn only_the_router_is_answered() {
    let service = start().await;
    testkit::assert_closed(&service.kit, &service.service).await;
    let introspection = service.ask(None, "{ __schema { types { name } } }", json!({})).await;
    assert!(introspection["data"]["__schema"].is_null(), "{introspection}");
}

#[tokio::test]
async fn the_caller_is_who_was_signed() {
    let service = start().await;
    let caller = testkit::user("usr_1", &["things:read"], &[]);
    let data = service.data(Some(&caller), "{ whoami secret }", json!({})).await;
    assert_eq!(data, json!({ "whoami": "usr_1", "secret": 42 }));
    let anonymous = service.ask(None, "{ whoami secret }", json!({})).await;
    assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let other = testkit::user("usr_2", &[], &[]);
    let forbidden = service.ask(Some(&other), "{ secret }", json!({})).await;
    assert_eq!(forbidden["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let service = start().await;
    for (body, status) in [
        ("", 400),
        ("[]", 400),
        ("[\"{ whoami }\"]", 400),
        ("{\"query\": 1}", 400),
        ("{\"query\": \"{ whoami }\"} x", 400),
        ("{\"query\": \"{ whoami }\"}", 200),
    ] {
        let request = service.kit.signed(None, body);
        assert_eq!(service.service.subgraph.handle(request).await.status(), status, "{body}");
    }
    let deep = format!("{{\"variables\": {}{} }}", "[".repeat(10_000), "]".repeat(10_000));
    let request = service.kit.signed(None, &deep);
    assert_eq!(service.service.subgraph.handle(request).await.status(), 400);
    let large = format!("{{\"query\": \"{}\"}}", " ".repeat(5_000_000));
    let request = service.kit.signed(None, &large);
    assert_eq!(service.service.subgraph.handle(request).await.status(), 413);
}

#[tokio::test]
async fn large_and_cyclic_documents_are_refused() {
    let service = start().await;
    let nested = |depth: usize| {
        format!("{{ thing(id: 1) {}id{} }}", "{ children ".repeat(depth), " }".repeat(depth))
            .replace("children id", "children { id }")
    };
    let mut doubling = "{ thing(id: 1) { ...F0 } }".to_owned();
    for n in 0..40 {
        let next = n + 1;
        let aliases = format!("a: children {{ ...F{next} }} b: children {{ ...F{next} }}");
        doubling.push_str(&format!(" fragment F{n} on Thing {{ {aliases} }}"));
    }
    doubling.push_str(" fragment F40 on Thing { id }");
    let cycle =
        "{ thing(id: 1) { ...A } } fragment A on Thing { ...B } fragment B on Thing { ...A }";
    for query in [nested(60), doubling, cycle.to_owned(), "{".repeat(100_000)] {
        let answer = service.ask(None, &query, json!({})).await;
        assert!(answer["errors"][0]["message"].is_string(), "{query:.80}");
        assert!(answer.to_string().len() < 2_000);
    }
    let many: Vec<serde_json::Value> = vec![json!({ "__typename": "Thing", "id": "1" }); 10_001];
    let answer = service.ask(None, ENTITIES, json!({ "r": many })).await;
    assert_eq!(answer["errors"][0]["message"], "more than 10000 representations");
}

#[tokio::test]
async fn a_deadline_ends_the_wait() {
    let service = start().await;
    let mut request = service.kit.signed(None, "{\"query\": \"{ slow }\"}");
    request.headers_mut().insert(TIMEOUT_HEADER, "30".parse().unwrap());
    let answer = service.service.subgraph.handle(request).await;
    let answer: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT");
}

#[tokio::test]
async fn a_mutation_ends_even_when_the_asker_has_gone() {
    let service = start().await;
    let request = service.kit.signed(None, "{\"query\": \"mutation { count }\"}");
    let asked = service.service.subgraph.handle(request);
    assert!(tokio::time::timeout(Duration::from_millis(5), asked).await.is_err());
    let drained = service.kit.tasks.shutdown(Duration::from_secs(5)).await;
    assert!(drained);
    let data = service.data(None, "mutation { count }", json!({})).await;
    assert_eq!(data, json!({ "count": 2 }));
}
