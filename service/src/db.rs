//! The store layer: one set of functions over SQLite and PostgreSQL.
//!
//! Every subgraph writes its SQL once, in the portable subset: column types `BIGINT`, `TEXT` and
//! `BLOB` (migrations say `BLOB`, PostgreSQL gets `BYTEA`), booleans as `BIGINT` 0/1, time as UTC
//! microseconds, money as minor units, placeholders `$1, $2, …`. `RETURNING`, `ON CONFLICT … DO
//! UPDATE` and `WITH` work on both; `SUM` must be written `CAST(SUM(x) AS BIGINT)`, because
//! PostgreSQL answers it as a numeric. A statement that must differ goes through [`Dialect::pick`].
//!
//! It is an enum of pools and not sqlx's `Any`: `Any` meets text slices with `unreachable!` in its
//! SQLite driver and cannot set connection options, and the match below is all it saves.
//!
//! Invariants:
//! - SQLite has **one writer**: writes queue for the only connection of the writer pool and begin
//!   with `BEGIN IMMEDIATE`, so `SQLITE_BUSY` cannot happen inside a process. Readers are
//!   `query_only`. Never call [`Db::execute`] or [`Db::begin`] while the same task holds a [`Tx`].
//! - SQLite runs WAL with `synchronous=FULL`: an acknowledged write survives a power cut.
//! - Waiting for a connection ends after [`ACQUIRE_TIMEOUT`]; a dropped [`Tx`] rolls back.

mod migrate;
mod row;
mod sql;

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Postgres, Sqlite, Transaction};

pub use migrate::Migration;
pub use row::{Column, Row};
pub use sql::{LIST_MAX, Sql, Value, sql};

/// How long a caller waits for a free connection (or for the SQLite writer).
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers of one SQLite file; each is a thread with a page cache of its own.
pub const SQLITE_READERS_MAX: u32 = 3;
/// Connections to one PostgreSQL database.
pub const POSTGRES_CONNECTIONS_MAX: u32 = 16;
/// How long one statement may run on PostgreSQL: longer than any request.
pub const POSTGRES_STATEMENT_TIMEOUT: &str = "30s";

/// What can go wrong in the store. Branch on the methods; print for the log only.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The URL is not one of the supported forms.
    #[error("database url `{0}`: expected sqlite:PATH, ephemeral: or postgres://…")]
    Url(String),
    /// The folder or the file of a SQLite database could not be made.
    #[error("preparing the database at {}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The driver or the server refused.
    #[error("database: {0}")]
    Driver(#[from] sqlx::Error),
    /// A row that must exist does not.
    #[error("no row for `{0}`")]
    NoRow(String),
    /// A column held something that its type does not allow.
    #[error("column `{column}`: {problem}")]
    Column {
        /// The column.
        column: String,
        /// What was found.
        problem: String,
    },
    /// An applied migration is not the one in the program.
    #[error("migration {set} {version} `{name}`: {problem}")]
    Migration {
        /// The migration set (a package).
        set: String,
        /// Its number.
        version: i64,
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

impl DbError {
    /// A UNIQUE or PRIMARY KEY constraint refused the write.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Driver(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// No connection in time, or the server is away: worth trying again later.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Driver(
                sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::Io(_)
                    | sqlx::Error::WorkerCrashed
            )
        )
    }
}

/// Which SQL the database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The embedded default.
    Sqlite,
    /// Production.
    Postgres,
}

impl Dialect {
    /// The text for this dialect, where one text cannot serve both.
    pub fn pick(self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite => sqlite,
            Self::Postgres => postgres,
        }
    }

    /// Locks the rows a SELECT found until the transaction ends. SQLite needs nothing: a
    /// transaction that writes is alone.
    pub fn for_update(self) -> &'static str {
        self.pick("", " FOR UPDATE")
    }
}

/// A database: cheap to clone, shared by all of a service.
#[derive(Clone)]
pub struct Db {
    pools: Arc<Pools>,
}

struct Pools {
    kind: PoolKind,
    /// Reading statements so far; see [`Db::reads`].
    reads: AtomicU64,
    /// Ephemeral databases live in a folder of their own, removed with the last handle.
    _folder: Option<EphemeralFolder>,
}

enum PoolKind {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// A transaction. Nothing is kept unless [`Tx::commit`] answered `Ok`.
pub struct Tx {
    inner: TxKind,
}

enum TxKind {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

// === impl Db ===

impl Db {
    /// Opens (and for SQLite creates) a database.
    ///
    /// `sqlite:PATH` or `sqlite://PATH` is a file; `ephemeral:` is a SQLite file in a temporary
    /// folder that vanishes with the last handle and is not synced; `postgres://…` is a server.
    pub async fn open(url: &str) -> Result<Self, DbError> {
        if url == "ephemeral:" {
            let folder = EphemeralFolder::create()?;
            let options = SqliteConnectOptions::new()
                .filename(folder.0.join("db.sqlite"))
                .synchronous(SqliteSynchronous::Off);
            Self::open_sqlite(options, Some(folder)).await
        } else if let Some(path) = url.strip_prefix("sqlite:") {
            let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
            if path.as_os_str().is_empty() {
                return Err(DbError::Url(url.to_owned()));
            }
            create_private(&path)?;
            let options =
                SqliteConnectOptions::new().filename(path).synchronous(SqliteSynchronous::Full);
            Self::open_sqlite(options, None).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?
                .options([("statement_timeout", POSTGRES_STATEMENT_TIMEOUT)]);
            let pool = PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS_MAX)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .connect_with(options)
                .await?;
            let db = Self::from_pools(PoolKind::Postgres(pool), None);
            db.warn_of_unsafe_settings().await?;
            Ok(db)
        } else {
            Err(DbError::Url(redacted(url)))
        }
    }

    async fn open_sqlite(
        options: SqliteConnectOptions,
        folder: Option<EphemeralFolder>,
    ) -> Result<Self, DbError> {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(ACQUIRE_TIMEOUT)
            .foreign_keys(true)
            .pragma("secure_delete", "ON")
            .pragma("journal_size_limit", "67108864");
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1).connect_with(options.clone()).await?;
        // The file and its WAL exist now, so that readers can only read from their first statement.
        let readers =
            pool(SQLITE_READERS_MAX).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self::from_pools(PoolKind::Sqlite { writer, readers }, folder))
    }

    /// An acknowledged write must survive a power cut; a server can be set up otherwise.
    async fn warn_of_unsafe_settings(&self) -> Result<(), DbError> {
        let query = sql("SELECT current_setting('synchronous_commit') AS synchronous_commit, \
             current_setting('fsync') AS fsync");
        let row = self.fetch_one(query).await?;
        for setting in ["synchronous_commit", "fsync"] {
            if row.get::<String>(setting)? == "off" {
                tracing::warn!(setting, "PostgreSQL may lose acknowledged writes: set it to on");
            }
        }
        Ok(())
    }

    fn from_pools(kind: PoolKind, folder: Option<EphemeralFolder>) -> Self {
        Self { pools: Arc::new(Pools { kind, reads: AtomicU64::new(0), _folder: folder }) }
    }

    /// Which SQL this database speaks.
    pub fn dialect(&self) -> Dialect {
        match self.pools.kind {
            PoolKind::Sqlite { .. } => Dialect::Sqlite,
            PoolKind::Postgres(_) => Dialect::Postgres,
        }
    }

    /// How many reading statements were run outside transactions: what loading costs.
    pub fn reads(&self) -> u64 {
        self.pools.reads.load(Ordering::Relaxed)
    }

    /// Begins a writing transaction; waits for the SQLite writer in order of arrival.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let inner = match &self.pools.kind {
            PoolKind::Sqlite { writer, .. } => {
                TxKind::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            PoolKind::Postgres(pool) => TxKind::Postgres(pool.begin().await?),
        };
        Ok(Tx { inner })
    }

    /// Runs `body` in one transaction: commits on `Ok`, rolls back on `Err`.
    pub async fn write<T, E>(&self, body: impl AsyncFnOnce(&mut Tx) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        let mut tx = self.begin().await?;
        match body(&mut tx).await {
            Ok(value) => {
                tx.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The error of the body is the one to tell; a failed rollback ends the connection.
                drop(tx.rollback().await);
                Err(error)
            }
        }
    }

    /// All rows of a reading statement. The statement limits their number.
    pub async fn fetch_all(&self, query: Sql) -> Result<Vec<Row>, DbError> {
        self.pools.reads.fetch_add(1, Ordering::Relaxed);
        match &self.pools.kind {
            PoolKind::Sqlite { readers, .. } => {
                let rows = query.for_sqlite().fetch_all(readers).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            PoolKind::Postgres(pool) => {
                let rows = query.for_postgres().fetch_all(pool).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row of a reading statement, if any.
    pub async fn fetch_optional(&self, query: Sql) -> Result<Option<Row>, DbError> {
        self.pools.reads.fetch_add(1, Ordering::Relaxed);
        match &self.pools.kind {
            PoolKind::Sqlite { readers, .. } => {
                Ok(query.for_sqlite().fetch_optional(readers).await?.map(Row::Sqlite))
            }
            PoolKind::Postgres(pool) => {
                Ok(query.for_postgres().fetch_optional(pool).await?.map(Row::Postgres))
            }
        }
    }

    /// The first row of a reading statement, which must have one.
    pub async fn fetch_one(&self, query: Sql) -> Result<Row, DbError> {
        let text = query.text().to_owned();
        self.fetch_optional(query).await?.ok_or(DbError::NoRow(text))
    }

    /// Runs one writing statement on its own and answers the number of rows it changed.
    pub async fn execute(&self, query: Sql) -> Result<u64, DbError> {
        match &self.pools.kind {
            PoolKind::Sqlite { writer, .. } => {
                Ok(query.for_sqlite().execute(writer).await?.rows_affected())
            }
            PoolKind::Postgres(pool) => {
                Ok(query.for_postgres().execute(pool).await?.rows_affected())
            }
        }
    }

    /// Applies the migrations of `set` that the database has not seen, each in a transaction of
    /// its own, and refuses to go on when an applied one is not the one in the program.
    pub async fn migrate(&self, set: &str, migrations: &[Migration]) -> Result<(), DbError> {
        migrate::run(self, set, migrations).await
    }

    /// Creates a PostgreSQL schema; names are ours, never input. For tests, which get one each.
    pub(crate) async fn create_schema(&self, name: &str) -> Result<(), DbError> {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "plain schema name");
        let mut tx = self.begin().await?;
        tx.script(format!("CREATE SCHEMA {name}")).await?;
        tx.commit().await
    }

    /// Waits for running statements and closes all connections; for the end of the program.
    pub async fn close(&self) {
        match &self.pools.kind {
            PoolKind::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            PoolKind::Postgres(pool) => pool.close().await,
        }
    }
}

// === impl Tx ===

impl Tx {
    /// Makes everything done in this transaction last.
    pub async fn commit(self) -> Result<(), DbError> {
        match self.inner {
            TxKind::Sqlite(tx) => tx.commit().await?,
            TxKind::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Undoes everything; dropping the transaction does the same without waiting.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self.inner {
            TxKind::Sqlite(tx) => tx.rollback().await?,
            TxKind::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    /// Which SQL this database speaks.
    pub fn dialect(&self) -> Dialect {
        match self.inner {
            TxKind::Sqlite(_) => Dialect::Sqlite,
            TxKind::Postgres(_) => Dialect::Postgres,
        }
    }

    /// All rows of a statement, reading or writing (`… RETURNING`).
    pub async fn fetch_all(&mut self, query: Sql) -> Result<Vec<Row>, DbError> {
        match &mut self.inner {
            TxKind::Sqlite(tx) => {
                let rows = query.for_sqlite().fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            TxKind::Postgres(tx) => {
                let rows = query.for_postgres().fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row, if any.
    pub async fn fetch_optional(&mut self, query: Sql) -> Result<Option<Row>, DbError> {
        Ok(self.fetch_all(query).await?.into_iter().next())
    }

    /// The first row, which must exist.
    pub async fn fetch_one(&mut self, query: Sql) -> Result<Row, DbError> {
        let text = query.text().to_owned();
        self.fetch_optional(query).await?.ok_or(DbError::NoRow(text))
    }

    /// Runs a statement and answers the number of rows it changed.
    pub async fn execute(&mut self, query: Sql) -> Result<u64, DbError> {
        match &mut self.inner {
            TxKind::Sqlite(tx) => Ok(query.for_sqlite().execute(&mut **tx).await?.rows_affected()),
            TxKind::Postgres(tx) => {
                Ok(query.for_postgres().execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    /// Runs a script of several statements without parameters: migrations only.
    async fn script(&mut self, text: String) -> Result<(), DbError> {
        let script = sqlx::raw_sql(sqlx::AssertSqlSafe(text));
        match &mut self.inner {
            TxKind::Sqlite(tx) => script.execute(&mut **tx).await.map(|_| ())?,
            TxKind::Postgres(tx) => script.execute(&mut **tx).await.map(|_| ())?,
        }
        Ok(())
    }
}

// === ephemeral folders ===

struct EphemeralFolder(PathBuf);

impl EphemeralFolder {
    fn create() -> Result<Self, DbError> {
        let path = std::env::temp_dir().join(format!("braid-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path)
            .map_err(|source| DbError::Folder { path: path.clone(), source })?;
        Ok(Self(path))
    }
}

impl Drop for EphemeralFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "an ephemeral database folder was left behind");
        }
    }
}

/// Makes the folder and the empty file, readable for nobody else: there are keys and personal data
/// in it. (SQLite gives its `-wal` and `-shm` files the same permissions.)
fn create_private(path: &std::path::Path) -> Result<(), DbError> {
    let failed = |source| DbError::Folder { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(failed)
}

/// Only the scheme of a URL that we do not know: the rest may hold a password.
fn redacted(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, _)) => format!("{}:…", scheme.chars().take(20).collect::<String>()),
        None => "…".to_owned(),
    }
}
