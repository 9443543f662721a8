//! Passwords: argon2id with the parameters of the OWASP cheat sheet (19 MiB, 2 passes, 1 lane).
//!
//! A hash costs tens of milliseconds of a core and 19 MiB, so it runs on the blocking pool and at
//! most [`PARALLEL_MAX`] at once; who would wait too long is turned away. An unknown user costs the
//! same as a known one.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

/// Hashes that are computed at once.
pub const PARALLEL_MAX: usize = 2;
/// How long a sign-in waits for its turn.
pub const WAIT_MAX: Duration = Duration::from_secs(3);
/// The longest password that is looked at, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// Why there is no answer about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many sign-ins at once.
    #[error("too many sign-ins at once")]
    Busy,
    /// The hash could not be computed or read.
    #[error("hashing a password")]
    Hash,
}

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of no password, for users who do not exist.
    decoy: Arc<str>,
}

impl Passwords {
    /// The hasher of a process.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn new() -> Result<Self, PasswordError> {
        let decoy = hash("nobody has this password")?;
        Ok(Self { turns: Arc::new(Semaphore::new(PARALLEL_MAX)), decoy: Arc::from(decoy) })
    }

    /// Whether `password` is the one that was hashed to `stored`; for `None` it takes as long and
    /// answers no.
    ///
    /// # Errors
    /// Too many at once; a stored hash that is none.
    pub async fn verify(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(WAIT_MAX, turn).await.map_err(|_| PasswordError::Busy)?;
        let turn = turn.map_err(|_| PasswordError::Busy)?;
        let is_known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.to_string());
        let matches = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let parsed = PasswordHash::new(&stored).map_err(|_| PasswordError::Hash)?;
            let result = Argon2::default().verify_password(password.as_bytes(), &parsed);
            Ok::<bool, PasswordError>(result.is_ok())
        });
        let matches = matches.await.map_err(|_| PasswordError::Hash)??;
        Ok(matches && is_known)
    }
}

/// The hash of a password with a new salt. Blocks for tens of milliseconds.
///
/// # Errors
/// The system gives no randomness.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Hash)
}
