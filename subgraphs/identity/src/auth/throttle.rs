//! Slowing down who guesses passwords.
//!
//! Failures are counted in windows of [`WINDOW_US`] for three keys: an account from one peer, an
//! account from anywhere, a peer for any account. The first is strict; the others are wide, so that
//! nobody locks somebody else out with a few wrong passwords, but a walk through addresses or
//! accounts ends. A success clears its own pair.
//!
//! Memory is bounded: with [`ENTRIES_MAX`] live keys, attempts for keys that are not known are
//! refused until windows end.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long failures count, in microseconds: 15 minutes.
pub(super) const WINDOW_US: i64 = 15 * 60 * 1_000_000;
/// Failures of one account from one peer.
pub(super) const PAIR_MAX: u32 = 5;
/// Failures of one account from anywhere.
pub(super) const ACCOUNT_MAX: u32 = 100;
/// Failures of one peer.
pub(super) const PEER_MAX: u32 = 100;
/// Keys that are remembered.
pub(super) const ENTRIES_MAX: usize = 50_000;

#[derive(Default)]
pub(super) struct Throttle {
    entries: Mutex<HashMap<Key, Entry>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Pair(String, String),
    Account(String),
    Peer(String),
}

struct Entry {
    failures: u32,
    ends_us: i64,
}

impl Key {
    fn all(account: &str, peer: &str) -> [(Self, u32); 3] {
        [
            (Self::Pair(account.to_owned(), peer.to_owned()), PAIR_MAX),
            (Self::Account(account.to_owned()), ACCOUNT_MAX),
            (Self::Peer(peer.to_owned()), PEER_MAX),
        ]
    }
}

impl Throttle {
    /// Whether an attempt may be made; if not, the seconds to wait.
    pub(super) fn admit(&self, account: &str, peer: &str, now_us: i64) -> Result<(), i64> {
        let mut entries = self.entries();
        let is_full = entries.len() + 3 > ENTRIES_MAX;
        if is_full {
            entries.retain(|_, entry| entry.ends_us > now_us);
        }
        let is_full = entries.len() + 3 > ENTRIES_MAX;
        for (key, failures_max) in Key::all(account, peer) {
            let live = entries.get(&key).filter(|entry| entry.ends_us > now_us);
            match live {
                Some(entry) if entry.failures >= failures_max => {
                    return Err((entry.ends_us - now_us).div_euclid(1_000_000) + 1);
                }
                None if is_full => return Err(WINDOW_US / 1_000_000),
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// Counts a failed attempt.
    pub(super) fn failed(&self, account: &str, peer: &str, now_us: i64) {
        let mut entries = self.entries();
        for (key, _) in Key::all(account, peer) {
            let entry =
                entries.entry(key).or_insert(Entry { failures: 0, ends_us: now_us + WINDOW_US });
            if entry.ends_us <= now_us {
                *entry = Entry { failures: 0, ends_us: now_us + WINDOW_US };
            }
            entry.failures = entry.failures.saturating_add(1);
        }
    }

    /// Forgets the failures of an account from one peer.
    pub(super) fn succeeded(&self, account: &str, peer: &str) {
        self.entries().remove(&Key::Pair(account.to_owned(), peer.to_owned()));
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
