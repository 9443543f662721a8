//! Signed requests: the router signs, a subgraph verifies.
//!
//! The header [`SIGNATURE_HEADER`] is `v1 <key id> <time ms> <nonce> <mac>`. The MAC is
//! HMAC-SHA256 over every part that matters, each with its length in front: the version, key id,
//! time, nonce, method, path with query, the caller header (absent and empty differ) and the
//! SHA-256 of the body. So a signature is good for one request, for one subgraph (keys are per
//! subgraph), for [`WINDOW_MS`], and once: seen MACs are remembered while they could be replayed.
//!
//! The memory of seen MACs is bounded. When it is full of live ones the verifier **refuses**
//! ([`VerifyError::ReplayMemoryFull`]): forgetting one would open a replay, and only somebody who
//! holds the key can fill it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SecureRandom as _;
use ring::{digest, hmac};

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "braid-signature";
/// The header with the caller; see [`crate::Caller`].
pub const CALLER_HEADER: &str = "braid-caller";
/// The header with the milliseconds that the router will still wait for the answer. It is not
/// signed: whoever could change it could as well hold the request back.
pub const TIMEOUT_HEADER: &str = "braid-timeout-ms";
/// How far the signed time may be from the verifier's clock, either way, in milliseconds.
pub const WINDOW_MS: i64 = 30_000;
/// The shortest secret that is taken, in bytes.
pub const SECRET_BYTES_MIN: usize = 32;
/// How many live requests a verifier remembers unless told otherwise: 17 000 a second for 60 s.
pub const REPLAY_ENTRIES_MAX: usize = 1_000_000;

const VERSION: &str = "v1";
const HEADER_BYTES_MAX: usize = 256;
const KEY_ID_BYTES_MAX: usize = 64;
const NONCE_BYTES: usize = 12;
const MAC_BYTES: usize = 32;

/// A key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Ids are 1 to 64 letters, digits, `-`, `_` and `.`.
    #[error("key id is not made of 1 to 64 letters, digits, `-`, `_`, `.`")]
    Id,
    /// The secret is too short.
    #[error("secret of key `{0}` is shorter than {SECRET_BYTES_MIN} bytes")]
    Secret(String),
    /// A verifier needs one key, or two while rotating.
    #[error("a verifier takes one or two keys with different ids")]
    Count,
    /// The system gave no randomness.
    #[error("no randomness from the system")]
    Randomness,
}

/// Why a request is refused. Tell the client none of it: all of them are 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No signature header.
    #[error("no signature")]
    Missing,
    /// The header is not of the form, or is there twice.
    #[error("malformed signature")]
    Malformed,
    /// No such key here.
    #[error("unknown key")]
    UnknownKey,
    /// Signed too long ago, or in the future.
    #[error("signed outside the window")]
    OutsideWindow,
    /// Another method, path, caller or body, or another secret.
    #[error("signature does not match")]
    Mismatch,
    /// Seen before.
    #[error("replayed")]
    Replayed,
    /// Too many live requests to tell a replay; see the module's documentation.
    #[error("replay memory full")]
    ReplayMemoryFull,
}

/// The parts of a request that a signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The path with the query, as sent.
    pub path: &'a str,
    /// The value of [`CALLER_HEADER`], if the request has one.
    pub caller: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
}

/// Signs requests to one subgraph. Cheap to share; signing takes microseconds.
pub struct Signer {
    key: Key,
    nonce_base: [u8; NONCE_BYTES],
    nonce_next: AtomicU64,
}

/// Verifies requests to one subgraph.
pub struct Verifier {
    keys: Vec<Key>,
    seen: Mutex<Seen>,
}

struct Key {
    id: String,
    key: hmac::Key,
}

/// MACs by the second of their signed time, so that a whole second is forgotten at once.
struct Seen {
    by_second: BTreeMap<i64, HashSet<u64>>,
    entries: usize,
    entries_max: usize,
}

// === impl Signer ===

impl Signer {
    /// A signer with one key; the secret is at least [`SECRET_BYTES_MIN`] bytes.
    pub fn new(key_id: &str, secret: &[u8]) -> Result<Self, KeyError> {
        let mut nonce_base = [0; NONCE_BYTES];
        ring::rand::SystemRandom::new().fill(&mut nonce_base).map_err(|_| KeyError::Randomness)?;
        Ok(Self { key: Key::new(key_id, secret)?, nonce_base, nonce_next: AtomicU64::new(0) })
    }

    /// The value of [`SIGNATURE_HEADER`] for a request. `path` includes the query, `caller` is the
    /// value of [`CALLER_HEADER`] as sent, `now_ms` is the time since the epoch.
    pub fn sign(
        &self,
        method: &str,
        path: &str,
        caller: Option<&str>,
        body: &[u8],
        now_ms: i64,
    ) -> String {
        let nonce = self.nonce();
        let message = Message { method, path, caller, body };
        let mac = self.key.mac(&message, &nonce, now_ms);
        let mac = URL_SAFE_NO_PAD.encode(mac.as_ref());
        format!("{VERSION} {} {now_ms} {nonce} {mac}", self.key.id)
    }

    /// Unique for this signer by its counter, and among signers of a key by its random base.
    fn nonce(&self) -> String {
        let number = self.nonce_next.fetch_add(1, Ordering::Relaxed);
        let mut nonce = self.nonce_base;
        for (byte, count) in nonce.iter_mut().rev().zip(number.to_le_bytes()) {
            *byte ^= count;
        }
        URL_SAFE_NO_PAD.encode(nonce)
    }
}

// === impl Verifier ===

impl Verifier {
    /// A verifier with `(key id, secret)` pairs: one, or two while a key is being replaced.
    pub fn new(keys: &[(&str, &[u8])]) -> Result<Self, KeyError> {
        Self::with_memory(keys, REPLAY_ENTRIES_MAX)
    }

    /// A verifier that remembers at most `entries_max` live requests.
    pub fn with_memory(keys: &[(&str, &[u8])], entries_max: usize) -> Result<Self, KeyError> {
        let distinct = keys.len() < 2 || keys[0].0 != keys[1].0;
        if !(1..=2).contains(&keys.len()) || !distinct {
            return Err(KeyError::Count);
        }
        let keys =
            keys.iter().map(|(id, secret)| Key::new(id, secret)).collect::<Result<_, _>>()?;
        let seen = Seen { by_second: BTreeMap::new(), entries: 0, entries_max };
        Ok(Self { keys, seen: Mutex::new(seen) })
    }

    /// Checks that the holder of a key signed exactly this request, just now, and for the first
    /// time. `signature` is the value of [`SIGNATURE_HEADER`].
    pub fn verify(
        &self,
        message: &Message<'_>,
        signature: &str,
        now_ms: i64,
    ) -> Result<(), VerifyError> {
        let parsed = Signature::parse(signature).ok_or(VerifyError::Malformed)?;
        let key =
            self.keys.iter().find(|key| key.id == parsed.key_id).ok_or(VerifyError::UnknownKey)?;
        if parsed.time_ms.abs_diff(now_ms) > WINDOW_MS.unsigned_abs() {
            return Err(VerifyError::OutsideWindow);
        }
        let input = key.input(message, parsed.nonce, parsed.time_ms);
        hmac::verify(&key.key, &input, &parsed.mac).map_err(|_| VerifyError::Mismatch)?;
        // Only authentic MACs get here, so nobody without the key can fill the memory.
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.remember(&parsed.mac, parsed.time_ms, now_ms)
    }

    /// [`Verifier::verify`] on the headers of a request; a header that is there twice is refused.
    pub fn verify_request(
        &self,
        request: &http::request::Parts,
        body: &[u8],
        now_ms: i64,
    ) -> Result<(), VerifyError> {
        let signature =
            single_header(&request.headers, SIGNATURE_HEADER)?.ok_or(VerifyError::Missing)?;
        let message = Message {
            method: request.method.as_str(),
            path: request.uri.path_and_query().map_or("/", |path| path.as_str()),
            caller: single_header(&request.headers, CALLER_HEADER)?,
            body,
        };
        self.verify(&message, signature, now_ms)
    }
}

fn single_header<'h>(
    headers: &'h http::HeaderMap,
    name: &str,
) -> Result<Option<&'h str>, VerifyError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| VerifyError::Malformed),
        (Some(_), Some(_)) => Err(VerifyError::Malformed),
    }
}

// === impl Key ===

impl Key {
    fn new(id: &str, secret: &[u8]) -> Result<Self, KeyError> {
        let plain = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
        if id.is_empty() || id.len() > KEY_ID_BYTES_MAX || !id.bytes().all(plain) {
            return Err(KeyError::Id);
        }
        if secret.len() < SECRET_BYTES_MIN {
            return Err(KeyError::Secret(id.to_owned()));
        }
        Ok(Self { id: id.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, secret) })
    }

    fn mac(&self, message: &Message<'_>, nonce: &str, time_ms: i64) -> hmac::Tag {
        hmac::sign(&self.key, &self.input(message, nonce, time_ms))
    }

    /// What is signed: unambiguous, because every part has its length in front.
    fn input(&self, message: &Message<'_>, nonce: &str, time_ms: i64) -> Vec<u8> {
        let digest = digest::digest(&digest::SHA256, message.body);
        let caller = message.caller.unwrap_or_default();
        let mut input = Vec::with_capacity(192 + message.path.len() + caller.len());
        for part in [
            VERSION.as_bytes(),
            self.id.as_bytes(),
            &time_ms.to_be_bytes(),
            nonce.as_bytes(),
            message.method.as_bytes(),
            message.path.as_bytes(),
            &[u8::from(message.caller.is_some())],
            caller.as_bytes(),
            digest.as_ref(),
        ] {
            input.extend_from_slice(&(part.len() as u64).to_be_bytes());
            input.extend_from_slice(part);
        }
        input
    }
}

// === the header's form ===

struct Signature<'a> {
    key_id: &'a str,
    time_ms: i64,
    nonce: &'a str,
    mac: [u8; MAC_BYTES],
}

impl<'a> Signature<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        if header.len() > HEADER_BYTES_MAX {
            return None;
        }
        let mut parts = header.split(' ');
        let (version, key_id, time, nonce, mac) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if version != VERSION || parts.next().is_some() || nonce.is_empty() {
            return None;
        }
        // One spelling for one number: the time is part of the MAC as a number.
        let time_ms: i64 = time.parse().ok().filter(|ms: &i64| ms.to_string() == time)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?.try_into().ok()?;
        Some(Self { key_id, time_ms, nonce, mac })
    }
}

// === impl Seen ===

impl Seen {
    fn remember(
        &mut self,
        mac: &[u8; MAC_BYTES],
        time_ms: i64,
        now_ms: i64,
    ) -> Result<(), VerifyError> {
        let live_from = (now_ms - WINDOW_MS).div_euclid(1_000);
        while let Some(oldest) = self.by_second.first_entry() {
            if *oldest.key() >= live_from {
                break;
            }
            self.entries -= oldest.remove().len();
        }
        // 64 bits of an authentic MAC name it: a chance collision among a million is 3 in 10^8.
        let [a, b, c, d, e, f, g, h, ..] = *mac;
        let name = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let second = self.by_second.entry(time_ms.div_euclid(1_000)).or_default();
        if second.contains(&name) {
            return Err(VerifyError::Replayed);
        }
        if self.entries >= self.entries_max {
            return Err(VerifyError::ReplayMemoryFull);
        }
        second.insert(name);
        self.entries += 1;
        Ok(())
    }
}
