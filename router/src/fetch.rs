//! What is fetched over HTTP beside requests: SDLs of subgraphs and key sets. Bounded in time and
//! size, no redirects followed. HTTPS with the system's certificates.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use braid_vouch::SIGNATURE_HEADER;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;

use crate::config::KeyConfig;

/// The largest key set, in bytes.
const KEY_SET_BYTES_MAX: usize = 256 * 1024;
/// How long a provider may take to tell its keys.
const KEY_SET_TIME: Duration = Duration::from_secs(5);

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, or it broke.
    #[error("{0}")]
    Http(String),
    /// Too slow.
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// Another status than 200.
    #[error("the answer has the HTTP status {0}")]
    Status(u16),
    /// Too large.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Not what was asked for.
    #[error("{0}")]
    Unexpected(String),
}

/// How a subgraph is asked for its SDL.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Where.
    pub url: &'a str,
    /// Headers to send.
    pub headers: &'a BTreeMap<String, String>,
    /// The key to sign with.
    pub key: Option<&'a KeyConfig>,
    /// How long it may take.
    pub time: Duration,
    /// How large it may be.
    pub bytes_max: usize,
}

/// Asks a subgraph for its SDL (subgraph specification of federation: `_service`).
///
/// # Errors
/// It does not answer as the specification says, within the limits.
pub async fn sdl(question: Question<'_>) -> Result<String, FetchError> {
    const BODY: &[u8] = br#"{"query":"{ _service { sdl } }"}"#;
    let client = client(question.time)?;
    let mut request = client.post(question.url).header("content-type", "application/json");
    for (name, value) in question.headers {
        request = request.header(name, value);
    }
    if let Some(key) = question.key {
        let signer = key.signer().map_err(|error| FetchError::Unexpected(error.to_string()))?;
        let url = reqwest::Url::parse(question.url)
            .map_err(|error| FetchError::Unexpected(format!("not a URL: {error}")))?;
        let signature = signer.sign("POST", path_and_query(&url).as_str(), None, BODY, now_ms());
        request = request.header(SIGNATURE_HEADER, signature);
    }
    let body = send(request.body(BODY), question.time, question.bytes_max).await?;
    let answer: SdlAnswer = serde_json::from_slice(&body).map_err(|_| {
        FetchError::Unexpected("the answer is not that of a federation subgraph".to_owned())
    })?;
    let sdl = answer.data.and_then(|data| data.service).map(|service| service.sdl);
    sdl.ok_or_else(|| {
        let first = answer.errors.into_iter().next().map(|error| error.message);
        FetchError::Unexpected(match first {
            Some(message) => format!("it answers: {}", crate::refusal::excerpt(&message)),
            None => "the answer has no `_service.sdl`".to_owned(),
        })
    })
}

/// Fetches a JSON Web Key Set.
///
/// # Errors
/// The provider does not answer with 200 within the limits.
pub async fn key_set(url: &str) -> Result<Vec<u8>, FetchError> {
    send(client(KEY_SET_TIME)?.get(url), KEY_SET_TIME, KEY_SET_BYTES_MAX).await
}

/// The time since the epoch in milliseconds.
pub(crate) fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

#[derive(Deserialize)]
struct SdlAnswer {
    #[serde(default)]
    data: Option<SdlData>,
    #[serde(default)]
    errors: Vec<SdlError>,
}

#[derive(Deserialize)]
struct SdlData {
    #[serde(rename = "_service")]
    service: Option<SdlService>,
}

#[derive(Deserialize)]
struct SdlService {
    sdl: String,
}

#[derive(Deserialize)]
struct SdlError {
    #[serde(default)]
    message: String,
}

fn path_and_query(url: &reqwest::Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn client(time: Duration) -> Result<Client, FetchError> {
    // The only provider that is linked. Whoever comes second finds it installed, which is as good.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    Client::builder()
        .timeout(time)
        .connect_timeout(time)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| FetchError::Http(cause(&error)))
}

async fn send(
    request: RequestBuilder,
    time: Duration,
    bytes_max: usize,
) -> Result<Vec<u8>, FetchError> {
    let failed = |error: reqwest::Error| {
        if error.is_timeout() { FetchError::Timeout(time) } else { FetchError::Http(cause(&error)) }
    };
    let mut response = request.send().await.map_err(failed)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(FetchError::TooLarge(bytes_max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The innermost reason, which is the one that says something.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
