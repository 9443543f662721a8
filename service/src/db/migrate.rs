//! Embedded migrations: forward only, numbered, guarded by checksum.

use super::{Db, DbError, Dialect, sql};

/// One step of a schema. Never edited once released: a change is a new step.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Number, increasing from 1 without gaps in its set.
    pub version: i64,
    /// Short name for messages.
    pub name: &'static str,
    /// The script. `BLOB` is written `BYTEA` for PostgreSQL.
    pub sql: &'static str,
}

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    set_name TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL,
    PRIMARY KEY (set_name, version))";

pub(super) async fn run(db: &Db, set: &str, migrations: &[Migration]) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    if tx.dialect() == Dialect::Postgres {
        // Two processes that start together would both try to create the table.
        tx.script("SELECT pg_advisory_xact_lock(7216105)".to_owned()).await?;
    }
    tx.script(CREATE_TABLE.to_owned()).await?;
    tx.commit().await?;
    for (index, migration) in migrations.iter().enumerate() {
        if usize::try_from(migration.version) != Ok(index + 1) {
            return Err(problem(set, migration, "numbers must go 1, 2, 3, …"));
        }
        apply(db, set, migration).await?;
    }
    Ok(())
}

async fn apply(db: &Db, set: &str, migration: &Migration) -> Result<(), DbError> {
    let checksum = checksum(migration.sql);
    let mut tx = db.begin().await?;
    if tx.dialect() == Dialect::Postgres {
        tx.execute(sql("LOCK TABLE schema_migrations IN EXCLUSIVE MODE")).await?;
    }
    let applied = tx
        .fetch_optional(
            sql("SELECT checksum FROM schema_migrations WHERE set_name = $1 AND version = $2")
                .bind(set)
                .bind(migration.version),
        )
        .await?;
    if let Some(row) = applied {
        return match row.get::<String>("checksum")? {
            known if known == checksum => Ok(()),
            _ => Err(problem(set, migration, "was changed after it had been applied")),
        };
    }
    tx.script(for_dialect(migration.sql, tx.dialect())).await?;
    tx.execute(
        sql("INSERT INTO schema_migrations (set_name, version, name, checksum) \
             VALUES ($1, $2, $3, $4)")
        .bind(set)
        .bind(migration.version)
        .bind(migration.name)
        .bind(checksum),
    )
    .await?;
    tx.commit().await?;
    tracing::info!(migration.set = set, migration.name, migration.version, "migration applied");
    Ok(())
}

fn for_dialect(script: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => script.to_owned(),
        Dialect::Postgres => script.replace(" BLOB", " BYTEA"),
    }
}

fn checksum(script: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, script.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn problem(set: &str, migration: &Migration, problem: &str) -> DbError {
    DbError::Migration {
        set: set.to_owned(),
        version: migration.version,
        name: migration.name.to_owned(),
        problem: problem.to_owned(),
    }
}
