//! Loading in batches: how often, what is remembered, and what a cancelled leader leaves behind.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::futures_util::future::join_all;
use braid_service::fault::Fault;
use braid_service::loader::{Batch, Loader};
use tokio::sync::Notify;

/// Answers double the key, not for 13, and fails with 99; waits for a word if it has one.
struct Doubles {
    loads: Arc<AtomicUsize>,
    word: Option<Arc<Notify>>,
}

impl Batch for Doubles {
    type Key = u64;
    type Value = u64;

    async fn load(&self, keys: Vec<u64>) -> Result<HashMap<u64, u64>, Fault> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        if let Some(word) = &self.word {
            word.notified().await;
        }
        if keys.contains(&99) {
            return Err(Fault::Timeout);
        }
        Ok(keys.into_iter().filter(|key| *key != 13).map(|key| (key, key * 2)).collect())
    }
}

fn loader(word: Option<Arc<Notify>>) -> (Arc<Loader<Doubles>>, Arc<AtomicUsize>) {
    let loads = Arc::new(AtomicUsize::new(0));
    (Arc::new(Loader::new(Doubles { loads: Arc::clone(&loads), word })), loads)
}

#[tokio::test]
async fn what_is_asked_together_is_loaded_together_and_once() {
    let (loader, loads) = loader(None);
    let asked = join_all((0..100).map(|n| loader.load(n % 20))).await;
    for (n, answer) in (0..100).zip(asked) {
        assert_eq!(answer.unwrap(), (n % 20 != 13).then_some(n % 20 * 2));
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    assert_eq!(loader.load(13).await.unwrap(), None, "absence is remembered");
    assert_eq!(loader.load(5).await.unwrap(), Some(10));
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    assert_eq!(loader.load(50).await.unwrap(), Some(100));
    assert_eq!(loads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_failed_batch_fails_for_all_who_asked() {
    let (loader, _) = loader(None);
    let asked = join_all([loader.load(1), loader.load(99), loader.load(2)]).await;
    assert!(asked.iter().all(|answer| matches!(answer, Err(Fault::Timeout))));
}

#[tokio::test]
async fn who_waits_for_a_cancelled_leader_is_told() {
    let word = Arc::new(Notify::new());
    let (loader, _) = loader(Some(Arc::clone(&word)));
    let spawn = |key| {
        let loader = Arc::clone(&loader);
        tokio::spawn(async move { loader.load(key).await })
    };
    let (leader, follower) = (spawn(1), spawn(2));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    leader.abort();
    assert!(follower.await.unwrap().is_err());
    word.notify_one();
    assert_eq!(loader.load(3).await.unwrap(), Some(6), "the loader goes on");
}

#[tokio::test]
async fn who_asks_for_what_is_being_loaded_waits_for_that_load() {
    let word = Arc::new(Notify::new());
    let (loader, loads) = loader(Some(Arc::clone(&word)));
    let spawn = |key| {
        let loader = Arc::clone(&loader);
        tokio::spawn(async move { loader.load(key).await })
    };
    let first = spawn(1);
    while loads.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let second = spawn(1);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    word.notify_one();
    assert_eq!(first.await.unwrap().unwrap(), Some(2));
    assert_eq!(second.await.unwrap().unwrap(), Some(2));
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_thousand_that_were_woken_together_are_one_batch_again() {
    let (owners, owner_loads) = loader(None);
    let (things, thing_loads) = loader(None);
    let asked = join_all((1_000..2_000).map(|n| {
        let (owners, things) = (&owners, &things);
        async move {
            owners.load(n % 3).await.unwrap();
            things.load(n).await.unwrap()
        }
    }));
    assert_eq!(asked.await.len(), 1_000);
    assert_eq!(owner_loads.load(Ordering::SeqCst), 1);
    assert_eq!(thing_loads.load(Ordering::SeqCst), 1);
}
