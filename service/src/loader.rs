//! Loading in batches: many fields ask for one row each, the database is asked once.
//!
//! A [`Loader`] lives for one request. The first field that asks becomes the leader: it lets all
//! fields that are ready ask too, then loads every key with one call, and everybody gets their
//! value. No timer is involved and nothing is spawned; a loaded key is remembered until the request
//! ends. (async-graphql's loader waits a millisecond for each batch and spawns a task for it.)

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::db::LIST_MAX;
use crate::fault::Fault;

/// How a batch of keys is loaded.
pub trait Batch: Send + Sync + 'static {
    /// What is asked for.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// What is found.
    type Value: Clone + Send + Sync + 'static;

    /// Loads the values of distinct keys, at most [`LIST_MAX`]; keys without a value are left out.
    fn load(
        &self,
        keys: Vec<Self::Key>,
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, Fault>> + Send;
}

/// Collects keys and loads them together; one per request and kind of thing.
pub struct Loader<B: Batch> {
    batch: B,
    state: Mutex<State<B>>,
}

type Answer<V> = Result<Option<V>, Arc<Fault>>;
type Waiter<V> = oneshot::Sender<Answer<V>>;

struct State<B: Batch> {
    known: HashMap<B::Key, Answer<B::Value>>,
    waiting: HashMap<B::Key, Vec<Waiter<B::Value>>>,
    has_leader: bool,
}

impl<B: Batch> Loader<B> {
    /// A loader for one request.
    pub fn new(batch: B) -> Self {
        let state = State { known: HashMap::new(), waiting: HashMap::new(), has_leader: false };
        Self { batch, state: Mutex::new(state) }
    }

    /// The value of a key, `None` if there is none.
    pub async fn load(&self, key: B::Key) -> Result<Option<B::Value>, Fault> {
        let (receiver, leads) = {
            let mut state = self.state();
            if let Some(answer) = state.known.get(&key) {
                return shared(answer.clone());
            }
            let (sender, receiver) = oneshot::channel();
            state.waiting.entry(key).or_default().push(sender);
            (receiver, !std::mem::replace(&mut state.has_leader, true))
        };
        if leads {
            let mut leader = Leader { loader: self, has_taken: false };
            // Twice: fields that were woken together may ask in the second round.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            leader.run().await;
        }
        match receiver.await {
            Ok(answer) => shared(answer),
            Err(_) => Err(Fault::internal("a batch was cancelled while others waited for it")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shared<V>(answer: Answer<V>) -> Result<Option<V>, Fault> {
    answer.map_err(|fault| match &*fault {
        Fault::Unauthenticated => Fault::Unauthenticated,
        Fault::Forbidden => Fault::Forbidden,
        Fault::BadInput(message) => Fault::BadInput(message.clone()),
        Fault::Timeout => Fault::Timeout,
        Fault::Store(error) => Fault::Internal(error.to_string()),
        Fault::Internal(message) => Fault::Internal(message.clone()),
    })
}

/// The duty to load what waits. If it is dropped half-way, those who wait are told.
struct Leader<'l, B: Batch> {
    loader: &'l Loader<B>,
    /// From here on the batch's senders are in [`Leader::run`], and are dropped with it.
    has_taken: bool,
}

impl<B: Batch> Leader<'_, B> {
    async fn run(&mut self) {
        let mut waiting = {
            let mut state = self.loader.state();
            // Who asks from now on leads a batch of their own.
            state.has_leader = false;
            self.has_taken = true;
            std::mem::take(&mut state.waiting)
        };
        let keys: Vec<B::Key> = waiting.keys().cloned().collect();
        for chunk in keys.chunks(LIST_MAX) {
            let loaded = self.loader.batch.load(chunk.to_vec()).await.map_err(Arc::new);
            let mut state = self.loader.state();
            for key in chunk {
                let answer = match &loaded {
                    Ok(values) => Ok(values.get(key).cloned()),
                    Err(fault) => Err(Arc::clone(fault)),
                };
                for sender in waiting.remove(key).unwrap_or_default() {
                    // Whoever is gone does not need the answer.
                    drop(sender.send(answer.clone()));
                }
                state.known.insert(key.clone(), answer);
            }
        }
    }
}

impl<B: Batch> Drop for Leader<'_, B> {
    fn drop(&mut self) {
        if !self.has_taken {
            let mut state = self.loader.state();
            state.has_leader = false;
            state.waiting.clear();
        }
    }
}
