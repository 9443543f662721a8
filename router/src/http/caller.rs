//! Who asks: `Authorization: Bearer` into a verified [`Caller`].
//!
//! Keys come from a fixed set or from a provider's URL. Those of a provider are kept while it is
//! away; a token that names an unknown key makes us ask again, but never more often than every
//! [`REFETCH_PAUSE`], so a flood of made-up key ids costs the provider nothing. Identity is taken
//! from this one header and from nowhere else.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use braid_vouch::Caller;
use braid_vouch::token::TokenVerifier;
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

/// Turns tokens into callers.
pub struct Authenticator {
    verifier: ArcSwapOption<TokenVerifier>,
    provider: Option<Provider>,
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
        Self { verifier: ArcSwapOption::from_pointee(verifier), provider: None }
    }

    /// With the keys that a provider publishes; they are fetched when they are first needed.
    pub fn provider(jwks_url: &str, issuer: &str, audience: &str) -> Self {
        let provider = Provider {
            jwks_url: jwks_url.to_owned(),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            asked: Mutex::new(None),
        };
        Self { verifier: ArcSwapOption::empty(), provider: Some(provider) }
    }

    /// The caller of a request; nothing if it has no token.
    ///
    /// # Errors
    /// The token is not good (401, the same for every reason), or its key cannot be had (503).
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Refusal> {
        let Some(token) = bearer(headers)? else { return Ok(None) };
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
        match verifier.verify(token, fetch::now_ms() / 1_000) {
            Ok(caller) => Ok(Some(caller)),
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
            Ok(verifier) => self.verifier.store(Some(Arc::new(verifier))),
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
