//! Known operations: from a document's text to what is compiled of it, in one look-up.
//!
//! The whole text is the key, with the operation's name and whether the document is one of ours.
//! Below it hang the prepared variants, one for each combination of conditions and denied
//! requirements that was asked for. Whoever comes first for a key does the work, the others wait
//! for the result. What is wrong is not kept, so nonsense does not displace what is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arc_swap::ArcSwap;
use braid_model::bits::AuthSet;
use braid_planner::document::{Conditions, ValidDocument};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::prepare::{self, Job, Prepared};
use super::{Core, Refused};

/// Variants of one document that are kept.
const VARIANTS_MAX: usize = 64;
/// What an entry costs besides its texts, in bytes.
const ENTRY_BYTES: usize = 512;
/// What a byte of a document's text costs once it is parsed and resolved.
const DOCUMENT_FACTOR: usize = 12;

/// What a document is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) text: Arc<str>,
    pub(super) operation_name: Option<String>,
    pub(super) stored: bool,
}

/// What a compiled operation depends on besides its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) conditions: Conditions,
    pub(super) denied: AuthSet,
}

type Shared<T> = OnceCell<Result<Arc<T>, Arc<Refused>>>;

/// What is known of a document.
pub(super) struct Entry {
    document: Shared<ValidDocument>,
    variants: ArcSwap<Vec<(Variant, Arc<Shared<Prepared>>)>>,
    bytes: AtomicU32,
}

/// All that is known, bounded in bytes.
pub(super) struct Cache {
    entries: moka::sync::Cache<Key, Arc<Entry>>,
}

impl Cache {
    pub(super) fn new(bytes_max: usize) -> Self {
        let entries = moka::sync::Cache::builder()
            .max_capacity(bytes_max as u64)
            .weigher(|_: &Key, entry: &Arc<Entry>| entry.bytes.load(Ordering::Relaxed))
            .build();
        Self { entries }
    }

    /// The entry of a key, which is made if there is none.
    pub(super) fn entry(&self, key: &Key) -> Arc<Entry> {
        match self.entries.get(key) {
            Some(entry) => entry,
            None => self.entries.get_with_by_ref(key, || Arc::new(Entry::new(key))),
        }
    }

    /// Reads the document, or waits for who is reading it.
    pub(super) async fn document(
        &self,
        core: &Arc<Core>,
        key: &Key,
        entry: &Arc<Entry>,
        deadline: Instant,
    ) -> Result<Arc<ValidDocument>, Refused> {
        let read = || async { prepare::document(core, key).await.map_err(Arc::new) };
        let result = core.in_time(deadline, entry.document.get_or_init(read)).await?;
        result.clone().map_err(|refused| {
            self.forget(key, entry);
            Refused::clone(&refused)
        })
    }

    /// Plans a variant, or waits for who is planning it.
    pub(super) async fn prepared(
        &self,
        job: Job<'_>,
        key: &Key,
        entry: &Arc<Entry>,
        deadline: Instant,
    ) -> Result<Arc<Prepared>, Refused> {
        let core = job.core;
        let variant = job.variant.clone();
        let cell = entry.variant(&variant);
        let weigh = |prepared: &Arc<Prepared>| {
            entry.add_bytes(prepared.compiled.weight());
            // Weighed anew; the entry stays the same.
            self.entries.insert(key.clone(), Arc::clone(entry));
        };
        let prepare = || async { prepare::operation(job).await.inspect(weigh).map_err(Arc::new) };
        let prepared = core.in_time(deadline, cell.get_or_init(prepare)).await?;
        prepared.clone().map_err(|refused| {
            entry.remove(&variant);
            Refused::clone(&refused)
        })
    }

    /// Takes an entry out, unless somebody put another in its place.
    fn forget(&self, key: &Key, entry: &Arc<Entry>) {
        if self.entries.get(key).is_some_and(|known| Arc::ptr_eq(&known, entry)) {
            self.entries.invalidate(key);
        }
    }
}

impl Entry {
    fn new(key: &Key) -> Self {
        let bytes = ENTRY_BYTES + key.text.len() * DOCUMENT_FACTOR;
        Self {
            document: OnceCell::new(),
            variants: ArcSwap::default(),
            bytes: AtomicU32::new(u32::try_from(bytes).unwrap_or(u32::MAX)),
        }
    }

    /// The document, if it was read and is valid.
    pub(super) fn document(&self) -> Option<Arc<ValidDocument>> {
        self.document.get()?.as_ref().ok().cloned()
    }

    /// The prepared variant, if there is one.
    pub(super) fn prepared(&self, variant: &Variant) -> Option<Arc<Prepared>> {
        let variants = self.variants.load();
        let (_, cell) = variants.iter().find(|(known, _)| known == variant)?;
        cell.get()?.as_ref().ok().cloned()
    }

    /// The cell of a variant; the oldest makes room.
    fn variant(&self, variant: &Variant) -> Arc<Shared<Prepared>> {
        let fresh = Arc::new(OnceCell::new());
        let mut cell = Arc::clone(&fresh);
        self.variants.rcu(|variants| {
            if let Some((_, known)) = variants.iter().find(|(known, _)| known == variant) {
                cell = Arc::clone(known);
                return Arc::clone(variants);
            }
            cell = Arc::clone(&fresh);
            let surplus = (variants.len() + 1).saturating_sub(VARIANTS_MAX);
            let mut next: Vec<_> = variants.iter().skip(surplus).cloned().collect();
            next.push((variant.clone(), Arc::clone(&fresh)));
            Arc::new(next)
        });
        cell
    }

    fn remove(&self, variant: &Variant) {
        self.variants.rcu(|variants| {
            variants.iter().filter(|(known, _)| known != variant).cloned().collect::<Vec<_>>()
        });
    }

    fn add_bytes(&self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let sum = self.bytes.load(Ordering::Relaxed).saturating_add(bytes);
        // An estimate: two who add at once may count as one.
        self.bytes.store(sum, Ordering::Relaxed);
    }
}
