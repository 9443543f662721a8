//! Idempotency keys: one effect and one answer, whatever is sent again.

use braid_service::db::{Db, sql};
use braid_service::idempotency::{Claim, KEY_LIFETIME_US, Key, claim, fingerprint, store};
use braid_service::messaging;
use braid_service::testkit::databases;
use tokio::task::JoinSet;

const NOW: i64 = 1_700_000_000_000_000;

async fn prepared(db: &Db) {
    messaging::migrate(db).await.unwrap();
    let table = sql("CREATE TABLE effects (id TEXT)");
    db.execute(table).await.unwrap();
}

/// One mutation with a key: the effect's answer, or `None` for a mismatch.
async fn mutate(db: &Db, subject: &str, body: &str, answer: &str, now: i64) -> Option<String> {
    let print = fingerprint("create", &body).unwrap();
    let key = Key { subject, key: "k1", fingerprint: &print };
    let mut tx = db.begin().await.unwrap();
    match claim::<String>(&mut tx, &key, now).await.unwrap() {
        Claim::Done(result) => Some(result),
        Claim::Mismatch => None,
        Claim::Fresh => {
            tx.execute(sql("INSERT INTO effects (id) VALUES ($1)").bind(answer)).await.unwrap();
            store(&mut tx, &key, &answer).await.unwrap();
            tx.commit().await.unwrap();
            Some(answer.to_owned())
        }
    }
}

async fn effects(db: &Db) -> i64 {
    let count = sql("SELECT COUNT(*) AS n FROM effects");
    db.fetch_one(count).await.unwrap().get("n").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_have_one_effect_and_one_answer() {
    for (name, db) in databases().await {
        prepared(&db).await;
        let mut racers = JoinSet::new();
        for number in 0..20 {
            let db = db.clone();
            racers
                .spawn(async move { mutate(&db, "usr_a", "x", &format!("r{number}"), NOW).await });
        }
        let mut answers = racers.join_all().await;
        answers.dedup();
        assert_eq!(answers.len(), 1, "{name}: {answers:?}");
        assert_eq!(effects(&db).await, 1, "{name}");
    }
}

#[tokio::test]
async fn a_key_is_its_subjects_and_its_requests() {
    for (name, db) in databases().await {
        prepared(&db).await;
        let first = mutate(&db, "usr_a", "x", "r1", NOW).await;
        assert_eq!(first.as_deref(), Some("r1"), "{name}");
        assert_eq!(mutate(&db, "usr_a", "y", "r2", NOW).await, None, "{name}: another body");
        assert_eq!(mutate(&db, "usr_b", "y", "r3", NOW).await.as_deref(), Some("r3"), "{name}");
        let day = 24 * 3_600 * 1_000_000;
        assert_eq!(mutate(&db, "usr_a", "x", "r4", NOW + day).await.as_deref(), Some("r1"));
        let late = NOW + KEY_LIFETIME_US;
        assert_eq!(mutate(&db, "usr_a", "y", "r5", late).await.as_deref(), Some("r5"), "{name}");
        assert_eq!(effects(&db).await, 3, "{name}");
    }
}

#[tokio::test]
async fn a_failed_mutation_leaves_no_key() {
    for (name, db) in databases().await {
        prepared(&db).await;
        let print = fingerprint("create", &"x").unwrap();
        let key = Key { subject: "usr_a", key: "k1", fingerprint: &print };
        let mut tx = db.begin().await.unwrap();
        assert_eq!(claim::<String>(&mut tx, &key, NOW).await.unwrap(), Claim::Fresh);
        tx.rollback().await.unwrap();
        assert_eq!(mutate(&db, "usr_a", "y", "r1", NOW).await.as_deref(), Some("r1"), "{name}");
    }
}
