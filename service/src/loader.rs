//! Loading in batches: many fields ask for one row each, the database is asked once.
//!
//! A [`Loader`] lives for one request. The first field that asks becomes the leader: it lets all
//! fields that are ready ask too, then loads every key with one call, and everybody gets their
//! value. Who asks for a key that is being loaded waits for that load. No timer is involved and
//! nothing is spawned; a loaded key is remembered until the request ends. (async-graphql's loader waits a millisecond for each batch and spawns a task for it.)

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::db::LIST_MAX;
use crate::fault::Fault;

/// How often a leader lets others ask while new ones keep coming.
const ROUNDS_MAX: u32 = 256;
/// After how many rounds without a newcomer it loads: fields that were woken together ask over
/// several rounds, since the runtime lets a task do only so much at a time.
const QUIET_ROUNDS: u32 = 2;

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
    /// Keys of the next batch.
    waiting: HashMap<B::Key, Vec<Waiter<B::Value>>>,
    /// Keys that are being loaded.
    loading: HashMap<B::Key, Vec<Waiter<B::Value>>>,
    has_leader: bool,
}

impl<B: Batch> Loader<B> {
    /// A loader for one request.
    pub fn new(batch: B) -> Self {
        let state = State {
            known: HashMap::new(),
            waiting: HashMap::new(),
            loading: HashMap::new(),
            has_leader: false,
        };
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
            if let Some(waiters) = state.loading.get_mut(&key) {
                waiters.push(sender);
                (receiver, false)
            } else {
                state.waiting.entry(key).or_default().push(sender);
                (receiver, !std::mem::replace(&mut state.has_leader, true))
            }
        };
        if leads {
            Leader { loader: self, taken: None }.run().await;
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
    /// The keys of its batch, once it has taken them.
    taken: Option<Vec<B::Key>>,
}

impl<B: Batch> Leader<'_, B> {
    async fn run(mut self) {
        self.gather().await;
        let keys = self.take();
        for chunk in keys.chunks(LIST_MAX) {
            let loaded = self.loader.batch.load(chunk.to_vec()).await.map_err(Arc::new);
            let mut state = self.loader.state();
            for key in chunk {
                let answer = match &loaded {
                    Ok(values) => Ok(values.get(key).cloned()),
                    Err(fault) => Err(Arc::clone(fault)),
                };
                for sender in state.loading.remove(key).unwrap_or_default() {
                    // Whoever is gone does not need the answer.
                    drop(sender.send(answer.clone()));
                }
                state.known.insert(key.clone(), answer);
            }
        }
    }

    /// Lets others ask until nobody new does.
    async fn gather(&self) {
        let (mut asked, mut quiet) = (0, 0);
        for _ in 0..ROUNDS_MAX {
            tokio::task::yield_now().await;
            let now = self.loader.state().waiting.values().map(Vec::len).sum();
            quiet = if now == asked { quiet + 1 } else { 0 };
            asked = now;
            if quiet == QUIET_ROUNDS {
                return;
            }
        }
    }

    /// Makes what waits the batch of this leader; who asks for other keys leads one of their own.
    fn take(&mut self) -> Vec<B::Key> {
        let mut state = self.loader.state();
        state.has_leader = false;
        let waiting = std::mem::take(&mut state.waiting);
        let keys: Vec<B::Key> = waiting.keys().cloned().collect();
        state.loading.extend(waiting);
        self.taken = Some(keys.clone());
        keys
    }
}

impl<B: Batch> Drop for Leader<'_, B> {
    fn drop(&mut self) {
        let mut state = self.loader.state();
        match self.taken.take() {
            // What was loaded is out of the map already: the rest will never be.
            Some(keys) => keys.iter().for_each(|key| drop(state.loading.remove(key))),
            None => {
                state.has_leader = false;
                state.waiting.clear();
            }
        }
    }
}
