//! Who asks: `Authorization: Bearer` into a verified [`Caller`].
//!
//! Keys come from a fixed set or from a provider's URL. Those of a provider are kept while it is
//! away; a token that names an unknown key makes us ask again, but never more often than every
//! [`REFETCH_PAUSE`], so a flood of made-up key ids costs the provider nothing. Identity is taken
//! from this one header and from nowhere else.
//!
//! Verifying a signature takes longer than answering a small query, so tokens that were found good
//! are known by their whole text until they expire, [`KNOWN_TIME`] at most, or keys change.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use braid_vouch::Caller;
use braid_vouch::token::{LEEWAY_S, TokenVerifier};
use http::{HeaderMap, HeaderValue, header};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::fetch::{self, FetchError};
use crate::refusal::{Refusal, RefusalCode};
use crate::serve::Shutdown;

/// The least time between two questions for keys.
pub const REFETCH_PAUSE: Duration = Duration::from_secs(10);
/// How long keys of a provider are used before they are fetched anew; so long a withdrawn key
/// stays good.
pub const KEYS_FRESH: Duration = Duration::from_secs(300);

/// How long a token is known to be good.
pub const KNOWN_TIME: Duration = Duration::from_secs(60);
/// What known tokens may take, in bytes.
const KNOWN_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What a known token takes for each byte of its text.
const KNOWN_FACTOR: usize = 4;

/// Turns tokens into callers.
pub struct Authenticator {
    verifier: ArcSwapOption<TokenVerifier>,
    provider: Option<Provider>,
    known: moka::sync::Cache<String, Arc<Known>>,
}

/// What a good token says.
struct Known {
    caller: Caller,
    /// When it is no longer good, in seconds since the epoch.
    until_s: i64,
}

struct Provider {
    jwks_url: String,
    issuer: String,
    audience: String,
    /// The last question for keys; held while one is asked.
    asked: Mutex<Option<Instant>>,
}

/// Why keys could not be taken up.
#[derive(Debug, thiserror::Error)]
enum KeyError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the answer is not a key set with a key for EdDSA or ES256")]
    KeySet,
}

impl Authenticator {
    /// With keys that never change.
    pub fn fixed(verifier: TokenVerifier) -> Self {
        Self {
            verifier: ArcSwapOption::from_pointee(verifier),
            provider: None,
            known: known_tokens(),
        }
    }

    /// With the keys that a provider publishes; they are fetched when they are first needed.
    pub fn provider(jwks_url: &str, issuer: &str, audience: &str) -> Self {
        let provider = Provider {
            jwks_url: jwks_url.to_owned(),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            asked: Mutex::new(None),
        };
        let (verifier, known) = (ArcSwapOption::empty(), known_tokens());
        Self { verifier, provider: Some(provider), known }
    }

    /// The caller of a request; nothing if it has no token.
    ///
    /// # Errors
    /// The token is not good (401, the same for every reason), or its key cannot be had (503).
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Refusal> {
        let Some(token) = bearer(headers)? else { return Ok(None) };
        let now_s = fetch::now_ms() / 1_000;
        if let Some(known) = self.known.get(token)
            && now_s < known.until_s
        {
            return Ok(Some(known.caller.clone()));
        }
        let mut verifier = self.verifier.load_full();
        if verifier.as_ref().is_none_or(|verifier| verifier.lacks_key_of(token)) {
            self.refetch(REFETCH_PAUSE).await;
            verifier = self.verifier.load_full();
        }
        let Some(verifier) = verifier else {
            let message = "access tokens cannot be verified at the moment; try again";
            return Err(Refusal::new(RefusalCode::IdentityUnavailable, message)
                .with_header(header::RETRY_AFTER, "5"));
        };
        match verifier.verify(token, now_s) {
            Ok(caller) => {
                if let Some(exp) = expiry(token) {
                    let until_s = exp.saturating_add(LEEWAY_S);
                    let known = Known { caller: caller.clone(), until_s };
                    self.known.insert(token.to_owned(), Arc::new(known));
                }
                Ok(Some(caller))
            }
            Err(error) => {
                tracing::debug!(%error, "refused a token");
                Err(unauthenticated("the access token is not valid"))
            }
        }
    }

    /// Keeps the keys of a provider fresh until the shutdown.
    pub async fn keep_fresh(&self, shutdown: &Shutdown) {
        loop {
            self.refetch(REFETCH_PAUSE).await;
            let pause = if self.verifier.load().is_some() { KEYS_FRESH } else { REFETCH_PAUSE };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.draining() => return,
            }
        }
    }

    /// Fetches the provider's keys, unless somebody did within the pause. Who comes while they
    /// are being fetched waits and finds them.
    async fn refetch(&self, pause: Duration) {
        let Some(provider) = &self.provider else { return };
        let mut asked = provider.asked.lock().await;
        if asked.is_some_and(|asked| asked.elapsed() < pause) {
            return;
        }
        *asked = Some(Instant::now());
        match provider.keys().await {
            Ok(verifier) => {
                self.verifier.store(Some(Arc::new(verifier)));
                // A withdrawn key takes its tokens along.
                self.known.invalidate_all();
            }
            Err(error) => tracing::warn!(%error, "could not fetch the keys of access tokens"),
        }
    }
}

impl Provider {
    async fn keys(&self) -> Result<TokenVerifier, KeyError> {
        let set = fetch::key_set(&self.jwks_url).await?;
        let set = std::str::from_utf8(&set).map_err(|_| KeyError::KeySet)?;
        TokenVerifier::new(set, &self.issuer, &self.audience).map_err(|_| KeyError::KeySet)
    }
}

fn known_tokens() -> moka::sync::Cache<String, Arc<Known>> {
    moka::sync::Cache::builder()
        .max_capacity(KNOWN_BYTES_MAX)
        .weigher(|token: &String, _: &Arc<Known>| {
            u32::try_from(token.len() * KNOWN_FACTOR).unwrap_or(u32::MAX)
        })
        .time_to_live(KNOWN_TIME)
        .build()
}

/// The `exp` of a token that was verified: whoever signed it vouches for it.
fn expiry(token: &str) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: i64,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok().map(|Claims { exp }| exp)
}

/// The bearer token (RFC 6750, section 2.1), of which there is one at most.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refusal::bad_request("more than one authorization header"));
    }
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => {
            Ok(Some(token))
        }
        _ => Err(unauthenticated("the authorization header must be `Bearer` with a token")),
    }
}

fn unauthenticated(message: &'static str) -> Refusal {
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    let header = Some((header::WWW_AUTHENTICATE, challenge));
    Refusal { header, ..Refusal::new(RefusalCode::Unauthenticated, message) }
}
