//! What the tests of all subgraphs share: databases of each kind, a world around a service, and
//! the contracts that every service must keep. Nothing here runs in production.

use std::future::Future;
use std::sync::Arc;

use braid_vouch::{CALLER_HEADER, Caller, CallerKind, SIGNATURE_HEADER, Signer, Verifier};
use bytes::Bytes;

use crate::app::{Deps, Service, StartError};
use crate::bus::LocalBus;
use crate::clock::Clock;
use crate::db::Db;
use crate::ids::IdGen;
use crate::tasks::Tasks;

/// The environment variable with the URL of a PostgreSQL server where tests may create databases.
pub const POSTGRES_URL: &str = "BRAID_TEST_POSTGRES_URL";
/// Set to `1` to run tests without PostgreSQL on purpose; they then say that they did not run.
pub const WITHOUT_POSTGRES: &str = "BRAID_TEST_WITHOUT_POSTGRES";
/// The environment variable with the URL of a Redis server for tests.
pub const REDIS_URL: &str = "BRAID_TEST_REDIS_URL";
/// Set to `1` to run tests without Redis on purpose; they then say that they did not run.
pub const WITHOUT_REDIS: &str = "BRAID_TEST_WITHOUT_REDIS";

/// One fresh, empty database of every kind that the store layer serves, with its name.
///
/// # Panics
/// When no PostgreSQL is given and it was not left out on purpose: a contract that silently runs on
/// one database only is no contract.
pub async fn databases() -> Vec<(&'static str, Db)> {
    let mut all = Vec::new();
    for (name, url) in database_urls().await {
        all.push((name, Db::open(&url).await.expect("a new database opens")));
    }
    all
}

/// The URLs of fresh, empty databases of every kind, with their names; see [`databases`].
///
/// # Panics
/// As [`databases`].
pub async fn database_urls() -> Vec<(&'static str, String)> {
    let mut all = vec![("sqlite", "ephemeral:".to_owned())];
    if let Some(url) = postgres_url() {
        all.push(("postgres", postgres_schema(&url).await));
    }
    all
}

/// The server's URL, or `None` when PostgreSQL was left out on purpose.
///
/// # Panics
/// When neither variable is set.
pub fn postgres_url() -> Option<String> {
    server_url("PostgreSQL", POSTGRES_URL, WITHOUT_POSTGRES)
}

/// The URL of the Redis server of the tests, or `None` when it was left out on purpose.
///
/// # Panics
/// When neither variable is set.
pub fn redis_url() -> Option<String> {
    server_url("Redis", REDIS_URL, WITHOUT_REDIS)
}

/// The URL of a server of the tests.
fn server_url(server: &str, url: &str, without: &str) -> Option<String> {
    match std::env::var(url) {
        Ok(url) if !url.is_empty() => Some(url),
        _ if std::env::var(without).is_ok_and(|value| value == "1") => {
            #[expect(clippy::print_stderr, reason = "a test tells what it left out")]
            {
                eprintln!("NOT RUN on {server}: {without}=1");
            }
            None
        }
        _ => panic!(
            "{url} is not set: run the tests with `cargo xtask test`, which brings up {server}, or \
             set {without}=1 to leave it out on purpose"
        ),
    }
}

/// The URL of a new schema on the server.
async fn postgres_schema(url: &str) -> String {
    static DATABASE_NAME: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = DATABASE_NAME.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let schema = format!("test_{}_{number}", uuid::Uuid::now_v7().simple());
    let server = Db::open(url).await.expect("the PostgreSQL server of the tests answers");
    server.create_schema(&schema).await.expect("tests may create schemas");
    server.close().await;
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}options=-csearch_path%3D{schema}")
}

/// The id of the key with which [`TestKit`] signs.
const KEY_ID: &str = "test";
const SECRET: &[u8] = b"a secret of the tests, 32 bytes.";

/// Everything around services under test: one clock, one bus, one signer.
pub struct TestKit {
    /// Stands still until told; starts a year after the demo world.
    pub clock: Clock,
    /// Start it when all services are built.
    pub bus: LocalBus,
    /// Where background tasks run.
    pub tasks: Tasks,
    signer: Signer,
}

/// A service under test.
pub struct TestService {
    /// What is around it.
    pub kit: TestKit,
    /// The service.
    pub service: Service,
}

impl TestKit {
    /// A world without services.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[expect(clippy::new_without_default, reason = "it is a set-up, not a value")]
    pub fn new() -> Self {
        const START_US: i64 = 1_800_000_000_000_000;
        Self {
            clock: Clock::manual(START_US),
            bus: LocalBus::new(),
            tasks: Tasks::new(),
            signer: Signer::new(KEY_ID, SECRET).expect("the test key is well-formed"),
        }
    }

    /// What a service in this world is given.
    ///
    /// # Panics
    /// Never: the test key is well-formed.
    pub fn deps(&self, database_url: &str) -> Deps {
        let verifier = Verifier::new(&[(KEY_ID, SECRET)]).expect("the test key is well-formed");
        Deps {
            database_url: database_url.to_owned(),
            clock: self.clock.clone(),
            ids: Arc::new(IdGen::new(self.clock.clone())),
            bus: Arc::new(self.bus.clone()),
            verifier: Arc::new(verifier),
            quote_secret: Arc::from(*b"the quote secret of the tests, 32"),
            tasks: self.tasks.clone(),
        }
    }

    /// A request as the router sends it.
    ///
    /// # Panics
    /// On a caller that does not fit its header.
    pub fn signed(&self, caller: Option<&Caller>, body: &str) -> http::Request<Bytes> {
        let caller = caller.map(|caller| caller.encode().expect("the caller fits its header"));
        let signature = self.signer.sign(
            "POST",
            "/graphql",
            caller.as_deref(),
            body.as_bytes(),
            self.clock.now_ms(),
        );
        let mut request = http::Request::post("/graphql").header(SIGNATURE_HEADER, signature);
        if let Some(caller) = caller {
            request = request.header(CALLER_HEADER, caller);
        }
        request.body(Bytes::from(body.to_owned())).expect("the request is well-formed")
    }

    /// Asks a service as the router would and answers the JSON of its response.
    ///
    /// # Panics
    /// When the answer is not 200 with JSON.
    pub async fn ask(
        &self,
        service: &Service,
        caller: Option<&Caller>,
        query: &str,
        variables: serde_json::Value,
    ) -> serde_json::Value {
        let body = serde_json::json!({ "query": query, "variables": variables }).to_string();
        let response = service.subgraph.handle(self.signed(caller, &body)).await;
        assert_eq!(response.status(), 200, "{response:?}");
        serde_json::from_slice(response.body()).expect("the answer is JSON")
    }
}

impl TestService {
    /// Builds a service on an ephemeral database and starts the bus.
    ///
    /// # Panics
    /// When the service does not start.
    pub async fn start<F>(build: impl FnOnce(Deps) -> F) -> Self
    where
        F: Future<Output = Result<Service, StartError>>,
    {
        Self::start_on("ephemeral:", build).await
    }

    /// Builds a service on a database of [`database_urls`] and starts the bus.
    ///
    /// # Panics
    /// When the service does not start.
    pub async fn start_on<F>(url: &str, build: impl FnOnce(Deps) -> F) -> Self
    where
        F: Future<Output = Result<Service, StartError>>,
    {
        let kit = TestKit::new();
        let service = build(kit.deps(url)).await.expect("the service starts");
        kit.bus.start();
        Self { kit, service }
    }

    /// Asks as the router would; see [`TestKit::ask`].
    ///
    /// # Panics
    /// When the answer is not 200 with JSON.
    pub async fn ask(
        &self,
        caller: Option<&Caller>,
        query: &str,
        variables: serde_json::Value,
    ) -> serde_json::Value {
        self.kit.ask(&self.service, caller, query, variables).await
    }

    /// `ask` for an answer without errors: its `data`.
    ///
    /// # Panics
    /// When there are errors.
    pub async fn data(
        &self,
        caller: Option<&Caller>,
        query: &str,
        variables: serde_json::Value,
    ) -> serde_json::Value {
        let mut answer = self.ask(caller, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }
}

/// A signed-in user.
pub fn user(id: &str, scopes: &[&str], groups: &[&str]) -> Caller {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Caller {
        subject: id.to_owned(),
        kind: CallerKind::User,
        scopes: owned(scopes),
        groups: owned(groups),
        account: None,
    }
}

/// An API client that is linked to an account.
pub fn client(id: &str, scopes: &[&str], account: &str) -> Caller {
    Caller { kind: CallerKind::Client, account: Some(account.to_owned()), ..user(id, scopes, &[]) }
}

/// Asserts that a subgraph's schema is the contract, compared as schemas.
///
/// # Panics
/// When they differ; the message has every difference.
pub fn assert_contract(exported: &str, contract: &str) {
    let differences =
        crate::sdl::compare::differences(exported, contract).expect("both schemas parse");
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// What every subgraph must answer to who is not the router: 401 to a query, to `_service`, to
/// `_entities`, to a forged caller, to a changed body and to a replay.
///
/// # Panics
/// When one of them is answered otherwise.
pub async fn assert_closed(kit: &TestKit, service: &Service) {
    let body = |query: &str| serde_json::json!({ "query": query }).to_string();
    let queries = [
        "{ __typename }",
        "{ _service { sdl } }",
        "{ __schema { types { name } } }",
        r#"{ _entities(representations: [{ __typename: "User", id: "usr_1" }]) { __typename } }"#,
    ];
    for query in queries {
        let unsigned = http::Request::post("/graphql").body(Bytes::from(body(query)));
        let unsigned = unsigned.expect("the request is well-formed");
        let answer = service.subgraph.handle(unsigned).await;
        assert_eq!(answer.status(), 401, "{query}");
    }
    let mut changed = kit.signed(None, &body(queries[0]));
    *changed.body_mut() = Bytes::from(body(queries[1]));
    assert_eq!(service.subgraph.handle(changed).await.status(), 401, "another body");
    let mut forged = kit.signed(None, &body(queries[0]));
    let caller = user("usr_0", &["users:read"], &[]).encode().expect("the caller fits");
    let caller = caller.parse().expect("a header value");
    forged.headers_mut().insert(CALLER_HEADER, caller);
    assert_eq!(service.subgraph.handle(forged).await.status(), 401, "a forged caller");
    let request = kit.signed(None, &body(queries[0]));
    let replay = request.clone();
    assert_eq!(service.subgraph.handle(request).await.status(), 200, "the router itself");
    assert_eq!(service.subgraph.handle(replay).await.status(), 401, "a replay");
}
