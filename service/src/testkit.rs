//! What the tests of all subgraphs share: databases of each kind. Nothing here runs in production.

use crate::db::Db;

/// The environment variable with the URL of a PostgreSQL server where tests may create databases.
pub const POSTGRES_URL: &str = "BRAID_TEST_POSTGRES_URL";
/// Set to `1` to run tests without PostgreSQL on purpose; they then say that they did not run.
pub const WITHOUT_POSTGRES: &str = "BRAID_TEST_WITHOUT_POSTGRES";

/// One fresh, empty database of every kind that the store layer serves, with its name.
///
/// # Panics
/// When no PostgreSQL is given and it was not left out on purpose: a contract that silently runs on
/// one database only is no contract.
pub async fn databases() -> Vec<(&'static str, Db)> {
    let ephemeral = Db::open("ephemeral:").await.expect("an ephemeral database opens");
    let mut all = vec![("sqlite", ephemeral)];
    if let Some(url) = postgres_url() {
        all.push(("postgres", postgres_database(&url).await));
    }
    all
}

/// The server's URL, or `None` when PostgreSQL was left out on purpose.
///
/// # Panics
/// When neither variable is set.
pub fn postgres_url() -> Option<String> {
    match std::env::var(POSTGRES_URL) {
        Ok(url) if !url.is_empty() => Some(url),
        _ if std::env::var(WITHOUT_POSTGRES).is_ok_and(|value| value == "1") => {
            #[expect(clippy::print_stderr, reason = "a test tells what it left out")]
            {
                eprintln!("NOT RUN on PostgreSQL: {WITHOUT_POSTGRES}=1");
            }
            None
        }
        _ => panic!(
            "{POSTGRES_URL} is not set: run the tests with `cargo xtask test`, which brings up a \
             PostgreSQL server, or set {WITHOUT_POSTGRES}=1 to leave it out on purpose"
        ),
    }
}

async fn postgres_database(url: &str) -> Db {
    static DATABASE_NAME: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = DATABASE_NAME.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let schema = format!("test_{}_{number}", uuid::Uuid::now_v7().simple());
    let server = Db::open(url).await.expect("the PostgreSQL server of the tests answers");
    server.create_schema(&schema).await.expect("tests may create schemas");
    server.close().await;
    let separator = if url.contains('?') { '&' } else { '?' };
    Db::open(&format!("{url}{separator}options=-csearch_path%3D{schema}"))
        .await
        .expect("the new schema is reachable")
}
