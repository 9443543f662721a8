//! The store contract: each case runs on SQLite and on a real PostgreSQL.

use std::time::Duration;

use braid_service::db::{Db, DbError, Migration, Value, sql};
use braid_service::testkit::databases;

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "items",
        sql:
            "CREATE TABLE items (id TEXT PRIMARY KEY, amount BIGINT NOT NULL, note TEXT, raw BLOB);
              CREATE TABLE parts (id TEXT PRIMARY KEY, item TEXT NOT NULL REFERENCES items (id));",
    },
    Migration {
        version: 2,
        name: "items_by_amount",
        sql: "CREATE INDEX items_by_amount ON items (amount)",
    },
];

async fn insert(db: &Db, id: &str, amount: i64) -> Result<u64, DbError> {
    db.execute(
        sql("INSERT INTO items (id, amount, note, raw) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(amount)
            .bind(None::<String>)
            .bind(vec![0_u8, 255]),
    )
    .await
}

#[tokio::test]
async fn values_come_back_as_they_were_written() {
    for (name, db) in databases().await {
        db.migrate("test", MIGRATIONS).await.unwrap();
        assert_eq!(insert(&db, "a", i64::MIN).await.unwrap(), 1, "{name}");
        let row = db
            .fetch_one(
                sql("SELECT id, amount, note, raw, amount < 0 AS negative_raw, COUNT(*) AS n, \
                     CAST(SUM(amount) AS BIGINT) AS s, 1 AS one \
                     FROM items WHERE id = $1 GROUP BY id, amount, note, raw")
                .bind("a"),
            )
            .await
            .unwrap();
        assert_eq!(row.get::<String>("id").unwrap(), "a");
        assert_eq!(row.get::<i64>("amount").unwrap(), i64::MIN);
        assert_eq!(row.get::<Option<String>>("note").unwrap(), None);
        assert_eq!(row.get::<Vec<u8>>("raw").unwrap(), vec![0, 255]);
        assert_eq!(row.get::<i64>("n").unwrap(), 1);
        assert_eq!(row.get::<i64>("s").unwrap(), i64::MIN);
        assert!(row.get::<bool>("one").unwrap());
        assert!(row.get::<String>("note").is_err(), "{name}: NULL is not a string");
        assert!(row.get::<i32>("amount").is_err(), "{name}: does not fit");
        assert!(row.get::<String>("missing").is_err());
    }
}

#[tokio::test]
async fn lists_and_rows_are_parameters() {
    for (name, db) in databases().await {
        db.migrate("test", MIGRATIONS).await.unwrap();
        let rows = (0..50_i64).map(|n| [Value::from(format!("i{n:02}")), n.into()]);
        db.execute(sql("INSERT INTO items (id, amount) VALUES $ROWS").bind_rows(rows))
            .await
            .unwrap();
        for (ids, expected) in [
            (vec![], 0_i64),
            (vec!["i01"], 1),
            (vec!["i01", "i02", "i03", "none", "'; DROP TABLE items; --"], 3),
        ] {
            let query = sql("SELECT COUNT(*) AS n FROM items WHERE amount >= $1 AND id IN ($LIST)")
                .bind(0_i64)
                .bind_list(ids);
            let row = db.fetch_one(query.push(" AND amount < ").push_bind(100_i64)).await.unwrap();
            assert_eq!(row.get::<i64>("n").unwrap(), expected, "{name}");
        }
    }
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    for (name, db) in databases().await {
        db.migrate("test", MIGRATIONS).await.unwrap();
        let failed: Result<(), DbError> = db
            .write(async |tx| {
                tx.execute(sql("INSERT INTO items (id, amount) VALUES ('a', 1)")).await?;
                tx.execute(sql("INSERT INTO items (id, amount) VALUES ('a', 2)")).await?;
                Ok(())
            })
            .await;
        assert!(failed.unwrap_err().is_unique_violation(), "{name}");
        let mut dropped = db.begin().await.unwrap();
        dropped.execute(sql("INSERT INTO items (id, amount) VALUES ('b', 1)")).await.unwrap();
        drop(dropped);
        let answer = db
            .write(async |tx| {
                let row = tx
                    .fetch_one(sql(
                        "INSERT INTO items (id, amount) VALUES ('c', 7) RETURNING amount",
                    ))
                    .await?;
                row.get::<i64>("amount")
            })
            .await;
        assert_eq!(answer.unwrap(), 7, "{name}");
        let rows = db.fetch_all(sql("SELECT id FROM items")).await.unwrap();
        let ids: Vec<String> = rows.iter().map(|row| row.get("id").unwrap()).collect();
        assert_eq!(ids, ["c"], "{name}");
    }
}

#[tokio::test]
async fn foreign_keys_hold() {
    for (name, db) in databases().await {
        db.migrate("test", MIGRATIONS).await.unwrap();
        let orphan = sql("INSERT INTO parts (id, item) VALUES ('p', 'nowhere')");
        assert!(db.execute(orphan).await.is_err(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_queue_and_lose_nothing() {
    for (name, db) in databases().await {
        db.migrate("test", MIGRATIONS).await.unwrap();
        insert(&db, "counter", 0).await.unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let db = db.clone();
            writers.spawn(async move {
                db.write(async |tx| {
                    let select = sql("SELECT amount FROM items WHERE id = 'counter'")
                        .push(tx.dialect().for_update());
                    let amount: i64 = tx.fetch_one(select).await?.get("amount")?;
                    tokio::task::yield_now().await;
                    let update = sql("UPDATE items SET amount = $1 WHERE id = 'counter'");
                    tx.execute(update.bind(amount + 1)).await
                })
                .await
            });
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap().unwrap_or_else(|error: DbError| panic!("{name}: {error}"));
        }
        let row = db.fetch_one(sql("SELECT amount FROM items WHERE id = 'counter'")).await.unwrap();
        assert_eq!(row.get::<i64>("amount").unwrap(), 50, "{name}");
    }
}

#[tokio::test]
async fn migrations_run_once_and_are_guarded() {
    for (name, db) in databases().await {
        db.migrate("test", &MIGRATIONS[..1]).await.unwrap();
        db.migrate("test", MIGRATIONS).await.unwrap();
        db.migrate("test", MIGRATIONS).await.unwrap();
        let mut changed = MIGRATIONS.to_vec();
        changed[1].sql = "CREATE INDEX items_by_amount ON items (amount, id)";
        let error = db.migrate("test", &changed).await.unwrap_err();
        assert!(error.to_string().contains("was changed"), "{name}: {error}");
        let broken = [
            MIGRATIONS[0],
            MIGRATIONS[1],
            Migration {
                version: 3,
                name: "broken",
                sql: "CREATE TABLE half (id TEXT); CREATE TABLE items (id TEXT)",
            },
        ];
        assert!(db.migrate("test", &broken).await.is_err());
        let half = db.fetch_all(sql("SELECT id FROM half")).await;
        assert!(half.is_err(), "{name}: a failed migration leaves nothing");
        let skipping = [MIGRATIONS[1]];
        assert!(db.migrate("other", &skipping).await.is_err());
    }
}

#[tokio::test]
async fn sqlite_is_opened_as_promised() {
    let folder = std::env::temp_dir().join(format!("braid-test-{}", std::process::id()));
    let url = format!("sqlite:{}/sub/pragmas.sqlite", folder.display());
    let db = Db::open(&url).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    for (pragma, expected) in
        [("PRAGMA synchronous", 2_i64), ("PRAGMA foreign_keys", 1), ("PRAGMA secure_delete", 1)]
    {
        let row = tx.fetch_one(sql(pragma)).await.unwrap();
        let column = pragma.trim_start_matches("PRAGMA ");
        assert_eq!(row.get::<i64>(column).unwrap(), expected, "{pragma}");
    }
    let mode = tx.fetch_one(sql("PRAGMA journal_mode")).await.unwrap();
    assert_eq!(mode.get::<String>("journal_mode").unwrap(), "wal");
    let timeout = tx.fetch_one(sql("PRAGMA busy_timeout")).await.unwrap();
    assert_eq!(timeout.get::<i64>("timeout").unwrap(), 5_000);
    tx.rollback().await.unwrap();
    let synchronous = db.fetch_one(sql("PRAGMA synchronous")).await.unwrap();
    assert_eq!(synchronous.get::<i64>("synchronous").unwrap(), 2);
    db.execute(sql("CREATE TABLE t (id TEXT)")).await.unwrap();
    let sneaky = db.fetch_optional(sql("INSERT INTO t VALUES ('a') RETURNING id")).await;
    assert!(sneaky.is_err(), "readers cannot write");
    #[cfg(unix)]
    for file in ["pragmas.sqlite", "pragmas.sqlite-wal"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.join("sub").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file} is nobody else's");
    }
    db.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn an_unknown_url_is_refused_without_its_password() {
    let error = Db::open("mysql://root:hunter2@db/x").await.err().unwrap().to_string();
    assert!(error.contains("mysql") && !error.contains("hunter2"), "{error}");
    assert!(Db::open("sqlite:").await.is_err());
}

#[tokio::test]
async fn waiting_for_the_writer_ends() {
    let db = Db::open("ephemeral:").await.unwrap();
    let holder = db.begin().await.unwrap();
    tokio::time::pause();
    let waited = tokio::time::timeout(Duration::from_secs(30), db.begin()).await.unwrap();
    assert!(waited.err().unwrap().is_unavailable());
    drop(holder);
}

#[tokio::test]
async fn postgres_statements_end() {
    for (name, db) in databases().await {
        if name == "postgres" {
            let query = sql("SELECT current_setting('statement_timeout') AS t");
            let row = db.fetch_one(query).await.unwrap();
            assert_eq!(row.get::<String>("t").unwrap(), "30s");
        }
    }
}
